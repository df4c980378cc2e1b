// The preface: a first program, to see that everything runs.
import * as torch from 'kindling'
import { cell } from 'kindling/notebook'

cell('hello')
const device = torch.backend()
const threads = device.info?.().threads
console.log(`Kindling ${torch.version} on ${device.name}, threads: ${threads}`)

const x = torch.tensor(3, { dtype: 'float32', requiresGrad: true })
const y = x.square().add(x.mul(2))
y.backward()
console.log(`y = ${y.item()}, slope = ${x.grad?.item()}`)

export { x, y }
