// Arguments and results of functions: tensors, alone or in arrays and plain objects. Kindling's pytrees.
import { Tensor } from '../tensor/tensor.ts'

/** The same structure with `change(tensor)` in the place of each tensor; everything else stays what it is. */
export function mapTensors(value: unknown, change: (x: Tensor) => unknown): unknown {
  if (value instanceof Tensor) return change(value)
  if (Array.isArray(value)) return value.map((item) => mapTensors(item, change))
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTensors(item, change)]))
}

/** The tensors in the order of `mapTensors`. */
export function tensorsOf(value: unknown): Tensor[] {
  const found: Tensor[] = []
  mapTensors(value, (x) => found.push(x))
  return found
}

/** The same structure with `tensors` in the places of its tensors. */
export function withTensors(value: unknown, tensors: readonly Tensor[]): unknown {
  let next = 0
  return mapTensors(value, () => tensors[next++])
}
