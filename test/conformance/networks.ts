// The networks of the course as PyTorch trained them (runs.json): the loss of every step on Fashion-MNIST in file order, norms afterwards.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Module } from '../../src/nn/module.ts'
import { scope } from '../../src/runtime/scope.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'
import type { Fixture } from '../support/safetensors.ts'
import { classAt, functionAt, tensorFrom } from './kindling.ts'
import { type Line, runLine } from './report.ts'

export interface Run {
  readonly net: string
  readonly seed: number
  readonly image_side: number
  readonly batch: number
  readonly lr: number
  readonly params: number
  readonly losses: readonly number[]
  readonly param_norms_after: Readonly<Record<string, number>>
}

/** A module; classes are looked up by name, so that a missing one skips the network. */
type Net = any

const layer = (name: string, ...args: unknown[]): Net => new (classAt(`nn.${name}`))(...args)
const sequential = (...layers: Net[]): Net => layer('Sequential', ...layers)
const conv = (from: number, to: number, size: number, options: object = {}): Net =>
  layer('Conv2d', from, to, size, options)
const linear = (from: number, to: number): Net => layer('Linear', from, to)
const relu = (): Net => layer('ReLU')
const sigmoid = (): Net => layer('Sigmoid')
const flatten = (): Net => layer('Flatten')
const dropout = (p: number): Net => layer('Dropout', p)
const avgPool = (): Net => layer('AvgPool2d', 2, { stride: 2 })
const maxPool = (size = 3, options: object = {}): Net => layer('MaxPool2d', size, { stride: 2, ...options })
const globalPool = (): Net => layer('AdaptiveAvgPool2d', [1, 1])
const batchNorm = (channels: number): Net => layer('BatchNorm2d', channels)

const classifier = (features: number): Net[] => [
  ...[flatten(), linear(features, 4096), relu(), dropout(0.5)],
  ...[linear(4096, 4096), relu(), dropout(0.5), linear(4096, 10)],
]

function vggBlock(convs: number, from: number, to: number): Net {
  const layers = Array.from({ length: convs }, (_, i) => [conv(i === 0 ? from : to, to, 3, { padding: 1 }), relu()])
  return sequential(...layers.flat(), maxPool(2))
}

const ninBlock = (from: number, to: number, size: number, stride: number, padding: number): Net =>
  sequential(conv(from, to, size, { stride, padding }), relu(), conv(to, to, 1), relu(), conv(to, to, 1), relu())

/** Four paths side by side, joined along the channels. */
class Inception extends Module {
  readonly p1_1: Net
  readonly p2_1: Net
  readonly p2_2: Net
  readonly p3_1: Net
  readonly p3_2: Net
  readonly p4_1: Net
  readonly p4_2: Net
  constructor(from: number, c1: number, c2: readonly [number, number], c3: readonly [number, number], c4: number) {
    super()
    this.p1_1 = conv(from, c1, 1)
    this.p2_1 = conv(from, c2[0], 1)
    this.p2_2 = conv(c2[0], c2[1], 3, { padding: 1 })
    this.p3_1 = conv(from, c3[0], 1)
    this.p3_2 = conv(c3[0], c3[1], 5, { padding: 2 })
    this.p4_1 = layer('MaxPool2d', 3, { stride: 1, padding: 1 })
    this.p4_2 = conv(from, c4, 1)
  }
  override forward(x: Tensor): Tensor {
    const activate = functionAt('F.relu')
    const paths = [
      activate(this.p1_1(x)),
      activate(this.p2_2(activate(this.p2_1(x)))),
      activate(this.p3_2(activate(this.p3_1(x)))),
      activate(this.p4_2(this.p4_1(x))),
    ]
    return functionAt('cat')(paths, 1)
  }
}
const inception = (...args: ConstructorParameters<typeof Inception>): Net => new Inception(...args)

class Residual extends Module {
  readonly conv1: Net
  readonly conv2: Net
  readonly conv3: Net
  readonly bn1: Net
  readonly bn2: Net
  constructor(from: number, to: number, { project = false, stride = 1 } = {}) {
    super()
    this.conv1 = conv(from, to, 3, { padding: 1, stride })
    this.conv2 = conv(to, to, 3, { padding: 1 })
    this.conv3 = project ? conv(from, to, 1, { stride }) : null
    this.bn1 = batchNorm(to)
    this.bn2 = batchNorm(to)
  }
  override forward(x: Tensor): Tensor {
    const activate = functionAt('F.relu')
    const y = this.bn2(this.conv2(activate(this.bn1(this.conv1(x)))))
    return activate(y.add(this.conv3 ? this.conv3(x) : x))
  }
}
const residual = (...args: ConstructorParameters<typeof Residual>): Net => new Residual(...args)

const residualBlock = (from: number, to: number): Net =>
  sequential(residual(from, to, { project: true, stride: 2 }), residual(to, to))

