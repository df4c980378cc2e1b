// An epoch as a learner writes it: data set with transforms, loader, LeNet, Adam.
import type { Run } from '../run.ts'
import { compareWithTorch } from './compare.ts'

export async function measureEpoch(run: Run): Promise<void> {
  const { quick, rounds } = run.options
  const images = quick ? 12_800 : 60_000
  await compareWithTorch(run, {
    group: 'epoch',
    name: `LeNet on MNIST, ${images.toLocaleString('en-US')} images`,
    metric: 's per epoch',
    better: 'lower',
    stem: 'epoch',
    settings: ['default', 'OpenBLAS on one thread', 'one thread'],
    args: ['--images', String(images)],
    trial: ['--images', '2560'],
    steps: 1,
    warmUp: 1,
    rounds: Math.min(rounds, 3),
    value: (ms) => ms / 1000,
    losses: true,
  })
}
