// Brings a picture to the form of the training images: 28 x 28, light on black. Digits as MNIST was made from NIST's scans:
// the ink scaled to fit 20 x 20, its centre of mass in the middle. LeCun et al. 1998, "Gradient-based learning", section III.A.
import type { Picture } from './image.ts'
import { UserError } from './userError.ts'

export const side = 28
const box = 20
/** Share of the strongest ink below which a pixel is ground: paper is never quite even. */
const inkFloor = 0.15
/** Strokes of MNIST are two to three pixels wide; a thinner one would fade when the picture is made small. */
const thinnest = 1.8

export interface Prepared {
  /** 28 x 28 values 0..1, light on black. */
  readonly values: Float32Array
  /** What was done, for the user. */
  readonly steps: readonly string[]
}

/** A digit on any ground. Throws UserError for a picture of one even colour. */
export function prepareDigit(picture: Picture): Prepared {
  if (isReady(picture)) return { values: picture.values, steps: ['taken as it is'] }
  const { ink, dark } = separateInk(picture)
  const steps = dark ? ['inverted (dark on light)'] : []
  const cropped = crop(ink)
  const scale = box / Math.max(cropped.width, cropped.height)
  const width = Math.max(1, Math.round(cropped.width * scale))
  const height = Math.max(1, Math.round(cropped.height * scale))
  steps.push(`cropped to ${cropped.width} x ${cropped.height}`)
  const stroke = strokeWidth(cropped)
  const missing = Math.round((thinnest / scale - stroke) / 2)
  const strong = missing > 0 ? thicken(cropped, missing) : cropped
  if (missing > 0) steps.push('strokes made thicker')
  steps.push(`scaled to ${width} x ${height}, centred by its mass`)
  return { values: centreByMass(stretch(resize(strong, width, height))), steps }
}

/** Any picture: scaled to fit 28 x 28, padded with black; a light ground is inverted, as in Fashion-MNIST. */
export function prepareWhole(picture: Picture): Prepared {
  const inverted = groundOf(picture) > 0.5
  const values = inverted ? picture.values.map((v) => 1 - v) : picture.values
  const steps = inverted ? ['inverted (light ground)'] : []
  const { width, height } = picture
  if (width === side && height === side) return { values, steps: [...steps, 'size as it is'] }
  const scale = side / Math.max(width, height)
  const size = [width, height].map((n) => Math.max(1, Math.round(n * scale)))
  const small = resize({ width, height, values }, size[0], size[1])
  const [x, y] = [Math.floor((side - small.width) / 2), Math.floor((side - small.height) / 2)]
  return { values: place(small, x, y), steps: [...steps, `scaled to ${small.width} x ${small.height}`] }
}

/** Already as in MNIST: 28 x 28, light on a black ground that goes all around. */
function isReady(picture: Picture): boolean {
  if (picture.width !== side || picture.height !== side) return false
  return borderOf(picture).every((v) => v < 0.05) && picture.values.some((v) => v > 0.5)
}

function borderOf({ width, height, values }: Picture): number[] {
  const border: number[] = []
  for (let y = 0; y < height; y++) {
    const step = y === 0 || y === height - 1 ? 1 : Math.max(1, width - 1)
    for (let x = 0; x < width; x += step) border.push(values[y * width + x])
  }
  return border
}

/** The median of the border. */
function groundOf(picture: Picture): number {
  const border = borderOf(picture).sort((a, b) => a - b)
  return border[border.length >> 1]
}

/** How much each pixel differs from the ground, 0..1, towards the side (darker or lighter) that differs more in all. */
function separateInk(picture: Picture): { ink: Picture; dark: boolean } {
  const ground = groundOf(picture)
  let [darker, lighter] = [0, 0]
  for (const v of picture.values) {
    if (v < ground) darker += ground - v
    else lighter += v - ground
  }
  const dark = darker > lighter
  const values = picture.values.map((v) => Math.max(0, dark ? ground - v : v - ground))
  const strongest = values.reduce((max, v) => Math.max(max, v), 0)
  if (strongest < 0.05) throw new UserError('the picture is of one even colour: there is no digit in it')
  const clean = values.map((v) => (v < inkFloor * strongest ? 0 : v / strongest))
  return { ink: { ...picture, values: clean }, dark }
}

