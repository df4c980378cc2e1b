// Gradient clipping, between backward and the optimizer's step. Source: `torch.nn.utils.clip_grad_norm_`, `clip_grad_value_`.
import { withoutRecording } from '../autograd/record.ts'
import { ValueError } from '../base/errors.ts'
import { stack } from '../ops/join.ts'
import { norm } from '../ops/linalg/norms.ts'
import { zeros } from '../ops/creation.ts'
import { scoped } from '../runtime/scope.ts'
import { Tensor } from '../tensor/tensor.ts'

const gradientsOf = (parameters: Iterable<Tensor> | Tensor): Tensor[] =>
  (parameters instanceof Tensor ? [parameters] : [...parameters]).flatMap(({ grad }) => grad ?? [])

export interface ClipOptions {
  /** Order of the norm; Infinity for the largest element. Default 2. */
  normType?: number
  /** Throw ValueError where the norm is NaN or infinite. Default false. */
  errorIfNonfinite?: boolean
}

/**
 * Scales all gradients by one factor where their norm, taken as one vector, exceeds `maxNorm`. Gives the norm before.
 * Pascanu et al. 2013. Source: `torch.nn.utils.clip_grad_norm_`.
 */
export function clipGradNorm_(
  parameters: Iterable<Tensor> | Tensor,
  maxNorm: number,
  { normType = 2, errorIfNonfinite = false }: ClipOptions = {},
): Tensor {
  const grads = gradientsOf(parameters)
  if (grads.length === 0) return zeros([])
  return withoutRecording(() =>
    scoped(() => {
      const norms = grads.map((grad) => norm(grad, normType))
      const total = norm(stack(norms), normType)
      if (errorIfNonfinite && !Number.isFinite(total.item()))
        throw new ValueError(
          `clipGradNorm_: the norm of order ${normType} of all gradients is ${total.item()}, so they cannot be scaled`,
          'pass { errorIfNonfinite: false } to scale them anyway.',
        )
      const factor = total.add(1e-6).reciprocal().mul(maxNorm).clamp({ max: 1 })
      for (const grad of grads) grad.mul_(factor)
      return total
    }),
  )
}

/** Cuts every element of the gradients to -clipValue .. clipValue. Source: `torch.nn.utils.clip_grad_value_`. */
export function clipGradValue_(parameters: Iterable<Tensor> | Tensor, clipValue: number): void {
  withoutRecording(() =>
    scoped(() => {
      for (const grad of gradientsOf(parameters)) grad.clamp_({ min: -clipValue, max: clipValue })
    }),
  )
}
