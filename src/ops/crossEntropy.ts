// Cross-entropy and negative log-likelihood. Class numbers over logits are one kernel; weights, smoothing and probabilities go through logSoftmax.
import { record, withoutRecording } from '../autograd/record.ts'
import { computeType } from '../base/dtype.ts'
import { DTypeError, ShapeError, ValueError } from '../base/errors.ts'
import * as E from '../base/expr.ts'
import { formatShape, sameShape } from '../base/shape.ts'
import * as kinds from '../kinds.ts'
import { launch } from '../runtime/launch.ts'
import { scoped } from '../runtime/scope.ts'
import type { Reduction as ReductionRow } from '../runtime/spec.ts'
import { Tensor } from '../tensor/tensor.ts'
import { underAutocast } from './autocast.ts'
import { checkNotNegative, sumAt } from './address.ts'
import { elementwise } from './gather.ts'
import { cast } from './pointwise.ts'
import { dropDims, reduceKeepdim, requireFloating } from './reduce.ts'
import { logSoftmax, softmax } from './softmax.ts'
import { expand } from './view.ts'

/** How the losses of the elements become one: their mean, their sum, or not at all. */
export type Reduction = 'mean' | 'sum' | 'none'

export interface NllLossOptions {
  /** Weight of each class [C]. */
  weight?: Tensor | null
  /** Class number that counts for nothing. Default -100. */
  ignoreIndex?: number
  /** Default 'mean': divided by the number (or summed weight) of the targets that count. */
  reduction?: Reduction
}
export interface CrossEntropyOptions extends NllLossOptions {
  /** Part of the target, 0 to 1, that is spread evenly over all classes. Default 0. */
  labelSmoothing?: number
}

export function checkReduction(op: string, reduction: string): void {
  if (reduction !== 'mean' && reduction !== 'sum' && reduction !== 'none') {
    throw new ValueError(`${op}: reduction must be 'mean', 'sum' or 'none', got '${reduction}'`)
  }
}

/** The input as [N, C] and the target as [N]; `shape` is the target's own. */
function asRows(op: string, input: Tensor, target: Tensor): { rows: Tensor; labels: Tensor; shape: readonly number[] } {
  const wanted = input.ndim === 1 ? [] : [input.shape[0], ...input.shape.slice(2)]
  if (input.ndim === 0 || !sameShape(target.shape, wanted)) {
    throw new ShapeError(
      `${op}: input ${formatShape(input.shape)} [N, C, ...] needs a target ${formatShape(wanted)} [N, ...], got ${formatShape(target.shape)}`,
    )
  }
  if (target.dtype !== 'int64') {
    throw new DTypeError(`${op}: class numbers must be int64, got ${target.dtype}`, 'convert them: target.long().')
  }
  const rows =
    input.ndim === 1 ? input.unsqueeze(0) : input.ndim === 2 ? input : input.movedim(1, -1).reshape(-1, input.shape[1])
  return { rows, labels: target.ndim === 1 ? target : target.reshape(-1), shape: target.shape }
}

/** Mean of the losses whose target counts, and how many these are; the run-time number is the index that does not count. */
const meanOfCounted: ReductionRow = {
  accTypes: ['v', 'v'],
  init: [0, 0],
  step: [E.add(E.acc(0), E.input(0)), E.add(E.acc(1), E.fromMask(E.ne(E.input(1), E.scalar(0))))],
  combine: [E.add(E.acc(0), E.other(0)), E.add(E.acc(1), E.other(1))],
  finish: [E.div(E.acc(0), E.acc(1)), E.acc(1)],
}

/** Loss of each row [N], and its log of the sum of exponentials, in one kernel. */
function fusedLosses(x: Tensor, target: Tensor, ignoreIndex: number): { loss: Tensor; lse: Tensor } {
  const loss = Tensor.empty([x.shape[0]], x.dtype, x.device)
  const lse = Tensor.empty([x.shape[0]], x.dtype, x.device)
  launch({ kind: 'crossEntropy', pass: 'forward', x, target, lse, ignoreIndex, loss }, kinds.crossEntropy)
  return { loss, lse }
}

