// Matrix products: large ones by tiles (product.ts), those with a vector by dots, integers and the very small by one thread for each result.
import { computeType } from '../../../base/dtype.ts'
import type { GemmSpec } from '../../../runtime/spec.ts'
import type { Engine } from '../engine.ts'
import { dots } from './gemm-dots.ts'
import { plainGemm } from './gemm-plain.ts'
import { axis, type Product, runProduct } from './product.ts'

/** Up to so many results of a matrix, each of so few terms, a tile would be mostly empty. */
const SMALL = { results: 64, terms: 64 }

export const gemm =
  (engine: Engine) =>
  (spec: GemmSpec): void => {
    const [batch, m, n] = spec.c.shape
    const k = spec.a.shape[2]
    if (batch * m * n === 0) return
    const exact = computeType(spec.c.dtype).startsWith('int')
    if (exact || k === 0 || (m * n <= SMALL.results && k <= SMALL.terms)) plainGemm(engine, spec)
    else if (m === 1 || n === 1) dots(engine, productOf(spec))
    else runProduct(engine, productOf(spec))
  }

function productOf({ a, b, c, bias, alpha, beta }: GemmSpec): Product {
  const [batch, m, n] = c.shape
  const of = (d: number) => ({ a: a.strides[d], b: b.strides[d], c: c.strides[d], bias: bias?.strides[d] ?? 0 })
  const columns = of(2)
  return {
    ...{ a, b, c, bias, alpha, beta },
    batch: { size: batch, ...of(0) },
    m: { size: m, ...of(1) },
    n: axis([n], [columns.b], [columns.c], [columns.bias]),
    k: axis([a.shape[2]], [a.strides[2]], [b.strides[1]]),
    window: null,
    at: { a: 0, b: 0, c: 0 },
  }
}
