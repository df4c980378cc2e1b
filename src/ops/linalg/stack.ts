// Stacks of matrices on the host: how a tensor [..., m, n] is checked, read in double precision, and made again. Every op of this folder goes through here.
import type { DType } from '../../base/dtype.ts'
import { isFloating } from '../../base/dtype.ts'
import { DTypeError, LinAlgError, ShapeError } from '../../base/errors.ts'
import { broadcastShapes, formatShape, numelOf } from '../../base/shape.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { underAutocast } from '../autocast.ts'
import { fromHost } from '../host.ts'
import { sameDType } from '../matmul.ts'
import { expand } from '../view.ts'

/** The matrices of a tensor, one after another, row by row. */
export interface Stack {
  /** A copy, free to be overwritten. */
  readonly values: Float64Array
  readonly batch: readonly number[]
  readonly count: number
  readonly rows: number
  readonly columns: number
}

export function checkFloating(op: string, x: Tensor): void {
  if (!isFloating(x.dtype))
    throw new DTypeError(`${op}: expected a floating-point tensor, got ${x.dtype}`, 'convert first: x.float().')
}

/** The operand in float32 or float64: other floats are refused, as in PyTorch, but become float32 under autocast. */
export function precise(op: string, input: Tensor): Tensor {
  const [x] = underAutocast('linalg', input)
  checkFloating(op, x)
  if (x.dtype !== 'float32' && x.dtype !== 'float64')
    throw new DTypeError(`${op}: low precision is not supported, got ${x.dtype}`, 'convert first: x.float().')
  return x
}

export function checkMatrix(op: string, x: Tensor): void {
  if (x.ndim < 2) throw new ShapeError(`${op}: matrices [..., m, n] are needed, got ${formatShape(x.shape)}`)
}

export function checkSquare(op: string, x: Tensor): void {
  checkMatrix(op, x)
  const [m, n] = x.shape.slice(-2)
  if (m !== n) throw new ShapeError(`${op}: square matrices are needed, got ${m} x ${n}: ${formatShape(x.shape)}`)
}

/** The operand, square matrices of full precision. */
export function preciseSquare(op: string, input: Tensor): Tensor {
  checkSquare(op, input)
  return precise(op, input)
}

/** Both operands with one dtype and the leading dimensions to which theirs broadcast. */
export function broadcastBatches(op: string, a: Tensor, b: Tensor): readonly [Tensor, Tensor] {
  sameDType(op, a, b)
  const batch = broadcastShapes(op, a.shape.slice(0, -2), b.shape.slice(0, -2))
  return [expand(a, [...batch, ...a.shape.slice(-2)]), expand(b, [...batch, ...b.shape.slice(-2)])]
}

/** Waits for the device. */
export function stackOf(x: Tensor): Stack {
  const batch = x.shape.slice(0, -2)
  const [rows, columns] = x.shape.slice(-2)
  return { values: new Float64Array(x.data() as Float64Array), batch, count: numelOf(batch), rows, columns }
}

/** Matrix i, where it lies. */
export const matrixOf = ({ values, rows, columns }: Stack, i: number): Float64Array =>
  values.subarray(i * rows * columns, (i + 1) * rows * columns)

/** `count` blocks of `size` numbers, block i made by `f(i)`. */
export function blocks(count: number, size: number, f: (i: number) => Float64Array): Float64Array {
  const out = new Float64Array(count * size)
  for (let i = 0; i < count; i++) out.set(f(i), i * size)
  return out
}

/** A tensor of the dtype and on the device of `like`, not recorded. */
export function tensorLike(values: Float64Array, shape: readonly number[], like: Tensor): Tensor {
  return fromHost(like.dtype === 'float64' ? values : Float32Array.from(values), shape, like.dtype, like.device)
}

/** Integers, one for each matrix. */
export function countsOf(
  values: ArrayLike<number>,
  shape: readonly number[],
  dtype: DType & ('int32' | 'int64'),
  like: Tensor,
): Tensor {
  const data = dtype === 'int32' ? Int32Array.from(values) : BigInt64Array.from(Array.from(values), BigInt)
  return fromHost(data, shape, dtype, like.device)
}

/** Throws for matrix i of a stack; PyTorch's words for which one it is. */
export function fail(op: string, { batch }: Pick<Stack, 'batch'>, i: number, what: string, help?: string): never {
  throw new LinAlgError(`${op}: ${batch.length > 0 ? `(batch element ${i}) ` : ''}${what}`, help)
}
