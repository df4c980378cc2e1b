// How many samples each part of a split gets.
import { ValueError } from '../base/errors.ts'

export interface SplitSizes {
  /** Samples held out: a fraction between 0 and 1, rounded up, or a whole number. Default: what `trainSize` leaves, else 0.25. */
  testSize?: number
  /** Samples to learn from: a fraction between 0 and 1, rounded down, or a whole number. Default: what `testSize` leaves. */
  trainSize?: number
}

/** Throws ValueError where there is nothing to split. */
export function checkCount(op: string, n: number): void {
  if (!Number.isInteger(n) || n < 1) throw new ValueError(`${op}: expected at least one sample, got ${n}`)
}

/** A fraction or a number of `n` samples as a number. Throws ValueError where it is neither, or takes none or all of them. */
export function countOf(op: string, name: string, size: number, n: number, round: (x: number) => number): number {
  const inRange = Number.isInteger(size) ? size >= 1 && size < n : size > 0 && size < 1
  if (!inRange) {
    throw new ValueError(
      `${op}: ${name} must be a fraction between 0 and 1 or a whole number from 1 to ${n - 1} (of ${n} samples), got ${size}`,
    )
  }
  const count = Number.isInteger(size) ? size : round(size * n)
  if (count < 1 || count >= n) throw new ValueError(`${op}: ${name} ${size} of ${n} samples is ${count}: no split`)
  return count
}

/** Throws ValueError for sizes out of range, and for those that together exceed `n`. */
export function splitSizes(op: string, n: number, { testSize, trainSize }: SplitSizes): [train: number, test: number] {
  checkCount(op, n)
  if (trainSize === undefined) {
    const test = countOf(op, 'testSize', testSize ?? 0.25, n, Math.ceil)
    return [n - test, test]
  }
  const train = countOf(op, 'trainSize', trainSize, n, Math.floor)
  if (testSize === undefined) return [train, n - train]
  const sum = trainSize + testSize
  if (trainSize < 1 && testSize < 1 && sum > 1)
    throw new ValueError(`${op}: trainSize ${trainSize} and testSize ${testSize} exceed 1: ${sum}`)
  const test = countOf(op, 'testSize', testSize, n, Math.ceil)
  if (train + test > n) {
    throw new ValueError(
      `${op}: trainSize ${trainSize} and testSize ${testSize} make ${train} + ${test} samples, there are ${n}`,
    )
  }
  return [train, test]
}
