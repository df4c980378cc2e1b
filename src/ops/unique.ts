// Distinct values, or distinct slices along a dimension. The size of the result depends on the values, so these ops read them.
import { ShapeError } from '../base/errors.ts'
import { formatShape, normalizeDim } from '../base/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { fromHost } from './host.ts'
import type { Methods } from './methods.ts'
import { argsort } from './sort.ts'

export interface UniqueOptions {
  /** In order: always so here. */
  sorted?: boolean
  /** Also give for each element its place in the result. Default false. */
  returnInverse?: boolean
  /** Also give how often each occurs. Default false. */
  returnCounts?: boolean
  /** Compare slices along this dimension instead of elements. */
  dim?: number
}
/** The distinct values alone, or with the parts that were asked for: values, inverse, counts. */
export type UniqueResult = Tensor | Tensor[]

/** Order of `count` rows of `width` values: by the first value, then the second, ...; equal rows stay as they are. */
function sortedRows(values: ArrayLike<number | bigint>, count: number, width: number): number[] {
  return Array.from({ length: count }, (_, row) => row).sort((a, b) => {
    for (let k = 0; k < width; k++) {
      const [x, y] = [values[a * width + k], values[b * width + k]]
      if (x !== y) return x < y ? -1 : 1
    }
    return 0
  })
}

function distinct(
  op: string,
  input: Tensor,
  consecutive: boolean,
  { dim, returnInverse = false, returnCounts = false }: UniqueOptions,
): UniqueResult {
  const x = input.detach()
  const axis = dim === undefined || dim === null ? null : normalizeDim(op, dim, x.ndim)
  // Slices are compared with the dimensions in the order of `transpose`, not of `movedim`: it decides which of two comes first.
  const rows =
    axis === null
      ? x.reshape(-1, 1)
      : x.transpose(axis, 0).reshape([x.shape[axis], x.shape.reduce((n, size, d) => (d === axis ? n : n * size), 1)])
  const [count, width] = rows.shape
  if (axis !== null && rows.numel() === 0 && count > 0)
    throw new ShapeError(`${op}: slices without elements cannot be compared: ${formatShape(x.shape)}`)
  const values = rows.data()
  const order = consecutive
    ? Array.from({ length: count }, (_, row) => row)
    : width === 1
      ? argsort(rows.reshape(-1)).numbers()
      : sortedRows(values, count, width)
  const same = (a: number, b: number): boolean => {
    for (let k = 0; k < width; k++) if (values[a * width + k] !== values[b * width + k]) return false
    return true
  }
  const firsts: bigint[] = []
  const counts: bigint[] = []
  const inverse = new BigInt64Array(count)
  order.forEach((row, i) => {
    if (i === 0 || !same(row, order[i - 1])) {
      firsts.push(BigInt(row))
      counts.push(0n)
    }
    counts[counts.length - 1]++
    inverse[row] = BigInt(firsts.length - 1)
  })
  const integers = (list: BigInt64Array, shape: readonly number[]): Tensor => fromHost(list, shape, 'int64', x.device)
  const source = axis === null ? x.reshape(-1) : x
  const out = [source.indexSelect(axis ?? 0, integers(BigInt64Array.from(firsts), [firsts.length]))]
  if (returnInverse) out.push(integers(inverse, axis === null ? x.shape : [count]))
  if (returnCounts) out.push(integers(BigInt64Array.from(counts), [counts.length]))
  return out.length === 1 ? out[0] : out
}

type WithParts = { returnInverse: true } | { returnCounts: true }

/** The distinct elements in order (or slices along `dim`), and on request the inverse and the counts (int64). Source: `torch.unique`. */
export function unique(input: Tensor, options: UniqueOptions & WithParts): Tensor[]
export function unique(input: Tensor, options?: UniqueOptions): Tensor
export function unique(input: Tensor, options: UniqueOptions = {}): UniqueResult {
  return distinct('unique', input, false, options)
}
/** `unique` that only joins equal neighbours. Source: `torch.unique_consecutive`. */
export function uniqueConsecutive(input: Tensor, options: UniqueOptions & WithParts): Tensor[]
export function uniqueConsecutive(input: Tensor, options?: UniqueOptions): Tensor
export function uniqueConsecutive(input: Tensor, options: UniqueOptions = {}): UniqueResult {
  return distinct('uniqueConsecutive', input, true, options)
}

export const methods = { unique, uniqueConsecutive }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
