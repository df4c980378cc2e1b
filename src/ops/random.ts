// Random tensors with PyTorch's numbers: every op draws from the default generator, or from the one in its options.
import { type DType, isFloating, type TypedArray } from '../base/dtype.ts'
import { DTypeError, ShapeError, ValueError } from '../base/errors.ts'
import { type HalfFormat, halfFormatOf } from '../base/half.ts'
import * as R from '../base/random.ts'
import { broadcastShapes, formatShape } from '../base/shape.ts'
import { refuseCapture } from '../runtime/capture.ts'
import * as kinds from '../kinds.ts'
import { launch } from '../runtime/launch.ts'
import { Tensor } from '../tensor/tensor.ts'
import { zerosLike } from './creation.ts'
import { fillFromHost, fromHost } from './host.ts'
import { writeInPlace } from './inPlace.ts'
import type { Methods } from './methods.ts'
import { cast } from './pointwise.ts'
import { type CreationOptions, finish, type Sizes, splitSizes } from './sizes.ts'
import { expand } from './view.ts'

export { Generator } from '../base/random.ts'

/** What random ops draw from where no generator is named. */
export const defaultGenerator = new R.Generator()

export interface RandomOptions {
  /** Default: the generator that `manualSeed` sets. */
  generator?: R.Generator
}
type RandomCreation = CreationOptions & RandomOptions

/** Starts the default generator again: the numbers that follow are PyTorch's after the same seed. Source: `torch.manual_seed`. */
export function manualSeed(seed: number | bigint): R.Generator {
  return defaultGenerator.manualSeed(seed)
}

/** Seeds the default generator by chance and returns the seed. Source: `torch.seed`. */
export function seed(): bigint {
  const [value] = crypto.getRandomValues(new BigUint64Array(1))
  defaultGenerator.manualSeed(value)
  return value
}

/** The seed that the default generator was last given. Source: `torch.initial_seed`. */
export function initialSeed(): bigint {
  return defaultGenerator.initialSeed()
}

/** The state of the default generator, in PyTorch's format. Source: `torch.get_rng_state`. */
export function getRngState(): Tensor {
  const state = defaultGenerator.getState()
  return fromHost(state, [state.length], 'uint8')
}

/** Source: `torch.set_rng_state`. */
export function setRngState(state: Tensor): void {
  defaultGenerator.setState(state.data() as Uint8Array)
}

type FloatArray = R.FloatArray

/** Fills `x` with what `draw` writes. Floats of 16 bits are drawn into float32, which `draw` rounds as it goes where PyTorch does, then rounded. */
function fillDrawn(x: Tensor, draw: (out: TypedArray, half: HalfFormat | null) => void): Tensor {
  const half = halfFormatOf(x.dtype)
  return fillFromHost(x, (out) => {
    if (half === null) return draw(out, null)
    const wide = new Float32Array(out.length)
    draw(wide, half)
    for (let i = 0; i < wide.length; i++) out[i] = half.toBits(wide[i])
  })
}
function drawFloats(op: string, x: Tensor, draw: (out: FloatArray, half: HalfFormat | null) => void): Tensor {
  if (!isFloating(x.dtype)) throw new DTypeError(`${op}: random real numbers need a floating dtype, got ${x.dtype}`)
  return fillDrawn(x, (out, half) => draw(out as FloatArray, half))
}

/** An in-place draw: the old values and their history do not matter. */
function redraw(op: string, x: Tensor, draw: (target: Tensor) => Tensor): Tensor {
  const fresh = (): Tensor => draw(Tensor.empty(x.shape, x.dtype, x.device))
  return writeInPlace(op, x, [], fresh, () => draw(x))
}

/** Uniform on [0, 1). Source: `torch.rand`. */
export function rand(...sizes: Sizes<RandomCreation>): Tensor {
  const { shape, options } = splitSizes(sizes)
  const { dtype = 'float32', generator = defaultGenerator } = options
  return finish(
    drawFloats('rand', Tensor.empty(shape, dtype, options.device), (out, half) =>
      R.uniform(generator, out, 0, 1, half),
    ),
    options,
  )
}

