// Time of one training step of LeNet (SGD, batch 256), the same as lenet-step.py. Prints the median in milliseconds and the last loss.
// `node bench/lenet-step.ts [steps]`; KINDLING_THREADS and KINDLING_AVX choose threads and instructions.
import * as torch from 'kindling'
import { F, optim } from 'kindling'
import { lenet } from 'kindling/models'

const steps = Number(process.argv[2] ?? 100)
const warmUp = 30

torch.manualSeed(0)
const net = lenet()
const images = torch.rand(256, 1, 28, 28)
const labels = torch.arange(256).remainder(10)
const optimizer = new optim.SGD(net.parameters(), { lr: 0.9 })

function step(): number {
  const loss = F.crossEntropy(net(images), labels)
  optimizer.zeroGrad()
  loss.backward()
  optimizer.step()
  return loss.item()
}

const times: number[] = []
let loss = 0
for (let i = 0; i < warmUp + steps; i++) {
  const began = performance.now()
  loss = torch.scope(step)
  if (i >= warmUp) times.push(performance.now() - began)
}
times.sort((a, b) => a - b)
console.log(`${times[times.length >> 1].toFixed(2)} ms, loss ${loss.toFixed(5)}`)
