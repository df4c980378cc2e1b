// A second network with values of its own: `copy.deepcopy(net)` in PyTorch.
import { withoutRecording } from '../autograd/record.ts'
import { clone } from '../ops/copy.ts'
import { scoped } from '../runtime/scope.ts'
import { Tensor } from '../tensor/tensor.ts'
import { Module, withoutFields } from './module.ts'
import { Parameter } from './parameter.ts'

/**
 * A copy of the module and all below it: parameters, buffers, mode, options. What is shared inside is shared in the copy; gradients are not copied. Modules,
 * tensors, arrays, maps, sets and plain objects in fields are copied, functions and other objects are the same ones.
 * Throws ValueError for lazy layers that have not been called. Source: `copy.deepcopy`.
 */
export function deepcopy<M extends Module>(module: M): M {
  return withoutRecording(() => scoped(() => copied(module, new Map()) as M))
}

function copied(value: unknown, done: Map<unknown, unknown>): unknown {
  if (done.has(value)) return done.get(value)
  const remember = <T>(copy: T): T => {
    done.set(value, copy)
    return copy
  }
  const inside = (item: unknown): unknown => copied(item, done)
  const fill = <T extends object>(copy: T, source: object): T => {
    for (const [name, item] of Object.entries(source)) (copy as Record<string, unknown>)[name] = inside(item)
    return copy
  }
  if (value instanceof Module) return fill(remember(withoutFields(value)), value)
  if (value instanceof Parameter) return remember(new Parameter(clone(value), { requiresGrad: value.requiresGrad }))
  if (value instanceof Tensor) return remember(clone(value).keep().requiresGrad_(value.requiresGrad))
  if (Array.isArray(value)) return fill(remember(new Array<unknown>(value.length)), value)
  if (value instanceof Map) {
    const copy = remember(new Map())
    for (const [key, item] of value) copy.set(inside(key), inside(item))
    return copy
  }
  if (value instanceof Set) {
    const copy = remember(new Set())
    for (const item of value) copy.add(inside(item))
    return copy
  }
  const plain = typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  return plain ? fill(remember({}), value) : value
}
