// Opens the data sets that the command line knows, and folders in the format of MNIST.
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { Compose, FashionMNIST, type ImageDataset, MNIST, Resize, ToTensor } from '../vision/index.ts'
import { type DatasetName, datasetNames } from './catalog.ts'
import { formatSeconds } from './format.ts'
import { inputShape } from './models.ts'
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

/** Training and test images of what `checkData` gave, resized to `side` as they are loaded. */
export async function openData(data: string, side: number): Promise<{ train: ImageDataset; test: ImageDataset }> {
  const open = openers[data as DatasetName]
  const transform = Compose([ToTensor(), Resize(side)])
  const options = { transform, ...(open === undefined ? { root: data } : { onProgress: downloadProgress() }) }
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
  return sets
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