const networks: Readonly<Record<string, () => Net>> = {
  softmax_regression: () => sequential(flatten(), linear(784, 10)),
  mlp: () => sequential(flatten(), linear(784, 256), relu(), linear(256, 10)),
  mlp_dropout: () =>
    sequential(
      flatten(),
      linear(784, 256),
      relu(),
      dropout(0.2),
      linear(256, 256),
      relu(),
      dropout(0.5),
      linear(256, 10),
    ),
  lenet: () =>
    sequential(
      ...[conv(1, 6, 5, { padding: 2 }), sigmoid(), avgPool(), conv(6, 16, 5), sigmoid(), avgPool(), flatten()],
      ...[linear(400, 120), sigmoid(), linear(120, 84), sigmoid(), linear(84, 10)],
    ),
  lenet_batchnorm: () =>
    sequential(
      ...[
        conv(1, 6, 5),
        batchNorm(6),
        sigmoid(),
        avgPool(),
        conv(6, 16, 5),
        batchNorm(16),
        sigmoid(),
        avgPool(),
        flatten(),
      ],
      ...[
        linear(256, 120),
        layer('BatchNorm1d', 120),
        sigmoid(),
        linear(120, 84),
        layer('BatchNorm1d', 84),
        sigmoid(),
        linear(84, 10),
      ],
    ),
  alexnet: () =>
    sequential(
      ...[
        conv(1, 96, 11, { stride: 4, padding: 1 }),
        relu(),
        maxPool(),
        conv(96, 256, 5, { padding: 2 }),
        relu(),
        maxPool(),
      ],
      ...[
        conv(256, 384, 3, { padding: 1 }),
        relu(),
        conv(384, 384, 3, { padding: 1 }),
        relu(),
        conv(384, 256, 3, { padding: 1 }),
        relu(),
      ],
      ...[maxPool(), ...classifier(6400)],
    ),
  vgg11: () =>
    sequential(
      vggBlock(1, 1, 16),
      vggBlock(1, 16, 32),
      vggBlock(2, 32, 64),
      vggBlock(2, 64, 128),
      vggBlock(2, 128, 128),
      ...classifier(128 * 49),
    ),
  nin: () =>
    sequential(
      ...[
        ninBlock(1, 96, 11, 4, 0),
        maxPool(),
        ninBlock(96, 256, 5, 1, 2),
        maxPool(),
        ninBlock(256, 384, 3, 1, 1),
        maxPool(),
      ],
      ...[dropout(0.5), ninBlock(384, 10, 3, 1, 1), globalPool(), flatten()],
    ),
  googlenet: () =>
    sequential(
      sequential(conv(1, 64, 7, { stride: 2, padding: 3 }), relu(), maxPool(3, { padding: 1 })),
      sequential(conv(64, 64, 1), relu(), conv(64, 192, 3, { padding: 1 }), relu(), maxPool(3, { padding: 1 })),
      sequential(
        inception(192, 64, [96, 128], [16, 32], 32),
        inception(256, 128, [128, 192], [32, 96], 64),
        maxPool(3, { padding: 1 }),
      ),
      sequential(
        inception(480, 192, [96, 208], [16, 48], 64),
        inception(512, 160, [112, 224], [24, 64], 64),
        inception(512, 128, [128, 256], [24, 64], 64),
        inception(512, 112, [144, 288], [32, 64], 64),
        inception(528, 256, [160, 320], [32, 128], 128),
        maxPool(3, { padding: 1 }),
      ),
      sequential(
        inception(832, 256, [160, 320], [32, 128], 128),
        inception(832, 384, [192, 384], [48, 128], 128),
        globalPool(),
        flatten(),
      ),
      linear(1024, 10),
    ),
  resnet18: () =>
    sequential(
      sequential(conv(1, 64, 7, { stride: 2, padding: 3 }), batchNorm(64), relu(), maxPool(3, { padding: 1 })),
      ...[
        sequential(residual(64, 64), residual(64, 64)),
        residualBlock(64, 128),
        residualBlock(128, 256),
        residualBlock(256, 512),
      ],
      ...[globalPool(), flatten(), linear(512, 10)],
    ),
}

/** How far losses may drift by rounding: about ten times the distance between PyTorch's own float32 and float64 runs. */
const drift: Readonly<Record<string, number>> = {
  softmax_regression: 1e-5,
  mlp: 1e-5,
  lenet: 1e-5,
  vgg11: 2e-3,
  resnet18: 1e-1,
}
const usualDrift = 1e-4

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
      () => scope(() => train(run, pixels, labels)),
    )
  }
}

function train(run: Run, pixels: Uint8Array, labels: Uint8Array): string | null {
  functionAt('manualSeed')(run.seed)
  const net = networks[run.net]()
  const xavier = functionAt('nn.init.xavierUniform_')
  net.apply((m: Net) => {
    if ([classAt('nn.Linear'), classAt('nn.Conv2d')].some((kind) => m instanceof kind)) xavier(m.weight)
  })
  const parameters: [string, Tensor][] = [...net.namedParameters()]
  const size = parameters.reduce((sum, [, parameter]) => sum + parameter.numel(), 0)
  if (size !== run.params) return `${size} parameters, PyTorch ${run.params}`
  const optimizer = new (classAt('optim.SGD'))(net.parameters(), { lr: run.lr }) as { zeroGrad(): void; step(): void }
  const allowed = drift[run.net] ?? usualDrift
  for (const [step, want] of run.losses.entries()) {
    const got = scope(() => {
      const x = images(pixels, step * run.batch, run.batch, run.image_side)
      const target = BigInt64Array.from(labels.subarray(step * run.batch, (step + 1) * run.batch), BigInt)
      const loss = functionAt('F.crossEntropy')(
        net(x),
        tensorFrom({ dtype: 'int64', shape: [run.batch], data: target }),
      )
      optimizer.zeroGrad()
      loss.backward()
      optimizer.step()
      return loss.item() as number
    })
    if (!(Math.abs(got - want) <= allowed * want)) return `loss of step ${step + 1} ${got}, PyTorch ${want}`
  }
  for (const [key, parameter] of parameters) {
    const got = Math.sqrt(parameter.numbers().reduce((sum, value) => sum + value * value, 0))
    const want = run.param_norms_after[key]
    if (!(Math.abs(got - want) <= allowed * Math.max(1, want))) return `norm of ${key} ${got}, PyTorch ${want}`
  }
  return null
}
