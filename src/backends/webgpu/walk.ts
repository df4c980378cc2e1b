// From the number of an element to its place in each view. Parameters: [count, sizes..., per view: offset, strides...], outermost dimension first.
import { numelOf } from '../../base/shape.ts'
import type { Dims } from '../../runtime/dims.ts'
import { word } from './shader.ts'

/** The parameters of a walk over `dims`; what follows may begin at `words.length`. */
export function walkWords(
  dims: Dims,
  views: readonly { readonly offset: number }[],
): { count: number; words: number[] } {
  const count = numelOf(dims.sizes)
  const words = [count, ...dims.sizes]
  views.forEach(({ offset }, k) => {
    words.push(offset)
    for (const strides of dims.strides) words.push(strides[k])
  })
  return { count, words }
}

/**
 * Statements that take element `i` (u32) apart, and each view's place as an expression (u32). `first`: where the walk's parameters begin;
 * `prefix` keeps the names of two walks apart. Negative strides wrap around, as unsigned numbers do.
 */
export function indexed(
  rank: number,
  views: number,
  { i = 'i', first = 0, prefix = 'x' } = {},
): { lines: string[]; at: string[] } {
  const lines: string[] = []
  let rest = i
  for (let d = rank - 1; d > 0; d--) {
    const size = word(first + 1 + d)
    lines.push(`  let ${prefix}${d} = ${rest} % ${size}; let ${prefix}rest${d} = ${rest} / ${size};`)
    rest = `${prefix}rest${d}`
  }
  if (rank > 0) lines.push(`  let ${prefix}0 = ${rest};`)
  const at = Array.from({ length: views }, (_, k) => {
    const base = first + 1 + rank + k * (1 + rank)
    const terms = Array.from({ length: rank }, (_, d) => `${prefix}${d} * ${word(base + 1 + d)}`)
    return `(${[word(base), ...terms].join(' + ')})`
  })
  return { lines, at }
}
