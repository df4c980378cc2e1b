// The dtype table and PyTorch's promotion rules. Everything that depends on a dtype looks it up here.
import { DTypeError } from './errors.ts'

/** Floats of 16 bits. They are storage: values are computed in float32 and rounded once. */
export type HalfDType = 'float16' | 'bfloat16'
/** Element types. */
export type DType = 'float32' | 'float64' | HalfDType | 'int64' | 'int32' | 'uint8' | 'bool'

export type TypedArray = Float32Array | Float64Array | Uint16Array | BigInt64Array | Int32Array | Uint8Array
type Category = 'bool' | 'integral' | 'floating'

interface DTypeInfo {
  readonly bytes: 1 | 2 | 4 | 8
  readonly category: Category
  /** Order inside a category, for promotion. */
  readonly rank: number
  /** Array over the raw elements; float16 and bfloat16 as bits, bool as 0 or 1. */
  readonly array: new (
    buffer: ArrayBufferLike,
    byteOffset?: number,
    length?: number,
  ) => TypedArray
}

export const dtypes: { readonly [D in DType]: DTypeInfo } = {
  bool: { bytes: 1, category: 'bool', rank: 0, array: Uint8Array },
  uint8: { bytes: 1, category: 'integral', rank: 1, array: Uint8Array },
  int32: { bytes: 4, category: 'integral', rank: 2, array: Int32Array },
  int64: { bytes: 8, category: 'integral', rank: 3, array: BigInt64Array },
  float16: { bytes: 2, category: 'floating', rank: 4, array: Uint16Array },
  bfloat16: { bytes: 2, category: 'floating', rank: 4, array: Uint16Array },
  float32: { bytes: 4, category: 'floating', rank: 5, array: Float32Array },
  float64: { bytes: 8, category: 'floating', rank: 6, array: Float64Array },
}

export const isFloating = (dtype: DType): boolean => dtypes[dtype].category === 'floating'
export const isHalf = (dtype: DType): dtype is HalfDType => dtype === 'float16' || dtype === 'bfloat16'
export const bytesOf = (dtype: DType): number => dtypes[dtype].bytes
export const isDType = (name: unknown): name is DType => typeof name === 'string' && Object.hasOwn(dtypes, name)

/** Throws DTypeError for a name that is no dtype: for callers in plain JavaScript. */
export function checkDType(op: string, dtype: DType): void {
  if (!isDType(dtype))
    throw new DTypeError(`${op}: unknown dtype '${dtype}'`, `there are: ${Object.keys(dtypes).join(', ')}.`)
}

/** `torch.promote_types`: the smallest dtype that holds both. Of float16 and bfloat16 neither holds the other: float32. */
export function promoteTypes(a: DType, b: DType): DType {
  if (a === b) return a
  if (isHalf(a) && isHalf(b)) return 'float32'
  return dtypes[a].rank >= dtypes[b].rank ? a : b
}

const categoryOrder: Record<Category, number> = { bool: 0, integral: 1, floating: 2 }

/** What `resultType` needs to know of an operand: a tensor with dimensions, a 0-d tensor, or a JavaScript value. */
export type Operand = { readonly dtype: DType; readonly shape: readonly number[] } | number | bigint | boolean

const scalarDType = (value: number | bigint | boolean, defaultFloat: DType): DType =>
  typeof value === 'boolean' ? 'bool' : typeof value === 'bigint' || Number.isInteger(value) ? 'int64' : defaultFloat

/**
 * `torch.result_type`: tensors with dimensions decide; 0-d tensors, then plain numbers, only lift the category.
 * A JavaScript number is an int when it is whole, else a float: the nearest thing to Python's two kinds of numbers.
 */
export function resultType(...operands: Operand[]): DType {
  const priority: (DType | undefined)[] = [undefined, undefined, undefined]
  for (const operand of operands) {
    const isTensor = typeof operand === 'object'
    const dtype = isTensor ? operand.dtype : scalarDType(operand, 'float32')
    const level = isTensor ? (operand.shape.length > 0 ? 0 : 1) : 2
    const seen = priority[level]
    priority[level] = seen === undefined ? dtype : promoteTypes(seen, dtype)
  }
  let result: DType | undefined
  for (const dtype of priority) {
    if (dtype === undefined) continue
    if (result === undefined) result = dtype
    else if (categoryOrder[dtypes[dtype].category] > categoryOrder[dtypes[result].category]) result = dtype
  }
  return result ?? 'float32'
}

/** The dtype in which values of `dtype` are computed: what arithmetic runs in before the result is stored. */
export type ComputeType = 'float32' | 'float64' | 'int32' | 'int64'

const computeTypes: { readonly [D in DType]: ComputeType } = {
  bool: 'int32',
  uint8: 'int32',
  int32: 'int32',
  int64: 'int64',
  float16: 'float32',
  bfloat16: 'float32',
  float32: 'float32',
  float64: 'float64',
}
export const computeType = (dtype: DType): ComputeType => computeTypes[dtype]
