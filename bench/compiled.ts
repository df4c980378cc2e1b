// Kernels that a training loop compiles: `node bench/compiled.ts lenet` prints one line of JSON with the number of new WebAssembly modules in
// the first step, in ten steps after it, and in a step with a short batch, as the last of an epoch is. The last two should be 0.
import { networkOf } from './networks.ts'

let compiled = 0
const Original = WebAssembly.Module
WebAssembly.Module = class extends Original {
  constructor(...args: ConstructorParameters<typeof Original>) {
    super(...args)
    compiled++
  }
} as typeof Original

export interface CompiledReport {
  readonly first: number
  readonly steady: number
  readonly short: number
}

async function main(name: string): Promise<CompiledReport> {
  // Imported after the counter is in place.
  const { training } = await import('./training.ts')
  const { batch } = networkOf(name)
  const { step, stepOn } = await training(name)
  const counted = (body: () => void): number => {
    const before = compiled
    body()
    return compiled - before
  }
  const first = counted(step)
  const steady = counted(() => {
    for (let i = 0; i < 10; i++) step()
  })
  return { first, steady, short: counted(() => stepOn(Math.ceil(batch / 3) + 1)) }
}

if (import.meta.main) console.log(JSON.stringify(await main(process.argv[2])))
