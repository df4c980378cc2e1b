// A bar on one line of a terminal, with the time left; silent where output is not a terminal.
import { StatusLine } from './statusLine.ts'

export class ProgressBar {
  readonly title: string
  readonly total: number
  private readonly line: StatusLine
  private readonly began = performance.now()

  constructor(title: string, total: number, out: NodeJS.WriteStream = process.stderr) {
    this.title = title
    this.total = total
    this.line = new StatusLine(out)
  }

  /** `done` of `total`, and a word about it. */
  update(done: number, note = ''): void {
    const left = done > 0 ? ((performance.now() - this.began) * (this.total - done)) / done / 1000 : Number.NaN
    this.line.draw((columns) => barLine(this.title, done / this.total, left, note, columns), done >= this.total)
  }

  /** Wipes the line. */
  done(): void {
    this.line.wipe()
  }
}

/** At most `columns` - 1 characters; the note gives way first. */
export function barLine(title: string, part: number, secondsLeft: number, note: string, columns: number): string {
  const filled = Math.round(20 * Math.min(1, Math.max(0, part)))
  const whole = Math.round(secondsLeft)
  const left = Number.isFinite(secondsLeft)
    ? `  ${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')} left`
    : ''
  const line = `${title} ${'█'.repeat(filled)}${'░'.repeat(20 - filled)} ${Math.floor(100 * part)} %${left}  ${note}`
  return line.slice(0, Math.max(1, columns - 1)).trimEnd()
}
