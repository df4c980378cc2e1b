// TensorFlow.js in Node. A worker of the bench: `node bench/peers/tfjs.ts lenet wasm`. The second argument is the backend: `cpu` (plain
// JavaScript), `wasm`, or `patched`: wasm with the gradient of convolution filters that it lacks, made of what it has.
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { rss } from '../memory.ts'
import { startOf } from '../start.ts'
import { serve } from '../worker.ts'
import { patchWasm, tfjsTraining } from './tfjsTraining.ts'

const require = createRequire(import.meta.url)
const tf = require('@tensorflow/tfjs')
const wasm = require('@tensorflow/tfjs-backend-wasm')

const [name, backend] = process.argv.slice(2)
const imported = rss()
const start = startOf(name)
wasm.setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`)
if (backend === 'patched') patchWasm(tf)
await tf.setBackend(backend === 'cpu' ? 'cpu' : 'wasm')
await serve({ ready: true, threads: 1, about: { tfjs: tf.version_core }, rss: imported }, tfjsTraining(tf, start))
