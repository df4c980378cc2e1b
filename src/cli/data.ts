// Opens the data sets that the command line knows, and folders in the format of MNIST.
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { Generator, randperm, tensor } from '../index.ts'
import { KFold, trainTestSplit } from '../model-selection/index.ts'
import {
  Compose,
  FashionMNIST,
  ImageDataset,
  MNIST,
  RandomCrop,
  RandomHorizontalFlip,
  Resize,
  ToTensor,
  type Transform,
} from '../vision/index.ts'
import { type DatasetName, datasetNames } from './catalog.ts'
import { formatSeconds } from './format.ts'
import { inputShape, sideOf } from './models.ts'
import type { RunConfig } from './runFolder.ts'
import { UserError } from './userError.ts'

const openers: Readonly<Record<DatasetName, typeof MNIST>> = { mnist: MNIST, 'fashion-mnist': FashionMNIST }

/** The name of a data set as it is, a folder as a full path. Throws UserError for anything else. */
export function checkData(name: string): string {
  if ((datasetNames as string[]).includes(name)) return name
  const stat = statSync(name, { throwIfNoEntry: false })
  if (stat?.isDirectory()) return resolve(name)
  const isPath = /[./\\]/.test(name)
  if (stat !== undefined) throw new UserError(`--data: ${name} is a file; give the folder with the four IDX files`)
  if (isPath) throw new UserError(`--data: no such folder: ${name}`)
  throw new UserError(
    `--data: unknown data set '${name}'; there are: ${datasetNames.join(', ')}, or a folder with IDX files`,
  )
}

export interface RunData {
  readonly train: ImageDataset
  /** Held out of the training images. */
  readonly valid: ImageDataset | null
  readonly test: ImageDataset
  /** Training images that there are, whether they take part or not. */
  readonly available: number
}

/** The images of a run, resized as they are loaded. Throws UserError where they do not fit the models or are too few. */
export async function openData(config: Omit<RunConfig, 'classes'>): Promise<RunData> {
  const { data } = config
  const open = openers[data as DatasetName]
  const plain = [ToTensor(), Resize(sideOf(config))]
  const options = {
    transform: Compose(plain),
    ...(open === undefined ? { root: data } : { onProgress: downloadProgress() }),
  }
  const sets = {
    train: await (open ?? MNIST)({ ...options, train: true }),
    test: await (open ?? MNIST)({ ...options, train: false }),
  }
  for (const { images } of Object.values(sets)) {
    const shape = images.shape.slice(1)
    if (shape.some((size, d) => size !== inputShape[d])) {
      throw new UserError(`--data: the images are ${shape.join(' x ')}, the models here take ${inputShape.join(' x ')}`)
    }
    if (images.length === 0) throw new UserError(`--data: ${data} holds no images`)
  }
  const available = sets.train.length
  const [learned, held] = divide(available, config)
  const transform = config.augment === true ? Compose([...randomChanges(data), ...plain]) : options.transform
  return {
    train: take(sets.train, learned, transform),
    valid: held && take(sets.train, held, options.transform),
    test: sets.test,
    available,
  }
}

/** Pixels that an augmented image may move by. */
const shift = 2

/** A mirrored digit is none; a mirrored shoe is a shoe. */
const randomChanges = (data: string): Transform[] => [
  RandomCrop([inputShape[1], inputShape[2]], { padding: shift }),
  ...(data === 'mnist' ? [] : [RandomHorizontalFlip()]),
]

/** Training images to learn from (null: all, in order) and to validate with: parts of one random order that the seed decides. */
function divide(
  available: number,
  { limit = available, valid, fold, seed }: Omit<RunConfig, 'classes'>,
): [learned: number[] | null, held: number[] | null] {
  if (limit >= available && valid === undefined && fold === undefined) return [null, null]
  const order = (randperm(available, { generator: new Generator(seed) }).numbers() as number[]).slice(0, limit)
  const at = (places: readonly number[]): number[] => places.map((place) => order[place])
  if (fold !== undefined) {
    const [learned, held] = [...new KFold(fold.of).split(order)][fold.index - 1]
    return [at(learned), at(held)]
  }
  if (valid === undefined) return [order, null]
  const [learned, held] = trainTestSplit(order.length, { testSize: valid, shuffle: false })
  return [at(learned), at(held)]
}

function take({ images, labels, classes }: ImageDataset, indices: number[] | null, transform: Transform): ImageDataset {
  if (indices === null) return new ImageDataset(images, labels, { transform, classes })
  const places = tensor(indices)
  return new ImageDataset(images.indexSelect(0, places), labels.indexSelect(0, places), { transform, classes })
}

function downloadProgress(): (received: number, total: number | undefined) => void {
  const started = performance.now()
  let shown = 0
  return (received, total) => {
    const now = performance.now()
    if (!process.stderr.isTTY || (now - shown < 100 && received !== total)) return
    shown = now
    const seconds = total === undefined ? 0 : (((now - started) / 1000) * (total - received)) / received
    const left = total === undefined ? '' : `, ${formatSeconds(seconds)} left`
    const part = total === undefined ? '' : ` of ${(total / 2 ** 20).toFixed(1)}`
    const end = received === total ? '\n' : ''
    process.stderr.write(`\r\x1b[2Kdownloading: ${(received / 2 ** 20).toFixed(1)}${part} MiB${left}${end}`)
  }
}
