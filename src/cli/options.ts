// Checks of command-line values, shared by the commands.
import { InvalidArgumentError } from 'commander'

/** A parser for numbers in a range; commander prints its error with the option's name. */
export function number({ min = Number.NEGATIVE_INFINITY, above = Number.NEGATIVE_INFINITY, integer = false }: { min?: number; above?: number; integer?: boolean }) {
  return (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    const kind = integer ? 'a whole number' : 'a number'
    if (!Number.isFinite(value) || (integer && !Number.isSafeInteger(value))) throw new InvalidArgumentError(`Expected ${kind}, got '${text}'.`)
    if (value < min) throw new InvalidArgumentError(`Expected ${kind} of at least ${min}, got ${text}.`)
    if (value <= above) throw new InvalidArgumentError(`Expected ${kind} above ${above}, got ${text}.`)
    return value
  }
}
