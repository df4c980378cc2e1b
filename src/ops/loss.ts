// Losses that compare element by element. Each is a row: an expression of the operands; `mean` and `sum` add it up in the same kernel.
import { record } from '../autograd/record.ts'
import { computeType, resultType } from '../base/dtype.ts'
import { derivative } from '../base/derivative.ts'
import { ShapeError, ValueError } from '../base/errors.ts'
import * as E from '../base/expr.ts'
import type { Expr } from '../base/expr.ts'
import { broadcastShapes, formatShape, numelOf, sameShape } from '../base/shape.ts'
import type { Reduction as ReductionRow } from '../runtime/spec.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { underAutocast } from './autocast.ts'
import { checkReduction, type Reduction } from './crossEntropy.ts'
import { cast, pointwise, type PointwiseRow } from './pointwise.ts'
import { dropDims, reduceKeepdim, requireFloating } from './reduce.ts'
import { sumTo } from './sumTo.ts'
import { expand } from './view.ts'

export {
  type CrossEntropyOptions,
  crossEntropy,
  type NllLossOptions,
  nllLoss,
  type Reduction,
} from './crossEntropy.ts'
export * from './marginLoss.ts'

const x = E.input(0)
const t = E.input(1)
const difference = E.sub(x, t)
/** Option of a loss (its beta, delta, ...). */
const option = E.scalar(0)

interface LossRow {
  /** PyTorch's name of the gradient node without `Backward0`. */
  readonly name: string
  readonly expr: Expr
  /** Number of operands. */
  readonly operands: number
  /** Derivative by operand k, where the symbolic one is not what PyTorch defines. */
  readonly partials?: readonly Expr[]
}

/** The loss as an elementwise op, as a sum, and the gradients of the sum. */
interface Forms {
  readonly elementwise: PointwiseRow
  readonly total: ReductionRow
  readonly gradients: readonly PointwiseRow[]
}
const forms = new WeakMap<LossRow, Forms>()

function formsOf(row: LossRow): Forms {
  const found = forms.get(row)
  if (found !== undefined) return found
  const operands = Array.from({ length: row.operands }, (_, k) => E.input(k))
  const partials = row.partials ?? operands.map((operand) => derivative(row.expr, operand))
  const made: Forms = {
    elementwise: { name: row.name, expr: row.expr, grad: partials.map((partial) => E.mul(E.input(-2), partial)) },
    total: {
      accTypes: ['v'],
      init: [0],
      step: [E.add(E.acc(0), row.expr)],
      combine: [E.add(E.acc(0), E.other(0))],
      // The last run-time number divides by the number of elements.
      finish: [E.mul(E.acc(0), E.scalar(1))],
    },
    gradients: partials.map((partial) => ({
      name: `${row.name}Backward`,
      expr: E.mul(E.input(row.operands), partial),
    })),
  }
  forms.set(row, made)
  return made
}

/** Applies a loss to operands that broadcast. `value` is its option. */
function apply(op: string, row: LossRow, given: readonly Tensor[], reduction: Reduction, value = 0): Tensor {
  const operands = underAutocast(op, ...given)
  checkReduction(op, reduction)
  const dtype = resultType(...operands)
  const [first] = operands
  requireFloating(op, cast(first, dtype))
  const { elementwise, total, gradients } = formsOf(row)
  if (reduction === 'none') return pointwise(elementwise, operands, [value])
  const shape = broadcastShapes(op, ...operands.map((operand) => operand.shape))
  const factor = reduction === 'mean' ? 1 / numelOf(shape) : 1
  const inputs = operands.map((operand) => cast(operand, dtype))
  const wide = inputs.map((input) => expand(input.detach(), shape))
  const axes = shape.map((_, d) => d)
  const [full] = reduceKeepdim(total, wide, axes, [dtype], [value, factor], computeType(dtype))
  return record(`${row.name}Backward0`, inputs, dropDims(full, axes, false), inputs, (grad, saved, needs) =>
    saved.map((input, k) =>
      needs[k] ? sumTo(pointwise(gradients[k], [...saved, grad.mul(factor)], [value]), input.shape) : null,
    ),
  )
}

export interface LossOptions {
  /** Default 'mean'. */
  reduction?: Reduction
}

