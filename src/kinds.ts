// Kinds of kernels that only some programs use, for the device that every program has. The ops that launch them import these constants, so that bundlers leave
// out the generators of convolutions from a program that has none.
import { bernoulli as bernoulliOnWasm } from './backends/wasm/kernels/bernoulli.ts'
import { conv as convOnWasm } from './backends/wasm/kernels/conv.ts'
import { crossEntropy as crossEntropyOnWasm } from './backends/wasm/kernels/crossEntropy.ts'
import { pool as poolOnWasm } from './backends/wasm/kernels/pool.ts'
import type { OptionalKernel } from './runtime/spec.ts'

export const bernoulli: OptionalKernel<'bernoulli'> = { kind: 'bernoulli', wasm: bernoulliOnWasm }
export const conv: OptionalKernel<'conv'> = { kind: 'conv', wasm: convOnWasm }
export const pool: OptionalKernel<'pool'> = { kind: 'pool', wasm: poolOnWasm }
export const crossEntropy: OptionalKernel<'crossEntropy'> = { kind: 'crossEntropy', wasm: crossEntropyOnWasm }
