// LeNet on MNIST on the GPU of a browser, from the source that Node runs on the CPU.
import { expect, test } from 'vitest'
import { MNIST } from '../../../src/vision/index.ts'
import { type Steps, trainSteps } from '../lenetOnMnist.ts'

test('LeNet takes 20 steps on it and is where Node is', async () => {
  const inNode: Steps = await (await fetch('/lenetInNode.json')).json()
  const { losses, weights } = await trainSteps(await MNIST({ mirrors: [`${location.origin}/mnist/`] }), 'webgpu')
  console.log(`step 20: ${losses[19]} on the GPU, ${inNode.losses[19]} in Node`)
  expect(losses.length).toBe(20)
  for (const [step, loss] of losses.entries())
    expect(Math.abs(loss - inNode.losses[step]), `step ${step + 1}`).toBeLessThan(1e-3)
  // The losses move little in twenty steps; the weights say more. They move by 2e-3 to 6e-2.
  expect(weights.length).toBe(inNode.weights.length)
  for (const [k, weight] of weights.entries())
    expect(Math.abs(weight - inNode.weights[k]), `weight ${100 * k}`).toBeLessThan(1e-5)
})
