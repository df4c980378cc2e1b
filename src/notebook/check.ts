// Checks of a lesson: each says what it looked at, what it saw and what it wanted. rows.ts of a lesson lists them by row of the notes.
import { isDeepStrictEqual } from 'node:util'

export interface Check {
  /** What was looked at. */
  readonly name: string
  /** Whether it is what it should be. */
  readonly passed: boolean
  /** What was seen, as text. */
  readonly got: string
  /** What should be, as text. */
  readonly wanted: string
}

/** What a run left behind besides the values that its cells export. */
export interface Seen {
  /** What the cell printed. */
  output(cell: string): string
  /** Captions of the figures, in order. */
  readonly figures: readonly string[]
  /** Targets of the links in the prose of the language that was run. */
  readonly links: readonly string[]
  /** Whether the run had the book's settings. */
  readonly full: boolean
}

/** One row of the notes, or (null) something that the course adds to them. `Cells` is the module cells.ts: `Row<typeof import('./cells.ts')>`. */
export interface Row<Cells> {
  /** Number of the row; null where there is none. */
  readonly row: number | null
  /** What it asks for, in English. */
  readonly en: string
  /** The same in Chinese. */
  readonly zh: string
  /** Looks at what the cells export and at what the run left. */
  check(cells: Cells, seen: Seen): readonly Check[]
}

const text = (value: unknown): string =>
  typeof value === 'number' ? String(+value.toPrecision(6)) : (JSON.stringify(value) ?? String(value))

/** The same value, arrays and objects included. */
export const equal = <T>(name: string, got: T, wanted: T): Check => ({
  name,
  passed: isDeepStrictEqual(got, wanted),
  got: text(got),
  wanted: text(wanted),
})

/** Numbers, or arrays of them in any depth, within an absolute tolerance. */
export function close(name: string, got: unknown, wanted: unknown, tolerance: number): Check {
  const near = (a: unknown, b: unknown): boolean =>
    Array.isArray(a) && Array.isArray(b)
      ? a.length === b.length && a.every((value, i) => near(value, b[i]))
      : typeof a === 'number' && typeof b === 'number' && Math.abs(a - b) <= tolerance
  return { name, passed: near(got, wanted), got: text(got), wanted: `${text(wanted)} within ${tolerance}` }
}

/** Inside a band, both ends included. */
export const within = (name: string, got: number, [low, high]: readonly [number, number]): Check => ({
  name,
  passed: got >= low && got <= high,
  got: text(got),
  wanted: `${low} to ${high}`,
})

/** `low` or more. */
export const atLeast = (name: string, got: number, low: number): Check => ({
  name,
  passed: got >= low,
  got: text(got),
  wanted: `at least ${low}`,
})

/** `high` or less. */
export const atMost = (name: string, got: number, high: number): Check => ({
  name,
  passed: got <= high,
  got: text(got),
  wanted: `at most ${high}`,
})

/** A statement that is true or not; `got` is what it was judged by. */
export const holds = (name: string, passed: boolean, got: unknown = passed): Check => ({
  name,
  passed,
  got: text(got),
  wanted: 'true',
})