const magnitude = E.abs(difference)
const squared = E.mul(difference, difference)
const rows = {
  mse: { name: 'MseLoss', expr: squared, operands: 2 },
  l1: { name: 'L1Loss', expr: magnitude, operands: 2 },
  smoothL1: {
    name: 'SmoothL1Loss',
    expr: E.where(E.lt(magnitude, option), E.div(E.mul(0.5, squared), option), E.sub(magnitude, E.mul(0.5, option))),
    operands: 2,
  },
  huber: {
    name: 'HuberLoss',
    expr: E.where(E.le(magnitude, option), E.mul(0.5, squared), E.mul(option, E.sub(magnitude, E.mul(0.5, option)))),
    operands: 2,
  },
  /** Logarithms are held at -100; the gradient's divisor away from 0. */
  binaryCrossEntropy: {
    name: 'BinaryCrossEntropy',
    expr: E.sub(E.mul(E.sub(t, 1), E.max(E.log1p(E.neg(x)), -100)), E.mul(t, E.max(E.log(x), -100))),
    operands: 2,
    partials: [
      E.div(difference, E.max(E.mul(E.sub(1, x), x), 1e-12)),
      E.sub(E.max(E.log1p(E.neg(x)), -100), E.max(E.log(x), -100)),
    ],
  },
  /** (1 - t) * x + (1 + (w - 1) * t) * softplus(-x); the third operand w is the weight of the positive class. */
  withLogits: logitsRow(E.add(1, E.mul(E.sub(E.input(2), 1), t)), 3),
  plainWithLogits: logitsRow(E.constant(1), 2),
  softMargin: { name: 'SoftMarginLoss', expr: softplus(E.neg(E.mul(t, x))), operands: 2 },
  klDiv: { name: 'KlDiv', expr: E.sub(E.where(E.eq(t, 0), 0, E.mul(t, E.log(t))), E.mul(t, x)), operands: 2 },
  klDivLog: { name: 'KlDiv', expr: E.mul(E.exp(t), E.sub(t, x)), operands: 2 },
  poisson: { name: 'PoissonNllLoss', expr: E.sub(E.exp(x), E.mul(t, x)), operands: 2 },
  /** The option keeps the logarithm away from 0. */
  poissonRate: { name: 'PoissonNllLoss', expr: E.sub(x, E.mul(t, E.log(E.add(x, option)))), operands: 2 },
  /** Variance as the third operand, held at the option; no gradient flows to it from the clamp, as in PyTorch. */
  gaussian: {
    name: 'GaussianNllLoss',
    expr: E.mul(0.5, E.add(E.log(E.max(E.input(2), option)), E.div(squared, E.max(E.input(2), option)))),
    operands: 3,
    partials: [
      E.div(difference, E.max(E.input(2), option)),
      E.neg(E.div(difference, E.max(E.input(2), option))),
      E.mul(0.5, E.div(E.sub(1, E.div(squared, E.max(E.input(2), option))), E.max(E.input(2), option))),
    ],
  },
} satisfies Record<string, LossRow>

/** log(1 + exp(a)) without overflow. */
function softplus(a: Expr): Expr {
  return E.add(E.max(a, 0), E.log1p(E.exp(E.neg(E.abs(a)))))
}

function logitsRow(positive: Expr, operands: number): LossRow {
  const expr = E.add(E.mul(E.sub(1, t), x), E.mul(positive, softplus(E.neg(x))))
  const byT = E.sub(E.mul(derivative(positive, t), softplus(E.neg(x))), x)
  const byX = E.sub(E.sub(1, t), E.mul(positive, E.sub(1, E.sigmoid(x))))
  const byWeight = E.mul(t, softplus(E.neg(x)))
  return { name: 'BinaryCrossEntropyWithLogits', expr, operands, partials: [byX, byT, byWeight].slice(0, operands) }
}

/** (input - target)^2, broadcast. Source: `torch.nn.functional.mse_loss`. */
export function mseLoss(input: Tensor, target: Tensor, { reduction = 'mean' }: LossOptions = {}): Tensor {
  return apply('mseLoss', rows.mse, [input, target], reduction)
}
/** |input - target|, broadcast. Source: `torch.nn.functional.l1_loss`. */
export function l1Loss(input: Tensor, target: Tensor, { reduction = 'mean' }: LossOptions = {}): Tensor {
  return apply('l1Loss', rows.l1, [input, target], reduction)
}
/** Squared where |input - target| < beta, linear above. Source: `torch.nn.functional.smooth_l1_loss`. */
export function smoothL1Loss(
  input: Tensor,
  target: Tensor,
  { reduction = 'mean', beta = 1 }: LossOptions & { beta?: number } = {},
): Tensor {
  if (beta < 0) throw new ValueError(`smoothL1Loss: beta must not be negative, got ${beta}`)
  return beta === 0
    ? l1Loss(input, target, { reduction })
    : apply('smoothL1Loss', rows.smoothL1, [input, target], reduction, beta)
}
/** Squared where |input - target| <= delta, delta times linear above. Source: `torch.nn.functional.huber_loss`. */
export function huberLoss(
  input: Tensor,
  target: Tensor,
  { reduction = 'mean', delta = 1 }: LossOptions & { delta?: number } = {},
): Tensor {
  if (delta <= 0) throw new ValueError(`huberLoss: delta must be positive, got ${delta}`)
  return apply('huberLoss', rows.huber, [input, target], reduction, delta)
}

