// Many draws at once, `each` words for every number. Called by the recipes of random.ts and normal.ts that take the same count of words for all numbers.
import type { Generator } from './mt19937.ts'

/** Numbers of a run: their words stay in the nearest cache. */
const longest = 1024

/** Calls `use` with the words of the numbers from `first` on, until `count` numbers have theirs. */
export function inRuns(
  g: Generator,
  count: number,
  each: number,
  use: (words: Int32Array, first: number) => void,
): void {
  const words = new Int32Array(each * Math.min(count, longest))
  for (let first = 0; first < count; first += longest) {
    const run = words.subarray(0, each * Math.min(longest, count - first))
    g.fill(run)
    use(run, first)
  }
}

/** Fills `out` with multiples of 2^-24 in [0, 1), as `uniform24` gives them. */
export function uniform24s(g: Generator, out: Float32Array): void {
  inRuns(g, out.length, 1, (words, first) => {
    for (let k = 0; k < words.length; k++) out[first + k] = (words[k] & 0xffffff) * 2 ** -24
  })
}