/** g[n] * (softmax(x)[n] - oneHot(target[n])), 0 where the target does not count. */
function fusedGradient(x: Tensor, target: Tensor, lse: Tensor, g: Tensor, ignoreIndex: number): Tensor {
  const out = Tensor.empty(x.shape, x.dtype, x.device)
  launch({ kind: 'crossEntropy', pass: 'backward', x, target, lse, ignoreIndex, g, out }, kinds.crossEntropy)
  return record('NllLossBackwardBackward0', [x, g], out, [x, target, g], (grad, [sx, labels, sg], needs) => {
    const counts = labels.ne(ignoreIndex)
    const p = softmax(sx, 1)
    const inner = grad.mul(p).sum(1)
    return [
      needs[0] ? p.mul(grad.sub(inner.unsqueeze(1))).mul(sg.mul(counts).unsqueeze(1)) : null,
      needs[1] ? inner.sub(grad.gather(1, labels.mul(counts).unsqueeze(1)).squeeze(1)).mul(counts) : null,
    ]
  })
}

function fused(x: Tensor, target: Tensor, ignoreIndex: number, reduction: Reduction): Tensor {
  const { loss, lse } = fusedLosses(x, target, ignoreIndex)
  const rows = [x.shape[0]]
  if (reduction === 'mean') {
    const [average, count] = reduceKeepdim(
      meanOfCounted,
      [loss, target],
      [0],
      [x.dtype, x.dtype],
      [ignoreIndex],
      computeType(x.dtype),
    )
    return record(
      'NllLossBackward0',
      [x],
      dropDims(average, [0], false),
      [x, target, lse, count],
      (grad, [sx, labels, sl, n]) => [fusedGradient(sx, labels, sl, expand(grad.div(n), rows), ignoreIndex)],
    )
  }
  const out = reduction === 'sum' ? loss.sum() : loss
  return record('NllLossBackward0', [x], out, [x, target, lse], (grad, [sx, labels, sl]) => [
    fusedGradient(sx, labels, sl, expand(grad, rows), ignoreIndex),
  ])
}

/**
 * Cross-entropy of logits [N, C] or [N, C, d1, ...] (or [C]) with class numbers [N, d1, ...] (int64), or with probabilities of the input's shape.
 * Throws ShapeError, DTypeError, IndexError for a class out of range. Source: `torch.nn.functional.cross_entropy`.
 */
export function crossEntropy(input: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  // A scope: what is made on the way goes at once, in a loop without scopes too.
  return scoped(() => crossEntropyOf(input, target, options))
}

function crossEntropyOf(logits: Tensor, target: Tensor, options: CrossEntropyOptions): Tensor {
  const [input] = underAutocast('crossEntropy', logits)
  const { weight = null, ignoreIndex = -100, reduction = 'mean', labelSmoothing = 0 } = options
  checkReduction('crossEntropy', reduction)
  requireFloating('crossEntropy', input)
  if (labelSmoothing < 0 || labelSmoothing > 1)
    throw new ValueError(`crossEntropy: labelSmoothing must be between 0 and 1, got ${labelSmoothing}`)
  if (target.isFloatingPoint()) return ofProbabilities(input, target, weight, reduction, labelSmoothing)
  const { rows, labels, shape } = asRows('crossEntropy', input, target)
  if (weight === null && labelSmoothing === 0) {
    const out = fused(rows, labels, ignoreIndex, reduction)
    return reduction === 'none' ? withShape(out, shape) : out
  }
  const logP = logSoftmax(rows, 1)
  const nll = ofClasses(logP, labels, weight, ignoreIndex, reduction)
  if (labelSmoothing === 0) return reduction === 'none' ? withShape(nll, shape) : nll
  const counts = labels.ne(ignoreIndex)
  const spread = (weight === null ? logP : logP.mul(weight)).sum(1).neg().mul(counts)
  const classes = rows.shape[1]
  const total = (): Tensor => rowWeights(labels, weight, ignoreIndex, logP).sum()
  const smooth = reduction === 'mean' ? spread.sum().div(total()) : reduction === 'sum' ? spread.sum() : spread
  const out = nll.mul(1 - labelSmoothing).add(smooth.mul(labelSmoothing / classes))
  return reduction === 'none' ? withShape(out, shape) : out
}

