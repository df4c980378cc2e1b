// Sums and products of each compute type as WGSL, for kernels that loop over elements themselves.
import type { ComputeType } from '../../base/dtype.ts'

export interface Arithmetic {
  /** The type of a value. */
  readonly type: string
  readonly zero: string
  readonly add: (a: string, b: string) => string
  readonly mul: (a: string, b: string) => string
  readonly less: (a: string, b: string) => string
}

const plain = (type: string, zero: string): Arithmetic => ({
  type,
  zero,
  add: (a, b) => `(${a} + ${b})`,
  mul: (a, b) => `(${a} * ${b})`,
  less: (a, b) => `(${a} < ${b})`,
})
const real = plain('f32', '0.0')
const table: Readonly<Record<ComputeType, Arithmetic>> = {
  float32: real,
  float64: real,
  int32: plain('i32', '0i'),
  int64: {
    type: 'vec2<u32>',
    zero: 'vec2<u32>()',
    add: (a, b) => `long_add(${a}, ${b})`,
    mul: (a, b) => `long_mul(${a}, ${b})`,
    less: (a, b) => `long_lt(${a}, ${b})`,
  },
}

export const arithmetic = (compute: ComputeType): Arithmetic => table[compute]
