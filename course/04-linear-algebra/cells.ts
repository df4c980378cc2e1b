// Linear algebra and derivatives: sums along axes, products, norms, and the slope of a curve.
import * as torch from 'kindling'
import { cell, show } from 'kindling/notebook'
import { plot } from 'kindling/plot'

cell('matrix')
const x = torch.arange(4, { dtype: 'float32' })
const A = torch.arange(20, { dtype: 'float32' }).reshape(5, 4)
console.log(x.length, A.shape)
console.log(A)
console.log(A.t().shape)

cell('sums')
console.log(A.sum(0))
console.log(A.sum(1))
console.log(A.mean(), A.mean(0))

cell('shares')
const sums = A.sum(1, { keepdim: true })
const shares = A.div(sums)
console.log(sums.shape)
console.log(shares)
console.log(A.cumsum(0).at(-1))

cell('products')
const ones = torch.ones(4)
console.log(x.dot(ones), x.mul(ones).sum())
console.log(A.mv(x))
console.log(A.mm(torch.ones(4, 3)))

cell('norms')
const u = torch.tensor([3, -4], { dtype: 'float32' })
console.log(u.norm(), u.abs().sum())
console.log(torch.ones(4, 9).norm())

cell('limit')
const f = (t: number) => 3 * t ** 2 - 4 * t
const slopes: number[] = []
for (let h = 0.1; slopes.length < 5; h /= 10) {
  const slope = (f(1 + h) - f(1)) / h
  slopes.push(slope)
  console.log(`h = ${h.toFixed(5)}, slope = ${slope.toFixed(5)}`)
}

cell('tangent')
const t = torch.arange(0, 3, 0.1)
const curve = t.square().mul(3).sub(t.mul(4))
const line = t.mul(2).sub(3)
show(
  plot(t, [curve, line], { xlabel: 'x', legend: ['f(x)', 'tangent at x = 1'] }),
  'They touch at x = 1, y = -1.',
)

export { A, curve, line, shares, slopes, t, u, x }
