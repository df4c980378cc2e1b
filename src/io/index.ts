// kindling/io: files of tensors.
import '../devices.ts'
import '../ops/install.ts'

export { type IdxArray, parseIdx } from './idx.ts'
export { decodeSafetensors, encodeSafetensors, type SafetensorsFile } from './safetensors.ts'
export { load, type SaveOptions, save } from './save.ts'
