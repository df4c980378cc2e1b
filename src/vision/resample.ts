// Resampling with a filter that widens where the image shrinks. For bytes in Pillow's fixed-point arithmetic, bit for bit (Resample.c of Pillow 9.4):
// first across, then down, rounded to bytes in between.

/** A weight by distance, and the distance from which on it is 0. */
export interface Filter {
  readonly reach: number
  weight(distance: number): number
}
export const bilinear: Filter = { reach: 1, weight: (d) => Math.max(1 - d, 0) }
/** Cubic convolution with a = -0.5 (Keys, 1981). */
export const bicubic: Filter = {
  reach: 2,
  weight: (d) => (d < 1 ? (1.5 * d - 2.5) * d * d + 1 : d < 2 ? (((d - 5) * d + 8) * d - 4) * -0.5 : 0),
}

/** What an output position sees: the weights, with sum 1, of the input positions from `first` on. */
interface Taps {
  readonly first: number
  readonly weights: readonly number[]
}

function tapsOf(from: number, to: number, { reach, weight }: Filter): Taps[] {
  const scale = from / to
  const spread = Math.max(scale, 1)
  const inverse = 1 / spread
  return Array.from({ length: to }, (_, i) => {
    const center = (i + 0.5) * scale
    const first = Math.max(Math.trunc(center - reach * spread + 0.5), 0)
    const end = Math.min(Math.trunc(center + reach * spread + 0.5), from)
    const raw = Array.from({ length: end - first }, (_, k) => weight(Math.abs((k + first - center + 0.5) * inverse)))
    const sum = raw.reduce((total, w) => total + w, 0)
    return { first, weights: raw.map((w) => w / sum) }
  })
}

/** [to, from]: the weights as a matrix, row by row. */
export function weightMatrix(from: number, to: number, filter: Filter): Float64Array {
  const matrix = new Float64Array(to * from)
  tapsOf(from, to, filter).forEach(({ first, weights }, i) => matrix.set(weights, i * from + first))
  return matrix
}

/** Weights have 22 bits behind the point, so that 255 times a weight and its overshoot fit 32 bits. */
const fractionBits = 22
const half = 1 << (fractionBits - 1)
const fixed = (w: number): number => Math.trunc(w * 2 ** fractionBits + (w < 0 ? -0.5 : 0.5))

type Plane = readonly [height: number, width: number]

/** Planes [height, width] of bytes, one after the other, into planes of another size. */
export function resampleBytes(source: Uint8Array, now: Plane, out: Uint8Array, target: Plane, filter: Filter): void {
  const [[height, width], [newHeight, newWidth]] = [now, target]
  // The lanes of the way across are the rows of a plane, those of the way down its columns.
  const across = (to: Uint8Array): void =>
    weigh(
      source,
      to,
      tapsOf(width, newWidth, filter),
      width,
      { count: height, from: width, to: newWidth },
      { from: 1, to: 1 },
    )
  const down = (from: Uint8Array): void =>
    weigh(
      from,
      out,
      tapsOf(height, newHeight, filter),
      height,
      { count: newWidth, from: 1, to: 1 },
      { from: newWidth, to: newWidth },
    )
  if (height === newHeight) across(out)
  else if (width === newWidth) down(source)
  else {
    const wide = new Uint8Array((source.length / width) * newWidth)
    across(wide)
    down(wide)
  }
}

/** Distances in bytes, in what is read and in what is written. */
interface Step {
  readonly from: number
  readonly to: number
}

/**
 * `size` places become as many as there are taps. The weights of a place of the result are the same for all lanes, so that the inner loops do
 * little.
 */
function weigh(
  source: Uint8Array,
  target: Uint8Array,
  taps: Taps[],
  size: number,
  lane: Step & { count: number },
  place: Step,
): void {
  const rows = taps.map(({ first, weights }) => ({ first, weights: Int32Array.from(weights, fixed) }))
  const { count: lanes, from, to } = lane
  const sums = new Int32Array(lanes)
  // Limits what is stored to 0 and 255.
  const out = new Uint8ClampedArray(target.buffer, target.byteOffset, target.length)
  for (let plane = 0, start = 0; start < out.length; plane += size * lanes, start += rows.length * lanes) {
    for (let i = 0; i < rows.length; i++) {
      const { first, weights } = rows[i]
      const count = weights.length
      sums.fill(half)
      let at = plane + first * place.from
      // All but the last two: between pixels that grow apart there are two.
      for (let k = 0; k < count - 2; k++, at += place.from) {
        const weight = weights[k]
        for (let n = 0, p = at; n < lanes; n++, p += from) sums[n] += Math.imul(source[p], weight)
      }
      const a = weights[Math.max(count - 2, 0)]
      const b = count === 1 ? 0 : weights[count - 1]
      const next = count === 1 ? 0 : place.from
      for (let n = 0, p = at, q = start + i * place.to; n < lanes; n++, p += from, q += to) {
        out[q] = (sums[n] + Math.imul(source[p], a) + Math.imul(source[p + next], b)) >> fractionBits
      }
    }
  }
}

/** The input position that each output position shows: that of its middle. */
export function nearestPositions(from: number, to: number): number[] {
  const scale = from / to
  // Pillow adds the steps up, rounding and all.
  let at = scale * 0.5
  return Array.from({ length: to }, () => {
    const position = Math.trunc(at)
    at += scale
    return position
  })
}
