// Files of the origin's private file system, by the functions of the platform and by torch.save.
import { beforeEach, describe, expect, test } from 'vitest'
import * as files from '../../../src/platform/browser.ts'
import * as torch from '../../../src/index.ts'

const { exists, list, mkdir, readFile, stat, writeFileAtomic } = files

beforeEach(async () => {
  const root = await navigator.storage.getDirectory()
  await root.removeEntry('test', { recursive: true }).catch(() => {})
})

test('a file is written, with the folders above it, and read back', async () => {
  expect(await exists('/test/a/b.bin')).toBe(false)
  await writeFileAtomic('/test/a/b.bin', [Uint8Array.of(1, 2), Uint8Array.of(3)])
  await writeFileAtomic('test/a/./c/../b.bin', [Uint8Array.of(4, 5), Uint8Array.of(), Uint8Array.of(6)])
  expect([...(await readFile('/test/a/b.bin'))]).toEqual([4, 5, 6])
  expect(await stat('/test/a/b.bin')).toMatchObject({ bytes: 3, isDirectory: false })
  expect(await stat('/test/a')).toMatchObject({ isDirectory: true })
  expect(await list('/test/a')).toEqual(['b.bin'])
  expect([await exists('/test/a'), await exists('/test/a/b.bin'), await exists('/test/a/b.bin/c')]).toEqual([
    true,
    true,
    false,
  ])
})

test('an empty file is a file, and a shorter one leaves nothing of a longer one', async () => {
  await writeFileAtomic('/test/x', new Uint8Array(100))
  await writeFileAtomic('/test/x', new Uint8Array())
  expect((await readFile('/test/x')).length).toBe(0)
})

test('what is not there, or is of the other kind, is a DataError with its path', async () => {
  await mkdir('/test/folder')
  await writeFileAtomic('/test/file', Uint8Array.of(1))
  await expect(readFile('/test/none')).rejects.toThrow('readFile: no such file or folder: /test/none')
  await expect(readFile('/test/none/x')).rejects.toThrow('readFile: no such file or folder: /test/none/x')
  await expect(readFile('/test/folder')).rejects.toThrow('readFile: a folder where a file is meant')
  await expect(list('/test/file')).rejects.toThrow('list: a folder where a file is meant, or a file where a folder is')
  await expect(writeFileAtomic('/test/file/x', Uint8Array.of(1))).rejects.toThrow(torch.DataError)
  await expect(writeFileAtomic('/test/folder', Uint8Array.of(1))).rejects.toThrow(torch.DataError)
})

test('two that write one file leave the whole of one of them', async () => {
  const contents = [1, 2, 3, 4].map((value) => new Uint8Array(50_000).fill(value))
  await Promise.allSettled(contents.map((data) => writeFileAtomic('/test/x', data)))
  const found = await readFile('/test/x')
  expect(contents.some((data) => data.every((value, i) => value === found[i]))).toBe(true)
  expect(await list('/test')).toEqual(['x'])
})

describe('without writables, as in older Safari', () => {
  test('a worker writes beside the file and renames', async () => {
    const { prototype } = FileSystemFileHandle
    if (!('move' in prototype)) return
    const { createWritable } = prototype
    try {
      Reflect.deleteProperty(prototype, 'createWritable')
      await writeFileAtomic('/test/a/x', [Uint8Array.of(1, 2), Uint8Array.of(3)])
      await writeFileAtomic('/test/a/x', Uint8Array.of(7))
      expect([...(await readFile('/test/a/x'))]).toEqual([7])
      expect(await list('/test/a')).toEqual(['x'])
    } finally {
      Object.assign(prototype, { createWritable })
    }
  })
})

test('torch.save and torch.load keep a network, also from memory that threads share', async () => {
  torch.manualSeed(0)
  const net = new torch.nn.Linear(3, 4)
  await torch.save(net.stateDict(), '/test/net.safetensors')
  const other = new torch.nn.Linear(3, 4)
  other.loadStateDict(await torch.load('/test/net.safetensors'))
  expect(other.weight.tolist()).toEqual(net.weight.tolist())
  await expect(torch.load('/test/none.safetensors')).rejects.toThrow('load: no such file: /test/none.safetensors')
})

test('the cache is a folder of the origin', () => {
  expect(files.homeCache()).toBe('/kindling')
})
