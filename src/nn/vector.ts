// All parameters of a network as one vector, and back. Source: `torch.nn.utils.parameters_to_vector`, `vector_to_parameters`.
import { ShapeError, ValueError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import { withoutRecording } from '../autograd/record.ts'
import { cat } from '../ops/join.ts'
import { reshape, view } from '../ops/reshape.ts'
import { narrow } from '../ops/slice.ts'
import { scoped } from '../runtime/scope.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** The elements of all parameters in one vector, in their order; gradients flow back. Throws ValueError where there are none. */
export function parametersToVector(parameters: Iterable<Tensor>): Tensor {
  return scoped(() => {
    const parts = Array.from(parameters, (parameter) => reshape(parameter, -1))
    if (parts.length === 0) throw new ValueError('parametersToVector: there are no parameters')
    return cat(parts)
  })
}

/**
 * Lets the parameters show the elements of `vector`, whose memory they share from then on; they stay the same objects. Throws ShapeError, with nothing changed,
 * where the vector has not one element for each of theirs.
 */
export function vectorToParameters(vector: Tensor, parameters: Iterable<Tensor>): void {
  const all = [...parameters]
  const total = all.reduce((sum, parameter) => sum + parameter.numel(), 0)
  if (vector.ndim !== 1 || vector.numel() !== total)
    throw new ShapeError(
      `vectorToParameters: the vector has shape ${formatShape(vector.shape)}, the parameters ${total} elements`,
    )
  withoutRecording(() =>
    scoped(() => {
      let start = 0
      for (const parameter of all) {
        const part = narrow(vector, 0, start, parameter.numel())
        parameter.setData(view(part, parameter.shape))
        start += parameter.numel()
      }
    }),
  )
}
