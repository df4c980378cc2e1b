// Tensors: shapes, arithmetic, broadcasting, and who shares memory with whom.
import * as torch from 'kindling'
import { cell } from 'kindling/notebook'

cell('first')
const x = torch.arange(12)
console.log(x)
console.log(x.shape, x.dtype, x.numel())
const X = torch.arange(12, { dtype: 'float32' }).reshape(3, 4)
console.log(X)

cell('arithmetic')
const u = torch.tensor([1, 2, 4, 8], { dtype: 'float32' })
const v = torch.tensor([2, 2, 2, 2])
console.log(u.add(v), u.sub(v), u.mul(v), u.div(v), u.pow(v))
console.log(u.exp())

cell('join')
const Y = torch.tensor([
  [2, 1, 4, 3],
  [1, 2, 3, 4],
  [4, 3, 2, 1],
])
console.log(torch.cat([X, Y], 0).shape, torch.cat([X, Y], 1).shape)
console.log(X.eq(Y))
console.log(X.sum())

cell('broadcast')
const rows = torch.arange(3).reshape(3, 1)
const columns = torch.arange(2).reshape(1, 2)
console.log(rows.add(columns))

cell('index')
console.log(X.at(-1))
console.log(X.at('1:3'))
X.set([1, 2], 9)
X.set(['0:2', ':'], 12)
console.log(X)

cell('shared')
const a = torch.arange(12)
const b = a.reshape(3, 4)
b.fill_(2)
console.log(a)

cell('copied')
const t = torch.arange(6).reshape(2, 3)
const flipped = t.t().reshape(6)
flipped.fill_(0)
console.log(t)

export { a, flipped, t }
