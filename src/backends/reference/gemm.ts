// Matrix product of a batch: c = alpha * a @ b + beta * c + bias.
import type { GemmSpec } from '../../runtime/spec.ts'
import { arithmeticOf, constantOf, Elements } from './values.ts'

export function gemm(spec: GemmSpec): void {
  const [a, b, c] = [spec.a, spec.b, spec.c].map((view) => new Elements(view))
  const bias = spec.bias && new Elements(spec.bias)
  const { add, mul } = arithmeticOf(spec.c.dtype)
  const zero = constantOf(spec.c.dtype, 0)
  const alpha = constantOf(spec.c.dtype, spec.alpha)
  const beta = constantOf(spec.c.dtype, spec.beta)
  const [batch, rows, columns] = spec.c.shape
  const inner = spec.a.shape[2]

  for (let n = 0; n < batch; n++) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        let sum = zero
        for (let k = 0; k < inner; k++) sum = add(sum, mul(a.get(n, i, k), b.get(n, k, j)))
        let result = mul(alpha, sum)
        if (spec.beta !== 0) result = add(result, mul(beta, c.get(n, i, j)))
        if (bias) result = add(result, bias.get(n, i, j))
        c.set(result, n, i, j)
      }
    }
  }
}
