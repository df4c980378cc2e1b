// The methods of tensors that concern gradients: backward, hooks.
import { type BackwardOptions, backward as backwardFrom } from '../autograd/backward.ts'
import { registerHook, retainGrad } from '../autograd/hooks.ts'
import { Tensor } from '../tensor/tensor.ts'
import type { Methods } from './methods.ts'

/**
 * Adds the gradient of `x` to `grad` of every leaf it was computed from. `gradient` (shape of `x`) weighs the elements; it may be left out for one
 * element. Throws AutogradError without a graph, or through a graph already used up. Source: `torch.Tensor.backward`.
 */
export function backward(x: Tensor, gradient?: Tensor | null | BackwardOptions, options: BackwardOptions = {}): void {
  const given = gradient instanceof Tensor ? gradient : null
  const chosen = gradient instanceof Tensor || !gradient ? options : gradient
  backwardFrom([x], [given], chosen)
}

export const methods = { backward, registerHook, retainGrad }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
