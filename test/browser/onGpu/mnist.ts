// LeNet on MNIST on the GPU of a browser, from the source that Node runs on the CPU.
import { expect, test } from 'vitest'
import { MNIST } from '../../../src/vision/index.ts'
import { type Steps, trainSteps } from '../lenetOnMnist.ts'

test('LeNet takes 20 steps on it and is where Node is', async () => {
  const inNode: Steps = await (await fetch('/lenetInNode.json')).json()
  const { losses } = await trainSteps(await MNIST({ mirrors: [`${location.origin}/mnist/`] }), 'webgpu')
  console.log(`step 20: ${losses[19]} on the GPU, ${inNode.losses[19]} in Node`)
  expect(losses.length).toBe(20)
  for (const [step, loss] of losses.entries())
    expect(Math.abs(loss - inNode.losses[step]), `step ${step + 1}`).toBeLessThan(1e-3)
})
