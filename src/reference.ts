// `import 'kindling/reference'`: the device of plain loops, for those who check or read what a kernel must compute. Node has it from the start; a page that does
// not ask for it does not load it.
import { referenceBackend } from './backends/reference/index.ts'
import { setBackendFactory } from './runtime/device.ts'

setBackendFactory('reference', referenceBackend)
