// What a program in Node has for its author: the reference device, and KINDLING_DEBUG with listings of generated code.
import './backends/wasm/listing.ts'
import './reference.ts'
import './debug.ts'
