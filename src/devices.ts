// Which devices there are. Every entry point imports this, so that a tensor can be made whichever is loaded first.
import { wasmBackend } from './backends/wasm/index.ts'
import { setBackendFactory } from './runtime/device.ts'
import { notConnected } from './webgpu.ts'
// What Node has beside them: the reference device, and what KINDLING_DEBUG asks for.
import '#diagnostics'

setBackendFactory('wasm', wasmBackend)
setBackendFactory('webgpu', notConnected)
