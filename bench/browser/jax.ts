// jax-js in a worker of the page, on the device `wasm`, `webgl` or `webgpu`.
import * as jax from '@jax-js/jax'
import { jaxTraining } from '../peers/jaxTraining.ts'
import { startOf } from '../start.ts'
import { serve, threadsHere } from './contender.ts'

serve(async ({ network, setting }) => {
  const there = await jax.init(setting)
  if (!there.includes(setting)) throw new Error(`jax-js finds no ${setting} here`)
  jax.defaultDevice(setting)
  return { threads: setting === 'wasm' ? threadsHere() : 1, about: {}, step: jaxTraining(jax, startOf(network)) }
})
