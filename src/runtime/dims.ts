// How the dimensions of a kernel's views become as few as possible: devices call it for each launch, so that their loops are short.
import { isContiguous, numelOf, sameShape } from '../base/shape.ts'

/** Dimensions seen by several operands at once; `strides[d][k]` counts elements of operand k. */
export interface Dims {
  readonly sizes: number[]
  readonly strides: number[][]
}

interface Strided {
  readonly strides: readonly number[]
}

/**
 * The dimensions `dims` of the operands, without those of size 1, neighbours merged where every operand steps through them as through one.
 * With `order`, first sorted so that strides of the operands fall, the first operand deciding before the second and so on.
 * This runs for every kernel, mostly before V8 has optimized it: hence plain loops, and arrays made at their length (an empty one grows to 17 at once).
 */
export function collapse(
  shape: readonly number[],
  views: readonly Strided[],
  dims: readonly number[],
  order: boolean,
): Dims {
  if (dims.length === shape.length && areContiguous(shape, views))
    return { sizes: [numelOf(shape)], strides: [new Array<number>(views.length).fill(1)] }
  const kept = dims.filter((d) => shape[d] !== 1)
  if (order && kept.length > 1 && !fallsAlready(views[0], kept)) kept.sort((a, b) => compareStrides(views, a, b))
  const sizes: number[] = []
  const strides: number[][] = []
  for (let i = 0; i < kept.length; i++) {
    const d = kept[i]
    const last = sizes.length - 1
    let merges = last >= 0
    for (let k = 0; merges && k < views.length; k++) merges = strides[last][k] === views[k].strides[d] * shape[d]
    if (merges) sizes[last] *= shape[d]
    else {
      sizes.push(shape[d])
      strides.push(new Array<number>(views.length))
    }
    const row = strides[strides.length - 1]
    for (let k = 0; k < views.length; k++) row[k] = views[k].strides[d]
  }
  return { sizes, strides }
}
function areContiguous(shape: readonly number[], views: readonly Strided[]): boolean {
  const { strides } = views[0]
  for (let k = 1; k < views.length; k++) if (!sameShape(views[k].strides, strides)) return false
  return isContiguous(shape, strides)
}
/** Whether the first operand alone orders the dimensions, as they are. */
function fallsAlready({ strides }: Strided, dims: readonly number[]): boolean {
  for (let k = 1; k < dims.length; k++)
    if (!(strides[dims[k - 1]] > strides[dims[k]] && strides[dims[k]] > 0)) return false
  return true
}
function compareStrides(views: readonly Strided[], a: number, b: number): number {
  for (let k = 0; k < views.length; k++) {
    const { strides } = views[k]
    const difference = Math.abs(strides[b]) - Math.abs(strides[a])
    if (difference !== 0 && strides[a] !== 0 && strides[b] !== 0) return difference
  }
  return a - b
}
