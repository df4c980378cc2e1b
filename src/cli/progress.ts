// Progress of one epoch: a bar that rewrites its line in a terminal, one line per epoch elsewhere.

export interface ProgressState {
  readonly done: number
  readonly total: number
  /** Samples in one step of `done`. */
  readonly loss: number
  readonly accuracy: number
  readonly imagesPerSecond: number
}

const width = 24
const refreshMs = 100

/** `1:05` for 65 seconds. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}

export class ProgressBar {
  private readonly out: NodeJS.WriteStream
  private readonly title: string
  private shown = 0

  constructor(title: string, out: NodeJS.WriteStream = process.stderr) {
    this.title = title
    this.out = out
  }

  /** Redraws at most ten times a second; does nothing where there is no terminal. */
  update(state: ProgressState): void {
    if (!this.out.isTTY) return
    const now = performance.now()
    if (now - this.shown < refreshMs && state.done < state.total) return
    this.shown = now
    const filled = Math.round((width * state.done) / state.total)
    const bar = '█'.repeat(filled) + '░'.repeat(width - filled)
    const left = (state.total - state.done) / Math.max(state.imagesPerSecond, 1e-9)
    const line = `${this.title} ${bar} loss ${state.loss.toFixed(4)}  acc ${(100 * state.accuracy).toFixed(2)} %  ${Math.round(state.imagesPerSecond)} img/s  ${formatSeconds(left)} left`
    this.out.write(`\r\x1b[2K${line.slice(0, Math.max(20, (this.out.columns ?? 80) - 1))}`)
  }

  clear(): void {
    if (this.out.isTTY) this.out.write('\r\x1b[2K')
  }
}
