import { afterEach, describe, expect, test } from 'vitest'
import * as torch from '../../src/index.ts'
import { F } from '../../src/index.ts'
import { onLaunch } from '../../src/runtime/launch.ts'
import { type Work, workOf } from '../../src/runtime/work.ts'

afterEach(() => torch.setDefaultDevice('wasm'))

/** What the kernels of `body` have to do. */
function workIn(body: () => unknown): Work[] {
  const heard: Work[] = []
  const stop = onLaunch(({ spec }) => heard.push(workOf(spec)))
  torch.scope(body)
  stop()
  return heard
}
const x = torch.rand(2, 6, 8, 10)

describe('work', () => {
  test('a matrix product takes two operations for each term of each sum', () => {
    const a = torch.rand(3, 5, 7)
    const b = torch.rand(3, 7, 11)
    const [work] = workIn(() => a.matmul(b))
    const flops = 2 * 3 * 5 * 7 * 11
    const bytes = 4 * 3 * (5 * 7 + 7 * 11 + 5 * 11)
    expect(work).toEqual({ name: 'gemm', shape: '3 of 5x7 @ 7x11', flops, floatOps: flops, bytes })
    const doubles = workIn(() => a.to('float64').matmul(b.to('float64'))).at(-1)
    expect(doubles).toMatchObject({ flops, floatOps: 2 * flops, bytes: 2 * bytes })
    const whole = workIn(() => torch.ones([2, 3], { dtype: 'int64' }).matmul(torch.ones([3, 2], { dtype: 'int64' })))
    expect(whole.at(-1)).toMatchObject({ name: 'gemm', flops: 0, floatOps: 0 })
  })

  test('a convolution takes as many in all three passes: one for each tap of each pixel of the output, times two', () => {
    const w = torch.rand(4, 3, 3, 5)
    const options = { stride: 2, padding: [1, 2], groups: 2 } as const
    const leaf = x.clone().requiresGrad_()
    const weight = w.clone().requiresGrad_()
    const all = workIn(() => F.conv2d(leaf, weight, null, options).backward(torch.ones(2, 4, 4, 5)))
    const convolutions = all.filter(({ name }) => name.startsWith('conv'))
    expect(convolutions.map(({ name }) => name).sort()).toEqual(['conv forward', 'conv inputGrad', 'conv weightGrad'])
    for (const one of convolutions) {
      expect(one.flops).toBe(2 * (2 * 4 * 4 * 5) * (3 * 3 * 5))
      expect(one.shape).toBe('2x6x8x10 -> 2x4x4x5, 3x5 / 2, 2 groups')
      expect(one.bytes).toBe(4 * (x.numel() + w.numel() + 2 * 4 * 4 * 5))
    }
  })

  test('elementwise kernels and reductions move bytes; what is broadcast is read once', () => {
    const row = torch.ones(10)
    const [add] = workIn(() => x.add(row))
    expect(add).toMatchObject({ flops: 0, shape: '2x6x8x10: x0 + x1', bytes: 4 * (2 * x.numel() + 10) })
    const [sum] = workIn(() => x.sum(3))
    expect(sum).toMatchObject({ name: 'reduce', bytes: 4 * (x.numel() + x.numel() / 10) })
    expect(sum.shape).toBe('2x6x8x10 -> 2x6x8x1: acc0 + x0')
    const [pool] = workIn(() => F.avgPool2d(x, 2))
    expect(pool).toMatchObject({ name: 'pool avg forward', shape: '2x6x8x10 -> 2x6x4x5', bytes: 4 * 1.25 * x.numel() })
  })

  test('indexed reads and writes move the elements that the indices name', () => {
    const rows = torch.tensor([0, 2, 2])
    const table = torch.rand(100, 7)
    const gather = workIn(() => table.indexSelect(0, rows)).find(({ name }) => name === 'gather')
    expect(gather?.bytes).toBe(8 * 3 + 4 * 3 * 7 * 2)
    const scatter = workIn(() => table.clone().indexAdd_(0, rows, torch.ones(3, 7))).find(({ name }) =>
      name.startsWith('scatter'),
    )
    expect(scatter).toMatchObject({ name: 'scatter add', bytes: 8 * 3 + 4 * 3 * 7 * 3 })
  })
})

