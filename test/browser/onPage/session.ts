// A session as a page uses it: the engine's worker, functions of three kinds, metrics, moves, and the ways in which a run can end.
import { afterEach, describe, expect, test } from 'vitest'
import { createSession, type EngineContext, type Run, type Session } from '../../../src/browser/index.ts'
import type mean from './workers/module.ts'
import type { most } from './workers/module.ts'
import type { TrainWorker } from './workers/train.ts'

const start = (): Worker => new Worker('/workers/train.js', { type: 'module' })
let session: Session<TrainWorker>
afterEach(() => session?.close())

async function all<M>({ metrics }: Run<M, unknown>): Promise<M[]> {
  const seen: M[] = []
  for await (const one of metrics) seen.push(one)
  return seen
}

describe('functions of a worker', () => {
  test('run there, stream their metrics and give a result', async () => {
    session = await createSession<TrainWorker>(start)
    const run = session.run('train', { steps: 20 })
    const seen = await all(run)
    expect(seen.map(({ step }) => step)).toEqual(Array.from({ length: 20 }, (_, i) => i))
    expect(seen[19].loss).toBeLessThan(seen[0].loss)
    const { weight, shape } = await run.result
    expect([weight.length, shape]).toEqual([3, [1, 3]])
    const losses: number[] = []
    await session.run('train', { steps: 2 }, { onMetrics: ({ loss }) => losses.push(loss) }).result
    expect(losses).toEqual(seen.slice(0, 2).map(({ loss }) => loss))
  })

  test('move buffers and pictures, both ways', async () => {
    session = await createSession<TrainWorker>(start)
    expect((await session.run('keep', undefined).result).length).toBe(1000)
    expect(await session.run('keptBytes', undefined).result).toBe(0)
    const picture = await createImageBitmap(new ImageData(7, 5))
    expect(await session.run('widthOf', picture, { transfer: [picture] }).result).toBe(7)
    expect(picture.width).toBe(0)
  })

  test('tell the page their errors', async () => {
    session = await createSession<TrainWorker>(start)
    const failing = session.run('fail', undefined)
    await expect(failing.result).rejects.toThrow(/add: shapes/)
    await expect(failing.result).rejects.toMatchObject({ name: 'ShapeError' })
    expect(await all(failing)).toEqual([])
    // @ts-expect-error: there is no such function.
    const none = session.run('none', undefined)
    await expect(none.result).rejects.toThrow('session: the worker has no function none: known are train, loop')
    const clone = session.run('widthOf', (() => {}) as never)
    await expect(clone.result).rejects.toThrow()
  })

  test('run side by side where they wait', async () => {
    session = await createSession<TrainWorker>(start)
    const [one, two] = [session.run('loop', undefined), session.run('train', { steps: 3 })]
    expect((await two.result).weight.length).toBe(3)
    expect(await one.cancel()).toBe('stopped')
  })
})

describe('a run that is cancelled', () => {
  test('stops at its next report, and frees what it made', async () => {
    session = await createSession<TrainWorker>(start)
    const round = async (): Promise<void> => {
      const run = session.run('loop', undefined)
      for await (const _ of run.metrics) break
      expect(await run.cancel()).toBe('stopped')
      await expect(run.result).rejects.toMatchObject({ name: 'AbortError', message: 'the run was cancelled' })
    }
    await round()
    const before = await session.run('memory', undefined).result
    for (let k = 0; k < 20; k++) await round()
    const after = await session.run('memory', undefined).result
    expect(after.reserved).toBe(before.reserved)
    // What 20 rounds have left to the garbage collector: 4 x 3 numbers each.
    expect(after.used - before.used).toBeLessThan(20 * 4 * 3 * 4 + 1)
  })

  test('is seen by a loop that never waits where there is shared memory; elsewhere its worker is ended', async () => {
    session = await createSession<TrainWorker>(start, { grace: 300 })
    const run = session.run('spin', { look: true })
    for await (const _ of run.metrics) break
    if (crossOriginIsolated) {
      expect(await run.cancel()).toBe('stopped')
      expect(await run.result).toBeGreaterThanOrEqual(0)
    } else {
      expect(await run.cancel()).toBe('terminated')
      await expect(run.result).rejects.toThrow('the run did not stop within 300 ms: its worker was ended')
    }
  })

  test('is ended with its worker where it does not look, and the next run gets a new worker', async () => {
    session = await createSession<TrainWorker>(start, { grace: 300 })
    const stop = new AbortController()
    const run = session.run('spin', { look: false }, { signal: stop.signal })
    for await (const _ of run.metrics) break
    stop.abort()
    await expect(run.result).rejects.toMatchObject({ name: 'AbortError' })
    expect((await session.run('train', { steps: 1 }).result).weight.length).toBe(3)
  })

  test('ends with the session', async () => {
    session = await createSession<TrainWorker>(start)
    const run = session.run('loop', undefined)
    for await (const _ of run.metrics) break
    session.close()
    await expect(run.result).rejects.toThrow('the session was closed')
  })
})

test("Kindling's own worker runs functions and modules", async () => {
  const own = await createSession(() => new Worker('/workers/own.js', { type: 'module' }))
  const sum = ({ torch, report }: EngineContext<number>, values: number[]): number => {
    report(values.length)
    return torch.tensor(values).sum().item()
  }
  const run = own.run(sum, [1, 2, 3])
  expect([await all(run), await run.result]).toEqual([[3], 6])
  const url = new URL('/workers/module.js', location.href)
  expect(await own.run<typeof mean>(url, [1, 2, 6]).result).toBe(3)
  expect(await own.run<typeof most>(url, [1, 2, 6], { export: 'most' }).result).toBe(6)
  await expect(own.run(url, [], { export: 'least' }).result).rejects.toThrow('module.js exports no function least')
  own.close()
})

test('a worker that cannot be started is an error that says so', async () => {
  const none = createSession(() => new Worker('/workers/none.js', { type: 'module' }))
  await expect(none).rejects.toThrow('session: the worker could not go on: its script cannot be loaded')
})
