// Reading through index tensors: indices are checked, then rows or elements are copied (indexed.ts).
import type { GatherSpec } from '../../../runtime/spec.ts'
import type { Engine } from '../engine.ts'
import { checkIndices, runIndexed } from './indexed.ts'

export const gather =
  (engine: Engine) =>
  ({ x, indices, out }: GatherSpec): void => {
    checkIndices(engine, 'gather', indices)
    runIndexed(engine, 'gather', out, x, indices)
  }
