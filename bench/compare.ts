// LeNet's training step in Kindling and in PyTorch, by turns, so that a change of the machine's load meets both.
// `node bench/compare.ts [rounds] [python] [threads]`. Prints the median over the rounds, the range, and the ratio
// to the faster PyTorch of the same round: its thread pools can spin against each other, so it is also run with OpenBLAS on one thread.
import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'

const rounds = Number(process.argv[2] ?? 5)
const python = process.argv[3] ?? 'python3'
const file = (name: string): string => join(import.meta.dirname, name)

const kindling = (env: Record<string, string>) => ({ command: process.execPath, args: [file('lenet-step.ts')], env })
const pytorch = (threads: number, env: Record<string, string> = {}) => ({
  command: python,
  args: [file('lenet-step.py')],
  env: { TORCH_THREADS: String(threads), OMP_NUM_THREADS: String(threads), ...env },
})

function measure(threads: number): void {
  const contenders = {
    PyTorch: pytorch(threads),
    'PyTorch, OpenBLAS on one': pytorch(threads, { OPENBLAS_NUM_THREADS: '1' }),
    Kindling: kindling({ KINDLING_THREADS: String(threads) }),
    'Kindling without AVX2': kindling({ KINDLING_THREADS: String(threads), KINDLING_AVX: '0' }),
  }
  const times = new Map<string, number[]>(Object.keys(contenders).map((name) => [name, []]))
  const losses = new Map<string, string>()
  for (let round = 0; round < rounds; round++) {
    for (const [name, { command, args, env }] of Object.entries(contenders)) {
      const printed = execFileSync(command, args, { env: { ...process.env, ...env }, encoding: 'utf8' })
      times.get(name)?.push(Number.parseFloat(printed))
      losses.set(name, printed.trim().split(' ').at(-1) ?? '')
    }
  }
  const torch = Array.from({ length: rounds }, (_, i) =>
    Math.min(...[...times].filter(([name]) => name.startsWith('PyTorch')).map(([, values]) => values[i])),
  )
  console.log(`${threads} thread${threads === 1 ? '' : 's'}, ${rounds} rounds`)
  for (const [name, values] of times) {
    const ratios = values.map((value, i) => torch[i] / value)
    console.log(
      `  ${name.padEnd(24)} ${median(values).toFixed(2)} ms (${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}), ` +
        `${median(ratios).toFixed(2)} x PyTorch's speed, loss ${losses.get(name)}`,
    )
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

const asked = process.argv[4]
for (const threads of asked ? [Number(asked)] : new Set([1, availableParallelism()])) measure(threads)
