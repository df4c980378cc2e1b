// Copies between views of any strides and dtypes: a map of one input.
import { computeType } from '../../../base/dtype.ts'
import { input } from '../../../base/expr.ts'
import type { CopySpec } from '../../../runtime/spec.ts'
import type { Engine } from '../engine.ts'
import { map } from './map.ts'

const same = [input(0)]

export const copy = (engine: Engine) => {
  const run = map(engine)
  return ({ x, out }: CopySpec): void => {
    run({ kind: 'map', exprs: same, compute: computeType(x.dtype), inputs: [x], outputs: [out], scalars: [] })
  }
}
