// Writing through index tensors, in row-major order: where several values meet, the last one set wins.
import { computeType } from '../../base/dtype.ts'
import type { ScatterSpec } from '../../runtime/spec.ts'
import { addresses } from './gather.ts'
import { arithmetic, Elements, positions, type Value } from './values.ts'

const larger = (a: Value, b: Value): Value => (Number.isNaN(a) || a > b ? a : b)
const smaller = (a: Value, b: Value): Value => (Number.isNaN(a) || a < b ? a : b)

export function scatter({ op, x, indices, out }: ScatterSpec): void {
  const [source, target] = [new Elements(x), new Elements(out)]
  const { add, mul } = arithmetic[computeType(out.dtype)]
  const merge = { set: (_: Value, b: Value) => b, add, mul, max: larger, min: smaller }[op]
  const to = addresses('scatter', out, indices)
  positions(x).forEach((from, i) => {
    if (op === 'set') target.raw[to[i]] = source.raw[from]
    else target.write(to[i], merge(target.read(to[i]), source.read(from)))
  })
}
