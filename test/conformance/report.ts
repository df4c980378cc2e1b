// What a run of the fixtures found: one line per operator, module or optimizer, and the sums.
import { DTypeError } from '../../src/base/errors.ts'

/** Samples of one operator. A skipped line says what Kindling lacks. */
export interface Line {
  readonly name: string
  readonly passed: number
  readonly failures: readonly string[]
  readonly skipped: number
  readonly why?: string
}

export interface Summary {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** Operators of PyTorch's list that ran, and how many there are. */
  readonly covered: number
  readonly operators: number
  readonly lines: readonly Line[]
}

/** Thrown by a check that cannot run because Kindling has no such thing. */
export class Missing extends Error {}

/** What a GPU says to the samples that ask for float64. */
const noFloat64 = 'GPUs have no float64'

/** Runs `check` for every sample; it returns what is wrong, or null. The first `Missing` skips the whole line. */
export async function runLine<T>(
  name: string,
  samples: readonly T[],
  label: (sample: T) => string,
  check: (sample: T) => string | null | Promise<string | null>,
): Promise<Line> {
  const failures: string[] = []
  let passed = 0
  let skipped = 0
  for (const sample of samples) {
    let wrong: string | null
    try {
      wrong = await check(sample)
    } catch (error) {
      if (error instanceof Missing)
        return { name, passed: 0, failures: [], skipped: samples.length, why: error.message }
      if (error instanceof DTypeError && error.message.includes(noFloat64)) {
        skipped++
        continue
      }
      wrong = `threw ${firstLines(error)}`
    }
    if (wrong === null) passed++
    else failures.push(`${label(sample)}: ${wrong}`)
  }
  return { name, passed, failures, skipped, ...(skipped > 0 && { why: noFloat64 }) }
}

function firstLines(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const place = error.stack?.split('\n').find((line) => line.includes('/src/'))
  return `${error.name}: ${error.message.split('\n')[0]}${place === undefined ? '' : ` (${place.trim()})`}`
}

export function summarize(lines: readonly Line[], operatorLines: readonly Line[]): Summary {
  const sum = (count: (line: Line) => number) => lines.reduce((total, line) => total + count(line), 0)
  return {
    passed: sum((line) => line.passed),
    failed: sum((line) => line.failures.length),
    skipped: sum((line) => line.skipped),
    covered: operatorLines.filter((line) => !leftOut(line)).length,
    operators: operatorLines.length,
    lines,
  }
}

/** Nothing of it could run. */
const leftOut = ({ passed, failures, skipped }: Line): boolean => skipped > 0 && passed + failures.length === 0

export function formatLine(line: Line, most = 5): string {
  const ran = leftOut(line) ? [] : [`${line.passed}/${line.passed + line.failures.length}`]
  const counts = [...ran, ...(line.skipped > 0 ? [`skipped ${line.skipped}: ${line.why}`] : [])].join(', ')
  const shown = line.failures.slice(0, most).map((failure) => `    ${failure}`)
  if (line.failures.length > most) shown.push(`    ... and ${line.failures.length - most} more`)
  return [
    `${line.failures.length > 0 ? 'FAIL' : leftOut(line) ? 'skip' : 'ok  '} ${line.name} ${counts}`,
    ...shown,
  ].join('\n')
}

/** The last lines of a run: what is missing, the coverage, the sums. */
export function formatSummary(summary: Summary): string {
  const missing = summary.lines.filter(leftOut).map((line) => line.name)
  const lines = missing.length > 0 ? [`left out (${missing.length}): ${missing.join(', ')}`] : []
  if (summary.operators > 0) lines.push(`${summary.covered} of the ${summary.operators} operators are covered`)
  lines.push(`${summary.passed} passed, ${summary.failed} failed, ${summary.skipped} skipped`)
  return lines.join('\n')
}
