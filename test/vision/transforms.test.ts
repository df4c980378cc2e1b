// Transforms against torchvision: the same random numbers, the same bytes. Fixture: scripts/oracle/vision.py.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import * as torch from '../../src/index.ts'
import type { Tensor } from '../../src/index.ts'
import * as vision from '../../src/vision/index.ts'
import {
  CenterCrop,
  Compose,
  ImageDataset,
  Lambda,
  Pad,
  RandomChoice,
  RandomCrop,
  RandomErasing,
  RandomHorizontalFlip,
  RandomResizedCrop,
  RandomRotation,
  Resize,
  type Transform,
} from '../../src/vision/index.ts'

interface Case {
  readonly source: string
  readonly dtype: 'uint8' | 'float32'
  readonly image: readonly [channels: number, height: number, width: number]
  readonly seed: number
  readonly results: readonly { readonly shape: readonly number[]; readonly bytes: string }[]
  readonly next: number
}
const path = join(import.meta.dirname, '../fixtures/vision.json.gz')
const cases: Case[] = JSON.parse(gunzipSync(readFileSync(path)).toString())

const build = (source: string): Transform =>
  new Function(...Object.keys(vision), `return ${source}`)(...Object.values(vision)) as Transform

/** The formula of the fixture. */
function pixels([channels, height, width]: readonly number[]): Tensor {
  const out: number[] = []
  for (let c = 0; c < channels; c++)
    for (let h = 0; h < height; h++)
      for (let w = 0; w < width; w++)
        out.push((31 * w + 17 * h + 101 * c + w * h * (c + 3) + ((w * w * h) % 7) * 20) % 256)
  return torch.tensor(out, { dtype: 'uint8' }).reshape(channels, height, width)
}

/** Of four float32 operations, one after the other, on numbers up to 1. */
const rounding = 2e-6

/** The largest distance of two lists of numbers. */
const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (x, i) => Math.abs(x - b[i])))

describe('a transform does what torchvision does, with the same random numbers', () => {
  test.each(cases)('$source of $dtype $image', ({ source, dtype, image, seed, results, next }) => {
    const transform = build(source)
    const input = dtype === 'uint8' ? pixels(image) : pixels(image).float().div(255)
    torch.manualSeed(seed)
    for (const { shape, bytes } of results) {
      const made = transform(input)
      const wanted = Buffer.from(bytes, 'base64')
      expect([made.dtype, made.shape]).toEqual([dtype, shape])
      if (dtype === 'uint8') expect(Buffer.from(made.data() as Uint8Array).equals(wanted)).toBe(true)
      else expect(distance(made.numbers(), new Float32Array(Uint8Array.from(wanted).buffer))).toBeLessThan(rounding)
    }
    expect(torch.rand(1).item()).toBe(next)
  })
})

describe('a batch', () => {
  const images = torch.stack([pixels([1, 8, 8]), pixels([1, 8, 8]).add(1), pixels([1, 8, 8]).add(2)])
  test('makes its choices image by image, and the rest at once', () => {
    const sizes: number[][] = []
    const watch = Lambda((x) => (sizes.push([...x.shape]), x.float().div(255)))
    const transform = Compose([RandomCrop(6), RandomHorizontalFlip(), Compose([RandomCrop(5), Resize(4)]), watch])
    const set = new ImageDataset(images, torch.arange(3), { transform })
    torch.manualSeed(3)
    const [together] = set.batch([2, 0, 1])
    torch.manualSeed(3)
    const [...single] = [2, 0, 1].map((i) => set.get(i)[0])
    expect(together.tolist()).toEqual(torch.stack(single).tolist())
    expect(sizes).toEqual([[3, 1, 4, 4], ...single.map(() => [1, 4, 4])])
  })
  test('is resized like its images', () => {
    for (const interpolation of ['bilinear', 'bicubic', 'nearest'] as const) {
      const resize = Resize([5, 11], { interpolation })
      const wanted = torch.stack(Array.from({ length: 3 }, (_, i) => resize(images.select(0, i))))
      expect(resize(images).tolist()).toEqual(wanted.tolist())
      expect(resize(images.transpose(2, 3)).shape).toEqual([3, 1, 5, 11])
    }
  })
})

