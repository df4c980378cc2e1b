// The text of a slice, 'start:stop:step', as a type and as numbers. Used by `at` and `set`.
import { IndexError, ValueError } from '../base/errors.ts'

type Bound = '' | `${number}`
/** 'start:stop' or 'start:stop:step', each part may be missing: checked by the compiler. */
export type SliceString = `${Bound}:${Bound}` | `${Bound}:${Bound}:${Bound}`

export interface Slice {
  /** null: from the beginning. */
  readonly start: number | null
  /** Left out itself; null: to the end. */
  readonly stop: number | null
  /** At least 1. */
  readonly step: number
}

const pattern = /^\s*([+-]?\d+)?\s*:\s*([+-]?\d+)?\s*(?::\s*([+-]?\d+)?\s*)?$/
const parsed = new Map<string, Slice>()

/** Throws IndexError for a text that is no slice, ValueError for a step below 1. */
export function parseSlice(op: string, text: string): Slice {
  let slice = parsed.get(text)
  if (slice === undefined) {
    const parts = pattern.exec(text)
    if (parts === null) {
      throw new IndexError(
        `${op}: '${text}' is not an index`,
        "a slice is 'start:stop' or 'start:stop:step', with whole numbers; '...' stands for all other dimensions.",
      )
    }
    const [start, stop, step] = parts.slice(1).map((part) => (part === undefined ? null : Number(part)))
    slice = { start, stop, step: step ?? 1 }
    if (slice.step < 1)
      throw new ValueError(
        `${op}: the step of a slice must be greater than zero: '${text}'`,
        'x.flip(dim) reverses a dimension.',
      )
    if (parsed.size < 4096) parsed.set(text, slice)
  }
  return slice
}
