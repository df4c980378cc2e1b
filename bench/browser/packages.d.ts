// The other libraries are untyped here: they are not there when the types are checked.
declare module '@jax-js/jax'
declare module '@tensorflow/tfjs'
declare module '@tensorflow/tfjs-backend-wasm'
declare module '@tensorflow/tfjs-backend-webgpu'
