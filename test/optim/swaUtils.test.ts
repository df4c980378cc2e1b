// Averages of weights, their learning rates and statistics against PyTorch. Fixture: scripts/oracle/functional.py.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { DataLoader, TensorDataset } from '../../src/data/index.ts'
import * as torch from '../../src/index.ts'
import { nn, optim, type Tensor, ValueError } from '../../src/index.ts'
import { memory, settledStorages } from '../support/memory.ts'

const { AveragedModel, SWALR, updateBn } = optim.swaUtils

type Nested = number | readonly Nested[]
type State = Readonly<Record<string, Nested>>
interface Fixture {
  readonly swa: readonly {
    readonly avgFn: string
    readonly useBuffers: boolean
    /** Of the average: after training, and after `updateBn`. */
    readonly states: readonly [State, State]
    readonly momentum: number
    readonly training: boolean
  }[]
  readonly rates: readonly { readonly source: string; readonly rates: readonly number[][] }[]
}
const path = join(import.meta.dirname, '../fixtures/functional.json.gz')
const { swa, rates }: Fixture = JSON.parse(gunzipSync(readFileSync(path)).toString())

const evaluate = (source: string): unknown => new Function(`return ${source}`)()
function expectState(got: Record<string, Tensor>, wanted: State): void {
  expect(Object.keys(got)).toEqual(Object.keys(wanted))
  for (const [key, values] of Object.entries(wanted)) {
    const difference = got[key]
      .double()
      .sub(torch.tensor(values as number[], { dtype: 'float64' }))
      .abs()
      .max()
    expect(difference.item(), key).toBeLessThan(2e-6)
  }
}
const network = (): nn.Sequential =>
  new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4), new nn.Tanh(), new nn.Linear(4, 2))

describe('PyTorch averages to the same values', () => {
  test.each(swa)('with avgFn $avgFn, buffers: $useBuffers', (one) => {
    torch.manualSeed(3)
    const net = network()
    const average = new AveragedModel(net, { avgFn: evaluate(one.avgFn) as undefined, useBuffers: one.useBuffers })
    const optimizer = new optim.SGD(net.parameters(), { lr: 0.5 })
    const batches = Array.from({ length: 5 }, () => torch.randn(5, 3))
    batches.forEach((batch, step) => {
      optimizer.zeroGrad()
      net(batch).square().mean().backward()
      optimizer.step()
      if (step > 0) average.updateParameters(net)
    })
    expectState(average.stateDict(), one.states[0])
    updateBn(
      batches.map((batch) => [batch, 0] as const),
      average,
    )
    expectState(average.stateDict(), one.states[1])
    expect([average.module.get<nn.BatchNorm1d>(1).momentum, average.training]).toEqual([one.momentum, one.training])
  })
  test.each(rates)('and goes to the learning rate $source in the same steps', ({ source, rates: wanted }) => {
    const groups = [0.5, 0.08].map((lr) => ({ params: [torch.zeros([1], { requiresGrad: true })], lr }))
    const optimizer = new optim.SGD(groups, { lr: 1 })
    const before = new optim.lrScheduler.ExponentialLR(optimizer, 0.9)
    const scheduler = new Function('SWALR', 'o', `return new SWALR(o, ${source})`)(SWALR, optimizer)
    wanted.forEach((lrs, step) => {
      optimizer.paramGroups.forEach(({ lr }, i) => expect(Math.abs(lr - lrs[i])).toBeLessThan(1e-12))
      optimizer.step()
      ;(step > 3 ? scheduler : before).step()
    })
  })
})

describe('an averaged model', () => {
  test('is a copy: training the model does not change it, and it computes by itself', () => {
    const net = network().eval()
    const average = new AveragedModel(net)
    const x = torch.randn(2, 3)
    expect(average(x).tolist()).toEqual(net(x).tolist())
    torch.noGrad(() => net.get<nn.Linear>(0).weight.mul_(2))
    expect(average(x).tolist()).not.toEqual(net(x).tolist())
    average.updateParameters(net)
    expect(average(x).tolist()).toEqual(net(x).tolist())
    expect(average.nAveraged.item()).toBe(1)
  })
  test('takes no memory with each update', async () => {
    const net = network()
    const average = new AveragedModel(net)
    const before = await settledStorages()
    for (let k = 0; k < 3; k++) average.updateParameters(net)
    expect(memory().storages).toBe(before)
  })
  test('has the statistics of all batches after updateBn, awaited or not, and keeps its mode', async () => {
    const data = torch.randn(10, 3).mul(2).add(1)
    const layer = new nn.BatchNorm1d(3).eval()
    const mean = data.mean(0)
    updateBn(new DataLoader(new TensorDataset(data), { batchSize: 5 }), layer)
    expect(torch.allclose(layer.runningMean as Tensor, mean, { atol: 1e-6 })).toBe(true)
    layer.resetRunningStats()
    async function* batches() {
      for (const half of data.split(5)) yield half
    }
    await updateBn(batches(), layer)
    expect(torch.allclose(layer.runningMean as Tensor, mean, { atol: 1e-6 })).toBe(true)
    expect([layer.momentum, layer.training, layer.numBatchesTracked?.item()]).toEqual([0.1, false, 2])
    const failing = [[torch.ones(2, 4)] as const]
    expect(() => updateBn(failing, layer)).toThrow()
    expect([layer.momentum, layer.training]).toEqual([0.1, false])
  })
  test('refuses another network, and schedules that make no sense', () => {
    expect(() => new AveragedModel(network()).updateParameters(new nn.Linear(3, 4))).toThrow(
      'the average has 6 tensors, the model 2',
    )
    const optimizer = new optim.SGD(network().parameters(), { lr: 1 })
    expect(() => new SWALR(optimizer, 0.1, { annealStrategy: 'exp' as 'cos' })).toThrow(ValueError)
    expect(() => new SWALR(optimizer, 0.1, { annealEpochs: -1 })).toThrow('>= 0, got -1')
    expect(() => new SWALR(optimizer, [0.1, 0.2])).toThrow('1 parameter groups, got 2')
  })
})
