// The curves of an `Animator` while they grow, on one line of a terminal; silent where output is not a terminal.
import type { Animator } from '../plot/index.ts'
import { barLine } from './progress.ts'
import { StatusLine } from './statusLine.ts'

export class LiveLine {
  private readonly line: StatusLine
  private current: Animator | null = null
  private began = { x: 0, at: 0 }

  constructor(out: NodeJS.WriteStream = process.stderr) {
    this.line = new StatusLine(out)
  }

  /** The listener to give to `animate`. */
  readonly tell = (animator: Animator, finished: boolean): void => {
    if (finished) return this.wipe()
    const isNew = animator !== this.current
    if (isNew) {
      this.current = animator
      this.began = { x: lastX(animator), at: performance.now() }
    }
    const seconds = (performance.now() - this.began.at) / 1000
    this.line.draw((columns) => liveText(animator, this.began.x, seconds, columns), isNew)
  }

  /** Clears the line, so that something else can stand there. */
  wipe(): void {
    this.line.wipe()
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
