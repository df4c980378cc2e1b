// Checks of command-line values, shared by the commands.
import { InvalidArgumentError } from 'commander'

interface Range {
  min?: number
  above?: number
  below?: number
  integer?: boolean
}

/** A parser for numbers in a range; commander prints its error with the option's name. */
export function number(range: Range): (text: string) => number {
  const { integer = false } = range
  const { min = Number.NEGATIVE_INFINITY, above = Number.NEGATIVE_INFINITY, below = Number.POSITIVE_INFINITY } = range
  const kind = integer ? 'a whole number' : 'a number'
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (!Number.isFinite(value) || (integer && !Number.isSafeInteger(value))) {
      throw new InvalidArgumentError(`Expected ${kind}, got '${text}'.`)
    }
    if (value < min) throw new InvalidArgumentError(`Expected ${kind} of at least ${min}, got ${text}.`)
    if (value <= above) throw new InvalidArgumentError(`Expected ${kind} above ${above}, got ${text}.`)
    if (value >= below) throw new InvalidArgumentError(`Expected ${kind} below ${below}, got ${text}.`)
    return value
  }
}

/** Sizes with commas or x between them: `1,28,28`. */
export function sizes(text: string): number[] {
  const list = text.split(/[,x]/).map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : Number.NaN))
  if (!list.every((size) => Number.isSafeInteger(size) && size > 0)) {
    throw new InvalidArgumentError(`Expected sizes like 1,28,28, got '${text}'.`)
  }
  return list
}
