// A training step of one network in Kindling; step.py is the same in PyTorch. `node bench/step.ts lenet --steps 20` prints the median;
// without --steps it is a worker of the bench (worker.ts). KINDLING_THREADS and KINDLING_AVX choose threads and instructions.
import { parseArgs } from 'node:util'
import 'kindling/models'
import { readyOf } from './about.ts'
import { resetPeak, rss } from './memory.ts'
import { networkNames } from './networks.ts'
import { median } from './statistics.ts'
import { training } from './training.ts'
import { serve, turn } from './worker.ts'

const usage = `usage: node bench/step.ts NETWORK [--steps N] [--warm-up N] [--batch N] [--side N] [--depth N]

  NETWORK       ${networkNames.join(', ')}
  --steps N     time N steps, print the median, and end; without it, commands are read: 'run N', 'quit'
  --warm-up N   steps before that; by default the number of a quick turn
  --batch N, --side N, --depth N
                images, their side, and hidden layers (MLP only), where they are not the table's`

async function main(): Promise<void> {
  const text = { type: 'string' } as const
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      steps: text,
      'warm-up': text,
      batch: text,
      side: text,
      depth: text,
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help || positionals.length !== 1) {
    console.log(usage)
    process.exitCode = values.help ? 0 : 2
    return
  }
  const [name] = positionals
  const changes = Object.fromEntries(
    (['batch', 'side', 'depth'] as const).flatMap((key) => (values[key] ? [[key, Number(values[key])]] : [])),
  )
  const imported = rss()
  resetPeak()
  const { network, step } = await training(name, changes)
  const ready = readyOf(imported)
  if (values.steps === undefined) {
    await serve(ready, step)
    return
  }
  const warm = await turn(step, Number(values['warm-up'] ?? network.quick))
  const { times, losses, peakRss } = await turn(step, Number(values.steps))
  const [first, last] = [[...warm.losses, ...losses][0], losses.at(-1) ?? Number.NaN]
  console.log(
    `${name}: ${median(times).toFixed(2)} ms a step (${Math.min(...times).toFixed(2)} to ${Math.max(...times).toFixed(2)}), ` +
      `loss ${first.toFixed(5)} to ${last.toFixed(5)}, memory ${((peakRss - imported) / 2 ** 20).toFixed(0)} MiB, ` +
      `${ready.threads} thread${ready.threads === 1 ? '' : 's'}, AVX2 ${ready.avx2 ? 'on' : 'off'}`,
  )
}

try {
  await main()
} catch (error) {
  console.error(`step: ${(error as Error).message}`)
  process.exitCode = 1
}
