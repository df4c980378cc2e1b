// A bar on one line of a terminal, with the time left; silent where output is not a terminal.
const refreshMs = 100

export class ProgressBar {
  readonly title: string
  readonly total: number
  private readonly out: NodeJS.WriteStream
  private readonly began = performance.now()
  private shown = Number.NEGATIVE_INFINITY

  constructor(title: string, total: number, out: NodeJS.WriteStream = process.stderr) {
    this.title = title
    this.total = total
    this.out = out
  }

  /** `done` of `total`; redraws at most ten times a second. */
  update(done: number, note = ''): void {
    const now = performance.now()
    if (!this.out.isTTY || (now - this.shown < refreshMs && done < this.total)) return
    this.shown = now
    const left = done > 0 ? ((now - this.began) * (this.total - done)) / done / 1000 : Number.NaN
    this.out.write(`\r\x1b[2K${barLine(this.title, done / this.total, left, note, this.out.columns || 80)}`)
  }

  /** Wipes the line. */
  done(): void {
    if (this.out.isTTY) this.out.write('\r\x1b[2K')
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
