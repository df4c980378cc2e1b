// A million training steps of a tiny network, as a learner writes them: does memory stay where it was? `node bench/million.ts [steps]` prints the
// device's memory, the JavaScript heap and the resident set on the way, and ends with 1 if the device's memory grew after the first thousand steps.
import * as torch from 'kindling'
import { F, nn, optim } from 'kindling'
import { rss } from './memory.ts'

const steps = Number(process.argv[2] ?? 1_000_000)
torch.manualSeed(0)
const net = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 2))
const optimizer = new optim.Adam(net.parameters(), { lr: 0.001 })
const x = torch.rand(16, 4)
const y = torch.arange(16).remainder(2)

function step(): number {
  const loss = F.crossEntropy(net(x), y)
  optimizer.zeroGrad()
  loss.backward()
  optimizer.step()
  return loss.item()
}

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`
const used = (): { used: number; high: number } => {
  const { used, highWater } = torch.backend().stats()
  return { used, high: highWater }
}
let settled: ReturnType<typeof used> | null = null
const began = performance.now()
for (let done = 1, next = 1000; done <= steps; done++) {
  const loss = torch.scope(step)
  if (done !== next && done !== steps) continue
  const now = used()
  settled ??= now
  console.log(
    `${done.toLocaleString('en').padStart(9)} steps  loss ${loss.toFixed(5)}  device ${now.used} bytes (most ${now.high})  ` +
      `heap ${mib(process.memoryUsage().heapUsed)}  resident ${mib(rss())}  ${((performance.now() - began) / done / 1e-3).toFixed(0)} us a step`,
  )
  next *= next < 100_000 ? 10 : 2
}
const last = used()
const stayed = settled !== null && last.used === settled.used && last.high === settled.high
console.log(stayed ? 'memory of the device stayed where it was' : 'memory of the device grew')
process.exitCode = stayed ? 0 : 1
