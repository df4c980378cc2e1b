// jax-js on its WebAssembly device in Node. A worker of the bench: `node bench/peers/jax.ts lenet`.
import { rss } from '../memory.ts'
import { startOf } from '../start.ts'
import { serve } from '../worker.ts'
import { jaxTraining } from './jaxTraining.ts'

const jax = await import(String('@jax-js/jax'))

const [name] = process.argv.slice(2)
const imported = rss()
const start = startOf(name)
await jax.init('wasm')
jax.defaultDevice('wasm')
await serve({ ready: true, threads: 1, about: { jax: '@jax-js/jax' }, rss: imported }, jaxTraining(jax, start))
