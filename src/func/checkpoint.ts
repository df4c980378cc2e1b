// `torch.utils`: memory for time. What a function computes on its way is thrown away and computed again when its gradients are needed.
import { enableGrad, isGradEnabled } from '../autograd/noGrad.ts'
import { Recomputation } from '../autograd/recompute.ts'
import { ValueError } from '../base/errors.ts'
import { autocastHere } from '../ops/autocast.ts'
import { defaultGenerator } from '../ops/random.ts'
import { isThenable, scoped } from '../runtime/scope.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { tensorsOf, withTensors } from './tree.ts'

/**
 * f(...inputs), keeping only the inputs for the backward pass, which runs `f` once more, with the same random numbers of the default generator. Gradients
 * flow to the inputs and to whatever `f` closes over; gradients of gradients work. `f` must compute the same each time, and tensors that belong to
 * a scope must come as inputs: others may be gone. Layers that count what they see, as BatchNorm does, see it twice.
 * Chen et al. 2016. Source: `torch.utils.checkpoint.checkpoint` with `use_reentrant=False`.
 */
export function checkpoint<A extends unknown[], R>(f: (...inputs: A) => R, ...inputs: A): R {
  const run = (values: A): R => {
    const result = f(...values)
    if (isThenable(result)) throw new ValueError('checkpoint: the function must not be async')
    return result
  }
  if (!isGradEnabled()) return run(inputs)
  const tensors = tensorsOf(inputs)
  const wanted = tensors.map(({ requiresGrad }) => requiresGrad)
  const randomState = defaultGenerator.getState()
  const likeFirst = autocastHere()
  const again = (values: Tensor[]): void =>
    enableGrad(() =>
      scoped(() => {
        const standIns = values.map((x, i) => x.requiresGrad_(wanted[i]))
        const now = defaultGenerator.getState()
        defaultGenerator.setState(randomState)
        try {
          likeFirst(() => run(withTensors(inputs, standIns) as A))
        } finally {
          defaultGenerator.setState(now)
        }
      }),
    )
  return new Recomputation(tensors, again).record(() => scoped(() => run(inputs)))
}

/**
 * Runs the functions (layers of a `Sequential`) one after another in `segments` parts of equal length, each but the last under `checkpoint`.
 * Throws ValueError for more segments than functions. Source: `torch.utils.checkpoint.checkpoint_sequential`.
 */
export function checkpointSequential<T>(functions: Iterable<(x: T) => T>, segments: number, input: T): T {
  const all = [...functions]
  if (!(Number.isInteger(segments) && segments >= 1 && segments <= Math.max(all.length, 1)))
    throw new ValueError(`checkpointSequential: segments must be between 1 and ${all.length}, got ${segments}`)
  const length = Math.floor(all.length / segments)
  const run = (start: number, end?: number) => (x: T) =>
    scoped(() => all.slice(start, end).reduce((value, f) => f(value), x))
  return scoped(() => {
    let value = input
    for (let k = 0; k < segments - 1; k++) value = checkpoint(run(k * length, (k + 1) * length), value)
    return run((segments - 1) * length)(value)
  })
}
