// Which tile a product is cut into, and whether its sums are cut too: by sizes alone, so that the bits of a result do not depend on the GPU's load.
import type { Facts } from '../server.ts'

/** A workgroup of `threadsM` x `threadsN` threads makes `rows` x `columns` results, in slices of `depth` along k; a thread has quadsM * 4 rows and quadsN * 4 columns of them. */
export interface ProductTile {
  readonly threadsM: number
  readonly threadsN: number
  readonly quadsM: number
  readonly quadsN: number
  readonly rows: number
  readonly columns: number
  readonly depth: number
}

/** [threads along m, along n, quads along m, along n, share of the best speed where all of it is needed]. */
const shapes: readonly (readonly [number, number, number, number, number])[] = [
  [16, 16, 2, 2, 1],
  [8, 16, 2, 2, 0.9],
  [16, 8, 2, 2, 0.9],
  [16, 16, 1, 1, 0.6],
  [4, 32, 1, 2, 0.6],
  [8, 8, 1, 1, 0.5],
  [4, 32, 1, 1, 0.5],
  [2, 32, 1, 1, 0.4],
  [32, 4, 1, 1, 0.5],
  [32, 2, 1, 1, 0.4],
]

/** Threads that keep a large GPU busy. */
export const ENOUGH = 65536
/** A part of a split sum has at least so many terms; more parts than the last number cost more to add than they save. */
const LEAST_DEPTH = 128
const MOST_SPLITS = 256
/** Bytes of a slice of both operands, with gaps and tables, next to which a second workgroup still fits into 32 KiB. */
const DEEP_BYTES = 18 * 1024

export interface Plan {
  readonly tile: ProductTile
  readonly splits: number
  /** Terms of a part. */
  readonly depth: number
}

const sharedBytes = (rows: number, columns: number, depth: number): number =>
  depth * 16 * (rows / 4 + 1 + columns / 4 + 1) + 16 * (depth + columns)

const plans = new Map<string, Plan>()

export function planOf(facts: Facts, batch: number, m: number, n: number, k: number): Plan {
  const key = `${batch} ${m} ${n} ${k} ${facts.threads} ${facts.sharedBytes}`
  let plan = plans.get(key)
  if (plan === undefined) {
    plan = choose(facts, batch, m, n, k)
    if (plans.size > 4096) plans.clear()
    plans.set(key, plan)
  }
  return plan
}

function choose(facts: Facts, batch: number, m: number, n: number, k: number): Plan {
  let best: Plan | null = null
  let least = Number.POSITIVE_INFINITY
  for (const [threadsM, threadsN, quadsM, quadsN, speed] of shapes) {
    const threads = threadsM * threadsN
    if (threads > facts.threads) continue
    const [rows, columns] = [4 * threadsM * quadsM, 4 * threadsN * quadsN]
    const fits = sharedBytes(rows, columns, 16) <= Math.min(DEEP_BYTES + 4096, facts.sharedBytes)
    // Not more than four quads a thread and slice: kernels that keep more in registers take minutes to compile on some GPUs.
    const depth = fits && Math.max(rows, columns) <= threads ? 16 : 8
    const groups = Math.ceil(m / rows) * Math.ceil(n / columns) * batch
    const splits = splitsFor(groups * threads, k)
    // A GPU that is busy takes as long as all work takes; one that is not, as long as the work of a thread. The latter's share breaks ties.
    const work = rows * columns * (k / splits + 32)
    const all = (groups * splits * work) / speed
    const cost = Math.max(all, (ENOUGH / threads) * work) + all / 4
    if (cost >= least) continue
    least = cost
    const part = Math.ceil(Math.ceil(k / splits) / depth) * depth
    const tile = { threadsM, threadsN, quadsM, quadsN, rows, columns, depth }
    best = { tile, splits: Math.max(1, Math.ceil(k / Math.max(part, 1))), depth: part }
  }
  return best as Plan
}

const splitsFor = (threads: number, k: number): number =>
  Math.max(1, Math.min(Math.floor(ENOUGH / threads), Math.floor(k / LEAST_DEPTH), MOST_SPLITS))