/** Standard normal. Source: `torch.randn`. */
export function randn(...sizes: Sizes<RandomCreation>): Tensor {
  const { shape, options } = splitSizes(sizes)
  const { dtype = 'float32', generator = defaultGenerator } = options
  return finish(
    drawFloats('randn', Tensor.empty(shape, dtype, options.device), (out, half) =>
      R.normal(generator, out, 0, 1, half),
    ),
    options,
  )
}

/** `rand` with the shape, dtype and device of `x`. Source: `torch.rand_like`. */
export function randLike(x: Tensor, options: RandomCreation = {}): Tensor {
  return rand(x.shape, { ...options, dtype: options.dtype ?? x.dtype, device: options.device ?? x.device })
}

/** `randn` with the shape, dtype and device of `x`. Source: `torch.randn_like`. */
export function randnLike(x: Tensor, options: RandomCreation = {}): Tensor {
  return randn(x.shape, { ...options, dtype: options.dtype ?? x.dtype, device: options.device ?? x.device })
}

/** Whole numbers of [low, high), low 0 by default; int64 unless `dtype` says otherwise. Source: `torch.randint`. */
export function randint(high: number, shape: readonly number[], options?: RandomCreation): Tensor
export function randint(low: number, high: number, shape: readonly number[], options?: RandomCreation): Tensor
export function randint(...args: readonly unknown[]): Tensor {
  const [low, high, shape, options = {}] = (Array.isArray(args[1]) ? [0, ...args] : args) as [
    number,
    number,
    number[],
    RandomCreation?,
  ]
  const { dtype = 'int64', device, generator = defaultGenerator } = options
  return finish(drawIntegers(Tensor.empty(shape, dtype, device), low, high, generator), options)
}

/** First and last number of the integers whose ranges are smaller than those of the drawn numbers. */
const bounds: { readonly [D in DType]?: readonly [number, number] } = {
  bool: [0, 1],
  uint8: [0, 255],
  int32: [-(2 ** 31), 2 ** 31 - 1],
}

/** The range, drawn in where rounding to the floating dtype would lead out of it. Throws ValueError for what the dtype has not at all. */
function heldBy(dtype: DType, low: number | bigint, high: number | bigint): [number | bigint, number | bigint] {
  const [least, most] = bounds[dtype] ?? [-Infinity, Infinity]
  for (const end of [Number(low), Number(high) - 1])
    if (end < least || end > most) throw new ValueError(`randint: ${end} is out of bounds for ${dtype}`)
  const half = halfFormatOf(dtype)
  if (half === null && dtype !== 'float32') return [low, high]
  const [round, digits] = half === null ? [Math.fround, 24] : [half.round, half.digits]
  const [from, to] = [Number(low), Number(high)]
  for (const end of [from, to - 1])
    if (!Number.isFinite(round(end))) throw new ValueError(`randint: ${end} is out of bounds for ${dtype}`)
  /** The distance of the dtype's numbers in the binade of x. */
  const spacing = (x: number): number => 2 ** (Math.floor(Math.log2(Math.abs(x))) - digits + 1)
  return [
    round(from + 1) < from ? round(from + 1) + spacing(from + 1) : low,
    round(to - 1) >= to ? round(to - 1) - spacing(to - 1) : high,
  ]
}

/** `randint` with the shape and dtype of `x`. Source: `torch.randint_like`. */
export function randintLike(x: Tensor, low: number, high: number, options: RandomCreation = {}): Tensor {
  return randint(low, high, x.shape, {
    ...options,
    dtype: options.dtype ?? x.dtype,
    device: options.device ?? x.device,
  })
}

function drawIntegers(x: Tensor, low: number | bigint, high: number | bigint, generator: R.Generator): Tensor {
  return fillDrawn(x, (out) => R.randint(generator, out, ...heldBy(x.dtype, low, high)))
}

