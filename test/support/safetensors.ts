// Reads the fixtures of test/fixtures/goldens: PyTorch's own answers, a JSON file and a safetensors file, both gzipped.
// safetensors: 8-byte little-endian header length, JSON header, raw data.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

const folder = join(import.meta.dirname, '..', 'fixtures', 'goldens')

const arrays = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Uint16Array,
  I64: BigInt64Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
}

/** float16 comes as bits, bool as 0 or 1. */
export interface StoredTensor {
  dtype: keyof typeof arrays
  shape: number[]
  data: InstanceType<(typeof arrays)[keyof typeof arrays]>
}

export interface Fixture<Json> {
  json: Json
  tensors: Map<string, StoredTensor>
}

/** Reads `<name>.json.gz` and, where there is one, `<name>.safetensors.gz`. */
export function readFixture<Json = unknown>(name: string): Fixture<Json> {
  const unpack = (extension: string) => gunzipSync(readFileSync(join(folder, `${name}.${extension}.gz`)))
  return {
    json: JSON.parse(unpack('json').toString()),
    tensors: existsSync(join(folder, `${name}.safetensors.gz`)) ? parseSafetensors(unpack('safetensors')) : new Map(),
  }
}

export function parseSafetensors(bytes: Uint8Array): Map<string, StoredTensor> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = 8 + Number(view.getBigUint64(0, true))
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)))
  const tensors = new Map<string, StoredTensor>()
  for (const [name, entry] of Object.entries<any>(header)) {
    if (name === '__metadata__') continue
    const dtype: StoredTensor['dtype'] = entry.dtype
    const [from, to] = entry.data_offsets
    // A copy, because the data of a tensor need not be aligned.
    const { buffer } = new Uint8Array(bytes.subarray(start + from, start + to))
    tensors.set(name, { dtype, shape: entry.shape, data: new arrays[dtype](buffer) })
  }
  return tensors
}
