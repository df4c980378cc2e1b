// TensorFlow.js in a worker of the page, on the backend `wasm`, `webgl` or `webgpu`, or `patched`: wasm with the gradient that it lacks.
import * as tf from '@tensorflow/tfjs'
import { getThreadsCount, setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import '@tensorflow/tfjs-backend-webgpu'
import { patchWasm, tfjsTraining } from '../peers/tfjsTraining.ts'
import { startOf } from '../start.ts'
import { serve, threadsHere } from './contender.ts'

serve(async ({ network, setting }) => {
  setWasmPaths('/tfjs-backend-wasm/')
  // By default it takes half of the cores.
  setThreadsCount(threadsHere())
  if (setting === 'patched') patchWasm(tf)
  const backend = setting === 'patched' ? 'wasm' : setting
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js finds no ${backend} here`)
  await tf.ready()
  const threads = backend === 'wasm' ? getThreadsCount() : 1
  return { threads, about: { tfjs: tf.version_core }, step: tfjsTraining(tf, startOf(network)) }
})
