// The networks of the course as PyTorch trained them (runs.json): the loss of every step on Fashion-MNIST in file order, norms afterwards.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { F, nn, optim, manualSeed } from '../../src/index.ts'
import * as models from '../../src/models/index.ts'
import { scope } from '../../src/runtime/scope.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'
import type { Fixture } from '../support/safetensors.ts'
import { tensorFrom } from './kindling.ts'
import { type Line, runLine } from './report.ts'

/** What PyTorch recorded of a training. */
export interface Training {
  readonly seed: number
  readonly lr: number
  readonly params: number
  readonly losses: readonly number[]
  readonly param_norms_after: Readonly<Record<string, number>>
}
export interface Run extends Training {
  readonly net: string
  readonly image_side: number
  readonly batch: number
}

const networks: Readonly<Record<string, () => nn.Sequential>> = {
  softmax_regression: () => models.softmaxRegression(),
  mlp: () => models.mlp(),
  mlp_dropout: () => models.mlp({ hidden: [256, 256], dropout: [0.2, 0.5] }),
  lenet: () => models.lenet(),
  lenet_batchnorm: () => models.lenetBatchNorm(),
  alexnet: () => models.alexnet(),
  vgg11: () => models.vgg({ ratio: 4 }),
  nin: () => models.nin(),
  googlenet: () => models.googlenet(),
  resnet18: () => models.resnet18(),
}

/** How far losses may drift by rounding: about ten times the distance between PyTorch's own float32 and float64 runs. */
const drift: Readonly<Record<string, number>> = {
  softmax_regression: 1e-5,
  mlp: 1e-5,
  lenet: 1e-5,
  vgg11: 2e-3,
  resnet18: 5e-2,
}
export const usualDrift = 1e-4

/** The first `count` bytes behind the header of an IDX file, plain or gzipped; null where it is missing. */
function readIdx(path: string, header: number, count: number): Uint8Array | null {
  const bytes = existsSync(path)
    ? readFileSync(path)
    : existsSync(`${path}.gz`)
      ? gunzipSync(readFileSync(`${path}.gz`))
      : null
  return bytes === null ? null : bytes.subarray(header, header + count)
}

/** Pixels in [0, 1], resized by nearest neighbour. */
function images(pixels: Uint8Array, first: number, count: number, side: number): Tensor {
  const data = new Float32Array(count * side * side)
  let next = 0
  for (let n = first; n < first + count; n++) {
    for (let row = 0; row < side; row++) {
      const from = n * 784 + Math.floor((row * 28) / side) * 28
      for (let column = 0; column < side; column++) data[next++] = pixels[from + Math.floor((column * 28) / side)] / 255
    }
  }
  return tensorFrom({ dtype: 'float32', shape: [count, 1, side, side], data })
}

/** Trains every network of `runs.json`; `folder` holds Fashion-MNIST's `train-images-idx3-ubyte` and `train-labels-idx1-ubyte`. */
export async function* checkNetworks(
  { json }: Fixture<readonly Run[]>,
  folder: string | undefined,
  only: (name: string) => boolean,
): AsyncGenerator<Line> {
  for (const run of json) {
    const name = `run.${run.net}`
    if (!only(name)) continue
    const count = run.batch * run.losses.length
    const pixels = folder === undefined ? null : readIdx(join(folder, 'train-images-idx3-ubyte'), 16, count * 784)
    const labels = folder === undefined ? null : readIdx(join(folder, 'train-labels-idx1-ubyte'), 8, count)
    if (pixels === null || labels === null) {
      yield { name, passed: 0, failures: [], skipped: 1, why: 'needs Fashion-MNIST: --data FOLDER' }
      continue
    }
    yield await runLine(
      name,
      [run],
      () => `seed ${run.seed}`,
      () =>
        scope(() => {
          const allowed = drift[run.net] ?? usualDrift
          return followTraining(run, networks[run.net], allowed, (step) => {
            const target = BigInt64Array.from(labels.subarray(step * run.batch, (step + 1) * run.batch), BigInt)
            return [
              images(pixels, step * run.batch, run.batch, run.image_side),
              tensorFrom({ dtype: 'int64', shape: [run.batch], data: target }),
            ]
          })
        }),
    )
  }
}

function norm(x: Tensor): number {
  let sum = 0
  for (const value of x.data() as Float32Array) sum += value * value
  return Math.sqrt(sum)
}

/**
 * Trains the network that `make` makes, from the recorded seed with Xavier weights and plain SGD, and compares the loss of every step and the norm of
 * every parameter afterwards. `allowed` is relative. Gives what differs, or null.
 */
export function followTraining(
  wanted: Training,
  make: () => nn.Module,
  allowed: number,
  batchOf: (step: number) => readonly [images: Tensor, labels: Tensor],
): string | null {
  manualSeed(wanted.seed)
  const net = make()
  net.apply((m) => {
    if (m instanceof nn.Linear || m instanceof nn.Conv2d) nn.init.xavierUniform_(m.weight)
  })
  const parameters = [...net.namedParameters()]
  const size = parameters.reduce((sum, [, parameter]) => sum + parameter.numel(), 0)
  if (size !== wanted.params) return `${size} parameters, PyTorch ${wanted.params}`
  const optimizer = new optim.SGD(net.parameters(), { lr: wanted.lr })
  for (const [step, want] of wanted.losses.entries()) {
    const got = scope(() => {
      const [images, labels] = batchOf(step)
      const loss = F.crossEntropy(net(images), labels)
      optimizer.zeroGrad()
      loss.backward()
      optimizer.step()
      return loss.item()
    })
    if (!(Math.abs(got - want) <= allowed * want)) return `loss of step ${step + 1} ${got}, PyTorch ${want}`
  }
  for (const [key, parameter] of parameters) {
    const got = norm(parameter)
    const want = wanted.param_norms_after[key]
    if (!(Math.abs(got - want) <= allowed * Math.max(1, want))) return `norm of ${key} ${got}, PyTorch ${want}`
  }
  return null
}
