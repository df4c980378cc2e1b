// The safetensors format: 8 bytes of header length, a JSON header, raw little-endian data.
// Specification: https://huggingface.co/docs/safetensors. Python reads what this writes, and the other way round.
import { bytesOf, type DType, dtypes, type TypedArray } from '../base/dtype.ts'
import { DataError, ValueError } from '../base/errors.ts'
import { numelOf } from '../base/shape.ts'
import { fromHost } from '../ops/host.ts'
import type { Tensor } from '../tensor/tensor.ts'

const names = {
  float32: 'F32',
  float64: 'F64',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  int32: 'I32',
  uint8: 'U8',
  bool: 'BOOL',
} as const satisfies Record<DType, string>
interface Stored {
  readonly bytes: number
  readonly dtype: DType
  /** The elements as the dtype's typed array; `data` is a copy of their bytes. */
  readonly decode: (data: ArrayBuffer) => TypedArray
}
const own = Object.entries(names).map(([name, code]): [string, Stored] => {
  const dtype = name as DType
  return [code, { bytes: bytesOf(dtype), dtype, decode: (data) => new dtypes[dtype].array(data) }]
})
/** Types that Kindling has not are read into the smallest one that holds all their values. */
const stored = new Map<string, Stored>([
  ...own,
  ['I8', { bytes: 1, dtype: 'int32', decode: (data) => Int32Array.from(new Int8Array(data)) }],
  ['I16', { bytes: 2, dtype: 'int32', decode: (data) => Int32Array.from(new Int16Array(data)) }],
  ['U16', { bytes: 2, dtype: 'int32', decode: (data) => Int32Array.from(new Uint16Array(data)) }],
  ['U32', { bytes: 4, dtype: 'int64', decode: (data) => BigInt64Array.from(new Uint32Array(data), BigInt) }],
])

interface Entry {
  dtype: string
  shape: number[]
  data_offsets: [number, number]
}

/** The file as pieces to be written one after another. Tensors are stored in the order given; `metadata` are strings for readers. */
export function encodeSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array[] {
  const header: Record<string, unknown> = {}
  if (metadata !== undefined) header.__metadata__ = metadata
  const pieces: Uint8Array[] = []
  let offset = 0
  for (const [name, tensor] of Object.entries(tensors)) {
    if (name === '__metadata__')
      throw new ValueError('safetensors: a tensor cannot be called __metadata__: the format reserves the name')
    const data = tensor.data()
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    Object.defineProperty(header, name, {
      enumerable: true,
      value: { dtype: names[tensor.dtype], shape: [...tensor.shape], data_offsets: [offset, offset + bytes.length] },
    })
    pieces.push(bytes)
    offset += bytes.length
  }
  const json = new TextEncoder().encode(JSON.stringify(header))
  // Readers like the data aligned: the header is padded with spaces.
  const padded = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(0x20)
  padded.set(json)
  const length = new Uint8Array(8)
  new DataView(length.buffer).setBigUint64(0, BigInt(padded.length), true)
  return [length, padded, ...pieces]
}

export interface SafetensorsFile {
  /** By name. */
  tensors: Record<string, Tensor>
  /** The texts of `__metadata__`. */
  metadata: Record<string, string>
}

/** Reads a whole file. Everything is checked before a tensor is made: DataError says what is wrong with which tensor. */
export function decodeSafetensors(bytes: Uint8Array, name = 'safetensors file'): SafetensorsFile {
  const { entries, metadata, start } = readHeader(bytes, name)
  const data = bytes.subarray(start)
  let expected = 0
  for (const [key, entry] of [...entries].sort(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0])) {
    checkEntry(`${name}: tensor '${key}'`, entry, data.length)
    if (entry.data_offsets[0] !== expected) {
      throw new DataError(
        `${name}: tensor '${key}' starts at ${entry.data_offsets[0]}, expected ${expected}: tensors may neither overlap nor leave gaps`,
      )
    }
    expected = entry.data_offsets[1]
  }
  if (expected !== data.length)
    throw new DataError(
      `${name}: ${data.length} bytes of data, its tensors have ${expected}`,
      'the file may be truncated; get it again.',
    )
  const tensors: Record<string, Tensor> = Object.create(null)
  for (const [key, { dtype, shape, data_offsets }] of entries) {
    const { dtype: type, decode } = stored.get(dtype) as Stored
    // Copied, because data in the file need not be aligned; not by slice(), which in a Node Buffer copies nothing.
    tensors[key] = fromHost(decode(new Uint8Array(data.subarray(...data_offsets)).buffer), shape, type)
  }
  return { tensors, metadata }
}

function readHeader(
  bytes: Uint8Array,
  name: string,
): { entries: Map<string, Entry>; metadata: Record<string, string>; start: number } {
  if (bytes.length < 8) throw new DataError(`${name}: truncated: ${bytes.length} bytes, expected at least 8`)
  const announced = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)
  const length = Number(announced)
  if (length > bytes.length - 8)
    throw new DataError(
      `${name}: its header should have ${announced} bytes, the file has ${bytes.length - 8} more`,
      'the file is truncated, or no safetensors file.',
    )
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + length)))
  } catch {
    throw new DataError(`${name}: its header is not JSON: this is no safetensors file`)
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw new DataError(`${name}: its header is not a JSON object`)
  const { __metadata__: metadata = {}, ...rest } = header as Record<string, unknown>
  const isText = (value: unknown): boolean => typeof value === 'string'
  if (typeof metadata !== 'object' || metadata === null || !Object.values(metadata).every(isText)) {
    throw new DataError(`${name}: its metadata must be an object of strings`)
  }
  // `rest` has lost a key named __proto__ to no one: JSON.parse and spread make it an own property.
  return {
    entries: new Map(Object.entries(rest) as [string, Entry][]),
    metadata: metadata as Record<string, string>,
    start: 8 + length,
  }
}

function checkEntry(what: string, entry: Entry, available: number): void {
  const { dtype, shape, data_offsets: offsets } = entry ?? {}
  const isSize = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0
  if (!stored.has(dtype))
    throw new DataError(
      `${what} has dtype ${typeof dtype === 'string' ? dtype : typeof dtype}, known are ${[...stored.keys()].join(', ')}`,
    )
  if (!Array.isArray(shape) || !shape.every(isSize))
    throw new DataError(`${what} has no proper shape: ${JSON.stringify(shape)}`)
  if (
    !Array.isArray(offsets) ||
    offsets.length !== 2 ||
    !offsets.every(isSize) ||
    offsets[0] > offsets[1] ||
    offsets[1] > available
  ) {
    throw new DataError(`${what} has data at ${JSON.stringify(offsets)}, the file has ${available} bytes of data`)
  }
  const bytes = numelOf(shape) * (stored.get(dtype) as Stored).bytes
  if (offsets[1] - offsets[0] !== bytes)
    throw new DataError(
      `${what} has ${offsets[1] - offsets[0]} bytes, its shape [${shape.join(', ')}] of ${dtype} needs ${bytes}`,
    )
}
