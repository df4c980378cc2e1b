// What was drawn, in the form of the training images: 28 x 28, the ink scaled to fit 20 x 20, its centre of mass in the middle (LeCun et al. 1998).
const side = 28
const box = 20

/** Null where nothing is drawn. */
export function prepared(pad: HTMLCanvasElement): OffscreenCanvas | null {
  const context = pad.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D
  const { data } = context.getImageData(0, 0, pad.width, pad.height)
  let [left, right, top, bottom] = [pad.width, -1, pad.height, -1]
  let [mass, massX, massY] = [0, 0, 0]
  for (let y = 0; y < pad.height; y++) {
    for (let x = 0; x < pad.width; x++) {
      const ink = data[4 * (y * pad.width + x)]
      if (ink === 0) continue
      left = Math.min(left, x)
      right = Math.max(right, x)
      top = Math.min(top, y)
      bottom = y
      mass += ink
      massX += ink * x
      massY += ink * y
    }
  }
  if (mass === 0) return null
  const [width, height] = [right - left + 1, bottom - top + 1]
  const scale = box / Math.max(width, height)
  const small = new OffscreenCanvas(side, side)
  const to = small.getContext('2d') as OffscreenCanvasRenderingContext2D
  to.fillRect(0, 0, side, side)
  to.imageSmoothingQuality = 'high'
  const [x, y] = [side / 2 - (massX / mass - left) * scale, side / 2 - (massY / mass - top) * scale]
  to.drawImage(pad, left, top, width, height, x, y, width * scale, height * scale)
  return small
}