describe('torch.profiler.profile', () => {
  const step = (): void =>
    torch.scope(() => {
      const a = torch.ones(64, 64)
      for (let k = 0; k < 3; k++) a.matmul(a)
      torch.ones(8, 64).matmul(a).relu()
    })

  test('counts and sums the kernels of a function, by shape and by kind', () => {
    const profile = torch.profiler.profile(step)
    const gemms = profile.rows.filter(({ name }) => name === 'gemm')
    expect(gemms.map(({ shape, calls, flops }) => [shape, calls, flops]).sort()).toEqual([
      ['64x64 @ 64x64', 3, 3 * 2 * 64 ** 3],
      ['8x64 @ 64x64', 1, 2 * 8 * 64 ** 2],
    ])
    const averages = profile.keyAverages()
    const gemm = averages.rows.find(({ name }) => name === 'gemm')
    expect(gemm).toMatchObject({ shape: '', calls: 4, flops: 2 * 64 ** 2 * (3 * 64 + 8) })
    expect(gemm?.total).toBeCloseTo(gemms[0].total + gemms[1].total, 9)
    expect(profile.rows.map(({ total }) => total)).toEqual(profile.rows.map(({ total }) => total).sort((a, b) => b - a))
    expect(profile.rows.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9)
    // A page that is not isolated has a clock of 0.1 ms: what took no time has no rate.
    for (const { ofPeak, total } of profile.rows) if (total > 0) expect(ofPeak).toBeGreaterThan(0)
    // Nobody listens any more.
    step()
    expect(profile.keyAverages().rows.find(({ name }) => name === 'gemm')?.calls).toBe(4)
  })

  test('waits for an async function, and stops after an error', async () => {
    const profile = await torch.profiler.profile(async () => {
      step()
      await new Promise((resolve) => setTimeout(resolve, 1))
      step()
    })
    expect(profile.keyAverages().rows.find(({ name }) => name === 'gemm')?.calls).toBe(8)
    let runs = 0
    expect(() =>
      torch.profiler.profile(() => {
        runs++
        throw new Error('inside')
      }),
    ).toThrow('inside')
    await expect(torch.profiler.profile(async () => Promise.reject(new Error('later')))).rejects.toThrow('later')
    expect(runs).toBe(1)
  })

  test('its tables are aligned, and what exceeds the limit is one line', () => {
    const profile = torch.profiler.profile(step)
    const lines = profile.table({ rowLimit: 1 }).split('\n')
    expect(lines[0]).toMatch(/^kernel +shape +calls +total ms +share +GFLOP\/s +GB\/s +of peak$/)
    expect(lines[1]).toBe('-'.repeat(lines[0].length))
    expect(lines[3]).toMatch(new RegExp(`^${profile.rows.length - 1} more +\\d+ +\\d+\\.\\d\\d +[\\d.]+ %$`))
    expect(lines.at(-1)).toMatch(/^all +\d+ +\d+\.\d\d +100 %$/)
    const ends = lines[0].indexOf('calls') + 'calls'.length
    for (const line of [lines[2], lines[3], lines[5]]) expect(line.slice(0, ends)).toMatch(/ \d+$/)
    expect(profile.keyAverages().table()).toMatch(/^kernel +calls +total ms/)
    expect(profile.summary()).toBe(`${profile.keyAverages().table()}\n\n${profile.table()}`)
    expect(torch.profiler.profile(() => {}).table()).toContain('all')
  })

  test('a device without a measure has no share of its peak', () => {
    torch.setDefaultDevice('reference')
    const profile = torch.profiler.profile(step)
    expect(profile.rows.every(({ device, ofPeak }) => device === 'reference' && ofPeak === null)).toBe(true)
    expect(profile.table()).toContain('64x64 @ 64x64')
  })

  test('the peak of the machine is measured once', () => {
    const device = torch.backend('wasm')
    const peak = torch.profiler.peak(device)
    expect(peak?.flops).toBeGreaterThan(1e8)
    expect(peak?.bandwidth).toBeGreaterThan(1e8)
    expect(torch.profiler.peak(device)).toBe(peak)
  })
})
