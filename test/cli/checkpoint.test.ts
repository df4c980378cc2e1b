import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import * as torch from 'kindling'
import { F, nn } from 'kindling'
import { BestModel } from '../../src/cli/bestModel.ts'
import { optimizerNames, optimizers } from '../../src/cli/catalog.ts'
import { loadCheckpoint, saveCheckpoint, startOf } from '../../src/cli/checkpoint.ts'
import { makeOptimizer } from '../../src/cli/models.ts'
import { type RunConfig, RunFolder } from '../../src/cli/runFolder.ts'
import { settle } from '../../src/cli/settings.ts'
import { temporaryFolder } from './support.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())

test.each(optimizerNames)('%s learns, and goes on from a checkpoint with the same numbers', async (name) => {
  const { momentum, weightDecay } = optimizers[name]
  const changes = { ...(momentum ? { momentum: 0.5 } : {}), ...(weightDecay ? { weightDecay: 0.001 } : {}) }
  const settings = settle('mlp', { data: 'mnist', preset: 'quick', seed: 0, optimizer: name, ...changes })
  const config: RunConfig = { ...settings, classes: [], kindling: '', node: '', started: '' }
  const make = () => {
    torch.manualSeed(1)
    const net = new nn.Sequential(new nn.Linear(5, 3), new nn.Tanh(), new nn.Linear(3, 2))
    return {
      net,
      optimizer: makeOptimizer(config, net),
      best: new BestModel(),
      folder: new RunFolder(join(folder.path, name)),
    }
  }
  const [x, labels] = [torch.randn(17, 5).keep(), torch.randint(0, 2, [17]).keep()]
  const step = ({ net, optimizer }: ReturnType<typeof make>): number =>
    torch.scope(() => {
      optimizer.zeroGrad()
      const loss = F.crossEntropy(net(x), labels)
      loss.backward()
      optimizer.step()
      return loss.item()
    })
  const whole = { ...make(), config }
  await whole.folder.create(config)
  const losses = [step(whole), step(whole), step(whole)]
  whole.best.offer(2, 0.5, whole.net)
  const now = torch.getRngState()
  const place = { ...startOf(3), steps: 4, layers: [{ name: '0', activation: 1, gradient: null }] }
  await saveCheckpoint(whole, place, { epoch: now, now })

  const other = make()
  const { progress } = await loadCheckpoint(other)
  expect(progress).toEqual(place)
  expect(other.best).toMatchObject({ epoch: 2, loss: 0.5 })
  expect(other.best.state['0.weight'].equal(whole.net.stateDict()['0.weight'])).toBe(true)
  for (let i = 0; i < 3; i++) losses.push(step(whole))
  expect([step(other), step(other), step(other)]).toEqual(losses.slice(3))
  expect(losses[5]).toBeLessThan(losses[0])
})
