/** Records spans of time, in seconds. Source: `d2l.Timer`, section 3.1. */
export class Timer {
  readonly times: number[] = []
  private began = 0

  constructor() {
    this.start()
  }
  /** Begins a span. */
  start(): void {
    this.began = performance.now()
  }
  /** Ends a span and returns its length. */
  stop(): number {
    const seconds = (performance.now() - this.began) / 1000
    this.times.push(seconds)
    return seconds
  }
  /** Mean length of the spans. */
  avg(): number {
    return this.sum() / this.times.length
  }
  /** Length of all spans together. */
  sum(): number {
    return this.times.reduce((sum, time) => sum + time, 0)
  }
  /** Running sums of the spans. */
  cumsum(): number[] {
    let sum = 0
    return this.times.map((time) => (sum += time))
  }
}
