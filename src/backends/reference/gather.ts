// Reading through index tensors. `addresses` is shared with scatter: where in the source each index of the common shape lands.
import { IndexError } from '../../base/errors.ts'
import type { GatherSpec, IndexOperand, View } from '../../runtime/spec.ts'
import { Elements, positions } from './values.ts'

/** Positions in `source`'s storage, in row-major order of the common shape; every index is checked before any is used. */
export function addresses(op: string, source: View, indices: readonly IndexOperand[]): number[] {
  const result = positions(source)
  for (const { index, stride, size } of indices) {
    const elements = new Elements(index)
    positions(index).forEach((at, i) => {
      const value = Number(elements.read(at))
      if (value < -size || value >= size) throw new IndexError(`${op}: index ${value} is out of range for size ${size}`)
      result[i] += (value < 0 ? value + size : value) * stride
    })
  }
  return result
}

export function gather({ x, indices, out }: GatherSpec): void {
  const [source, target] = [new Elements(x), new Elements(out)]
  const from = addresses('gather', x, indices)
  positions(out).forEach((to, i) => {
    target.raw[to] = source.raw[from[i]]
  })
}
