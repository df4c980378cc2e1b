// Statistics of samples: logsumexp, quantiles, histograms, covariance and correlation.
import { record, withoutRecording } from '../autograd/record.ts'
import { isFloating, isHalf } from '../base/dtype.ts'
import { ShapeError, ValueError } from '../base/errors.ts'
import * as E from '../base/expr.ts'
import { formatShape, normalizeDim, normalizeDims, numelOf } from '../base/shape.ts'
import type { Reduction } from '../runtime/spec.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { underAutocast } from './autocast.ts'
import { sumAt } from './address.ts'
import { lerp } from './arithmetic.ts'
import { clamp } from './clamp.ts'
import { amax } from './extreme.ts'
import { pointwiseAddress } from './gather.ts'
import { where } from './logic.ts'
import { matmul } from './matmul.ts'
import type { Methods } from './methods.ts'
import { cast, floatOf, throughFloat32 } from './pointwise.ts'
import { type Dims, dropDims, reduceKeepdim, requireFloating, restoreDims, spread } from './reduce.ts'
import { sort } from './sort.ts'
import { tensor } from './tensorOf.ts'
import { expand } from './view.ts'

/** Sum of exp(x - m), m given as the second input, and its logarithm. */
const expSum: Reduction = {
  accTypes: ['v'],
  init: [0],
  step: [E.add(E.acc(0), E.exp(E.sub(E.input(0), E.input(1))))],
  combine: [E.add(E.acc(0), E.other(0))],
  finish: [E.log(E.acc(0))],
}

interface KeepOptions {
  keepdim?: boolean
}

/** log(sum(exp(x))) over `dim`, computed without overflow. Source: `torch.logsumexp`. */
export function logsumexp(input: Tensor, dim: Dims, { keepdim = false }: KeepOptions = {}): Tensor {
  if (!isFloating(input.dtype)) return logsumexp(input.float(), dim, { keepdim })
  if (isHalf(input.dtype)) return throughFloat32(input, [], (x) => logsumexp(x, dim, { keepdim }))
  const axes = normalizeDims('logsumexp', dim, input.ndim)
  const { shape } = input
  const out = withoutRecording(() => {
    const x = input.detach()
    if (axes.some((d) => shape[d] === 0)) return x.exp().sum(axes, { keepdim }).log()
    const top = amax(x, axes, { keepdim: true })
    // A largest value without bounds would subtract infinity from itself.
    const high = where(top.abs().eq(Number.POSITIVE_INFINITY), 0, top)
    const [full] = reduceKeepdim(expSum, [x, expand(high, shape)], axes, [x.dtype])
    return dropDims(full.add(high), axes, keepdim)
  })
  return record('LogsumexpBackward0', [input], out, [input, out], (grad, [x, y]) => [
    spread(grad, shape, axes, keepdim).mul(x.sub(keepdim ? y : restoreDims(y, shape, axes)).exp()),
  ])
}

const interpolations = ['linear', 'lower', 'higher', 'midpoint', 'nearest'] as const
export type Interpolation = (typeof interpolations)[number]
export interface QuantileOptions extends KeepOptions {
  /** What stands between two values: default 'linear'. */
  interpolation?: Interpolation
}

/** Which value stands for a position that lies between two; the others mix the neighbours. */
const nearestPlace: { readonly [I in Interpolation]?: (position: Tensor) => Tensor } = {
  lower: (position) => position.floor(),
  higher: (position) => position.ceil(),
  nearest: (position) => position.round(),
}

function quantiles(
  op: string,
  x: Tensor,
  q: number | Tensor,
  dim: number | null | undefined,
  options: QuantileOptions,
  ignoreNan: boolean,
): Tensor {
  const { keepdim = false, interpolation = 'linear' } = options
  const [input] = underAutocast(op, x)
  requireFloating(op, input)
  if (!interpolations.includes(interpolation))
    throw new ValueError(`${op}: interpolation must be one of ${interpolations.join(', ')}, got '${interpolation}'`)
  const at = typeof q === 'number' ? tensor(q, { dtype: input.dtype, device: input.device }) : underAutocast(op, q)[0]
  if (at.ndim > 1) throw new ShapeError(`${op}: q must be a number or have one dimension, got ${formatShape(at.shape)}`)
  if (at.numbers().some((value) => !(value >= 0 && value <= 1)))
    throw new ValueError(`${op}: q must be between 0 and 1`)
  if (input.numel() === 0) throw new ShapeError(`${op}: no elements: shape ${formatShape(input.shape)}`)
  const all = dim === undefined || dim === null
  const axis = all ? 0 : normalizeDim(op, dim, input.ndim)
  // The values sorted along the last dimension: [..., n].
  const rows = all || input.ndim === 0 ? input.reshape(-1) : input.movedim(axis, -1)
  const values = sort(rows, -1).values
  const size = rows.size(-1)
  const nans = rows.detach().ne(rows.detach()).sum(-1, { keepdim: true })
  // Positions [..., k]: of every q among the values that count.
  const flatQ = at.reshape(-1)
  const counted = cast(nans, input.dtype).neg().add(size)
  const last = (ignoreNan ? counted.sub(1).clampMin(0) : counted.mul(0).add(size - 1)).detach()
  const position = flatQ.mul(last)
  const valueAt = (places: Tensor): Tensor => values.gather(-1, cast(places.detach(), 'int64'))
  const nearest = nearestPlace[interpolation]
  const below = position.detach().floor()
  const between =
    nearest === undefined
      ? lerp(valueAt(below), valueAt(position.ceil()), interpolation === 'midpoint' ? 0.5 : position.sub(below))
      : valueAt(nearest(position))
  // One NaN makes the row NaN.
  const out = ignoreNan ? between : where(nans.gt(0), values.narrow(-1, size - 1, 1), between)
  const first = at.ndim === 0 ? out.squeeze(-1) : out.movedim(-1, 0)
  if (!keepdim) return first
  const kept = input.shape.map((n, d) => (all || d === axis ? 1 : n))
  return first.reshape(at.ndim === 0 ? kept : [at.shape[0], ...kept])
}

