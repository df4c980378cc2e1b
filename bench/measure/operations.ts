// Matrix products by size, and what a single small operation costs from call to result.
import type { Run } from '../run.ts'
import { compareWithTorch } from './compare.ts'

const sizes = [64, 128, 256, 512, 1024, 2048] as const
const fewSizes = [64, 256, 1024] as const

/** Multiplications of a step: about a fiftieth of a second of work, at most 2000 products. */
const timesOf = (n: number): number => Math.max(1, Math.min(2000, Math.round(2e9 / (2 * n ** 3))))

export async function measureMatmul(run: Run): Promise<void> {
  const { quick } = run.options
  for (const n of quick ? fewSizes : sizes) {
    const times = timesOf(n)
    await compareWithTorch(run, {
      group: 'matmul',
      name: `${n} x ${n}`,
      metric: 'GFLOP/s',
      better: 'higher',
      stem: 'operation',
      settings: ['default', 'one thread'],
      args: ['matmul', String(n), '--times', String(times)],
      steps: n > 1024 ? 3 : quick ? 6 : 20,
      warmUp: 3,
      value: (ms) => (2 * n ** 3 * times) / ms / 1e6,
    })
  }
}

/** Elements of the sum: the least work there is, and enough of it for several threads. */
const sums = [16, 65536] as const

export async function measureDispatch(run: Run): Promise<void> {
  for (const n of sums) {
    const times = n === 16 ? 5000 : 500
    await compareWithTorch(run, {
      group: 'dispatch',
      name: `x.add(y), ${n.toLocaleString('en-US')} elements`,
      metric: 'µs per call',
      better: 'lower',
      stem: 'operation',
      settings: ['default', 'OpenMP passive', 'one thread'],
      args: ['add', String(n), '--times', String(times)],
      steps: run.options.quick ? 6 : 20,
      warmUp: 6,
      value: (ms) => (1000 * ms) / times,
    })
  }
}
