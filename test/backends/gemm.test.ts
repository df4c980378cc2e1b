// Matrix products of the wasm device against the reference device: random sizes, strides, batches, alpha, beta and bias, every kind of machine.
import { describe, expect, test } from 'vitest'
import type { DType } from '../../src/base/dtype.ts'
import { gemm } from '../../src/backends/wasm/kernels/gemm.ts'
import type { GemmSpec } from '../../src/runtime/spec.ts'
import { type Case, devicesOf, expectAgreement, expectSameBits, filled } from '../support/products.ts'
import { contiguous, type Layout, Random, randomLayout } from '../support/views.ts'

const { oracle, single, double, narrow, plain } = devicesOf<GemmSpec>('gemm', gemm)

interface Sizes {
  readonly dtype: DType
  readonly batch: number
  readonly m: number
  readonly n: number
  readonly k: number
  readonly alpha: number
  readonly beta: number
  /** Dimensions of size 1 that are read with stride 0. */
  readonly broadcast: { readonly a: boolean; readonly b: boolean; readonly bias: readonly boolean[] | null }
}

/** The layout with stride 0 in the marked dimensions. */
const withZeros = (layout: Layout, zero: readonly boolean[]): Layout => ({
  ...layout,
  strides: layout.strides.map((s, d) => (zero[d] ? 0 : s)),
})

/** Columns follow each other instead of rows. */
const byColumns = ([batch, rows, columns]: readonly number[]): Layout => ({
  ...contiguous([batch, rows, columns]),
  strides: [rows * columns, 1, rows],
})

/** With `random`, layouts of all kinds; else contiguous, or by columns for the letters in `turned`. */
function caseOf(sizes: Sizes, random: Random | null, turned = ''): Case<GemmSpec> {
  const { dtype, batch, m, n, k, alpha, beta, broadcast } = sizes
  const layout = (...shape: number[]) => (random === null ? contiguous(shape) : randomLayout(random, shape))
  const operand = (name: string, ...shape: number[]) => (turned.includes(name) ? byColumns(shape) : layout(...shape))
  const a = withZeros(operand('a', batch, m, k), [broadcast.a, false, false])
  const b = withZeros(operand('b', batch, k, n), [broadcast.b, false, false])
  const c = layout(batch, m, n)
  const bias = broadcast.bias && withZeros(layout(batch, m, n), broadcast.bias)
  return {
    dtype,
    build: (backend, absolute) => ({
      kind: 'gemm',
      a: filled(backend, dtype, a, 1, absolute),
      b: filled(backend, dtype, b, 2, absolute),
      c: filled(backend, dtype, c, 3, absolute),
      bias: bias && filled(backend, dtype, bias, 4, absolute),
      alpha: absolute ? Math.abs(alpha) : alpha,
      beta: absolute ? Math.abs(beta) : beta,
    }),
    written: (spec) => spec.c,
    views: (spec) => [spec.a, spec.b, spec.c, spec.bias],
  }
}

function randomSizes(random: Random, most: number, dtypes: readonly DType[]): Sizes {
  const size = () => random.pick([random.int(1, 8), random.int(1, most), random.pick([1, 3, 5, 16, 17, 33])])
  const coin = () => random.int(0, 1) === 1
  return {
    dtype: random.pick(dtypes),
    batch: random.int(1, 3),
    m: size(),
    n: size(),
    k: random.pick([size(), random.int(1, 3 * most)]),
    alpha: random.pick([1, 1, 1, -2]),
    beta: random.pick([0, 0, 1, 3]),
    broadcast: { a: coin() && coin(), b: coin(), bias: coin() ? [coin(), coin(), coin()] : null },
  }
}

const floats: readonly DType[] = ['float32', 'float64']

