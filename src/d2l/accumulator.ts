/** Sums of `n` numbers at once. Source: `d2l.Accumulator`, section 3.6. */
export class Accumulator {
  readonly data: number[]

  constructor(n: number) {
    this.data = new Array(n).fill(0)
  }
  /** Adds one number to each sum. */
  add(...values: number[]): void {
    for (const [i, value] of values.entries()) this.data[i] += value
  }
  /** Sets all sums to 0. */
  reset(): void {
    this.data.fill(0)
  }
  /** One of the sums. */
  get(index: number): number {
    return this.data[index]
  }
}
