// Comparisons, logic and bits.
import { type Draw, integers } from '../draw.ts'
import type { Family, Row } from '../families.ts'

const words = (text: string): string[] => text.trim().split(/\s+/)
const rows = (names: string, row: Row): Family => Object.fromEntries(words(names).map((name) => [name, row]))

const tied = (draw: Draw) => draw.pick(['small', 'small', 'special', 'zeros'] as const)
const number = (draw: Draw): number => draw.pick([draw.int(-3, 4), 0.5, -1.5, 300, -1])

const pair: Row = {
  inPlace: true,
  draw: (draw) => {
    const shape = draw.shape()
    const x = draw.tensor(draw.chance(0.15) ? draw.broadcastable(shape) : shape, { values: tied(draw) })
    return [x, draw.chance(0.3) ? number(draw) : draw.tensor(draw.broadcastable(shape), { values: tied(draw) })]
  },
}
const tensors: Row = {
  inPlace: true,
  draw: (draw) => {
    const shape = draw.shape()
    return [draw.tensor(shape, { values: tied(draw) }), draw.tensor(draw.broadcastable(shape), { values: tied(draw) })]
  },
}
const single: Row = { draw: (draw) => [draw.tensor(draw.shape(), { values: tied(draw) })] }
const bits: Row = {
  draw: (draw) => {
    const shape = draw.shape()
    const dtype = () => draw.dtype(draw.chance(0.03) ? ['float32'] : [...integers, 'bool'])
    const x = draw.tensor(shape, { dtype: dtype() })
    return [x, draw.chance(0.3) ? draw.int(-3, 5) : draw.tensor(draw.broadcastable(shape), { dtype: dtype() })]
  },
}
const close = (draw: Draw) =>
  draw.options({ rtol: () => draw.pick([0, 0.5]), atol: () => draw.pick([0, 0.5]), equalNan: true })
const almost = (draw: Draw) => {
  const shape = draw.shape()
  const dtype = draw.dtype()
  const x = draw.tensor(shape, { dtype, values: tied(draw) })
  return [
    x,
    draw.chance(0.3)
      ? x
      : draw.tensor(draw.chance(0.5) ? shape : draw.broadcastable(shape), { dtype, values: tied(draw) }),
    close(draw),
  ]
}

export const compare: Family = {
  ...rows('eq ne lt le gt ge', pair),
  ...rows('notEqual less lessEqual greater greaterEqual', { draw: pair.draw }),
  ...rows('logicalAnd logicalOr logicalXor', tensors),
  logicalNot: { ...single, inPlace: true },
  ...rows('isnan isinf isfinite isposinf isneginf signbit', single),
  ...rows('bitwiseAnd bitwiseOr bitwiseXor', bits),
  bitwiseNot: (draw) => bits.draw(draw).slice(0, 1),
  isclose: almost,
  allclose: almost,
  equal: (draw) => almost(draw).slice(0, 2),
  where: (draw) => {
    const shape = draw.shape()
    const one = () => (draw.chance(0.2) ? number(draw) : draw.tensor(draw.broadcastable(shape), { values: tied(draw) }))
    return [
      draw.chance(0.95) ? draw.mask(draw.broadcastable(shape)) : draw.tensor(shape, { dtype: draw.dtype() }),
      one(),
      one(),
    ]
  },
  maskedFill: {
    inPlace: true,
    draw: (draw) => {
      const shape = draw.shape()
      return [
        draw.tensor(shape),
        draw.mask(draw.broadcastable(shape)),
        draw.chance(0.2) ? draw.tensor([]) : number(draw),
      ]
    },
  },
}
