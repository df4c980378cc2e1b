// Cost that grows as it should: the time of Kindling's step against batch size, image side, depth and threads, and the number of kernels that
// are compiled on the way: none after the first step, none for a short last batch.
import { answerOf, Contender } from '../contender.ts'
import type { CompiledReport } from '../compiled.ts'
import { turnTime } from '../duel.ts'
import { networkOf } from '../networks.ts'
import { kindling } from '../programs.ts'
import { type Curve, scalingChart } from '../report/scalingChart.ts'
import { rowOf } from '../report/rows.ts'
import type { Run } from '../run.ts'

interface Axis {
  readonly network: string
  readonly label: 'batch' | 'side' | 'depth' | 'threads'
  readonly sizes: readonly number[]
  readonly steps: number
}

/** By which power of the size the work grows. */
const powers = { batch: 1, side: 2, depth: 1, threads: -1 } as const

const axesOf = (threads: number, quick: boolean): readonly Axis[] => {
  const thin = (sizes: readonly number[]): readonly number[] => (quick ? sizes.filter((_, i) => i % 2 === 0) : sizes)
  return [
    { network: 'lenet', label: 'batch', sizes: thin([16, 32, 64, 128, 256, 512, 1024]), steps: 20 },
    { network: 'resnet18', label: 'side', sizes: thin([32, 48, 64, 96, 128]), steps: 3 },
    { network: 'mlp', label: 'depth', sizes: thin([1, 2, 4, 8, 16, 32]), steps: 20 },
    { network: 'lenet', label: 'threads', sizes: Array.from({ length: threads }, (_, i) => i + 1), steps: 30 },
  ]
}

export async function measureScaling(run: Run): Promise<void> {
  const { quick } = run.options
  const most = Math.max(...run.options.threads)
  const curves: Curve[] = []
  for (const axis of axesOf(most, quick)) {
    const { title } = networkOf(axis.network)
    const points: { x: number; y: number }[] = []
    for (const size of axis.sizes) {
      run.progress(`scaling: ${title}, ${axis.label} ${size}`)
      const threads = axis.label === 'threads' ? size : most
      const times = await timesOf(run, axis, size, threads)
      const head = { group: 'scaling', metric: 'ms per step', better: 'lower', threads, avx2: true } as const
      const row = rowOf({ ...head, name: `${title}, ${axis.label} ${size}` }, times, null)
      run.add(row)
      points.push({ x: size, y: row.kindling as number })
    }
    curves.push({ title, label: axis.label, points, power: powers[axis.label] })
  }
  run.charts.set('scaling', scalingChart(curves, 'How the time of a step grows'))
  for (const name of quick ? ['lenet'] : ['lenet', 'lenet-batchnorm', 'resnet18']) await countCompiled(run, name, most)
}

/** One value per turn. */
async function timesOf(run: Run, { network, label, steps }: Axis, size: number, threads: number): Promise<number[]> {
  const args = label === 'threads' ? [network] : [network, `--${label}`, String(size)]
  const contender = await Contender.start(kindling('step', args, threads), run.signal)
  try {
    await contender.run(steps)
    const times: number[] = []
    for (let turn = 0; turn < 3; turn++) times.push(turnTime(await contender.run(steps)))
    return times
  } finally {
    await contender.stop()
  }
}

async function countCompiled(run: Run, name: string, threads: number): Promise<void> {
  run.progress(`compiled kernels: ${name}`)
  const { first, steady, short } = await answerOf<CompiledReport>(kindling('compiled', [name], threads), run.signal)
  const head = { group: 'compiled', metric: 'kernels compiled', better: 'lower', threads, avx2: true } as const
  const { title } = networkOf(name)
  run.add(
    rowOf({ ...head, name: `${title}, first step` }, [first], null),
    rowOf({ ...head, name: `${title}, ten more steps` }, [steady], null),
    rowOf({ ...head, name: `${title}, a short last batch` }, [short], null),
  )
}
