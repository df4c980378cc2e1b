import { spawn } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import type { Module } from '../../src/backends/wasm/asm.ts'
import { Engine } from '../../src/backends/wasm/engine.ts'
import { probeFeatures } from '../../src/backends/wasm/features.ts'
import { ThreadPool } from '../../src/backends/wasm/threads.ts'

const features = probeFeatures()
const engines: Engine[] = []
const engineOf = (threads: number): Engine => {
  const engine = new Engine({ ...features, threads })
  engines.push(engine)
  return engine
}
afterAll(() => {
  for (const engine of engines) engine.pool.stop()
})

/** Descriptor: out. Chunk c: out[c] = sum of exp(1 / (i + 1)) over its items, by the host's exp: about 10 us per 200 items. */
const sums = (m: Module) => {
  m.kernel('sums', (f, desc, begin, end) => {
    const i = f.local('i32')
    const sum = f.local('f64')
    f.range(i, begin, end, 1, () => {
      f.f64(1)
      f.get(i)
      f.i32(1)
      f.op('i32.add', 'f64.convert_i32_u', 'f64.div')
      f.call(m.host('exp'))
      f.get(sum)
      f.op('f64.add')
      f.set(sum)
    })
    f.get(desc)
    f.load('i32.load')
    f.get(begin)
    f.i32(200)
    f.op('i32.div_u')
    f.i32(8)
    f.op('i32.mul', 'i32.add')
    f.get(sum)
    f.store('f64.store')
  })
}
function runSums(engine: Engine, items = 60_100): number[] {
  return engine.session(() => {
    const chunks = Math.ceil(items / 200)
    const out = engine.scratch(chunks * 8)
    engine.f64.fill(Number.NaN, out / 8, out / 8 + chunks)
    engine.dispatch(engine.kernel('sums', sums), engine.descriptor().i32(out), items, 200)
    return [...engine.f64.subarray(out / 8, out / 8 + chunks)]
  })
}
/** Runs jobs until a worker has taken part; the number of chunks by workers is in their seats. */
const workersJoined = async (engine: Engine): Promise<void> => {
  for (let k = 0; k < 200; k++) {
    runSums(engine)
    if (engine.pool.chunksByWorkers > 0) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error('no worker took part')
}

test('1, 2 and 4 threads give the same bits, and workers take part', async () => {
  const alone = runSums(engineOf(1))
  for (const threads of [2, 4]) {
    const engine = engineOf(threads)
    await workersJoined(engine)
    for (let k = 0; k < 20; k++) expect(runSums(engine)).toEqual(alone)
  }
})

test('many short jobs in a row, with pauses in which workers fall asleep, are all complete', async () => {
  const engine = engineOf(3)
  const expected = runSums(engineOf(1), 1000)
  await workersJoined(engine)
  for (let k = 0; k < 3000; k++) {
    if (k % 300 === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    const got = runSums(engine, 1000)
    if (got.some((x, j) => x !== expected[j])) throw new Error(`job ${k} is wrong: ${got}`)
  }
})

test('a trap in a worker is an error of the dispatch, and the next job is right', async () => {
  const engine = engineOf(2)
  await workersJoined(engine)
  // Only the second chunk traps; each takes long enough for the worker to get one.
  const kernel = engine.kernel('trap in chunk', (m) => {
    m.kernel('trap', (f, desc, begin) => {
      const i = f.local('i32')
      f.get(begin)
      f.get(desc)
      f.op('i32.eq')
      f.if(() => f.op('unreachable'))
      f.range(i, 0, 1_000_000, 1, () => {})
    })
  })
  for (const item of [0, 1, 5])
    expect(() => engine.dispatch(kernel, item, 16, 1)).toThrow('trap in chunk: RuntimeError: unreachable')
  expect(runSums(engine)).toEqual(runSums(engineOf(1)))
})

test('a worker that was ended is one DeviceError, then the rest of the threads go on', async () => {
  const engine = engineOf(3)
  const expected = runSums(engineOf(1))
  await workersJoined(engine)
  engine.pool.workers[0].terminate()
  for (let k = 0; k < 500 && engine.pool.workers.length === 2; k++)
    await new Promise((resolve) => setTimeout(resolve, 2))
  expect(() => runSums(engine)).toThrow(/a worker thread is lost.*\n.*runs on 2 threads/)
  for (let k = 0; k < 5; k++) expect(runSums(engine)).toEqual(expected)
})

test('a worker that dies in the middle of its part is an error within the time limit, not a hang', async () => {
  const engine = engineOf(1)
  const pool = new ThreadPool(engine.memory, 2, 300)
  // The kernel of a worker waits for ever; the caller's own chunks end at once.
  const source = engineOf(2)
  const endless = source.kernel('endless', (m) => {
    m.kernel('endless', (f) => f.loop((again) => f.br(again)))
  })
  const bytes = new Uint8Array(source.u8.subarray(endless.moduleAddress, endless.moduleAddress + endless.moduleLength))
  const moduleAddress = engine.permanent(bytes.length)
  engine.u8.set(bytes, moduleAddress)
  const job = { ...endless, moduleAddress, run: () => {} }
  let error: unknown
  for (let k = 0; k < 400 && error === undefined; k++) {
    try {
      pool.run(job, 0, 10_000, 1)
    } catch (thrown) {
      error = thrown
    }
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  expect(String(error)).toMatch(/DeviceError: wasm: a worker thread is lost: it did not finish its part/)
  pool.run(job, 0, 10, 1)
  pool.stop()
})

interface Outcome {
  code: number | null
  stdout: string
  stderr: string
  ms: number
}
const folder = mkdtempSync(join(tmpdir(), 'kindling-threads-'))
function script(name: string, text: string, env: Record<string, string> = {}): Promise<Outcome> {
  const path = join(folder, `${name}.ts`)
  const source = pathToFileURL(join(import.meta.dirname, '../../src/backends/wasm')).href
  writeFileSync(path, text.replaceAll('#wasm', source))
  const start = performance.now()
  const child = spawn(process.execPath, [path], { env: { ...process.env, ...env }, timeout: 20_000 })
  const outcome: Outcome = { code: null, stdout: '', stderr: '', ms: 0 }
  child.stdout.on('data', (chunk) => {
    outcome.stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    outcome.stderr += chunk
  })
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ ...outcome, code, ms: performance.now() - start }))
  })
}

