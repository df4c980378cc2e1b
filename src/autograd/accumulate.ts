// Adding gradients up: in the sweep where several uses of a tensor meet, and into `grad` of a leaf.
import { bytesOf, computeType } from '../base/dtype.ts'
import { add, input } from '../base/expr.ts'
import { ShapeError } from '../base/errors.ts'
import { formatShape, sameShape } from '../base/shape.ts'
import { launch } from '../runtime/launch.ts'
import { Tensor } from '../tensor/tensor.ts'
import { record } from './record.ts'

const sum = add(input(0), input(1))

function addInto(out: Tensor, a: Tensor, b: Tensor): void {
  launch({ kind: 'map', exprs: [sum], compute: computeType(out.dtype), inputs: [a, b], outputs: [out], scalars: [] })
}

/** a + b. Writes into `a` where nobody else can see its memory. Takes both over, unless they are part of a graph. */
export function accumulate(a: Tensor, b: Tensor, createGraph: boolean): Tensor {
  if (!createGraph && a.storage.unique && a.isContiguous()) {
    addInto(a, a, b)
    b.dispose()
    return a
  }
  const out = Tensor.empty(a.shape, a.dtype, a.device)
  addInto(out, a, b)
  if (createGraph) return record('AddBackward0', [a, b], out, [], (g) => [g, g])
  a.dispose()
  b.dispose()
  return out
}

/** The gradient as a tensor of its own: contiguous, sharing memory with nothing else. */
export function cloneGradient(grad: Tensor, createGraph: boolean): Tensor {
  const owns = grad.storage.unique && grad.isContiguous() && grad.storage.bytes === grad.numel() * bytesOf(grad.dtype)
  if (owns) return grad.aliasWithEdge()
  const out = Tensor.empty(grad.shape, grad.dtype, grad.device)
  launch({ kind: 'copy', x: grad, out })
  return createGraph ? record('CloneBackward0', [grad], out, [], (g) => [g]) : out
}

/** Adds to `leaf.grad`, in place where it may. */
export function storeGradient(leaf: Tensor, grad: Tensor, createGraph: boolean): void {
  if (!sameShape(leaf.shape, grad.shape)) {
    throw new ShapeError(
      `backward: a gradient of shape ${formatShape(grad.shape)} reached a leaf of shape ${formatShape(leaf.shape)}`,
    )
  }
  const before = leaf.grad
  if (before === null) leaf.grad = cloneGradient(grad, createGraph)
  else if (createGraph) leaf.grad = accumulate(before.aliasWithEdge(), grad, true)
  else {
    addInto(before, before, grad)
    before.storage.version++
  }
}
