// `tensor(data)`: nested arrays, typed arrays and plain values become tensors.
import { type DType, isHalf, promoteTypes, type TypedArray } from '../base/dtype.ts'
import { ShapeError, ValueError } from '../base/errors.ts'
import { formatShape, numelOf } from '../base/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { copyOf } from './copy.ts'
import { encoderOf, fromHost, hostArray } from './host.ts'
import { type CreationOptions, finish } from './sizes.ts'

/** Numeric arrays of JavaScript. Of a Uint16Array the values count, not the bits of a float16 or bfloat16. */
export type NumericArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
type Leaf = number | bigint | boolean
/** What `tensor()` accepts: a value, (nested) arrays of values, typed arrays, tensors with one element. */
export type TensorData = Leaf | NumericArray | Tensor | readonly TensorData[]

const typedArrayDTypes: readonly [new (...args: never[]) => NumericArray, DType][] = [
  [Float32Array, 'float32'],
  [Float64Array, 'float64'],
  [BigInt64Array, 'int64'],
  [BigUint64Array, 'int64'],
  [Uint32Array, 'int64'],
  [Int32Array, 'int32'],
  [Int16Array, 'int32'],
  [Uint16Array, 'int32'],
  [Int8Array, 'int32'],
  [Uint8Array, 'uint8'],
  [Uint8ClampedArray, 'uint8'],
]
const isTypedArray = (x: unknown): x is NumericArray => ArrayBuffer.isView(x) && !(x instanceof DataView)
const dtypeOfArray = (x: NumericArray): DType => typedArrayDTypes.find(([type]) => x instanceof type)?.[1] ?? 'float32'

const dtypeOfLeaf = (value: Leaf): DType =>
  typeof value === 'boolean' ? 'bool' : typeof value === 'bigint' || Number.isInteger(value) ? 'int64' : 'float32'

/**
 * A new tensor with the values of `data`. Without `dtype`: booleans give bool, whole numbers and bigints int64, anything else float32;
 * typed arrays keep their type. JavaScript cannot tell 1.0 from 1: `tensor([1.0, 2.0])` is int64, ask for `{ dtype: 'float32' }`.
 * Throws ShapeError where nested arrays differ in length. Source: `torch.tensor`.
 */
export function tensor(data: TensorData, options: CreationOptions = {}): Tensor {
  if (data instanceof Tensor)
    return finish(copyOf(data, options.dtype ?? data.dtype, options.device ?? data.device), options)
  if (isTypedArray(data)) return finish(fromArray(data, [data.length], options), options)
  const shape = shapeOf(data)
  const { leaves, dtype: inferred } = flatten(data, shape)
  const dtype = options.dtype ?? inferred
  const encode = encoderOf('tensor', dtype)
  const out = hostArray(dtype, leaves.length)
  for (let i = 0; i < leaves.length; i++) out[i] = encode(leaves[i])
  return finish(fromHost(out, shape, dtype, options.device), options)
}

/** A typed array's values in the given shape (default: one dimension); the dtype is the array's own unless given. Throws ShapeError if the shape does not hold them. */
export function fromTypedArray(
  data: NumericArray,
  shape: readonly number[] = [data.length],
  options: CreationOptions = {},
): Tensor {
  if (numelOf(shape) !== data.length) {
    throw new ShapeError(`fromTypedArray: shape ${formatShape(shape)} does not hold ${data.length} elements`)
  }
  return finish(fromArray(data, shape, options), options)
}

/** `data` itself if it is a tensor that fits the options already, else a new tensor. Source: `torch.as_tensor`. */
export function asTensor(data: TensorData, options: CreationOptions = {}): Tensor {
  if (!(data instanceof Tensor)) return tensor(data, options)
  const fits = (options.dtype ?? data.dtype) === data.dtype && (options.device ?? data.device) === data.device
  return fits ? data : tensor(data, options)
}

function fromArray(
  data: NumericArray,
  shape: readonly number[],
  { dtype = dtypeOfArray(data), device }: CreationOptions,
): Tensor {
  const out = hostArray(dtype, data.length)
  if (out.constructor === data.constructor && dtype !== 'bool' && !isHalf(dtype))
    return fromHost(data as TypedArray, shape, dtype, device)
  const encode = encoderOf('tensor', dtype)
  for (let i = 0; i < data.length; i++) out[i] = encode(data[i])
  return fromHost(out, shape, dtype, device)
}

type Nested = readonly TensorData[] | NumericArray
const isNested = (data: TensorData): data is Nested => Array.isArray(data) || isTypedArray(data)

/** Follows the first items down. */
function shapeOf(data: TensorData): number[] {
  const shape: number[] = []
  for (let level = data; ; level = level[0]) {
    if (level instanceof Tensor) return [...shape, ...level.shape]
    if (!isNested(level)) return shape
    shape.push(level.length)
    if (level.length === 0) return shape
  }
}

function flatten(data: TensorData, shape: readonly number[]): { leaves: Leaf[]; dtype: DType } {
  const leaves: Leaf[] = []
  let dtype: DType | undefined
  const see = (found: DType): void => {
    if (dtype !== found) dtype = dtype === undefined ? found : promoteTypes(dtype, found)
  }
  const path: number[] = []
  const place = (): string => `data${path.map((i) => `[${i}]`).join('')}`
  const visit = (item: TensorData, d: number): void => {
    if (item instanceof Tensor) {
      if (formatShape(item.shape) !== formatShape(shape.slice(d)))
        throw ragged(place(), formatShape(item.shape), shape, d)
      see(item.dtype)
      for (const value of item.dtype === 'int64' ? (item.data() as BigInt64Array) : item.numbers()) leaves.push(value)
    } else if (isNested(item)) {
      if (d === shape.length || item.length !== shape[d]) throw ragged(place(), `${item.length} items`, shape, d)
      if (isTypedArray(item)) see(dtypeOfArray(item))
      for (let i = 0; i < item.length; i++) {
        path[d] = i
        const next = item[i]
        if (typeof next === 'number' && d === shape.length - 1) {
          leaves.push(next)
          if (!isTypedArray(item)) see(dtypeOfLeaf(next))
        } else visit(next, d + 1)
      }
      path.length = d
    } else {
      if (d !== shape.length) throw ragged(place(), 'a value', shape, d)
      if (typeof item !== 'number' && typeof item !== 'bigint' && typeof item !== 'boolean') {
        throw new ValueError(`tensor: ${place()} is not a number: ${String(item)}`)
      }
      leaves.push(item)
      see(dtypeOfLeaf(item))
    }
  }
  visit(data, 0)
  return { leaves, dtype: dtype ?? 'float32' }
}

function ragged(place: string, got: string, shape: readonly number[], d: number): ShapeError {
  const expected = d < shape.length ? `${shape[d]} items` : 'a value'
  return new ShapeError(
    `tensor: ragged nesting: ${place} is ${got}, its neighbours are ${expected}`,
    'every array of one level must have the same length.',
  )
}
