// MNIST as a page gets it: fetched with progress, checked, kept in the file storage of the origin; and LeNet on it, step by step the bits of Node.
import { beforeEach, expect, test } from 'vitest'
import { list, readFile, writeFileAtomic } from '../../../src/platform/browser.ts'
import { FashionMNIST, MNIST } from '../../../src/vision/index.ts'
import { trainSteps } from '../lenetOnMnist.ts'

const mirrors = [`${location.origin}/mnist/`]

beforeEach(async () => {
  const root = await navigator.storage.getDirectory()
  await root.removeEntry('kindling', { recursive: true }).catch(() => {})
})

test('the test images are fetched with progress, checked and kept', async () => {
  const seen: number[] = []
  const digits = await MNIST({ train: false, mirrors, onProgress: (received) => seen.push(received) })
  expect([digits.length, digits.images.shape]).toEqual([10_000, [10_000, 1, 28, 28]])
  expect(seen.length).toBeGreaterThan(1)
  expect(await list('/kindling/mnist')).toEqual(['t10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'])
  // From the cache: there is no such mirror.
  const again = await MNIST({ train: false, mirrors: ['/nowhere/'] })
  expect(again.images.sum().item()).toBe(digits.images.sum().item())
})

test('files with another digest are refused, and nothing is kept of them', async () => {
  await expect(FashionMNIST({ train: false, mirrors })).rejects.toThrow(/t10k-images-idx3-ubyte: wrong checksum/)
  await expect(list('/kindling/fashion-mnist')).rejects.toThrow('no such file or folder')
})

test('without network and without a copy it says what is missing', async () => {
  const gone = MNIST({ train: false, mirrors: ['/nowhere/'] })
  await expect(gone).rejects.toThrow(/MNIST: t10k-images-idx3-ubyte was not found.*\n.*\/nowhere\/.*404/)
})

test('a copy that is cut off is an error that names the file', async () => {
  await MNIST({ train: false, mirrors })
  const path = '/kindling/mnist/t10k-labels-idx1-ubyte'
  await writeFileAtomic(path, (await readFile(path)).subarray(0, 5000))
  await expect(MNIST({ train: false, mirrors })).rejects.toThrow(path)
})

test('LeNet takes 20 steps on it with the bits of Node', async () => {
  const response = await fetch('/lenetInNode.json')
  const expected = await response.json()
  expect(await trainSteps(await MNIST({ mirrors }))).toEqual(expected)
})
