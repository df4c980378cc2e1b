// Tensors: views share memory, gradients add up. Run it with `node examples/tensors.ts`.
import * as torch from 'kindling'

const a = torch.arange(12)
const b = a.reshape(3, 4)
b.fill_(2)
console.log(a) // b is another view of the same numbers

const x = torch.arange(4, { dtype: 'float32', requiresGrad: true })
const y = x.dot(x).mul(2)
y.backward()
console.log(x.grad) // the gradient of 2 x·x is 4 x

x.grad?.zero_()
x.sum().backward()
console.log(x.grad)

console.log(x.at('1:3'), x.at(-1).item())
console.log(b.at('::2', 1), b.at('...', null).shape)
