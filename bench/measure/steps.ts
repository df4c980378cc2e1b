// Training steps of the networks, and the memory that they take.
import { networkOf } from '../networks.ts'
import type { Run } from '../run.ts'
import { compareWithTorch } from './compare.ts'

export async function measureSteps(run: Run): Promise<void> {
  for (const name of run.options.nets) {
    const { title, steps, quick } = networkOf(name)
    await compareWithTorch(run, {
      group: 'steps',
      name: title,
      metric: 'ms per step',
      better: 'lower',
      stem: 'step',
      args: [name],
      steps: run.options.quick ? quick : steps,
      warmUp: quick,
      value: (ms) => ms,
      losses: true,
      memory: true,
    })
  }
}
