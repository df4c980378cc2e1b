// 2-d maximum and average pooling, forward and backward.
import { ShapeError } from '../../base/errors.ts'
import type { PoolSpec, PoolWindows } from '../../runtime/spec.ts'
import { arithmeticOf, constantOf, Elements, type Value } from './values.ts'

/** The positions of window `i` inside the input, and how many there are when the padding counts. */
function windowOf(
  windows: PoolWindows,
  i: number,
  size: number,
  outSize: number,
): { inside: number[]; padded: number } {
  if (windows.adaptive) {
    const start = Math.floor((i * size) / outSize)
    const end = Math.ceil(((i + 1) * size) / outSize)
    const inside = Array.from({ length: end - start }, (_, k) => start + k)
    return { inside, padded: inside.length }
  }
  const { size: length, stride, padding, dilation } = windows
  const all = Array.from({ length }, (_, k) => i * stride - padding + k * dilation)
  const inside = all.filter((position) => position >= 0 && position < size)
  return { inside, padded: all.filter((position) => position < size + padding).length }
}

export function pool(spec: PoolSpec): void {
  const { op, pass, windows } = spec
  const [x, y] = [new Elements(spec.x), new Elements(spec.y)]
  const indices = spec.indices && new Elements(spec.indices)
  const { add } = arithmeticOf(spec.x.dtype)
  const [batch, channels, height, width] = spec.x.shape
  const [outHeight, outWidth] = spec.y.shape.slice(2)
  const rows = Array.from({ length: outHeight }, (_, i) => windowOf(windows[0], i, height, outHeight))
  const columns = Array.from({ length: outWidth }, (_, j) => windowOf(windows[1], j, width, outWidth))
  for (const [i, { inside }] of op === 'max' ? [...rows.entries(), ...columns.entries()] : []) {
    if (inside.length === 0) throw new ShapeError(`pool: window ${i} holds nothing but padding`)
  }

  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++) {
      // Gradients of one plane: added up here, so that float32 rounds once.
      const plane = new Array<Value>(height * width).fill(constantOf(spec.x.dtype, 0))
      for (let i = 0; i < outHeight; i++) {
        for (let j = 0; j < outWidth; j++) {
          const window = rows[i].inside.flatMap((row) => columns[j].inside.map((column) => row * width + column))
          const padded = spec.countIncludePad ? rows[i].padded * columns[j].padded : window.length
          const divisor = spec.divisor ?? padded
          const valueAt = (at: number): Value => x.get(n, c, Math.floor(at / width), at % width)

          if (op === 'max' && pass === 'forward') {
            let best = window[0]
            for (const at of window) if (valueAt(at) > valueAt(best) || Number.isNaN(valueAt(at))) best = at
            y.set(valueAt(best), n, c, i, j)
            indices?.set(best, n, c, i, j)
          } else if (op === 'max' && indices) {
            const at = Number(indices.get(n, c, i, j))
            plane[at] = add(plane[at], y.get(n, c, i, j))
          } else if (pass === 'forward') {
            const sum = window.reduce((s, at) => add(s, valueAt(at)), constantOf(spec.y.dtype, 0))
            y.set(window.length === 0 ? sum : divide(sum, divisor), n, c, i, j)
          } else {
            const share = divide(y.get(n, c, i, j), divisor)
            for (const at of window) plane[at] = add(plane[at], share)
          }
        }
      }
      if (pass === 'backward') {
        plane.forEach((sum, at) => {
          x.set(sum, n, c, Math.floor(at / width), at % width)
        })
      }
    }
  }
}

const divide = (a: Value, b: number): Value => (typeof a === 'bigint' ? a / BigInt(b) : a / b)