const withShape = (x: Tensor, shape: readonly number[]): Tensor => (sameShape(x.shape, shape) ? x : x.reshape(shape))

function ofProbabilities(
  input: Tensor,
  target: Tensor,
  weight: Tensor | null,
  reduction: Reduction,
  smoothing: number,
): Tensor {
  if (!sameShape(input.shape, target.shape)) {
    throw new ShapeError(
      `crossEntropy: probabilities need the shape of the input: ${formatShape(target.shape)} and ${formatShape(input.shape)}`,
      'class numbers are int64: target.long().',
    )
  }
  const dim = input.ndim === 1 ? 0 : 1
  const classes = input.shape[dim]
  const logP = logSoftmax(input, dim)
  const wanted = smoothing === 0 ? target : target.mul(1 - smoothing).add(smoothing / classes)
  const perClass = input.shape.slice(dim).map((size, d) => (d === 0 ? size : 1))
  const weighted = weight === null ? logP : logP.mul(weight.reshape(perClass))
  const losses = weighted.mul(wanted).neg()
  if (reduction === 'none') return losses.sum(dim)
  return reduction === 'sum' ? losses.sum() : losses.sum().div(input.numel() / classes)
}

/** The weight of each row's class [N], 0 where the target does not count. */
function rowWeights(labels: Tensor, weight: Tensor | null, ignoreIndex: number, like: Tensor): Tensor {
  const counts = labels.ne(ignoreIndex)
  return weight === null ? cast(counts, like.dtype) : weight.indexSelect(0, labels.mul(counts)).mul(counts)
}

function ofClasses(
  logP: Tensor,
  labels: Tensor,
  weight: Tensor | null,
  ignoreIndex: number,
  reduction: Reduction,
): Tensor {
  const [counts, weights, out, total] = withoutRecording(() => {
    const counted = labels.ne(ignoreIndex)
    const at = labels.mul(counted).unsqueeze(1)
    checkNotNegative('nllLoss', at)
    const ofRow = rowWeights(labels, weight, ignoreIndex, logP)
    const losses = logP.gather(1, at).squeeze(1).mul(ofRow).neg()
    const sum = ofRow.sum()
    return [at, ofRow, reduction === 'none' ? losses : reduction === 'sum' ? losses.sum() : losses.sum().div(sum), sum]
  })
  const shape = logP.shape
  return record('NllLossBackward0', [logP], out, [counts, weights, total], (grad, [at, ofRow, sum]) => {
    const g = reduction === 'mean' ? grad.div(sum) : grad
    return [sumAt(ofRow.mul(g).neg().unsqueeze(1), shape, [at], elementwise(shape, 1, at.shape))]
  })
}

/**
 * Minus the log-probability of each target: log-probabilities [N, C] or [N, C, d1, ...] (or [C]), class numbers [N, d1, ...] (int64).
 * Source: `torch.nn.functional.nll_loss`.
 */
export function nllLoss(
  input: Tensor,
  target: Tensor,
  { weight = null, ignoreIndex = -100, reduction = 'mean' }: NllLossOptions = {},
): Tensor {
  checkReduction('nllLoss', reduction)
  requireFloating('nllLoss', input)
  const [logP] = underAutocast('nllLoss', input)
  const { rows, labels, shape } = asRows('nllLoss', logP, target)
  return scoped(() => {
    const out = ofClasses(rows, labels, weight, ignoreIndex, reduction)
    return reduction === 'none' ? withShape(out, shape) : out
  })
}
