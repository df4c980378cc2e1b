// Writing through index tensors: indices are checked before anything is written, then values are set or merged (indexed.ts).
import type { ScatterSpec } from '../../../runtime/spec.ts'
import type { Engine } from '../engine.ts'
import { checkIndices, runIndexed } from './indexed.ts'

export const scatter =
  (engine: Engine) =>
  ({ op, x, indices, out }: ScatterSpec): void => {
    checkIndices(engine, 'scatter', indices)
    runIndexed(engine, op, x, out, indices)
  }
