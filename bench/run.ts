// One run of the bench: what was asked, what was measured, and what was left out and why.
import type { Row } from './report/rows.ts'

export interface BenchOptions {
  /** Networks, by name. */
  readonly nets: readonly string[]
  readonly against: readonly string[]
  readonly quick: boolean
  /** Turns of each program. */
  readonly rounds: number
  /** Numbers of threads, each measured by itself. */
  readonly threads: readonly number[]
  /** Whether Kindling may use AVX2; both are measured where there are two. */
  readonly avx2: readonly boolean[]
  readonly python: string
}

export class Run {
  readonly options: BenchOptions
  readonly rows: Row[] = []
  /** Lines for the end: what was left out. */
  readonly notes: string[] = []
  /** What workers say about themselves, for the file. */
  readonly facts: Record<string, unknown> = {}
  /** Charts that a measurement draws itself, by file name. */
  readonly charts = new Map<string, string>()
  /** Set when Ctrl-C was pressed: everything that waits ends with an error. */
  readonly signal: AbortSignal
  /** Whether PyTorch can be measured. */
  readonly torch: boolean

  constructor(options: BenchOptions, signal: AbortSignal, torch: boolean) {
    this.options = options
    this.signal = signal
    this.torch = torch
  }

  add(...rows: Row[]): void {
    this.rows.push(...rows)
  }

  note(line: string): void {
    if (!this.notes.includes(line)) this.notes.push(line)
  }

  /** What is being done, on one line of a terminal. */
  progress(text: string): void {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${text.slice(0, (process.stderr.columns || 80) - 1)}`)
  }
}