const useThreads = `
import { wasmBackend } from '#wasm/index.ts'
const { engine } = wasmBackend()
const kernel = engine.kernel('busy', (m) => {
  m.kernel('busy', (f) => {
    const i = f.local('i32')
    f.range(i, 0, 20000, 1, () => {})
  })
})
const until = performance.now() + 300
while (performance.now() < until) engine.dispatch(kernel, 0, 100, 1)
console.log(JSON.stringify({ ...engine.features, workers: engine.pool.workers.length, byWorkers: engine.pool.chunksByWorkers }))
`

test('a script that used threads ends by itself, without a pause of the script in which workers could start', async () => {
  const { code, stdout, stderr } = await script('done', useThreads, { KINDLING_THREADS: '3' })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const said = JSON.parse(stdout)
  expect(said).toMatchObject({ threads: 3, workers: 2 })
  expect(said.byWorkers).toBeGreaterThan(0)
})

test('a script that throws ends with its error', async () => {
  const { code, stderr } = await script('throws', `${useThreads}\nthrow new Error('of the script')`, {
    KINDLING_THREADS: '2',
  })
  expect(code).toBe(1)
  expect(stderr).toContain('Error: of the script')
})

test('KINDLING_THREADS=1 starts no worker, KINDLING_AVX=0 leaves the revectorizer alone', async () => {
  const { code, stdout } = await script('alone', useThreads, { KINDLING_THREADS: '1', KINDLING_AVX: '0' })
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ threads: 1, workers: 0, revec: false })
})

test('a wrong number of threads is an error that says so', async () => {
  const { code, stderr } = await script('wrong', useThreads, { KINDLING_THREADS: 'many' })
  expect(code).toBe(1)
  expect(stderr).toContain('KINDLING_THREADS: not a number of threads: many')
})
