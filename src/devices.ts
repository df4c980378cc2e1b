// Which devices there are. Every entry point imports this, so that a tensor can be made whichever is loaded first.
import { referenceBackend } from './backends/reference/index.ts'
import { wasmBackend } from './backends/wasm/index.ts'
// What KINDLING_DEBUG asks for.
import './runtime/debug.ts'
import { setBackendFactory } from './runtime/device.ts'
import { notConnected } from './webgpu.ts'

setBackendFactory('wasm', wasmBackend)
setBackendFactory('reference', referenceBackend)
setBackendFactory('webgpu', notConnected)
