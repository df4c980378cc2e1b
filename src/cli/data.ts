// The data sets that the command line knows.
import { FashionMNIST, type ImageDataset, MNIST } from '../vision/index.ts'
import { formatSeconds } from './progress.ts'
import { UserError } from './userError.ts'

export const datasets: Readonly<Record<string, { open: typeof MNIST; about: string }>> = {
  mnist: { open: MNIST, about: '70,000 handwritten digits' },
  'fashion-mnist': { open: FashionMNIST, about: '70,000 pictures of clothes' },
}

/** Training and test images of a data set by name, or of a folder with the four IDX files. */
export async function openData(name: string): Promise<{ train: ImageDataset; test: ImageDataset }> {
  const isFolder = name.includes('/') || name.includes('\\') || name.startsWith('.')
  const source = isFolder ? datasets.mnist : Object.hasOwn(datasets, name) ? datasets[name] : undefined
  if (source === undefined) {
    throw new UserError(`unknown data set '${name}'; there are: ${Object.keys(datasets).join(', ')}, or a folder with IDX files (./folder)`)
  }
  const root = isFolder ? name : undefined
  const onProgress = downloadProgress()
  return { train: await source.open({ train: true, root, onProgress }), test: await source.open({ train: false, root, onProgress }) }
}

function downloadProgress(): (received: number, total: number | undefined) => void {
  const started = performance.now()
  let shown = 0
  return (received, total) => {
    const now = performance.now()
    if (!process.stderr.isTTY || (now - shown < 100 && received !== total)) return
    shown = now
    const left = total === undefined ? '' : `, ${formatSeconds((((now - started) / 1000) * (total - received)) / received)} left`
    const part = total === undefined ? '' : ` of ${(total / 2 ** 20).toFixed(1)}`
    process.stderr.write(`\r\x1b[2Kdownloading: ${(received / 2 ** 20).toFixed(1)}${part} MiB${left}${received === total ? '\n' : ''}`)
  }
}