/** A random order of 0 .. n - 1, int64 unless `dtype` says otherwise: shape [n]. Source: `torch.randperm`. */
export function randperm(n: number, options: RandomCreation = {}): Tensor {
  if (!Number.isInteger(n) || n < 0) throw new ValueError(`randperm: n must be a whole number >= 0, got ${n}`)
  refuseCapture('randperm', 'draw it outside, and copy it into a tensor that the step reads.')
  const { dtype = 'int64', device, generator = defaultGenerator } = options
  return finish(cast(fromHost(R.randperm(generator, n), [n], 'int64', device), dtype), options)
}

/**
 * Normally distributed numbers: `normal(0, 0.01, [2, 3])` with one mean and deviation; or with tensors of means, deviations or both, broadcast.
 * Throws ValueError for a negative deviation. Source: `torch.normal`.
 */
export function normal(mean: number, std: number, shape: readonly number[], options?: RandomCreation): Tensor
export function normal(mean: number | Tensor, std: number | Tensor, options?: RandomOptions): Tensor
export function normal(
  mean: number | Tensor,
  std: number | Tensor,
  shape?: readonly number[] | RandomOptions,
  options: RandomCreation = {},
): Tensor {
  if (typeof mean === 'number' && typeof std === 'number') {
    if (!Array.isArray(shape)) throw new ValueError('normal: two numbers need a shape: normal(mean, std, [2, 3])')
    const { dtype = 'float32', device, generator = defaultGenerator } = options
    return finish(drawNormal('normal', Tensor.empty(shape, dtype, device), mean, std, generator), options)
  }
  const { generator = defaultGenerator } = (shape ?? {}) as RandomOptions
  const tensors = [mean, std].filter((x) => x instanceof Tensor)
  const sizes = broadcastShapes('normal', ...tensors.map((x) => x.shape))
  const out = Tensor.empty(sizes, tensors[0].dtype, tensors[0].device)
  const at = (x: number | Tensor): ((i: number) => number) => {
    if (typeof x === 'number') return () => x
    const values = expand(x, sizes).numbers()
    return (i) => values[i]
  }
  const [meanAt, stdAt] = [at(mean), at(std)]
  return drawFloats('normal', out, (values, half) => {
    R.normal(generator, values, 0, 1, half)
    const round = half?.round ?? ((value: number) => value)
    for (let i = 0; i < values.length; i++) {
      if (!(stdAt(i) >= 0)) throw new ValueError(`normal: the standard deviation must be >= 0, got ${stdAt(i)}`)
      // Rounded after each operation, as the separate mul and add of PyTorch do.
      values[i] = round(round(values[i]) * stdAt(i))
      values[i] = round(values[i] + meanAt(i))
    }
  })
}

function drawNormal(op: string, x: Tensor, mean: number, std: number, generator: R.Generator): Tensor {
  if (!(std >= 0)) throw new ValueError(`${op}: the standard deviation must be >= 0, got ${std}`)
  return drawFloats(op, x, (out, half) => R.normal(generator, out, mean, std, half))
}

/** 1 with the probability that the element of `x` says, else 0; the dtype of `x`. Source: `torch.bernoulli`. */
export function bernoulli(x: Tensor, { generator = defaultGenerator }: RandomOptions = {}): Tensor {
  if (!isFloating(x.dtype)) throw new DTypeError(`bernoulli: probabilities need a floating dtype, got ${x.dtype}`)
  const data = x.data()
  const probabilities = (data instanceof Float64Array ? data : Float32Array.from(x.numbers())) as FloatArray
  for (const p of probabilities)
    if (!(p >= 0 && p <= 1)) throw new ValueError(`bernoulli: a probability lies between 0 and 1, got ${p}`)
  return drawFloats('bernoulli', Tensor.empty(x.shape, x.dtype, x.device), (out) =>
    R.bernoulliTensor(generator, probabilities, out),
  )
}