describe('what cannot be done is refused', () => {
  const image = pixels([3, 15, 22])
  test.each([
    [() => RandomCrop(16)(image), 'RandomCrop: the crop is larger than the image: 16 x 16 and 15 x 22\n  help: pass'],
    [() => RandomCrop([3, 0]), 'RandomCrop: size must be a whole number of pixels or [height, width], got [3,0]'],
    [() => CenterCrop([1, 2, 3]), 'CenterCrop: size must be a whole number of pixels or [height, width], got [1,2,3]'],
    [
      () => RandomCrop(3, { paddingMode: 'wrap' as never }),
      "RandomCrop: paddingMode must be constant, edge, reflect, symmetric, got 'wrap'",
    ],
    [() => Pad([1, 2, 3]), 'Pad: padding must be a whole number, [left and right, top and bottom] or'],
    [
      () => Pad(1, { paddingMode: 'wrap' as never }),
      "Pad: paddingMode must be constant, edge, reflect, symmetric, got 'wrap'",
    ],
    [() => Pad(1, { fill: [1, 2] })(image), 'Pad: fill has 2 values, the image 3 channels'],
    [() => RandomHorizontalFlip(1.5), 'RandomHorizontalFlip: p is a probability between 0 and 1, got 1.5'],
    [
      () => RandomResizedCrop(4, { scale: [0.5, 0.1] }),
      'RandomResizedCrop: scale must be [from, to] from 0 to Infinity, got [0.5, 0.1]',
    ],
    [
      () => Resize(4, { interpolation: 'area' as never }),
      "Resize: interpolation must be one of nearest, bilinear, bicubic, got 'area'",
    ],
    [() => Resize(4, { interpolation: 'nearest', antialias: true }), "Resize: 'nearest' has no antialias"],
    [() => Resize(4, { maxSize: 4 }), 'Resize: maxSize goes with one smaller number as the size, got 4 and 4'],
    [() => Resize([2, 3], { maxSize: 4 }), 'Resize: maxSize goes with one smaller number as the size, got 4 and [2,3]'],
    [() => RandomRotation(-1), 'RandomRotation: degrees must be a number >= 0 or [from, to], got -1'],
    [() => RandomRotation(9, { fill: [1, 2] })(image), 'RandomRotation: fill has 2 values, the image 3 channels'],
    [() => RandomErasing({ scale: [0, 2] }), 'RandomErasing: scale must be [from, to] from 0 to 1, got [0, 2]'],
    [() => RandomErasing({ p: 1, value: [1, 2] })(image), 'RandomErasing: value has 2 numbers, the image 3 channels'],
    [() => RandomChoice([]), 'RandomChoice: 0 transforms need as many weights >= 0, got []'],
    [() => RandomChoice([Pad(1)], { p: [0] }), 'RandomChoice: 1 transforms need as many weights >= 0, got [0]'],
  ])('%s', (call, message) => {
    expect(call).toThrow(message)
  })
})

test('one of several transforms is chosen as often as its weight says', () => {
  torch.manualSeed(0)
  const count = (options: { p?: number[] }): number[] => {
    const counts = [0, 0, 0]
    const choose = RandomChoice(
      counts.map((_, i) => Lambda((x) => (counts[i]++, x))),
      options,
    )
    for (let i = 0; i < 3000; i++) choose(torch.zeros(1, 1, 1))
    return counts
  }
  for (const n of count({})) expect(Math.abs(n - 1000)).toBeLessThan(100)
  const [never, often, seldom] = count({ p: [0, 3, 1] })
  expect(never).toBe(0)
  expect(Math.abs(often - 2250)).toBeLessThan(100)
  expect(Math.abs(seldom - 750)).toBeLessThan(100)
})
