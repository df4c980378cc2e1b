// 2-d pooling: a thread computes one result; large windows are shared by the threads of a row of lanes. Backward, a thread gathers what reaches one element
// of x from the windows around it, in their order: nothing is added atomically. pool-code.ts has the kernels.
import { computeType, isFloating } from '../../../base/dtype.ts'
import { DTypeError, ShapeError } from '../../../base/errors.ts'
import type { PoolSpec, View } from '../../../runtime/spec.ts'
import type { Engine } from '../engine.ts'
import { bind, floatBits, keyOf, operandsOf, THREADS } from '../shader.ts'
import { code, LANES, type PoolVariant, poolWords } from './pool-code.ts'

/** Elements of a window from which on threads share it. */
const LARGE = 128

export const pool =
  (engine: Engine) =>
  (spec: PoolSpec): void => {
    const { op, pass, x, y, indices, windows, countIncludePad, divisor } = spec
    if (op === 'avg' && !isFloating(x.dtype)) throw new DTypeError(`pool: the average of ${x.dtype} is not defined`)
    if (op === 'max') for (const d of [0, 1] as const) checkWindows(spec, d)
    const order: View[] =
      pass === 'forward' && op === 'max' && indices ? [y, indices, x] : pass === 'forward' ? [y, x] : [x, y]
    if (pass === 'backward' && op === 'max' && indices) order.push(indices)
    const binding = bind(order)
    const written = pass === 'forward' && op === 'max' && indices ? 2 : 1
    const operands = operandsOf(order, binding, written)
    const [batch, channels, height, width] = x.shape
    const [outHeight, outWidth] = y.shape.slice(2)
    const longest = ([0, 1] as const).map((d) => {
      const w = windows[d]
      return w.adaptive ? Math.ceil(x.shape[2 + d] / Math.max(1, y.shape[2 + d])) : w.size
    })
    const variant: PoolVariant = {
      ...{ op, pass, countIncludePad, divisor: divisor !== null, indices: indices !== null },
      compute: computeType(x.dtype),
      adaptive: [windows[0].adaptive, windows[1].adaptive],
      lanes: op === 'avg' && pass === 'forward' && longest[0] * longest[1] >= LARGE ? LANES : 1,
    }
    const count = batch * channels * (pass === 'forward' ? outHeight * outWidth : height * width)
    const [h, v] = windows.map((w) => (w.adaptive ? { size: 0, stride: 1, padding: 0, dilation: 1 } : w))
    const strides = (view: View | null): readonly number[] => view?.strides ?? [0, 0, 0, 0]
    const [xs, ys, is] = [x, y, indices].map(strides)
    engine.run({
      key: `pool ${JSON.stringify(variant)} ${keyOf(operands)}`,
      code: () => code(variant, operands),
      blocks: binding.blocks,
      words: poolWords({
        ...{ count, channels, height, width, outHeight, outWidth, divisor: floatBits(divisor ?? 1) },
        ...{ sizeH: h.size, strideH: h.stride, paddingH: h.padding, dilationH: h.dilation },
        ...{ sizeW: v.size, strideW: v.stride, paddingW: v.padding, dilationW: v.dilation },
        ...{ x: x.offset, xn: xs[0], xc: xs[1], xh: xs[2], xw: xs[3] },
        ...{ y: y.offset, yn: ys[0], yc: ys[1], yh: ys[2], yw: ys[3] },
        ...{ at: indices?.offset ?? 0, atN: is[0], atC: is[1], atH: is[2], atW: is[3] },
      }),
      groups: Math.ceil((count * variant.lanes) / THREADS),
    })
  }

/** Throws where a window along dimension `d` holds nothing but padding: it has no maximum. */
function checkWindows({ x, y, windows }: PoolSpec, d: 0 | 1): void {
  const w = windows[d]
  if (w.adaptive) return
  const [size, outSize] = [x.shape[2 + d], y.shape[2 + d]]
  for (let i = 0; i < outSize; i++) {
    const start = i * w.stride - w.padding
    const first = start + Math.max(0, Math.ceil(-start / w.dilation)) * w.dilation
    if (first >= size || first > start + (w.size - 1) * w.dilation)
      throw new ShapeError(`pool: window ${i} holds nothing but padding`)
  }
}
