// Indices out of range: a kernel writes the first that it meets into the engine's flags, and goes on with element 0 in its place.
import { word } from './shader.ts'

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
