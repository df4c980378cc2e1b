// A folder of images as a data set, through a loader, and what is wrong with folders that are none.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as torch from '../../src/index.ts'
import { DataError, ValueError } from '../../src/index.ts'
import { DataLoader } from '../../src/data/index.ts'
import {
  Compose,
  encodePng,
  ImageFolder,
  RandomCrop,
  RandomHorizontalFlip,
  RandomResizedCrop,
  Resize,
  ToTensor,
} from '../../src/vision/index.ts'
import { memory, settledStorages } from '../support/memory.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kindling-folder-'))
  torch.manualSeed(7)
})
afterEach(() => rmSync(root, { recursive: true }))

/** An image [3, 6, 6 + value] of one value. */
async function put(path: string, value: number): Promise<void> {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  const ramp = torch.arange(6 + value).expand(3, 6, 6 + value)
  writeFileSync(join(root, path), await encodePng(ramp.mul(5).add(value).to('uint8')))
}
const short = (path: string): string => path.slice(root.length + 1)

describe('a folder with a folder for each class', () => {
  beforeEach(async () => {
    await put('dogs/b.png', 1)
    await put('dogs/a.PNG', 2)
    await put('dogs/young/c.png', 3)
    await put('dogs/a-z/d.png', 4)
    await put('cats/x.png', 5)
    writeFileSync(join(root, 'cats/notes.txt'), 'no image')
    writeFileSync(join(root, 'readme.png'), 'not in a class')
  })
  test('lists classes, samples and targets as torchvision does', async () => {
    const set = await ImageFolder(root)
    expect(set.classes).toEqual(['cats', 'dogs'])
    expect(set.classToIdx).toEqual({ cats: 0, dogs: 1 })
    expect(set.samples.map(([path, label]) => [short(path), label])).toEqual([
      ['cats/x.png', 0],
      ['dogs/a.PNG', 1],
      ['dogs/b.png', 1],
      ['dogs/a-z/d.png', 1],
      ['dogs/young/c.png', 1],
    ])
    expect(set.targets).toEqual([0, 1, 1, 1, 1])
    expect(set.length).toBe(5)
  })
  test('decodes an image when it is asked for', async () => {
    const set = await ImageFolder(root)
    const [image, label] = await set.get(-1)
    expect([image.dtype, image.shape, label.dtype, label.shape, label.item()]).toEqual([
      'float32',
      [3, 6, 9],
      'int64',
      [],
      1,
    ])
    expect(torch.allclose(image.at(0, 0), torch.arange(9).mul(5).add(3).div(255))).toBe(true)
    await expect(set.get(5)).rejects.toThrow('ImageFolder: index 5 is out of range for 5 samples')
  })
  test('comes in batches, with the random choices of a plain loop', async () => {
    const transform = Compose([RandomResizedCrop(5), RandomCrop(4), RandomHorizontalFlip(), ToTensor()])
    const set = await ImageFolder(root, { transform })
    const expected: unknown[] = []
    torch.rand(2)
    for (let i = 0; i < set.length; i++) expected.push((await set.get(i))[0].tolist())
    torch.manualSeed(7)
    const before = await settledStorages()
    const seen: unknown[] = []
    for await (const [images, labels] of new DataLoader(set, { batchSize: 2 })) {
      expect([images.shape.slice(1), labels.dtype]).toEqual([[3, 4, 4], 'int64'])
      seen.push(...(images.tolist() as unknown[]))
    }
    expect(seen).toEqual(expected)
    expect(memory().storages).toBe(before)
  })
  test('takes other endings, a rule and a loader of one’s own', async () => {
    const texts = await ImageFolder(root, {
      extensions: ['.TXT', '.png'],
      loader: (path) => torch.tensor([path.length - root.length]),
      transform: (x) => x,
    })
    expect(texts.samples.map(([path]) => short(path)).slice(0, 2)).toEqual(['cats/notes.txt', 'cats/x.png'])
    expect((await texts.get(0))[0].tolist()).toEqual(['/cats/notes.txt'.length])
    const some = await ImageFolder(root, { isValidFile: (path) => /[xc]\.png$/.test(path) })
    expect(some.samples.map(([path]) => short(path))).toEqual(['cats/x.png', 'dogs/young/c.png'])
    await expect(ImageFolder(root, { extensions: ['.png'], isValidFile: () => true })).rejects.toThrow(ValueError)
  })
  test('follows links to folders', async () => {
    symlinkSync(join(root, 'dogs'), join(root, 'wolves'))
    expect((await ImageFolder(root)).targets).toEqual([0, 1, 1, 1, 1, 2, 2, 2, 2])
  })
  test('names a broken file, when its turn comes', async () => {
    writeFileSync(join(root, 'dogs/b.png'), 'no image')
    const set = await ImageFolder(root, { transform: Compose([Resize([4, 4]), ToTensor()]) })
    const seen: number[] = []
    const loop = async (): Promise<void> => {
      for await (const [, labels] of new DataLoader(set, { batchSize: 1 })) seen.push(labels.item())
    }
    await expect(loop()).rejects.toThrow(`${root}/dogs/b.png: no PNG or JPEG image: it is in no known format`)
    expect(seen).toEqual([0, 1])
  })
})

describe('what is no such folder is refused', () => {
  test('where it is missing, or a file', async () => {
    await expect(ImageFolder(join(root, 'none'))).rejects.toThrow(DataError)
    await expect(ImageFolder(join(root, 'none'))).rejects.toThrow(`ImageFolder: no such folder: ${join(root, 'none')}`)
    await put('one.png', 1)
    await expect(ImageFolder(join(root, 'one.png'))).rejects.toThrow(/no such folder: .*one\.png/)
  })
  test('where no classes are in it', async () => {
    await put('one.png', 1)
    await expect(ImageFolder(root)).rejects.toThrow(`ImageFolder: no class folders in ${root}\n  help: each class has`)
  })
  test('where a class is empty', async () => {
    await put('cats/a.png', 1)
    mkdirSync(join(root, 'dogs'))
    mkdirSync(join(root, 'cows/young'), { recursive: true })
    await expect(ImageFolder(root)).rejects.toThrow(
      `ImageFolder: no images in the class folders cows, dogs of ${root}\n  help: only files with .jpg, .jpeg, .png count.`,
    )
  })
})