/** Draws along the last dimension of `weights` ([n] or [m, n], >= 0, not normalised): int64 positions, shape [numSamples] or [m, numSamples]. Source: `torch.multinomial`. */
export function multinomial(
  weights: Tensor,
  numSamples: number,
  { replacement = false, generator = defaultGenerator }: RandomOptions & { replacement?: boolean } = {},
): Tensor {
  const { shape, dtype } = weights
  if (shape.length !== 1 && shape.length !== 2)
    throw new ShapeError(`multinomial: weights must have 1 or 2 dimensions, got ${formatShape(shape)}`)
  if (!isFloating(dtype)) throw new DTypeError(`multinomial: weights need a floating dtype, got ${dtype}`)
  const columns = shape[shape.length - 1]
  const rows = shape.length === 2 ? shape[0] : 1
  if (!(numSamples > 0)) throw new ValueError(`multinomial: cannot draw ${numSamples} samples`)
  if (!replacement && numSamples > columns) {
    throw new ValueError(
      `multinomial: cannot draw ${numSamples} of ${columns} without replacement`,
      'pass { replacement: true }.',
    )
  }
  const half = halfFormatOf(dtype)
  const values = (half === null ? weights.data() : Float32Array.from(weights.numbers())) as FloatArray
  const drawn = R.multinomial(generator, values, rows, columns, numSamples, replacement, half?.round)
  return fromHost(drawn, shape.length === 2 ? [rows, numSamples] : [numSamples], 'int64', weights.device)
}

/** Uniform on [from, to). Source: `torch.Tensor.uniform_`. */
export function uniform_(x: Tensor, from = 0, to = 1, { generator = defaultGenerator }: RandomOptions = {}): Tensor {
  if (!(from <= to)) throw new ValueError(`uniform_: from must not exceed to, got ${from} and ${to}`)
  return redraw('uniform_', x, (target) =>
    drawFloats('uniform_', target, (out, half) => R.uniform(generator, out, from, to, half)),
  )
}

/** Source: `torch.Tensor.normal_`. */
export function normal_(x: Tensor, mean = 0, std = 1, { generator = defaultGenerator }: RandomOptions = {}): Tensor {
  return redraw('normal_', x, (target) => drawNormal('normal_', target, mean, std, generator))
}

/** 1 with probability p, else 0; a tensor of probabilities (broadcast) instead of one number. Source: `torch.Tensor.bernoulli_`. */
export function bernoulli_(x: Tensor, p: number | Tensor = 0.5, options: RandomOptions = {}): Tensor {
  if (p instanceof Tensor)
    return redraw('bernoulli_', x, (target) => target.copy_(bernoulli(expand(p, x.shape), options)))
  if (!(p >= 0 && p <= 1)) throw new ValueError(`bernoulli_: a probability lies between 0 and 1, got ${p}`)
  return redraw('bernoulli_', x, (target) => drawBits(target, p, options.generator ?? defaultGenerator))
}

const drawBits = (x: Tensor, p: number, generator: R.Generator): Tensor =>
  fillDrawn(x, (out) => R.bernoulli(generator, out, p))

/** Exponential with the rate `lambda`. Source: `torch.Tensor.exponential_`. */
export function exponential_(x: Tensor, lambda = 1, { generator = defaultGenerator }: RandomOptions = {}): Tensor {
  if (!(lambda > 0)) throw new ValueError(`exponential_: the rate must be > 0, got ${lambda}`)
  return redraw('exponential_', x, (target) =>
    drawFloats('exponential_', target, (out) => R.exponential(generator, out, lambda)),
  )
}

/** One more than the largest number of `random_()`: what the dtype holds exactly. */
const exactLimits: { readonly [D in Exclude<DType, 'int64'>]: number | bigint } = {
  bool: 2,
  uint8: 256,
  int32: 2 ** 31,
  float16: 2 ** 11 + 1,
  bfloat16: 2 ** 8 + 1,
  float32: 2 ** 24 + 1,
  float64: 2n ** 53n + 1n,
}

/** Whole numbers: of [0, to), of [from, to), or of all that the dtype holds exactly. Source: `torch.Tensor.random_`. */
export function random_(
  x: Tensor,
  from?: number | bigint,
  to?: number | bigint,
  { generator = defaultGenerator }: RandomOptions = {},
): Tensor {
  const draw = (target: Tensor): Tensor => {
    if (from !== undefined) return drawIntegers(target, to === undefined ? 0 : from, to ?? from, generator)
    if (target.dtype !== 'int64') return drawIntegers(target, 0, exactLimits[target.dtype], generator)
    return fillFromHost(target, (out) => R.randomInt64(generator, out as BigInt64Array))
  }
  return redraw('random_', x, draw)
}

