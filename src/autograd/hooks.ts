// Functions that see a gradient on its way: they hang on the node that a tensor's gradient goes to.
import { AutogradError } from '../base/errors.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { storeGradient } from './accumulate.ts'
import type { GradHook, Node } from './node.ts'
import { gradientEdge } from './record.ts'

/** What `registerHook` returns. */
export interface HookHandle {
  remove(): void
}

/**
 * Calls `hook` with the gradient of `x` in every backward pass, before it is stored or handed on; a tensor that it returns takes the
 * gradient's place. Throws AutogradError if `x` does not require grad. Source: `torch.Tensor.register_hook`.
 */
export function registerHook(x: Tensor, hook: GradHook): HookHandle {
  const edge = gradientEdge(x)
  if (edge === null) throw new AutogradError('registerHook: the tensor does not require grad')
  const node = edge.node as Node
  node.hooks ??= new Map()
  const hooks = node.hooks.get(edge.index) ?? new Set()
  node.hooks.set(edge.index, hooks)
  // Wrapped, so that one function registered twice runs twice.
  const entry: GradHook = (grad) => hook(grad)
  hooks.add(entry)
  return { remove: () => void hooks.delete(entry) }
}

const retaining = new WeakSet<Tensor>()

/** Makes backward store the gradient of a tensor that is not a leaf in its `grad` too. Source: `torch.Tensor.retain_grad`. */
export function retainGrad(x: Tensor): void {
  if (!x.requiresGrad) throw new AutogradError('retainGrad: the tensor does not require grad')
  if (x.isLeaf || retaining.has(x)) return
  retaining.add(x)
  // Weak: the node must not keep the tensor that it made.
  const target = new WeakRef(x)
  registerHook(x, (grad) => {
    const tensor = target.deref()
    if (tensor !== undefined && !tensor.disposed) storeGradient(tensor, grad, grad.requiresGrad)
  })
}