/** The value below which a part `q` (0 to 1, or several) lies, along `dim` or of all. A list of q adds a dimension in front. Source: `torch.quantile`. */
export function quantile(
  input: Tensor,
  q: number | Tensor,
  dim?: number | null,
  options: QuantileOptions = {},
): Tensor {
  return quantiles('quantile', input, q, dim, options, false)
}
/** `quantile` that leaves NaN out. Source: `torch.nanquantile`. */
export function nanquantile(
  input: Tensor,
  q: number | Tensor,
  dim?: number | null,
  options: QuantileOptions = {},
): Tensor {
  return quantiles('nanquantile', input, q, dim, options, true)
}

/** How many values fall into each of `bins` equal parts of [min, max] (by default of the range of the values), in the input's dtype. Source: `torch.histc`. */
export function histc(
  input: Tensor,
  { bins = 100, min = 0, max = 0 }: { bins?: number; min?: number; max?: number } = {},
): Tensor {
  requireFloating('histc', input)
  if (!Number.isInteger(bins) || bins < 1)
    throw new ValueError(`histc: bins must be a whole number of at least 1, got ${bins}`)
  if (min > max) throw new ValueError(`histc: min must not be larger than max: ${min} and ${max}`)
  const values = input.detach().reshape(-1)
  let [low, high] = [min, max]
  if (low === high && values.numel() > 0) [low, high] = [values.min().item(), values.max().item()]
  if (low === high) [low, high] = [low - 1, high + 1]
  if (!Number.isFinite(low) || !Number.isFinite(high))
    throw new ValueError(`histc: the range must be finite, got ${low} to ${high}`)
  const inside = values.ge(low).logicalAnd(values.le(high))
  const places = where(inside, values.sub(low).mul(bins / (high - low)), 0).floor()
  const index = cast(clamp(places, 0, bins - 1), 'int64')
  return sumAt(cast(inside, input.dtype), [bins], [index], pointwiseAddress([bins], index.shape))
}

export interface CovOptions {
  /** Subtracted from the number of observations. Default 1. */
  correction?: number
  /** How often each observation counts (whole numbers). */
  fweights?: Tensor | null
  /** Relative weight of each observation. */
  aweights?: Tensor | null
}
/** Covariances of variables (rows) over observations (columns): [V, N] gives [V, V]; one variable gives its variance. Source: `torch.cov`. */
export function cov(input: Tensor, { correction = 1, fweights = null, aweights = null }: CovOptions = {}): Tensor {
  if (input.ndim > 2) throw new ShapeError(`cov: expected at most 2 dimensions, got ${formatShape(input.shape)}`)
  const x = cast(input, floatOf(input.dtype)).reshape(input.ndim < 2 ? [1, numelOf(input.shape)] : input.shape)
  const count = x.shape[1]
  for (const weights of [fweights, aweights]) {
    if (weights && (weights.ndim > 1 || weights.numel() !== count)) {
      throw new ShapeError(
        `cov: weights must be one for each of ${count} observations, got ${formatShape(weights.shape)}`,
      )
    }
  }
  const weight = fweights && aweights ? fweights.mul(aweights) : (fweights ?? aweights)
  const total = weight === null ? null : weight.sum()
  const average =
    weight === null || total === null
      ? x.mean(1, { keepdim: true })
      : x.mul(weight).sum(1, { keepdim: true }).div(total)
  const centred = x.sub(average)
  // Observations weighted relatively count as fewer, by the spread of the weights.
  const lost =
    weight === null || total === null || aweights === null
      ? correction
      : weight.mul(aweights).sum().div(total).mul(correction)
  const factor = total === null ? Math.max(count - (lost as number), 0) : total.sub(lost).clampMin(0)
  const product = matmul(centred, (weight === null ? centred : centred.mul(weight)).t()).div(factor)
  return product.numel() === 1 ? product.reshape([]) : product
}
/** Correlations of variables (rows): [V, N] gives [V, V], between -1 and 1. Source: `torch.corrcoef`. */
export function corrcoef(input: Tensor): Tensor {
  if (input.ndim > 2) throw new ShapeError(`corrcoef: expected at most 2 dimensions, got ${formatShape(input.shape)}`)
  const c = cov(input)
  if (c.ndim === 0) return c.div(c)
  const deviation = c.diagonal().sqrt()
  return clamp(c.div(deviation.unsqueeze(1)).div(deviation.unsqueeze(0)), -1, 1)
}

export const methods = { logsumexp, quantile, nanquantile, histc, cov, corrcoef }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
