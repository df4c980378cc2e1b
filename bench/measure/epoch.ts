// An epoch as a learner writes it: data set with transforms, loader, LeNet, Adam.
import type { Run } from '../run.ts'
import { compareWithTorch } from './compare.ts'

export async function measureEpoch(run: Run): Promise<void> {
  const { quick, rounds } = run.options
  const images = quick ? 12_800 : 60_000
  const shown = images.toLocaleString('en-US')
  const ways = [
    { name: `LeNet on MNIST, ${shown} images`, args: [] },
    { name: `the same, ${shown} prepared images`, args: ['--prepared'] },
  ]
  for (const { name, args } of quick ? ways.slice(0, 1) : ways) {
    await compareWithTorch(run, {
      group: 'epoch',
      name,
      metric: 's per epoch',
      better: 'lower',
      stem: 'epoch',
      settings: ['default', 'OpenBLAS on one thread', 'one thread'],
      args: ['--images', String(images), ...args],
      trial: ['--images', '2560', ...args],
      steps: 1,
      warmUp: 1,
      rounds: Math.min(rounds, 3),
      value: (ms) => ms / 1000,
      losses: true,
    })
  }
}
