// What pooling over lines, planes and volumes shares: windows and output sizes from options, and results with positions.
import { ShapeError, ValueError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import type { PoolSpec, PoolWindows } from '../runtime/spec.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { named, type Named } from './named.ts'
import { type Size, sizePerDim } from './window.ts'

export interface WindowOptions {
  /** Step of the window. Default: the kernel size. */
  stride?: Size
  /** Added at both ends of each dimension; at most half of the kernel size. Default 0. */
  padding?: Size
  /** Windows may start in the input and end outside. Default false. */
  ceilMode?: boolean
}

export interface MaxPoolOptions extends WindowOptions {
  /** Distance between the elements of a window. Default 1. */
  dilation?: Size
}
export interface AvgPoolOptions extends WindowOptions {
  /** Count the padding in the divisor. Default true. */
  countIncludePad?: boolean
}

/** How a mean divides. */
export type Averaging = Pick<PoolSpec, 'countIncludePad' | 'divisor'>
export const plainMean: Averaging = { countIncludePad: true, divisor: null }

/** The windows and the number of them, one entry for each of the last `rank` dimensions. Throws ValueError and ShapeError. */
export function windowsOf(
  op: string,
  input: Tensor,
  rank: number,
  kernelSize: Size,
  options: MaxPoolOptions,
): { windows: PoolWindows[]; size: number[] } {
  const kernel = sizePerDim(op, 'kernelSize', kernelSize, rank)
  const given = options.stride ?? []
  // PyTorch's empty list: no stride of its own.
  const stride = sizePerDim(op, 'stride', typeof given === 'object' && given.length === 0 ? kernelSize : given, rank)
  const padding = sizePerDim(op, 'padding', options.padding ?? 0, rank)
  const dilation = sizePerDim(op, 'dilation', options.dilation ?? 1, rank)
  const sizes = input.shape.slice(-rank)
  const windows: PoolWindows[] = []
  const size = sizes.map((n, d) => {
    if ([kernel[d], stride[d], dilation[d]].some((value) => !Number.isInteger(value) || value < 1)) {
      throw new ValueError(
        `${op}: kernel size, stride and dilation must be whole numbers of at least 1, got ${kernel[d]}, ${stride[d]} and ${dilation[d]}`,
      )
    }
    if (padding[d] < 0 || padding[d] > kernel[d] / 2) {
      throw new ValueError(`${op}: padding must be at most half of the kernel size: ${padding[d]} and ${kernel[d]}`)
    }
    windows.push({ adaptive: false, size: kernel[d], stride: stride[d], padding: padding[d], dilation: dilation[d] })
    const room = n + 2 * padding[d] - dilation[d] * (kernel[d] - 1) - 1
    let count = Math.floor((room + (options.ceilMode ? stride[d] - 1 : 0)) / stride[d]) + 1
    // The last window must start inside the input or the padding before it.
    if (options.ceilMode && (count - 1) * stride[d] >= n + padding[d]) count--
    if (count < 1) {
      throw new ShapeError(
        `${op}: kernel is larger than the padded input: ${dilation[d] * (kernel[d] - 1) + 1} and ${n + 2 * padding[d]} in spatial dimension ${d}, input ${formatShape(input.shape)}`,
        'use a smaller kernel or fewer poolings before.',
      )
    }
    return count
  })
  return { windows, size }
}

/** Output sizes; null keeps the input's. */
export type OutputSize = number | null | readonly (number | null)[]

/** Throws ShapeError where the input does not have the dimensions of `layout`, with or without the batch in front. */
export function checkLayout(op: string, input: Tensor, rank: number, layout: string): void {
  if (input.ndim === rank + 1 || input.ndim === rank + 2) return
  throw new ShapeError(`${op}: expected an input [N, ${layout}] or [${layout}], got ${formatShape(input.shape)}`)
}

/** The output size for each of the last `rank` dimensions. Throws ValueError. */
export function adaptiveSize(op: string, input: Tensor, size: OutputSize, rank: number): number[] {
  const list = typeof size === 'object' && size !== null ? size : new Array<number | null>(rank).fill(size)
  const full = list.length === 1 ? new Array<number | null>(rank).fill(list[0]) : list
  if (full.length !== rank)
    throw new ValueError(`${op}: the output size must be one number or ${rank}, got [${list.join(', ')}]`)
  const sizes = full.map((n, d) => n ?? input.shape[input.ndim - rank + d])
  if (sizes.some((n) => !Number.isInteger(n) || n < 0))
    throw new ValueError(`${op}: the output size must be whole numbers, got ${formatShape(sizes)}`)
  return sizes
}

export type Maxima = readonly [values: Tensor, indices: Tensor | null]
export type WithIndices = Named<readonly [Tensor, Tensor], 'values' | 'indices'>
export type Indexed = { returnIndices: true }
export type Plain = { returnIndices?: false }

/** The values alone, or both under their names. */
export const either = ([values, indices]: Maxima, returnIndices: boolean): Tensor | WithIndices =>
  returnIndices && indices ? named([values, indices], ['values', 'indices']) : values
