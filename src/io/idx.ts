// The IDX format of MNIST and its relatives: a magic number, big-endian sizes, raw elements.
import { DataError } from '../base/errors.ts'

export interface IdxArray {
  /** Sizes, as the file gives them. */
  readonly shape: readonly number[]
  /** The elements in row-major order. */
  readonly data: Uint8Array
}

const UNSIGNED_BYTE = 0x08

/** Reads an IDX file of unsigned bytes. `name` is used in errors. Throws DataError for another format and for a file that is too short or too long. */
export function parseIdx(bytes: Uint8Array, name = 'IDX file'): IdxArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 4 || view.getUint16(0) !== 0) {
    const start = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    throw new DataError(
      `${name}: not an IDX file: it starts with ${start || 'nothing'}, expected 00 00`,
      'a compressed file (1f 8b ...) must keep its ending .gz.',
    )
  }
  const [type, rank] = [bytes[2], bytes[3]]
  if (type !== UNSIGNED_BYTE)
    throw new DataError(`${name}: elements of type 0x${type.toString(16)}, expected unsigned bytes (0x08)`)
  const header = 4 + 4 * rank
  if (bytes.length < header)
    throw new DataError(`${name}: truncated: ${bytes.length} bytes, its header alone has ${header}`)
  const shape = Array.from({ length: rank }, (_, d) => view.getUint32(4 + 4 * d))
  const expected = header + shape.reduce((n, size) => n * size, 1)
  if (bytes.length !== expected) {
    throw new DataError(
      `${name}: ${bytes.length < expected ? 'truncated' : 'too long'}: ${bytes.length} bytes, [${shape.join(', ')}] elements need ${expected}`,
      'delete the file and get it again.',
    )
  }
  return { shape, data: bytes.subarray(header) }
}
