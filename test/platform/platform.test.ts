import { mkdtemp } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import * as browser from '../../src/platform/browser.ts'
import * as node from '../../src/platform/node.ts'
import type { Platform } from '../../src/platform/types.ts'

const platforms: Platform[] = [node, browser]

test.each(platforms)(
  'on $name a context slot gives the initial value outside and the given value inside',
  (platform) => {
    const slot = platform.contextSlot<number | undefined>(1)
    expect(slot.get()).toBe(1)
    expect(slot.run(2, () => [slot.get(), slot.run(undefined, () => slot.get()), slot.get()])).toEqual([
      2,
      undefined,
      2,
    ])
    expect(() =>
      slot.run(3, () => {
        throw new Error('inside')
      }),
    ).toThrow('inside')
    expect(slot.get()).toBe(1)
  },
)

test('under Node a context slot follows await and does not leak into other tasks', async () => {
  const slot = node.contextSlot('outside')
  const inside = slot.run('inside', async () => {
    await new Promise((resolve) => setTimeout(resolve, 5))
    return slot.get()
  })
  expect(slot.get()).toBe('outside')
  expect(await inside).toBe('inside')
})

test('a context slot keeps an entered value for the rest of the running code', () => {
  for (const platform of platforms) {
    const slot = platform.contextSlot(0)
    slot.run(1, () => {
      slot.enter(2)
      expect(slot.get()).toBe(2)
    })
    expect(slot.get()).toBe(0)
  }
})

test.each(platforms)('on $name runSync stands in front of what is outside, and run in front of it', (platform) => {
  const slot = platform.contextSlot(0)
  const seen = slot.run(1, () => {
    const inside = slot.runSync(2, () => {
      const before = slot.get()
      const within = slot.run(3, () => slot.runSync(4, () => slot.get()) + slot.get())
      slot.enter(5)
      return [before, within, slot.get()]
    })
    return [...inside, slot.get()]
  })
  expect(seen).toEqual([2, 7, 5, 1])
  expect(() =>
    slot.runSync(6, () => {
      throw new Error('inside')
    }),
  ).toThrow('inside')
  expect(slot.get()).toBe(0)
})

test('under Node a task that starts inside runSync by run keeps its own value', async () => {
  const slot = node.contextSlot('outside')
  const task = slot.runSync('sync', () =>
    slot.run('task', async () => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      return slot.get()
    }),
  )
  expect(slot.get()).toBe('outside')
  expect(await task).toBe('task')
})

test('a file is written atomically, with the folders above it, and read back', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kindling-'))
  const path = join(folder, 'a', 'b.bin')
  expect(await node.exists(path)).toBe(false)
  await node.writeFileAtomic(path, [Uint8Array.of(1, 2), Uint8Array.of(3)])
  await node.writeFileAtomic(path, [Uint8Array.of(4, 5), Uint8Array.of(), Uint8Array.of(6)])
  expect([...(await node.readFile(path))]).toEqual([4, 5, 6])
  expect(await node.stat(path)).toMatchObject({ bytes: 3, isDirectory: false })
  expect(await node.list(join(folder, 'a'))).toEqual(['b.bin'])
})

test('a missing file is a DataError that names the path', async () => {
  await expect(node.readFile('/nowhere/x.bin')).rejects.toThrow('readFile: no such file or folder: /nowhere/x.bin')
})

test('where there is no file storage of a page, files are a DataError that says so', async () => {
  await expect(browser.readFile('x')).rejects.toThrow('readFile: there is no file storage (OPFS) here: x')
  expect(await browser.exists('x')).toBe(false)
})

test('gunzip gives the data back and refuses what is truncated', async () => {
  const data = Uint8Array.from({ length: 100_000 }, (_, k) => (k * k) & 255)
  const packed = new Uint8Array(gzipSync(data))
  expect(await node.gunzip(packed)).toEqual(data)
  await expect(node.gunzip(packed.subarray(0, 500))).rejects.toThrow('gunzip: not a complete gzip stream')
})

test('a download reports progress, and an error of the server', async () => {
  const body = new Uint8Array(50_000).fill(7)
  const server = createServer((request, response) => {
    if (request.url === '/data') response.writeHead(200, { 'content-length': body.length }).end(body)
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    const seen: [number, number | undefined][] = []
    const onProgress = (received: number, total: number | undefined) => seen.push([received, total])
    expect(await node.download(`${base}/data`, { onProgress })).toEqual(body)
    expect(seen.at(-1)).toEqual([50_000, 50_000])
    await expect(node.download(`${base}/none`)).rejects.toThrow(`${base}/none: the server answers 404 Not Found`)
  } finally {
    server.close()
  }
})

test('a worker runs the text of a function on its data and reports its end', async () => {
  const shared = new Int32Array(new SharedArrayBuffer(4))
  const run = (data: { shared: Int32Array }) => {
    Atomics.store(data.shared, 0, 7)
    throw new Error('enough')
  }
  const worker = node.createWorker(run.toString(), { shared })
  expect(await new Promise<string>((resolve) => worker.onEnd(resolve))).toBe('enough')
  expect(shared[0]).toBe(7)
})
