// The curves of an `Animator` while they grow, on one line of a terminal; silent where output is not a terminal.
import type { Animator } from '../plot/index.ts'
import { barLine } from './progress.ts'

const refreshMs = 100

export class LiveLine {
  private readonly out: NodeJS.WriteStream
  private current: Animator | null = null
  private began = { x: 0, at: 0 }
  private shown = Number.NEGATIVE_INFINITY

  constructor(out: NodeJS.WriteStream = process.stderr) {
    this.out = out
  }

  /** The listener to give to `animate`. Redraws at most ten times a second. */
  readonly tell = (animator: Animator, finished: boolean): void => {
    if (!this.out.isTTY) return
    if (finished) return this.wipe()
    const now = performance.now()
    if (animator !== this.current) {
      this.current = animator
      this.began = { x: lastX(animator), at: now }
    } else if (now - this.shown < refreshMs) return
    this.shown = now
    this.out.write(`\r\x1b[2K${liveText(animator, this.began.x, (now - this.began.at) / 1000, this.out.columns || 80)}`)
  }

  /** Clears the line, so that something else can stand there. */
  wipe(): void {
    if (this.shown === Number.NEGATIVE_INFINITY) return
    this.out.write('\r\x1b[2K')
    this.shown = Number.NEGATIVE_INFINITY
  }
}

/** Where the curves are, with the time left if x goes on to the end of its axis as it did in the `seconds` since it was `beganAt`. */
export function liveText(animator: Animator, beganAt: number, seconds: number, columns: number): string {
  const { title, xlabel = 'x', xlim } = animator.options
  const x = lastX(animator)
  const values = Object.entries(animator.points).flatMap(([name, points]) => {
    const last = points.at(-1)
    return last === undefined ? [] : [`${name} ${shortNumber(last[1])}`]
  })
  const where = `${title === undefined ? '' : `${title}: `}${xlabel} ${shortNumber(x)}`
  if (xlim === undefined) return `${where}  ${values.join(', ')}`.slice(0, Math.max(1, columns - 1))
  const [low, high] = xlim
  // Axes of epochs begin at 1, where the first epoch is over.
  const start = low === 1 ? 0 : low
  const left = x > beganAt ? (seconds * (high - x)) / (x - beganAt) : Number.NaN
  return barLine(`${where} of ${shortNumber(high)}`, (x - start) / (high - start), left, values.join(', '), columns)
}

const lastX = ({ points }: Animator): number =>
  Object.values(points).reduce((most, series) => Math.max(most, series.at(-1)?.[0] ?? most), Number.NEGATIVE_INFINITY)

const shortNumber = (value: number): string => String(Number(value.toPrecision(4)))
