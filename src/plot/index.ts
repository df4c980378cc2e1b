// kindling/plot: figures.
import type { Tensor } from '../tensor/tensor.ts'
import type { Figure } from './figure.ts'
export { Animator, type AnimatorOptions } from './animator.ts'
export type { Figure } from './figure.ts'
export function plot(): Figure {
  throw new Error('later')
}
export function showHeatmaps(): Figure {
  throw new Error('later')
}
export function showImages(
  images: Tensor,
  rows: number,
  columns: number,
  options?: { titles?: readonly string[] },
): Figure {
  throw new Error(`later ${String([images, rows, columns, options])}`)
}
