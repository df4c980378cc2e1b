// One line of a terminal that is written over, at most ten times a second; silent where output is not a terminal.
const refreshMs = 100
const clear = '\r\x1b[2K'

export class StatusLine {
  private readonly out: NodeJS.WriteStream
  private shown = Number.NEGATIVE_INFINITY

  constructor(out: NodeJS.WriteStream) {
    this.out = out
  }

  /** Shows what `text` gives for the columns there are. With `now`, also where the last one is not old yet. */
  draw(text: (columns: number) => string, now = false): void {
    const at = performance.now()
    if (!this.out.isTTY || (!now && at - this.shown < refreshMs)) return
    this.shown = at
    this.out.write(clear + text(this.out.columns || 80))
  }

  /** Clears the line, if anything stands there. */
  wipe(): void {
    if (this.shown === Number.NEGATIVE_INFINITY) return
    this.out.write(clear)
    this.shown = Number.NEGATIVE_INFINITY
  }
}
