// Every in-place op goes through here: checks, the write, the version, and the history of the tensor and of its base.
import { checkInPlace, gradientEdge, needsGraph, record } from '../autograd/record.ts'
import { ValueError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import { context } from '../runtime/context.ts'
import { launch } from '../runtime/launch.ts'
import { Tensor } from '../tensor/tensor.ts'
import { asStrided, relaid, withHole } from './asStrided.ts'
import { cloneOf } from './view.ts'

/**
 * Writes the result of an op into `x` and returns `x`. `others`: the other tensors it reads. `compute` makes the result out of place, recorded;
 * `direct`, if given, writes it straight into `x` and is used when nothing is recorded.
 */
export function writeInPlace(
  op: string,
  x: Tensor,
  others: readonly Tensor[],
  compute: (self: Tensor) => Tensor,
  direct?: () => void,
): Tensor {
  checkInPlace(op, x)
  checkNotExpanded(op, x, others)
  if (!needsGraph([x, ...others])) {
    if (direct) direct()
    else overwrite(x, compute(x))
    x.storage.version++
    return x
  }
  // The op may save its input, which is about to be overwritten: compute from a copy with the same place in the graph.
  const self = cloneOf(x)
  self.edge = gradientEdge(x)
  const result = compute(self)
  overwrite(x, result)
  x.storage.version++
  rewriteHistory(x, result)
  return x
}

/** Ops that write one value: it does not matter how often an element is shown. */
const writesOneValue = new Set(['fill_', 'indexFill_', 'maskedFill_', 'set', 'indexPut_'])

function checkNotExpanded(op: string, x: Tensor, others: readonly Tensor[]): void {
  if (x.numel() === 0 || !x.strides.some((stride, d) => stride === 0 && x.shape[d] > 1)) return
  if (writesOneValue.has(op) || (op === 'copy_' && others[0].ndim === 0)) return
  throw new ValueError(
    `${op}: an expanded tensor shows its elements several times: shape ${formatShape(x.shape)}, strides ${formatShape(x.strides)}`,
    'write into a copy: x.clone().',
  )
}

function overwrite(x: Tensor, result: Tensor): void {
  launch({ kind: 'copy', x: result, out: x })
}

/** From now on `x` is `result`; if it shows a part of another tensor, that one is what it was with this part replaced. */
function rewriteHistory(x: Tensor, result: Tensor): void {
  const base = x.base
  if (base === null || base.disposed) {
    x.edge = result.edge
    x.rebases++
    return
  }
  const [own, part] = [base, x].map(({ shape, strides, offset }) => ({ shape, strides, offset }))
  const whole = record('CopySlices', [base, result], base.aliasWithEdge(), [], (grad, _saved, needs) => [
    needs[0] ? withHole(grad, own, part) : null,
    needs[1] ? relaid(grad, own, part) : null,
  ])
  base.edge = whole.edge
  base.rebases++
  Tensor.regenerateEdge(x)
}

/** Gives a view of a tensor that was written to its place in the new graph. */
export function regenerateEdge(view: Tensor): void {
  const base = view.base as Tensor
  view.rebases = base.rebases
  if (base.disposed || !base.requiresGrad) return
  // The history is rebuilt whatever the mode is in which it is asked for.
  context.run({ ...context.get(), gradEnabled: true }, () => {
    const again = asStrided(base, view.shape, view.strides, view.offset)
    view.edge = again.edge
    again.dispose()
  })
}
