// Repeating without copying: what expands to the shape of something else. `expand` itself is in `view.ts`.
import { broadcastShapes } from '../base/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Methods } from './methods.ts'
import { expand, type SizeList } from './view.ts'

/** `x.expand(other.shape)`. Source: `torch.Tensor.expand_as`. */
export function expandAs(x: Tensor, other: Tensor): Tensor {
  return expand(x, other.shape)
}
/** Another name of `expand`. Source: `torch.broadcast_to`. */
export function broadcastTo(x: Tensor, ...sizes: SizeList): Tensor {
  return expand(x, ...sizes)
}
/** All tensors expanded to their common shape. Throws ShapeError where there is none. Source: `torch.broadcast_tensors`. */
export function broadcastTensors(...tensors: Tensor[]): Tensor[] {
  const shape = broadcastShapes('broadcastTensors', ...tensors.map((x) => x.shape))
  return tensors.map((x) => expand(x, shape))
}

export const methods = { expand, expandAs, broadcastTo }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
