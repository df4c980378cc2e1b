// Index tensors: where their values land, and what happens to those out of range: a kernel writes the first that it meets into the engine's flags, and goes
// on with element 0 in its place. Gather, scatter and cross-entropy are built on it.
import type { DType } from '../../base/dtype.ts'
import type { IndexOperand } from '../../runtime/spec.ts'
import { load, type Operand, word } from './shader.ts'

/** To be put in front of a kernel that calls `report`; parameter `check` is the number that `engine.indexCheck` gave. */
export const reportCode = (check: number): string => `
fn report(index: vec2<u32>, size: u32) {
  loop {
    let seen = atomicCompareExchangeWeak(&flags[0], 0, 1 + bitcast<i32>(${word(check)}));
    if (seen.exchanged) {
      atomicStore(&flags[1], bitcast<i32>(index.x));
      atomicStore(&flags[2], bitcast<i32>(size));
    }
    if (seen.exchanged || seen.old_value != 0) { return; }
  }
}`

/** The same with `place_of`: 0 .. size - 1 from an index, which counts from the end where it is negative. */
export const placeCode = (check: number): string => `${reportCode(check)}
fn place_of(index: vec2<u32>, size: u32) -> u32 {
  if (index.y == 0u && index.x < size) { return index.x; }
  if (index.y == 0xffffffffu && ~index.x < size) { return index.x + size; }
  report(index, size);
  return 0u;
}`

/** Size and stride of each index, as parameters: 2 words each. */
export const indexWords = (indices: readonly IndexOperand[]): number[] =>
  indices.flatMap(({ size, stride }) => [size, stride])

/** The place that each index names; its size is parameter `first` + 2 k. */
export const places = (operands: readonly Operand[], at: readonly string[], first: number): string[] =>
  operands.map((operand, k) => `place_of(${load(operand, at[k], 'int64')}, ${word(first + 2 * k)})`)

/** What is only moved: float32 as words, so that every bit stays. */
export const moved = (dtype: DType): DType => (dtype === 'float32' ? 'int32' : dtype)
