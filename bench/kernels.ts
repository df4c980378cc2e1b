// What part of the machine's multiply-adds the products and convolutions of each network reach: `node bench/kernels.ts lenet,mlp --steps 5`
// prints one line of JSON; a number in place of a network is a product of square matrices of that size. Every kernel of a training step is timed as it runs there: packing and waiting for the threads included.
import { parseArgs } from 'node:util'
import * as torch from 'kindling'
import { networkOf } from './networks.ts'
import { peakGflops } from './peak.ts'
import { median } from './statistics.ts'
import { training } from './training.ts'

export interface KernelTime {
  /** `conv forward` and the like, or `gemm`. */
  readonly kind: string
  /** Sizes, for people. */
  readonly shape: string
  readonly ms: number
  /** Multiplications and additions of the plain algorithm. */
  readonly operations: number
}
export interface KernelReport {
  readonly peakGflops: number
  readonly networks: Readonly<Record<string, readonly KernelTime[]>>
}

type Spec = torch.Launch['spec']
const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1)

function describe(spec: Spec): Omit<KernelTime, 'ms'> | null {
  if (spec.kind === 'gemm') {
    const [batches, m, k] = spec.a.shape
    const n = spec.b.shape[2]
    const shape = `${batches > 1 ? `${batches} of ` : ''}${m} x ${k} @ ${k} x ${n}`
    return { kind: 'gemm', shape, operations: 2 * batches * m * k * n }
  }
  if (spec.kind !== 'conv') return null
  const { pass, x, w, y, stride } = spec
  const [, , kh, kw] = w.shape
  const shape = `${x.shape.join('x')} -> ${y.shape.join('x')}, ${kh}x${kw}${stride[0] > 1 ? ` / ${stride[0]}` : ''}`
  return { kind: `conv ${pass}`, shape, operations: 2 * product(y.shape) * product(w.shape.slice(1)) }
}

/** What is run, and how often before it is timed. */
async function workOf(name: string): Promise<{ step: () => void; warmUp: number }> {
  const size = Number(name)
  if (!(size > 0)) return { step: (await training(name)).step, warmUp: Math.max(2, networkOf(name).quick) }
  const [a, b] = [torch.rand(size, size), torch.rand(size, size)]
  return { step: () => a.matmul(b).dispose(), warmUp: 30 }
}

async function kernelsOf(name: string, steps: number): Promise<KernelTime[]> {
  const { step, warmUp } = await workOf(name)
  for (let i = 0; i < warmUp; i++) step()
  const heard: { readonly about: Omit<KernelTime, 'ms'>; readonly times: number[] }[] = []
  for (let i = 0; i < steps; i++) {
    let at = 0
    const stop = torch.onLaunch(({ spec, ms }) => {
      const about = describe(spec)
      if (about === null) return
      heard[at] ??= { about, times: [] }
      heard[at++].times.push(ms)
    })
    step()
    stop()
  }
  return heard.map(({ about, times }) => ({ ...about, ms: median(times) }))
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { steps: { type: 'string', default: '3' } },
  })
  const names = (positionals[0] ?? '').split(',')
  const networks: Record<string, KernelTime[]> = {}
  for (const name of names) networks[name] = await kernelsOf(name, Number(values.steps))
  const report: KernelReport = { peakGflops: peakGflops(), networks }
  process.stdout.write(`${JSON.stringify(report)}\n`)
}

if (import.meta.main) await main()
