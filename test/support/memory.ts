// Counting storages in tests: what earlier tests left to the garbage collector is collected first, so that only the test itself moves the count.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { backend, type MemoryStats } from '../../src/index.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Runs the garbage collector until its finalizers have freed all they can. */
export async function collectGarbage(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setTimeout(resolve, 1))
    collect()
  }
  await new Promise((resolve) => setTimeout(resolve, 1))
}

export const memory = (): MemoryStats => ({ ...backend().stats() })

/** The count of storages after a collection. */
export async function settledStorages(): Promise<number> {
  await collectGarbage()
  return memory().storages
}