export interface DropoutOptions extends RandomOptions {
  /** Probability of an element (or channel) to become 0. Default 0.5. */
  p?: number
  /** False: the input comes back unchanged. Default true. */
  training?: boolean
  /** Write into the input. Default false. */
  inplace?: boolean
}

/** Numbers 0 and 1 / (1 - p), drawn as PyTorch's CPU does: the factors of dropout. */
export function keepFactors(shape: readonly number[], x: Tensor, p: number, generator: R.Generator): Tensor {
  const factors = Tensor.empty(shape, x.dtype, x.device)
  // Float32 is drawn by a kernel, where the device's memory is at hand.
  if (x.storage.backend.live && x.dtype === 'float32') {
    const value = 1 / Math.fround(1 - p)
    launch({ kind: 'bernoulli', out: factors, generator, p: 1 - p, value }, kinds.bernoulli)
    return factors
  }
  return drawBits(factors, 1 - p, generator).div_(1 - p)
}

function dropWith(op: string, x: Tensor, shape: readonly number[], options: DropoutOptions): Tensor {
  const { p = 0.5, training = true, inplace = false, generator = defaultGenerator } = options
  if (!(p >= 0 && p <= 1)) throw new ValueError(`${op}: p is a probability between 0 and 1, got ${p}`)
  if (!isFloating(x.dtype)) throw new DTypeError(`${op}: needs a floating dtype, got ${x.dtype}`)
  if (!training || p === 0 || x.numel() === 0) return x
  const factors = p === 1 ? zerosLike(x) : keepFactors(shape, x, p, generator)
  return inplace ? x.mul_(factors) : x.mul(factors)
}

/** Each element becomes 0 with probability p, else x / (1 - p). Source: `torch.nn.functional.dropout`. */
export function dropout(x: Tensor, options: DropoutOptions = {}): Tensor {
  return dropWith('dropout', x, x.shape, options)
}

/** Whole channels become 0: x has shape [N, C, ...]. Source: `torch.feature_dropout`. */
export function featureDropout(x: Tensor, options: DropoutOptions = {}): Tensor {
  if (x.ndim < 2)
    throw new ShapeError(
      `featureDropout: the input needs at least 2 dimensions [N, C, ...], got ${formatShape(x.shape)}`,
    )
  return dropWith(
    'featureDropout',
    x,
    x.shape.map((size, d) => (d < 2 ? size : 1)),
    options,
  )
}

/** `featureDropout` of images [N, C, H, W]. Source: `torch.nn.functional.dropout2d`. */
export function dropout2d(x: Tensor, options: DropoutOptions = {}): Tensor {
  return featureDropout(x, options)
}

/** Dropout that keeps mean 0 and variance 1, for SELU networks; off unless `training: true`. Source: `torch.nn.functional.alpha_dropout`. */
export function alphaDropout(x: Tensor, options: DropoutOptions = {}): Tensor {
  const { p = 0.5, training = false, inplace = false, generator = defaultGenerator } = options
  if (!(p >= 0 && p <= 1)) throw new ValueError(`alphaDropout: p is a probability between 0 and 1, got ${p}`)
  if (!training || p === 0 || x.numel() === 0) return x
  if (p === 1) return inplace ? x.mul_(zerosLike(x)) : x.mul(zerosLike(x))
  const floor = 1.7580993408473766
  const scale = 1 / Math.sqrt((floor * floor * p + 1) * (1 - p))
  const kept = drawBits(Tensor.empty(x.shape, x.dtype, x.device), 1 - p, generator)
  const shift = kept
    .sub(1)
    .mul_(floor * scale)
    .add_(floor * scale * p)
  const factors = kept.mul_(scale)
  return inplace ? x.mul_(factors).add_(shift) : x.mul(factors).add(shift)
}

export const methods = { uniform_, normal_, bernoulli, bernoulli_, exponential_, random_, multinomial }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