describe('gemm', () => {
  test('agrees with the reference device on random sizes, strides and scalars', () => {
    const random = new Random(1)
    for (let i = 0; i < 400; i++) {
      const sizes = randomSizes(random, 40, floats)
      expectAgreement(caseOf(sizes, random), oracle, [single], JSON.stringify(sizes))
    }
  })

  test('agrees on every kind of machine', () => {
    const random = new Random(2)
    for (let i = 0; i < 80; i++) {
      const sizes = randomSizes(random, 40, floats)
      expectAgreement(caseOf(sizes, random), oracle, [narrow, plain, double], JSON.stringify(sizes))
    }
  })

  test('agrees on sizes that need several blocks', () => {
    const random = new Random(3)
    const none = { a: false, b: false, bias: null }
    for (const [m, n, k] of [
      [205, 37, 300],
      [37, 205, 300],
      [200, 290, 70],
      [130, 130, 513],
    ]) {
      const sizes: Sizes = { dtype: 'float32', batch: 1, m, n, k, alpha: 1, beta: 0, broadcast: none }
      expectAgreement(caseOf(sizes, random), oracle, [single, double], JSON.stringify(sizes))
    }
  })

  test('agrees whoever packs the operands, and along whichever dimension they are contiguous', () => {
    const none = { a: false, b: false, bias: null }
    for (const [batch, m, n, k, alpha] of [
      // An item packs its rows; one that takes all columns, in two blocks of k; packed in front because of alpha.
      [2, 397, 70, 40, 1],
      [1, 391, 37, 301, 1],
      [1, 391, 70, 40, -2],
      // An item packs its columns, the last panel not full.
      [2, 37, 300, 45, 1],
      [1, 35, 151, 275, 1],
      // An item packs the whole of a small product of a batch.
      [3, 41, 45, 19, 1],
      [9, 64, 32, 64, 1],
    ])
      for (const turned of ['', 'a', 'b', 'ab']) {
        const sizes: Sizes = { dtype: 'float32', batch, m, n, k, alpha, beta: 0, broadcast: none }
        const note = `${JSON.stringify(sizes)} ${turned}`
        expectAgreement(caseOf(sizes, null, turned), oracle, [single, narrow, plain, double], note)
        expectSameBits(caseOf(sizes, null, turned), single, double)
      }
    const sizes: Sizes = { dtype: 'float64', batch: 1, m: 390, n: 11, k: 275, alpha: 1, beta: 1, broadcast: none }
    for (const turned of ['', 'a', 'b', 'ab']) expectAgreement(caseOf(sizes, null, turned), oracle, [single], turned)
  })

  test('takes every number of steps that is left behind eight at once', () => {
    const none = { a: false, b: false, bias: null }
    for (let k = 120; k < 129; k++) {
      const sizes: Sizes = { dtype: 'float32', batch: 1, m: 65, n: 144, k, alpha: 1, beta: 0, broadcast: none }
      expectAgreement(caseOf(sizes, null, 'a'), oracle, [single, narrow, plain], JSON.stringify(sizes))
      expectSameBits(caseOf(sizes, null, 'a'), single, double)
    }
  })

  test('is exact in integer dtypes', () => {
    const random = new Random(4)
    for (let i = 0; i < 60; i++) {
      const sizes = { ...randomSizes(random, 12, ['int32', 'int64']), alpha: 1 }
      expectAgreement(caseOf(sizes, random), oracle, [single], JSON.stringify(sizes))
    }
  })

  test('gives the same bits with one and two threads', () => {
    const random = new Random(5)
    for (let i = 0; i < 40; i++) expectSameBits(caseOf(randomSizes(random, 150, floats), random), single, double)
  })

  test('gives beta * c + bias when there is nothing to sum, and nothing when a size is 0', () => {
    const random = new Random(6)
    for (const [batch, m, n, k] of [
      [2, 3, 5, 0],
      [0, 3, 5, 7],
      [2, 0, 5, 7],
      [2, 3, 0, 7],
    ]) {
      const sizes: Sizes = {
        dtype: 'float32',
        batch,
        m,
        n,
        k,
        alpha: 1,
        beta: 3,
        broadcast: { a: false, b: false, bias: [true, true, false] },
      }
      expectAgreement(caseOf(sizes, random), oracle, [single], JSON.stringify(sizes))
    }
  })

  test('does not read c where beta is 0', () => {
    const sizes: Sizes = {
      dtype: 'float32',
      batch: 1,
      m: 7,
      n: 19,
      k: 40,
      alpha: 1,
      beta: 0,
      broadcast: { a: false, b: false, bias: null },
    }
    const spec = caseOf(sizes, null).build(single.backend, false)
    const { storage } = spec.c
    const bytes = () => new Float32Array(new Uint8Array(storage.backend.bytes(storage.handle, 0, storage.bytes)).buffer)
    storage.backend.write(storage.handle, 0, new Uint8Array(new Float32Array(7 * 19).fill(NaN).buffer))
    single.run(spec)
    expect(bytes().every(Number.isFinite)).toBe(true)
  })
})
