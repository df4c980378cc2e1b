// One operation without a gradient, again and again, in Kindling; operation.py is the same in PyTorch. A worker of the bench:
// `node bench/operation.ts matmul 512 --times 10` reads 'run N' and does ten products of 512 x 512 matrices in each step.
import { parseArgs } from 'node:util'
import * as torch from 'kindling'
import { readyOf } from './about.ts'
import { resetPeak, rss } from './memory.ts'
import { serve } from './worker.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { times: { type: 'string', default: '1' } },
})
const [name, sizeText] = positionals
const [size, times] = [Number(sizeText), Number(values.times)]
const imported = rss()
resetPeak()
torch.manualSeed(0)

const operations: Readonly<Record<string, () => () => torch.Tensor>> = {
  matmul() {
    const [a, b] = [torch.rand(size, size), torch.rand(size, size)]
    return () => a.matmul(b)
  },
  add() {
    const [a, b] = [torch.rand(size), torch.rand(size)]
    return () => a.add(b)
  },
}

if (!Object.hasOwn(operations, name) || !(size > 0)) {
  console.error(`usage: node bench/operation.ts ${Object.keys(operations).join('|')} SIZE [--times N]`)
  process.exit(2)
}
const operation = operations[name]()
// As in a program: each result goes before the next is made, as Python's goes when its name is assigned anew.
const step = (): number => {
  for (let i = 0; i < times - 1; i++) operation().dispose()
  return operation()
    .at(...(name === 'matmul' ? [0, 0] : [0]))
    .item()
}
await serve(readyOf(imported), () => torch.scope(() => torch.noGrad(step)))