/** The smallest part that holds all ink. */
function crop({ width, height, values }: Picture): Picture {
  let [left, right, top, bottom] = [width, -1, height, -1]
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (values[y * width + x] === 0) continue
      left = Math.min(left, x)
      right = Math.max(right, x)
      top = Math.min(top, y)
      bottom = y
    }
  }
  const [w, h] = [right - left + 1, bottom - top + 1]
  const out = Float32Array.from({ length: w * h }, (_, i) => values[(top + Math.floor(i / w)) * width + left + (i % w)])
  return { width: w, height: h, values: out }
}

/** A stroke of length L and width w has the area L w and the outline 2 L + 2 w: solved for w. */
function strokeWidth({ width, height, values }: Picture): number {
  const inked = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x < width && y < height && values[y * width + x] > 0.5
  let [area, outline] = [0, 0]
  for (let y = 0; y <= height; y++) {
    for (let x = 0; x <= width; x++) {
      const here = inked(x, y)
      if (here) area++
      if (here !== inked(x - 1, y)) outline++
      if (here !== inked(x, y - 1)) outline++
    }
  }
  const half = outline / 4
  return half - Math.sqrt(Math.max(0, half * half - area))
}

/** Every pixel becomes the strongest within `radius` in both directions; the picture grows by it on each side. */
function thicken(picture: Picture, radius: number): Picture {
  const rows = spread(picture, radius)
  return transpose(spread(transpose(rows), radius))
}

function spread({ width, height, values }: Picture, radius: number): Picture {
  const wide = width + 2 * radius
  const out = new Float32Array(wide * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const v = values[y * width + x]
      if (v === 0) continue
      const start = y * wide + x
      for (let k = start; k <= start + 2 * radius; k++) if (out[k] < v) out[k] = v
    }
  }
  return { width: wide, height, values: out }
}

function transpose({ width, height, values }: Picture): Picture {
  const out = values.map((_, i) => values[(i % height) * width + Math.floor(i / height)])
  return { width: height, height: width, values: out }
}

/** Each pixel is the mean of the area that it covers. */
function resize(picture: Picture, width: number, height: number): Picture {
  return transpose(resizeRows(transpose(resizeRows(picture, width)), height))
}

function resizeRows({ width, height, values }: Picture, newWidth: number): Picture {
  const ratio = width / newWidth
  const out = new Float32Array(newWidth * height)
  for (let x = 0; x < newWidth; x++) {
    const [from, to] = [x * ratio, (x + 1) * ratio]
    for (let source = Math.floor(from); source < Math.min(width, Math.ceil(to)); source++) {
      const share = (Math.min(to, source + 1) - Math.max(from, source)) / ratio
      for (let y = 0; y < height; y++) out[y * newWidth + x] += share * values[y * width + source]
    }
  }
  return { width: newWidth, height, values: out }
}

/** The strongest value becomes 1. */
function stretch(picture: Picture): Picture {
  const strongest = picture.values.reduce((max, v) => Math.max(max, v), 0)
  return { ...picture, values: picture.values.map((v) => v / strongest) }
}

function centreByMass(picture: Picture): Float32Array {
  const { width, height, values } = picture
  let [mass, sumX, sumY] = [0, 0, 0]
  values.forEach((v, i) => {
    mass += v
    sumX += v * ((i % width) + 0.5)
    sumY += v * (Math.floor(i / width) + 0.5)
  })
  const at = (sum: number, size: number): number =>
    Math.min(side - size, Math.max(0, Math.round(side / 2 - sum / mass)))
  return place(picture, at(sumX, width), at(sumY, height))
}

function place({ width, height, values }: Picture, left: number, top: number): Float32Array {
  const out = new Float32Array(side * side)
  for (let y = 0; y < height; y++) out.set(values.subarray(y * width, (y + 1) * width), (top + y) * side + left)
  return out
}
