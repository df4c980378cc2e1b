// How an op enters the graph: it computes its output, then calls `record` with its gradient, side by side in one place.
import { AutogradError } from '../base/errors.ts'
import { isFloating } from '../base/dtype.ts'
import { context, isGradEnabled } from '../runtime/context.ts'
import type { Edge } from '../tensor/graph.ts'
import { Tensor } from '../tensor/tensor.ts'
import { type Backward, Node } from './node.ts'
import { meet, save as saveValue } from './saved.ts'

/** Gradient of the output in; gradients of the inputs out, null where none flows or `needs[i]` is false. */
export type BackwardOne = (
  grad: Tensor,
  saved: readonly Tensor[],
  needs: readonly boolean[],
) => readonly (Tensor | null)[]

/** Will an op on these inputs be recorded? Lets an op skip work that only its gradient needs. */
export const needsGraph = (inputs: readonly Tensor[]): boolean => isGradEnabled() && inputs.some((x) => x.requiresGrad)

/**
 * Records an op with one output and returns that output. Without gradients to compute nothing is recorded and nothing saved.
 * `save`: tensors (inputs, the output, or results on the way) that `backward` gets back as `saved`, in that order; use only these
 * inside it, a handle captured by the closure may be gone by then. `backward` computes with ordinary ops, which are themselves recorded under createGraph.
 */
export function record(
  name: string,
  inputs: readonly Tensor[],
  output: Tensor,
  save: readonly Tensor[],
  backward: BackwardOne,
): Tensor {
  if (needsGraph(inputs)) {
    link(name, inputs, [output], save, (grads, saved, needs) => (grads[0] ? backward(grads[0], saved, needs) : []))
  }
  return output
}

/** The same for several outputs; a gradient that nobody sent arrives as null. Integer outputs carry no gradient. */
export function recordMany<T extends readonly Tensor[]>(
  name: string,
  inputs: readonly Tensor[],
  outputs: T,
  save: readonly Tensor[],
  backward: Backward,
): T {
  if (needsGraph(inputs)) link(name, inputs, outputs, save, backward)
  return outputs
}

function link(
  name: string,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  save: readonly Tensor[],
  backward: Backward,
): void {
  meet(inputs)
  const node = new Node(name, inputs.map(gradientEdge), backward)
  node.saved = save.map((x) => {
    const output = outputs.indexOf(x)
    return output >= 0 ? saveValue(x, null, output) : saveValue(x, gradientEdge(x))
  })
  outputs.forEach((output, index) => {
    if (isFloating(output.dtype)) output.edge = { node, index }
  })
}

/** Where the gradient of `x` goes: the node that made it, or the accumulator of a leaf (made at first use). */
export function gradientEdge(x: Tensor): Edge | null {
  if (!x.requiresGrad) return null
  const edge = x.edge
  if (edge !== null) return edge
  x.edge = { node: new Node('AccumulateGrad', [], () => [], x), index: 0 }
  return x.edge
}

/**
 * Whether a backward function may write its result over the gradient that it got: nobody else can see that memory, and nobody will read it again.
 * It is in the caches already, unlike that of a new tensor.
 */
export const mayOverwrite = (grad: Tensor): boolean => !isGradEnabled() && grad.storage.unique && grad.isContiguous()

/** Runs `body`, which must not be async, without recording. */
export function withoutRecording<T>(body: () => T): T {
  const now = context.get()
  return now.gradEnabled ? context.runSync({ ...now, gradEnabled: false }, body) : body()
}

/** Throws where PyTorch forbids an in-place write: a leaf that requires grad, or a view of one, while recording. */
export function checkInPlace(op: string, x: Tensor): void {
  if (!isGradEnabled()) return
  const help = 'do it under noGrad(() => ...), or write y = x.op(...) instead.'
  if (x.requiresGrad && x.isLeaf) {
    throw new AutogradError(`${op}: a leaf tensor that requires grad is being used in an in-place operation`, help)
  }
  if (x.base !== null && !x.base.disposed && x.base.requiresGrad && x.base.isLeaf) {
    throw new AutogradError(
      `${op}: a view of a leaf tensor that requires grad is being used in an in-place operation`,
      help,
    )
  }
}