export interface BinaryLossOptions extends LossOptions {
  /** Weight of each element, broadcast. */
  weight?: Tensor | null
}
/** Losses times weights, then reduced. */
function checkSameShape(op: string, input: Tensor, target: Tensor): void {
  if (!sameShape(input.shape, target.shape)) {
    throw new ShapeError(
      `${op}: input and target must have the same shape: ${formatShape(input.shape)} and ${formatShape(target.shape)}`,
    )
  }
}
function weighted(weight: Tensor | null, reduction: Reduction, loss: (reduction: Reduction) => Tensor): Tensor {
  return weight === null ? loss(reduction) : reduced(loss('none').mul(weight), reduction)
}
/** Mean, sum, or the losses themselves. */
export const reduced = (losses: Tensor, reduction: Reduction): Tensor =>
  reduction === 'mean' ? losses.mean() : reduction === 'sum' ? losses.sum() : losses

/** -(t log x + (1 - t) log(1 - x)) for probabilities x. Source: `torch.nn.functional.binary_cross_entropy`. */
export function binaryCrossEntropy(
  input: Tensor,
  target: Tensor,
  { weight = null, reduction = 'mean' }: BinaryLossOptions = {},
): Tensor {
  checkSameShape('binaryCrossEntropy', input, target)
  return weighted(weight, reduction, (how) =>
    apply('binaryCrossEntropy', rows.binaryCrossEntropy, [input, target], how),
  )
}
/** `binaryCrossEntropy` of sigmoid(input), without overflow; `posWeight` multiplies the loss of the positive class. Source: `torch.nn.functional.binary_cross_entropy_with_logits`. */
export function binaryCrossEntropyWithLogits(
  input: Tensor,
  target: Tensor,
  { weight = null, posWeight = null, reduction = 'mean' }: BinaryLossOptions & { posWeight?: Tensor | null } = {},
): Tensor {
  const op = 'binaryCrossEntropyWithLogits'
  checkSameShape(op, input, target)
  return weighted(weight, reduction, (how) =>
    posWeight === null
      ? apply(op, rows.plainWithLogits, [input, target], how)
      : apply(op, rows.withLogits, [input, target, posWeight], how),
  )
}

/** target * (log target - input) for log-probabilities; `logTarget`: the target is a logarithm too. 'batchmean' divides the sum by N. Source: `torch.nn.functional.kl_div`. */
export function klDiv(
  input: Tensor,
  target: Tensor,
  { reduction = 'mean', logTarget = false }: { reduction?: Reduction | 'batchmean'; logTarget?: boolean } = {},
): Tensor {
  const row = logTarget ? rows.klDivLog : rows.klDiv
  if (reduction === 'batchmean') return apply('klDiv', row, [input, target], 'sum').div(input.shape[0] ?? 1)
  return apply('klDiv', row, [input, target], reduction)
}

/** log(1 + exp(-target * input)) for targets 1 and -1. Source: `torch.nn.functional.soft_margin_loss`. */
export function softMarginLoss(input: Tensor, target: Tensor, { reduction = 'mean' }: LossOptions = {}): Tensor {
  return apply('softMarginLoss', rows.softMargin, [input, target], reduction)
}

export interface PoissonNllLossOptions extends LossOptions {
  /** The input is the logarithm of the rate. Default true. */
  logInput?: boolean
  /** Add Stirling's approximation of log(target!) where target > 1. Default false. */
  full?: boolean
  /** Keeps the logarithm away from 0 without `logInput`. Default 1e-8. */
  eps?: number
}
/** Negative log-likelihood of counts with Poisson distribution. Source: `torch.nn.functional.poisson_nll_loss`. */
export function poissonNllLoss(input: Tensor, target: Tensor, options: PoissonNllLossOptions = {}): Tensor {
  const { logInput = true, full = false, eps = 1e-8, reduction = 'mean' } = options
  const row = logInput ? rows.poisson : rows.poissonRate
  if (!full) return apply('poissonNllLoss', row, [input, target], reduction, eps)
  checkReduction('poissonNllLoss', reduction)
  return reduced(
    apply('poissonNllLoss', row, [input, target], 'none', eps).add(pointwise(stirling, [target])),
    reduction,
  )
}
const n = E.input(0)
const stirling: PointwiseRow = {
  name: 'Stirling',
  expr: E.where(E.le(n, 1), 0, E.add(E.sub(E.mul(n, E.log(n)), n), E.mul(0.5, E.log(E.mul(2 * Math.PI, n))))),
  dtype: 'float',
}

/** Negative log-likelihood of targets with Gaussian distribution; `variance` has the input's shape, or 1 or no last dimension. Source: `torch.nn.functional.gaussian_nll_loss`. */
export function gaussianNllLoss(
  input: Tensor,
  target: Tensor,
  variance: Tensor,
  { full = false, eps = 1e-6, reduction = 'mean' }: LossOptions & { full?: boolean; eps?: number } = {},
): Tensor {
  const missing = variance.ndim === input.ndim - 1
  const spread = missing ? variance.unsqueeze(-1) : variance
  const loss = apply('gaussianNllLoss', rows.gaussian, [input, target, spread], reduction, eps)
  if (!full) return loss
  const constant = 0.5 * Math.log(2 * Math.PI)
  return loss.add(reduction === 'sum' ? constant * input.numel() : constant)
}
