// The exponential of a matrix: scaling, a Padé approximant of degree 13, squaring (Higham 2005, doi:10.1137/04061101X).
import { factorLU, solveLU } from './lu.ts'
import { product } from './rows.ts'

const coefficients = [
  64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
  670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
]
/** Up to this 1-norm the approximant is as good as double precision. */
const reach = 5.371920351148152

/** e^A for an n x n matrix, which is overwritten. */
export function exponential(a: Float64Array, n: number): Float64Array {
  let norm = 0
  for (let j = 0; j < n; j++) {
    let sum = 0
    for (let i = 0; i < n; i++) sum += Math.abs(a[i * n + j])
    if (!(sum <= norm)) norm = sum
  }
  if (!Number.isFinite(norm)) return new Float64Array(n * n).fill(Number.NaN)
  const squarings = Math.max(0, Math.ceil(Math.log2(norm / reach)))
  const scale = 2 ** -squarings
  for (let i = 0; i < a.length; i++) a[i] *= scale

  const times = (x: Float64Array, y: Float64Array): Float64Array => product(x, y, n, n, n)
  const a2 = times(a, a)
  const a4 = times(a2, a2)
  const a6 = times(a4, a2)
  /** c0 I + c2 A^2 + c4 A^4 + c6 A^6, of every second coefficient from `from` on; without the first term where `from` is high. */
  const polynomial = (from: number): Float64Array => {
    const powers = [null, a2, a4, a6]
    const out = new Float64Array(n * n)
    powers.forEach((power, k) => {
      const c = coefficients[from + 2 * k]
      if (power === null) for (let i = 0; i < n; i++) out[i * n + i] += c
      else for (let i = 0; i < out.length; i++) out[i] += c * power[i]
    })
    return out
  }
  /** The terms of A^8, A^10, A^12, as A^6 times a polynomial. */
  const high = (from: number): Float64Array => {
    const inner = new Float64Array(n * n)
    for (const [k, power] of [a2, a4, a6].entries())
      for (let i = 0; i < inner.length; i++) inner[i] += coefficients[from + 2 * k] * power[i]
    return times(a6, inner)
  }
  const plus = (x: Float64Array, y: Float64Array): Float64Array => x.map((value, i) => value + y[i])
  const even = plus(polynomial(0), high(8))
  const odd = times(a, plus(polynomial(1), high(9)))
  const below = even.map((value, i) => value - odd[i])
  let out = solveLU(factorLU(below, n), plus(even, odd), n)
  for (let k = 0; k < squarings; k++) out = times(out, out)
  return out
}
