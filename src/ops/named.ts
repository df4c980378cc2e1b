// Results with several parts: arrays to take apart (`const [values, indices] = x.max(1)`) that also have names (`x.max(1).values`).
import type { Tensor } from '../tensor/tensor.ts'

export type Named<T extends readonly Tensor[], K extends string> = T & { readonly [Name in K]: Tensor }

/** The array, with its elements also under `names`, which do not show when it is iterated. */
export function named<const T extends readonly Tensor[], const K extends string>(
  parts: T,
  names: readonly K[],
): Named<T, K> {
  names.forEach((name, i) => Object.defineProperty(parts, name, { value: parts[i] }))
  return parts as Named<T, K>
}
