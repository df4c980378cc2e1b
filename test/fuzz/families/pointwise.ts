// Elementwise operators: every row of the tables in `ops/`, with broadcasting, plain numbers as operands, and the forms in place.
import type { Argument } from '../case.ts'
import { type Draw, floats } from '../draw.ts'
import type { Family, Row } from '../families.ts'

const words = (text: string): string[] => text.trim().split(/\s+/)
const rows = (names: string, row: Row): Family => Object.fromEntries(words(names).map((name) => [name, row]))

/** A plain number: mostly one that the dtype holds. */
const number = (draw: Draw): number => draw.pick([draw.int(-3, 4), draw.int(1, 3), 0.5, -1.5, 2.25, draw.normal(), 0])
/** Another operand: of the same dtype or of another, broadcast, or a number. */
function other(draw: Draw, shape: readonly number[], numbers = 0.25): Argument {
  if (draw.chance(numbers)) return number(draw)
  return draw.tensor(draw.broadcastable(shape))
}

const unary: Row = { draw: (draw) => [draw.tensor(draw.shape())] }
const binary: Row = {
  draw: (draw) => {
    const shape = draw.shape()
    return [draw.tensor(draw.chance(0.15) ? draw.broadcastable(shape) : shape), other(draw, shape)]
  },
}
const inPlace = (row: Row): Row => ({ ...row, inPlace: true })
const unaryWith = (options: (draw: Draw) => Argument): Row => ({
  draw: (draw) => [draw.tensor(draw.shape()), options(draw)],
})

const ternary = (options: (draw: Draw) => Argument): Row => ({
  draw: (draw) => {
    const shape = draw.shape()
    const dtype = draw.chance(0.7) ? draw.dtype() : undefined
    const one = () => draw.tensor(draw.broadcastable(shape), { dtype })
    return [draw.tensor(shape, { dtype }), one(), one(), options(draw)]
  },
  inPlace: true,
})

const bound = (draw: Draw, shape: readonly number[]): Argument =>
  draw.pick([() => null, () => number(draw), () => draw.tensor(draw.broadcastable(shape))])()

export const pointwise: Family = {
  ...rows(
    `neg abs sign sgn square sqrt rsqrt reciprocal exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh
    asinh acosh atanh sigmoid erf erfc erfinv lgamma floor ceil trunc frac deg2rad rad2deg sinc`,
    inPlace(unary),
  ),
  digamma: { ...unary, order: 1, inPlace: true },
  ...rows('positive absolute negative fix arcsin arctanh', unary),
  round: inPlace(unaryWith((draw) => draw.options({ decimals: () => draw.int(-2, 3) }))),
  logit: unaryWith((draw) => draw.options({ eps: () => draw.pick([0.1, 1e-3, null]) })),
  nanToNum: unaryWith((draw) =>
    draw.options({
      nan: () => number(draw),
      posinf: () => number(draw),
      neginf: () => draw.pick([null, number(draw)]),
    }),
  ),
  ...rows('atan2 hypot copysign heaviside xlogy ldexp', inPlace(binary)),
  ...rows('maximum minimum fmax fmin logaddexp logaddexp2 floatPower trueDivide arctan2', binary),
  ...rows('mul pow floorDivide remainder fmod', inPlace(binary)),
  add: {
    inPlace: true,
    draw: (draw) => [...binary.draw(draw), draw.options({ alpha: () => number(draw) }, 0.3)],
  },
  sub: {
    inPlace: true,
    draw: (draw) => [...binary.draw(draw), draw.options({ alpha: () => number(draw) }, 0.3)],
  },
  rsub: (draw) => [...binary.draw(draw), draw.options({ alpha: () => number(draw) }, 0.3)],
  div: {
    inPlace: true,
    draw: (draw) => [...binary.draw(draw), draw.options({ roundingMode: () => draw.pick(['floor', 'trunc']) }, 0.5)],
  },
  addcmul: ternary((draw) => draw.options({ value: () => number(draw) })),
  addcdiv: ternary((draw) => draw.options({ value: () => number(draw) })),
  lerp: {
    inPlace: true,
    draw: (draw) => {
      const shape = draw.shape()
      const dtype = draw.dtype(floats)
      const end = draw.tensor(draw.broadcastable(shape), { dtype })
      return [
        draw.tensor(shape, { dtype }),
        end,
        draw.chance(0.5) ? number(draw) : draw.tensor(draw.broadcastable(shape), { dtype }),
      ]
    },
  },
  clamp: {
    inPlace: true,
    draw: (draw) => {
      const shape = draw.shape()
      return [draw.tensor(shape), bound(draw, shape), bound(draw, shape)]
    },
  },
  clampMin: inPlace(binary),
  clampMax: inPlace(binary),
  fill: {
    inPlace: true,
    draw: (draw) => [draw.tensor(draw.shape()), draw.chance(0.3) ? draw.tensor([]) : number(draw)],
  },
}
