// LeNet's first step in the published form of the package: what a program that has it from npm waits for. `node bench/cold.js dist`.
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const published = (name) => import(pathToFileURL(resolve(process.argv[2] ?? 'dist', name)).href)
const torch = await published('index.js')
const { lenet } = await published('models/index.js')

torch.manualSeed(0)
const net = lenet()
const images = torch.rand(256, 1, 28, 28)
const labels = torch.arange(256).remainder(10)
const optimizer = new torch.optim.SGD(net.parameters(), { lr: 0.01 })
const loss = torch.F.crossEntropy(net(images), labels)
loss.backward()
optimizer.step()
console.log(`loss ${loss.item().toFixed(5)}`)
