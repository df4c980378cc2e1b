// Resizing of [N, C, ...]: one dimension after the other, each output element a weighted sum of a few input elements.
import type { DType, TypedArray } from '../base/dtype.ts'
import { ShapeError, ValueError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { encoderOf, fromHost, hostArray } from './host.ts'
import { adaptiveAvgPool1d } from './pool.ts'

export type InterpolateMode = 'nearest' | 'nearest-exact' | 'linear' | 'bilinear' | 'trilinear' | 'bicubic' | 'area'
export interface InterpolateOptions {
  /** Output size of each spatial dimension, or one for all. */
  size?: number | readonly number[] | null
  /** Factor of each spatial dimension, or one for all, instead of `size`. */
  scaleFactor?: number | readonly number[] | null
  /** Default 'nearest'. */
  mode?: InterpolateMode
  /** The corner elements keep their places. Default false. */
  alignCorners?: boolean | null
  /** Compute the factor from the sizes again. Default false. */
  recomputeScaleFactor?: boolean | null
}

/** Input positions and weights of one tap, for every output position. */
interface Tap {
  readonly index: readonly number[]
  readonly weight: readonly number[]
}

/** The rule of a mode for one dimension: `from` input elements, `to` output elements, `scale` input elements per output element. */
type Rule = (from: number, to: number, scale: number, align: boolean) => Tap[]

const clampTo = (i: number, size: number): number => Math.min(Math.max(i, 0), size - 1)
const positions = (to: number): number[] => Array.from({ length: to }, (_, i) => i)

/** Where output element i lies in the input; float32, as PyTorch computes it. */
function sourceOf(i: number, scale: number, align: boolean, cubic: boolean): number {
  const f = Math.fround
  if (align) return f(scale * i)
  const at = f(f(f(scale) * f(i + 0.5)) - 0.5)
  return cubic ? at : Math.max(at, 0)
}
const scaleFor = (from: number, to: number, scale: number, align: boolean): number =>
  align ? (to > 1 ? Math.fround((from - 1) / (to - 1)) : 0) : scale

const nearest =
  (offset: number): Rule =>
  (from, to, scale) => [
    {
      index: positions(to).map((i) =>
        Math.min(Math.floor(Math.fround(Math.fround(i + offset) * Math.fround(scale))), from - 1),
      ),
      weight: [],
    },
  ]
const linear: Rule = (from, to, scale, align) => {
  const places = positions(to).map((i) => sourceOf(i, scaleFor(from, to, scale, align), align, false))
  const low = places.map((at) => Math.min(Math.floor(at), from - 1))
  const part = places.map((at, i) => Math.fround(Math.min(at - low[i], 1)))
  return [
    { index: low, weight: part.map((p) => 1 - p) },
    { index: low.map((i) => Math.min(i + 1, from - 1)), weight: part },
  ]
}
const A = -0.75
/** Cubic convolution within distance 1, and from 1 to 2. */
const near = (d: number): number => ((A + 2) * d - (A + 3)) * d * d + 1
const far = (d: number): number => ((A * d - 5 * A) * d + 8 * A) * d - 4 * A
const cubic: Rule = (from, to, scale, align) => {
  const places = positions(to).map((i) => sourceOf(i, scaleFor(from, to, scale, align), align, true))
  return [-1, 0, 1, 2].map((shift) => ({
    index: places.map((at) => clampTo(Math.floor(at) + shift, from)),
    weight: places.map((at) => {
      const distance = Math.abs(at - Math.floor(at) - shift)
      return distance <= 1 ? near(distance) : far(distance)
    }),
  }))
}

const rules: Record<Exclude<InterpolateMode, 'area'>, { readonly rule: Rule; readonly spatial: readonly number[] }> = {
  nearest: { rule: nearest(0), spatial: [1, 2, 3] },
  'nearest-exact': { rule: nearest(0.5), spatial: [1, 2, 3] },
  linear: { rule: linear, spatial: [1] },
  bilinear: { rule: linear, spatial: [2] },
  trilinear: { rule: linear, spatial: [3] },
  bicubic: { rule: cubic, spatial: [2] },
}

/** Weights as elements of `dtype`. */
function weightsAs(dtype: DType, weight: readonly number[]): TypedArray {
  const encode = encoderOf('interpolate', dtype)
  const out = hostArray(dtype, weight.length)
  for (let i = 0; i < weight.length; i++) out[i] = encode(weight[i]) as never
  return out
}

/** One dimension resized: the sum over taps of selected elements times weights. */
function resize(x: Tensor, dim: number, taps: readonly Tap[]): Tensor {
  let out: Tensor | null = null
  for (const { index, weight } of taps) {
    const at = fromHost(BigInt64Array.from(index, BigInt), [index.length], 'int64', x.device)
    const values = x.indexSelect(dim, at)
    if (weight.length === 0) return values
    const along = x.shape.map((_, d) => (d === dim ? index.length : 1))
    const part = values.mul(fromHost(weightsAs(x.dtype, weight), along, x.dtype, x.device))
    out = out === null ? part : out.add(part)
  }
  return out as Tensor
}

/**
 * Resizes the spatial dimensions of [N, C, L], [N, C, H, W] or [N, C, D, H, W] to `size` or by `scaleFactor`.
 * linear, bilinear and trilinear are for one, two and three of them, bicubic for two. Source: `torch.nn.functional.interpolate`.
 */
export function interpolate(input: Tensor, options: InterpolateOptions = {}): Tensor {
  const {
    size = null,
    scaleFactor = null,
    mode = 'nearest',
    alignCorners = null,
    recomputeScaleFactor = null,
  } = options
  const rank = input.ndim - 2
  if (rank < 1 || rank > 3)
    throw new ShapeError(
      `interpolate: expected an input [N, C, ...] of 3 to 5 dimensions, got ${formatShape(input.shape)}`,
    )
  if ((size === null) === (scaleFactor === null)) throw new ValueError('interpolate: give either size or scaleFactor')
  const spatial = input.shape.slice(2)
  const each = <T>(value: T | readonly T[]): readonly T[] =>
    Array.isArray(value) ? value : new Array<T>(rank).fill(value as T)
  const factors = scaleFactor === null ? null : each(scaleFactor)
  const target =
    factors === null ? each(size as number | readonly number[]) : spatial.map((n, d) => Math.floor(n * factors[d]))
  if (target.length !== rank || target.some((n) => !Number.isInteger(n) || n < 1)) {
    throw new ValueError(
      `interpolate: the output size must be ${rank} whole numbers of at least 1, got ${formatShape(target)}`,
    )
  }
  if (mode === 'area') return averaged(input, target)
  const known = rules[mode]
  if (known === undefined)
    throw new ValueError(
      `interpolate: mode must be one of ${[...Object.keys(rules), 'area'].join(', ')}, got '${mode}'`,
    )
  if (!known.spatial.includes(rank))
    throw new ShapeError(
      `interpolate: mode '${mode}' is for ${known.spatial.join(', ')} spatial dimensions, got ${rank}: ${formatShape(input.shape)}`,
    )
  return target.reduce((x, to, d) => {
    const scale = factors !== null && !recomputeScaleFactor ? 1 / factors[d] : spatial[d] / to
    return resize(x, d + 2, known.rule(spatial[d], to, scale, alignCorners ?? false))
  }, input)
}

/** Means over windows, as adaptive pooling, one dimension after the other. */
function averaged(input: Tensor, target: readonly number[]): Tensor {
  return target.reduce((x, to, d) => {
    const last = x.movedim(d + 2, -1)
    const rows = adaptiveAvgPool1d(last.reshape(1, -1, last.size(-1)), to)
    return rows.reshape([...last.shape.slice(0, -1), to]).movedim(-1, d + 2)
  }, input)
}

type Scaling = Pick<InterpolateOptions, 'size' | 'scaleFactor'>
/** `interpolate` with mode 'nearest'. Source: `torch.nn.functional.upsample_nearest`. */
export function upsampleNearest(input: Tensor, options: Scaling): Tensor {
  return interpolate(input, options)
}
/** `interpolate` with mode 'bilinear' and aligned corners. Source: `torch.nn.functional.upsample_bilinear`. */
export function upsampleBilinear(input: Tensor, options: Scaling): Tensor {
  return interpolate(input, { ...options, mode: 'bilinear', alignCorners: true })
}
