// What scikit-learn answered: fixture of scripts/oracle/selection.py.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

export interface Selection {
  readonly metrics: readonly {
    name: string
    truth: number[]
    predicted: number[]
    options: Record<string, unknown>
    value: unknown
  }[]
  readonly folds: readonly { n: number; k: number; valid: number[][] }[]
  readonly stratifiedFolds: readonly { labels: number[]; k: number; valid: number[][] }[]
  /** `parts` null: scikit-learn refuses. */
  readonly splits: readonly {
    n: number
    testSize: number | null
    trainSize: number | null
    parts: number[] | null
  }[]
  /** Counts of the classes, ascending, in the part to learn from and in the one held out. */
  readonly stratifiedSplits: readonly {
    labels: number[]
    testSize: number
    trainSize: number | null
    counts: number[][]
  }[]
  readonly weights: readonly { labels: number[]; balanced: number[] }[]
  readonly grid: { space: { width: number[]; lr: number[]; bias: boolean[] }; points: unknown[] }
}

const path = join(import.meta.dirname, '../fixtures/selection.json.gz')
export const selection: Selection = JSON.parse(gunzipSync(readFileSync(path)).toString())
