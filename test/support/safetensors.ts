// Reads fixtures: what PyTorch answered, a JSON description and a safetensors file with the values, each plain or gzipped.
// safetensors: 8-byte little-endian header length, JSON header, raw data. Format of the descriptions: scripts/oracle/README.md.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { bytesOf, type DType, dtypes, type TypedArray } from '../../src/base/dtype.ts'

/** The fixtures of this repository. */
export const oracle = join(import.meta.dirname, '..', 'fixtures', 'oracle')

/** One tensor of a file. float16 and bfloat16 come as bits, bool as 0 or 1. */
export interface StoredTensor {
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly data: TypedArray
}

export interface Fixture<Json> {
  readonly json: Json
  readonly tensors: Map<string, StoredTensor>
}

const codes: Readonly<Record<string, DType>> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  I32: 'int32',
  U8: 'uint8',
  BOOL: 'bool',
}

export function parseSafetensors(bytes: Uint8Array): Map<string, StoredTensor> {
  const start = 8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
  const header: Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }> = JSON.parse(
    new TextDecoder().decode(bytes.subarray(8, start)),
  )
  const tensors = new Map<string, StoredTensor>()
  for (const [name, { dtype: code, shape, data_offsets }] of Object.entries(header)) {
    if (name === '__metadata__') continue
    const dtype = codes[code]
    if (dtype === undefined) throw new Error(`${name}: unknown dtype ${code}`)
    // A copy, because the data of a tensor need not be aligned.
    const { buffer, byteLength } = Uint8Array.from(bytes.subarray(start + data_offsets[0], start + data_offsets[1]))
    tensors.set(name, { dtype, shape, data: new dtypes[dtype].array(buffer, 0, byteLength / bytesOf(dtype)) })
  }
  return tensors
}

/** The bytes of `path`, or of `path` + `.gz`; null where there is neither. */
function readEither(path: string): Uint8Array | null {
  if (existsSync(path)) return readFileSync(path)
  return existsSync(`${path}.gz`) ? gunzipSync(readFileSync(`${path}.gz`)) : null
}

/** `<name>.json` of a folder with the tensors of `<name>.safetensors` (none without that file); null where it is missing. */
export function findFixture<Json = unknown>(name: string, folder = oracle): Fixture<Json> | null {
  const json = readEither(join(folder, `${name}.json`))
  if (json === null) return null
  return { json: JSON.parse(new TextDecoder().decode(json)), tensors: findTensors(name, folder) }
}

/** The tensors of `<name>.safetensors`; none where it is missing. */
export function findTensors(name: string, folder = oracle): Fixture<unknown>['tensors'] {
  const bytes = readEither(join(folder, `${name}.safetensors`))
  return bytes === null ? new Map() : parseSafetensors(bytes)
}

/** The same, where the fixture must be there: `readFixture('goldens/random')`. */
export function readFixture<Json = unknown>(name: string, folder = oracle): Fixture<Json> {
  const found = findFixture<Json>(name, folder)
  if (found === null) throw new Error(`no fixture ${name} in ${folder}`)
  return found
}
