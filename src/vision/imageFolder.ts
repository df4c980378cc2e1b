// A folder of images, one subfolder for each class: read and decoded as they are asked for.
import { list, stat } from '#platform'
import { DataError, ValueError } from '../base/errors.ts'
import { checkIndex, type Dataset } from '../data/dataset.ts'
import { tensor } from '../ops/tensorOf.ts'
import { scope } from '../runtime/scope.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { readImage } from './image.ts'
import { ToTensor, type Transform } from './transforms.ts'

export interface ImageFolderOptions {
  /** Applied to uint8 images [3, H, W]; batches need images of one size. Default `ToTensor()`. */
  transform?: Transform
  /** Reads a file. Default: `readImage` in mode 'RGB'. */
  loader?: (path: string) => Tensor | Promise<Tensor>
  /** Files with other endings are left out; in any case. Default '.jpg', '.jpeg', '.png'. */
  extensions?: readonly string[]
  /** Decides by the path which files count, instead of `extensions`. */
  isValidFile?: (path: string) => boolean
}

type Sample = readonly [image: Tensor, label: Tensor]

/** Samples are [image, label]: float32 [3, H, W] after the default transform, int64 []. Made by `ImageFolder`. */
export class ImageFolderDataset implements Dataset<Sample> {
  /** The folder. */
  readonly root: string
  /** Names of the subfolders, sorted; a label is a place in this list. */
  readonly classes: readonly string[]
  /** The label of each class. */
  readonly classToIdx: Readonly<Record<string, number>>
  /** Path and label of each image, in order. */
  readonly samples: readonly (readonly [path: string, label: number])[]
  /** Applied to each image. */
  readonly transform: Transform
  private readonly loader: (path: string) => Tensor | Promise<Tensor>

  constructor(
    root: string,
    classes: readonly string[],
    samples: readonly (readonly [path: string, label: number])[],
    { transform = ToTensor(), loader = (path) => readImage(path, { mode: 'RGB' }) }: ImageFolderOptions,
  ) {
    this.root = root
    this.classes = classes
    this.classToIdx = Object.fromEntries(classes.map((name, label) => [name, label]))
    this.samples = samples
    this.transform = transform
    this.loader = loader
  }
  /** Number of images. */
  get length(): number {
    return this.samples.length
  }
  /** The labels. */
  get targets(): number[] {
    return this.samples.map(([, label]) => label)
  }
  /** Reads and transforms image `index`: the image and its label. Rejects with IndexError, or with what the loader throws. */
  get(index: number): Promise<Sample> {
    return scope(async () => (await this.prefetch(index))())
  }
  /** Reads image `index`; the function that it gives transforms it, when its turn has come. */
  async prefetch(index: number): Promise<() => Sample> {
    const [path, label] = this.samples[checkIndex('ImageFolder', index, this.length)]
    const image = await this.loader(path)
    return () => [this.transform(image), tensor(label)]
  }
}

const defaultExtensions = ['.jpg', '.jpeg', '.png']

/**
 * The images in the subfolders of `root` (and in folders inside them); each subfolder is a class. Iterate over a loader of it with `for await`.
 * Rejects with DataError where `root` or its subfolders are missing, or a subfolder has no images; a file that cannot be read is an error when its
 * turn comes. Source: `torchvision.datasets.ImageFolder`.
 */
export async function ImageFolder(root: string, options: ImageFolderOptions = {}): Promise<ImageFolderDataset> {
  const { extensions = defaultExtensions, isValidFile } = options
  if (options.extensions !== undefined && isValidFile !== undefined)
    throw new ValueError('ImageFolder: extensions and isValidFile exclude each other, both are given')
  const endings = extensions.map((ending) => ending.toLowerCase())
  const counts = isValidFile ?? ((path) => endings.some((ending) => path.toLowerCase().endsWith(ending)))
  const isFolder = await stat(root).then(
    ({ isDirectory }) => isDirectory,
    () => false,
  )
  if (!isFolder) throw new DataError(`ImageFolder: no such folder: ${root}`)
  const { folders: classes } = await entriesOf(root)
  if (classes.length === 0)
    throw new DataError(`ImageFolder: no class folders in ${root}`, 'each class has a folder of its own: cats/, dogs/.')
  const found = await Promise.all(classes.map((name) => filesBelow(`${root}/${name}`)))
  const samples = found.map((paths, label) => paths.filter(counts).map((path) => [path, label] as const))
  const empty = classes.filter((_, label) => samples[label].length === 0)
  if (empty.length > 0) {
    const wanted = isValidFile === undefined ? `files with ${extensions.join(', ')}` : 'files that isValidFile takes'
    throw new DataError(
      `ImageFolder: no images in the class folders ${empty.join(', ')} of ${root}`,
      `only ${wanted} count.`,
    )
  }
  return new ImageFolderDataset(root, classes, samples.flat(), options)
}

/** Names in a folder, sorted. */
async function entriesOf(folder: string): Promise<{ folders: string[]; files: string[] }> {
  const names = await list(folder)
  const areFolders = await Promise.all(names.map(async (name) => (await stat(`${folder}/${name}`)).isDirectory))
  return { folders: names.filter((_, i) => areFolders[i]), files: names.filter((_, i) => !areFolders[i]) }
}

/** Paths of all files below, in Python's order: folder by folder, as their paths sort. */
async function filesBelow(top: string): Promise<string[]> {
  const byFolder: [folder: string, files: string[]][] = []
  const visit = async (folder: string): Promise<void> => {
    const { folders, files } = await entriesOf(folder)
    byFolder.push([folder, files])
    await Promise.all(folders.map((name) => visit(`${folder}/${name}`)))
  }
  await visit(top)
  byFolder.sort(([a], [b]) => (a < b ? -1 : 1))
  return byFolder.flatMap(([folder, files]) => files.map((file) => `${folder}/${file}`))
}
