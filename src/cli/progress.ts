// The bar of one epoch: it rewrites its line in a terminal and is silent elsewhere.
import { formatSeconds, percent } from './format.ts'

export interface ProgressState {
  /** Samples done, of `total`. */
  readonly done: number
  readonly total: number
  readonly loss: number
  readonly accuracy: number
  readonly imagesPerSecond: number
}

const refreshMs = 100
const clearLine = '\r\x1b[2K'

export class ProgressBar {
  private readonly out: NodeJS.WriteStream
  private readonly title: string
  private shown = 0

  constructor(title: string, out: NodeJS.WriteStream = process.stderr) {
    this.title = title
    this.out = out
  }

  /** Redraws at most ten times a second. */
  update(state: ProgressState): void {
    if (!this.out.isTTY) return
    const now = performance.now()
    if (now - this.shown < refreshMs && state.done < state.total) return
    this.shown = now
    this.out.write(clearLine + progressLine(this.title, state, this.out.columns || 80))
  }

  clear(): void {
    if (this.out.isTTY) this.out.write(clearLine)
  }
}

/** At most `columns` - 1 characters: the bar gives way first, then the end of the line. */
export function progressLine(title: string, state: ProgressState, columns: number): string {
  const left = (state.total - state.done) / Math.max(state.imagesPerSecond, 1e-9)
  const figures =
    `loss ${state.loss.toFixed(4)}  acc ${percent(state.accuracy)}  ` +
    `${Math.round(state.imagesPerSecond)} images/s  ${formatSeconds(left)} left`
  const width = Math.min(24, columns - title.length - figures.length - 4)
  if (width < 4) return `${title}  ${figures}`.slice(0, Math.max(1, columns - 1))
  const filled = Math.round((width * state.done) / state.total)
  return `${title} ${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${figures}`
}
