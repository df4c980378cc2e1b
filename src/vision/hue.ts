// The hue of RGB pixels, shifted: to hue, saturation and value and back. Bytes by Pillow's arithmetic (Convert.c of Pillow 9.4), rounded to bytes
// in between; floats as torchvision computes tensors. Pixels are changed in place and numbers stay plain, because this runs for each pixel.

const { fround } = Math

/** Which of `value, p, q, t` red, green and blue are, in each sixth of the circle. */
const sectors = [
  [0, 3, 1],
  [2, 0, 1],
  [1, 0, 3],
  [1, 2, 0],
  [3, 1, 0],
  [0, 1, 2],
] as const
const values = new Float64Array(4)

/** From 0 to 6, where `rc`, `gc` and `bc` are the distances of the colours from the largest one, as parts of the span. */
const sixthsOf = (isRed: boolean, isGreen: boolean, rc: number, gc: number, bc: number): number =>
  isRed ? bc - gc : isGreen ? 2 + rc - bc : 4 + gc - rc

/** Adds `shift`, 256 for a full turn, to the hue of an RGB pixel of bytes. */
export function shiftHueOfBytes(pixel: Float64Array, shift: number): void {
  const r = pixel[0]
  const g = pixel[1]
  const b = pixel[2]
  const high = Math.max(r, g, b)
  const span = high - Math.min(r, g, b)
  const saturation = span === 0 ? 0 : Math.trunc(fround(span / high) * 255)
  if (saturation === 0) {
    pixel.fill(high)
    return
  }
  const [rc, gc, bc] = [fround((high - r) / span), fround((high - g) / span), fround((high - b) / span)]
  const sixths = fround(sixthsOf(r === high, g === high, rc, gc, bc))
  // Pillow's remainder of a division by 1, with its rounding: between 5/6 and 2, what is over is found by subtraction.
  const turn = sixths / 6 + 1
  const hue = Math.trunc(fround(turn >= 1 ? turn - 1 : turn) * 255)
  const turned = (((hue + shift) & 255) * 6) / 255
  const sector = Math.floor(turned)
  const part = fround(turned - sector)
  const s = fround(saturation / 255)
  values[0] = high
  values[1] = Math.floor(high * (1 - s) + 0.5)
  values[2] = Math.floor(high * (1 - fround(s * part)) + 0.5)
  values[3] = Math.floor(high * (1 - s * (1 - part)) + 0.5)
  const order = sectors[sector % 6]
  for (let c = 0; c < 3; c++) pixel[c] = values[order[c]]
}

/** Adds `shift`, 1 for a full turn, to the hue of an RGB pixel of numbers from 0 to 1. */
export function shiftHue(pixel: Float64Array, shift: number): void {
  const r = pixel[0]
  const g = pixel[1]
  const b = pixel[2]
  const high = Math.max(r, g, b)
  const span = high - Math.min(r, g, b)
  if (span === 0) return
  const sixths = sixthsOf(r === high, g === high, (high - r) / span, (high - g) / span, (high - b) / span)
  const turned = ((((sixths / 6 + shift) % 1) + 1) % 1) * 6
  const sector = Math.floor(turned)
  const part = turned - sector
  const s = span / high
  values[0] = high
  values[1] = high * (1 - s)
  values[2] = high * (1 - s * part)
  values[3] = high * (1 - s * (1 - part))
  const order = sectors[sector % 6]
  for (let c = 0; c < 3; c++) pixel[c] = Math.min(Math.max(values[order[c]], 0), 1)
}
