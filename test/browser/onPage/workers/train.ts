// A worker as an application has one: functions that use the engine, and `expose`. Started by session.ts.
import { type Context, expose } from '../../../../src/browser/index.ts'
import { DataLoader, TensorDataset } from '../../../../src/data/index.ts'
import * as torch from '../../../../src/index.ts'

async function train(context: Context<{ step: number; loss: number }>, { steps }: { steps: number }) {
  torch.manualSeed(0)
  const net = new torch.nn.Linear(3, 1)
  const optimizer = new torch.optim.SGD(net.parameters(), { lr: 0.1 })
  const [x, y] = [torch.rand(8, 3), torch.rand(8, 1)]
  for (let step = 0; step < steps; step++) {
    torch.scope(() => {
      const loss = torch.F.mseLoss(net(x), y)
      optimizer.zeroGrad()
      loss.backward()
      optimizer.step()
      context.report({ step, loss: loss.item() })
    })
  }
  return { weight: net.weight.data() as Float32Array, shape: net.weight.shape }
}

/** Reports until it is cancelled, and waits only as a loader does. */
async function loop(context: Context<number>) {
  const loader = new DataLoader(new TensorDataset(torch.rand(4, 3)), { batchSize: 2 })
  for (let round = 0; ; round++) for await (const _ of loader) context.report(round)
}

/** Never waits: it can only see what lies in shared memory. */
function spin(context: Context<string>, { look }: { look: boolean }): number {
  context.report('started')
  let turns = 0
  while (!(look && context.signal.aborted)) turns++
  return turns
}

let kept: Float32Array
function keep(): Float32Array {
  kept = new Float32Array(1000)
  return kept
}
const keptBytes = (): number => kept.byteLength

function widthOf(_: Context, picture: ImageBitmap): number {
  return picture.width
}

function fail(): never {
  torch.zeros(2).add(torch.zeros(3))
  throw new Error('it did not fail')
}

const memory = (): { used: number; reserved: number } => {
  const { memoryUsed, memoryReserved } = torch.backend('wasm').info?.() as Record<string, number>
  return { used: memoryUsed, reserved: memoryReserved }
}

const functions = { train, loop, spin, keep, keptBytes, widthOf, fail, memory }
export type TrainWorker = typeof functions
expose(functions)
