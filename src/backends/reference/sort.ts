// Stable sort along one axis; NaN counts as larger than everything.
import type { SortSpec } from '../../runtime/spec.ts'
import { Elements, positions, positionsAlong, type Value } from './values.ts'

function compare(a: Value, b: Value): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
  return a < b ? -1 : a > b ? 1 : 0
}

export function sort(spec: SortSpec): void {
  const [x, values, indices] = [spec.x, spec.values, spec.indices].map((view) => new Elements(view))
  const starts = [spec.x, spec.values, spec.indices].map((view) => positions(view, [spec.axis]))
  const along = [spec.x, spec.values, spec.indices].map((view) => positionsAlong(view, [spec.axis]))
  const direction = spec.descending ? -1 : 1
  for (let row = 0; row < starts[0].length; row++) {
    const items = along[0].map((step, index) => ({ value: x.read(starts[0][row] + step), index }))
    items.sort((a, b) => direction * compare(a.value, b.value))
    items.forEach(({ value, index }, i) => {
      values.write(starts[1][row] + along[1][i], value)
      indices.write(starts[2][row] + along[2][i], index)
    })
  }
}
