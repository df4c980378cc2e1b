// 2-d convolution and its two gradients as products (product.ts): forward and input gradient have pixels for columns, the weight gradient sums over them.
// The parts of unfolded pictures are read where they lie. Groups of few channels have kernels of their own (conv-direct.ts).
import { isFloating } from '../../../base/dtype.ts'
import { DTypeError } from '../../../base/errors.ts'
import type { ConvSpec } from '../../../runtime/spec.ts'
import type { Engine } from '../engine.ts'
import { directConv } from './conv-direct.ts'
import { phasesOf, type Phase } from './conv-phases.ts'
import { axis, type Product, runProduct } from './product.ts'

/** Channels of a group below which a tile would be mostly empty. */
const FEW = 4

export const conv =
  (engine: Engine) =>
  (spec: ConvSpec): void => {
    const { pass, x, w, y, groups } = spec
    const { dtype } = pass === 'forward' ? y : pass === 'inputGrad' ? x : w
    if (!isFloating(dtype)) throw new DTypeError(`conv: dtype ${dtype} is not supported`)
    const rows = pass === 'inputGrad' ? w.shape[1] : w.shape[0] / groups
    if (groups > 1 && rows < FEW) directConv(engine, spec)
    else if (pass === 'forward') runProduct(engine, forward(spec))
    else if (pass === 'weightGrad') runProduct(engine, weightGrad(spec))
    else for (const h of phasesOf(spec, 0)) for (const v of phasesOf(spec, 1)) runProduct(engine, inputGrad(spec, h, v))
  }

/** A pixel's or a tap's steps in a picture; row and column for a window. */
const [images, alongRows, alongColumns] = [0, 2, 3]

/** Where the taps of output pixels lie in x: what forward and weight gradient have in common. */
function geometry({ x, w, y, stride: [sh, sw], padding: [ph, pw], dilation: [dh, dw], groups }: ConvSpec) {
  const [height, width] = x.shape.slice(2)
  const [rows, columns] = [y.shape[2], y.shape[3]]
  const [, perGroup, kh, kw] = w.shape
  const s = x.strides
  const inside =
    ph === 0 && pw === 0 && (rows - 1) * sh + (kh - 1) * dh < height && (columns - 1) * sw + (kw - 1) * dw < width
  return {
    perGroup,
    outputs: w.shape[0] / groups,
    pixels: {
      sizes: [x.shape[0], rows, columns],
      x: [s[images], sh * s[alongRows], sw * s[alongColumns]],
      y: [y.strides[0], y.strides[2], y.strides[3]],
      window: inside
        ? []
        : [
            [0, sh, 0],
            [0, 0, sw],
          ],
    },
    taps: {
      sizes: [perGroup, kh, kw],
      x: [s[1], dh * s[alongRows], dw * s[alongColumns]],
      w: w.strides.slice(1),
      window: inside
        ? []
        : [
            [0, dh, 0],
            [0, 0, dw],
          ],
    },
    window: inside ? null : { row: -ph, column: -pw, height, width },
    at: -ph * s[alongRows] - pw * s[alongColumns],
  }
}

const none = [0, 0, 0]

function forward(spec: ConvSpec): Product {
  const { x, w, y, bias, groups } = spec
  const { perGroup, outputs, pixels, taps, window, at } = geometry(spec)
  const m = { a: w.strides[0], c: y.strides[1], bias: bias?.strides[0] ?? 0 }
  return {
    ...{ a: w, b: x, c: y, bias, window, alpha: 1, beta: 0 },
    batch: { size: groups, a: outputs * m.a, b: perGroup * x.strides[1], c: outputs * m.c, bias: outputs * m.bias },
    m: { size: outputs, ...m },
    n: axis(pixels.sizes, pixels.x, pixels.y, none, ...pixels.window),
    k: axis(taps.sizes, taps.w, taps.x, ...taps.window),
    at: { a: 0, b: at, c: 0 },
  }
}

function weightGrad(spec: ConvSpec): Product {
  const { x, w, y, groups } = spec
  const { perGroup, outputs, pixels, taps, window, at } = geometry(spec)
  const m = { a: y.strides[1], c: w.strides[0], bias: 0 }
  return {
    ...{ a: y, b: x, c: w, bias: null, window, alpha: 1, beta: 0 },
    batch: { size: groups, a: outputs * m.a, b: perGroup * x.strides[1], c: outputs * m.c, bias: 0 },
    m: { size: outputs, ...m },
    n: axis(taps.sizes, taps.x, taps.w, none, ...taps.window),
    k: axis(pixels.sizes, pixels.y, pixels.x, ...pixels.window),
    at: { a: 0, b: at, c: 0 },
  }
}

/** Of the rows and columns of x in one phase each, all meet the same taps. */
function inputGrad({ x, w, y, stride: [sh, sw], groups }: ConvSpec, h: Phase, v: Phase): Product {
  const [outputs, perGroup] = [w.shape[0] / groups, w.shape[1]]
  const [height, width] = y.shape.slice(2)
  const m = { a: w.strides[1], c: x.strides[1], bias: 0 }
  const inside = h.inside && v.inside
  const window = inside ? null : { row: h.from, column: v.from, height, width }
  const [pixel, tap] = inside
    ? [[], []]
    : [
        [
          [0, 1, 0],
          [0, 0, 1],
        ],
        [
          [0, -h.back, 0],
          [0, 0, -v.back],
        ],
      ]
  const [, , xh, xw] = x.strides
  const [yn, yo, yh, yw] = y.strides
  const [wo, , wh, ww] = w.strides
  return {
    ...{ a: w, b: y, c: x, bias: null, window, alpha: 1, beta: 0 },
    batch: { size: groups, a: outputs * wo, b: outputs * yo, c: perGroup * m.c, bias: 0 },
    m: { size: perGroup, ...m },
    n: axis([x.shape[0], h.count, v.count], [yn, yh, yw], [x.strides[0], sh * xh, sw * xw], none, ...pixel),
    k: axis([outputs, h.taps, v.taps], [wo, h.tapStep * wh, v.tapStep * ww], [yo, -h.back * yh, -v.back * yw], ...tap),
    at: {
      a: h.firstTap * wh + v.firstTap * ww,
      b: h.from * yh + v.from * yw,
      c: h.first * xh + v.first * xw,
    },
  }
}
