// Numbers as Python writes them: rounded to even digits, exponents of at least two digits. Printed tensors and tables use it.

/** `long` cut to `digits` decimals where its value lies exactly between two of them and the lower one is even, else null: JavaScript rounds such ties up. */
function evenBelowTie(long: string, digits: number): string | null {
  const point = long.indexOf('.')
  if (!/^50*$/.test(long.slice(point + 1 + digits))) return null
  const cut = long.slice(0, digits === 0 ? point : point + 1 + digits)
  return Number(cut.at(-1)) % 2 === 0 ? cut : null
}

/** Python's `{:.<digits>f}` of a number >= 0. */
export function fixed(value: number, digits: number): string {
  if (value >= 1e21) return `${BigInt(value)}${digits > 0 ? `.${'0'.repeat(digits)}` : ''}`
  return evenBelowTie(value.toFixed(Math.min(digits + 60, 100)), digits) ?? value.toFixed(digits)
}

/** Python's `{:.<digits>e}` of a number >= 0: the exponent has at least two digits. */
export function scientific(value: number, digits: number): string {
  const [long, longExponent] = value.toExponential(Math.min(digits + 60, 100)).split('e')
  const even = evenBelowTie(long, digits)
  const [mantissa, exponent] = even === null ? value.toExponential(digits).split('e') : [even, longExponent]
  return `${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`
}

/** With the sign of minus zero, `nan` and `inf`; `write` is one of the two above. */
export function signed(value: number, digits: number, write: (value: number, digits: number) => string): string {
  if (Number.isNaN(value)) return 'nan'
  const text = Number.isFinite(value) ? write(Math.abs(value), digits) : 'inf'
  return value < 0 || Object.is(value, -0) ? `-${text}` : text
}

/** Python's `repr` of a float: the fewest digits that give the number back. */
export function repr(value: number): string {
  if (!Number.isFinite(value)) return signed(value, 0, fixed)
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    const [mantissa, exponent] = value.toExponential().split('e')
    return `${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`
  }
  const text = Object.is(value, -0) ? '-0' : String(value)
  return Number.isInteger(value) ? `${text}.0` : text
}
