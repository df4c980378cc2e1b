// What the GPU reaches in matrix products and in the convolutions of ResNet-18, and which kernels a training step is made of:
//   node bench/webgpu.ts                          products of 256 to 4096, convolutions of 32 pictures, then the steps
//   node bench/webgpu.ts --only gemm --sizes 64,128     less, for a software GPU (VK_ICD_FILENAMES says which)
// Rates count the multiplications and additions of the plain algorithm. Each figure is the best of some rounds, of many kernels between two waits.
import { parseArgs } from 'node:util'
import * as torch from 'kindling'
import { F, optim } from 'kindling'
import type { WebGpuBackend } from '../src/backends/webgpu/index.ts'
import type { ConvSpec, GemmSpec, KernelSpec } from '../src/runtime/spec.ts'
import type { Job } from '../src/backends/webgpu/engine.ts'

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: 'gemm,conv,steps' },
    sizes: { type: 'string', default: '256,512,1024,2048,4096' },
    batch: { type: 'string', default: '32' },
    /** Milliseconds of each round. */
    round: { type: 'string', default: '100' },
    networks: { type: 'string', default: 'lenet,resnet18' },
  },
})
const numbers = (list: string): number[] => list.split(',').map(Number)
const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1)

await torch.webgpu.init()
const device = torch.backend('webgpu') as unknown as WebGpuBackend
const { vendor, architecture, description, device: model } = device.info()
console.log(`GPU: ${[vendor, architecture, model, description].filter(Boolean).join(', ')}`)

/** Milliseconds of one run: the least of three rounds, each so many runs that it takes about `--round`. */
async function time(run: () => void): Promise<number> {
  const round = async (count: number): Promise<number> => {
    const start = performance.now()
    for (let i = 0; i < count; i++) run()
    await torch.webgpu.synchronize()
    return (performance.now() - start) / count
  }
  await round(1)
  const guess = await round(2)
  const count = Math.max(1, Math.min(1000, Math.round(Number(options.round) / guess)))
  return Math.min(guess, await round(count), await round(count), await round(count))
}
async function report(what: string, operations: number, run: () => void): Promise<void> {
  const ms = await time(run)
  console.log(
    `${what.padEnd(58)} ${ms.toFixed(3).padStart(9)} ms ${(operations / ms / 1e6).toFixed(1).padStart(9)} GFLOP/s`,
  )
}
const launch = <S extends KernelSpec>(spec: S): void =>
  (device.kernels[spec.kind] as unknown as (spec: S) => void)(spec)
const filled = (...shape: number[]): torch.Tensor => torch.rand(shape).sub_(0.5).to('webgpu')

async function products(): Promise<void> {
  for (const size of numbers(options.sizes)) {
    const [a, b, c] = [filled(1, size, size), filled(1, size, size), filled(1, size, size)]
    const turned = (x: torch.Tensor) => x.transpose(1, 2)
    for (const [name, left, right] of [
      ['a @ b', a, b],
      ['a.t @ b', turned(a), b],
      ['a @ b.t', a, turned(b)],
    ] as const) {
      const spec: GemmSpec = { kind: 'gemm', a: left, b: right, c, alpha: 1, beta: 0, bias: null }
      await report(`gemm ${name} ${size}`, 2 * size ** 3, () => launch(spec))
    }
    for (const x of [a, b, c]) x.dispose()
  }
}

/** Channels in, channels out, kernel, step, side of the picture. */
const layers: readonly (readonly [number, number, number, number, number])[] = [
  [3, 64, 7, 2, 224],
  [64, 64, 3, 1, 56],
  [64, 128, 3, 2, 56],
  [64, 128, 1, 2, 56],
  [128, 128, 3, 1, 28],
  [128, 256, 3, 2, 28],
  [256, 256, 3, 1, 14],
  [256, 512, 3, 2, 14],
  [512, 512, 3, 1, 7],
]
async function convolutions(): Promise<void> {
  const batch = Number(options.batch)
  for (const [channels, outputs, kernel, stride, side] of layers) {
    const padding = (kernel - 1) / 2
    const out = Math.floor((side + 2 * padding - kernel) / stride) + 1
    const x = filled(batch, channels, side, side)
    const w = filled(outputs, channels, kernel, kernel)
    const y = filled(batch, outputs, out, out)
    const operations = 2 * product(y.shape) * product(w.shape.slice(1))
    for (const pass of ['forward', 'inputGrad', 'weightGrad'] as const) {
      const spec: ConvSpec = {
        ...{ kind: 'conv', pass, x, w, y, bias: null, groups: 1 },
        ...{ stride: [stride, stride], padding: [padding, padding], dilation: [1, 1] },
      }
      const shape = `${x.shape.join('x')} -> ${y.shape.join('x')}, ${kernel}x${kernel} / ${stride}`
      await report(`conv ${pass.padEnd(10)} ${shape}`, operations, () => launch(spec))
    }
    for (const t of [x, w, y]) t.dispose()
  }
}

/** Kernels of a step by kind: how many ops launch, and how many the GPU gets. */
async function steps(): Promise<void> {
  const models = (await import('kindling/models')) as unknown as Record<string, (options: object) => torch.nn.Module>
  for (const name of options.networks.split(',')) {
    const picture = name === 'lenet' ? [1, 28, 28] : [3, 32, 32]
    const net = models[name](name === 'lenet' ? {} : { channels: 3 }).to('webgpu') as torch.nn.Module &
      ((x: torch.Tensor) => torch.Tensor)
    const batch = Number(options.batch)
    const [x, labels] = [filled(batch, ...picture), torch.arange(batch).remainder(10).to('webgpu')]
    const optimizer = new optim.SGD(net.parameters(), { lr: 0.1 })
    const step = (): void =>
      torch.scope(() => {
        optimizer.zeroGrad()
        F.crossEntropy(net(x), labels).backward()
        optimizer.step()
      })
    step()
    await torch.webgpu.synchronize()
    const launches = new Map<string, number>()
    const stop = torch.onLaunch(({ spec }) => {
      const kind = [spec.kind, 'pass' in spec ? spec.pass : ''].filter(Boolean).join(' ')
      launches.set(kind, (launches.get(kind) ?? 0) + 1)
    })
    let jobs = 0
    const { engine } = device
    const run = engine.run
    engine.run = function (this: typeof engine, job: Job) {
      jobs++
      run.call(this, job)
    }
    step()
    engine.run = run
    stop()
    const list = [...launches].sort((a, b) => b[1] - a[1]).map(([kind, count]) => `${kind} ${count}`)
    const all = [...launches.values()].reduce((a, b) => a + b, 0)
    const ms = await time(step)
    console.log(
      `${name}, ${batch} of ${picture.join('x')}: ${ms.toFixed(2)} ms a step; ${all} launches, ${jobs} kernels`,
    )
    console.log(`  ${list.join(', ')}`)
  }
}

const parts = { gemm: products, conv: convolutions, steps } as const
for (const name of options.only.split(',')) await parts[name as keyof typeof parts]()
torch.webgpu.close()
