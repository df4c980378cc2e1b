// Conversions between dtypes, copies between layouts, and tensors made like others.
import { anyDType, type Draw } from '../draw.ts'
import type { Family, Row } from '../families.ts'

const words = (text: string): string[] => text.trim().split(/\s+/)
const input = (draw: Draw) =>
  draw.tensor(draw.shape(), { values: draw.pick(['special', 'special', 'normal', 'small']) })
const like: Row['draw'] = (draw) => [input(draw), draw.options({ dtype: () => draw.dtype() })]

export const casts: Family = {
  to: (draw) => [input(draw), draw.dtype()],
  'to options': (draw) => [input(draw), draw.options({ dtype: () => draw.dtype(), copy: true })],
  type: (draw) => [input(draw), draw.dtype()],
  typeAs: (draw) => [input(draw), draw.tensor([1])],
  ...Object.fromEntries(
    words('float double half long int byte bool').map((name) => [name, (draw: Draw) => [input(draw)]]),
  ),
  copy: {
    inPlace: 'only',
    draw: (draw) => {
      const shape = draw.shape()
      return [draw.tensor(shape), draw.tensor(draw.broadcastable(shape), { values: 'special' })]
    },
  },
  ...Object.fromEntries(words('zerosLike onesLike').map((name) => [name, like])),
  fullLike: (draw) => [
    input(draw),
    draw.pick([0, 1, -3, 2.5, 300, true]),
    draw.options({ dtype: () => draw.dtype(anyDType) }),
  ],
  newFull: (draw) => [input(draw), draw.shape(), draw.pick([0, 1, -3, 2.5])],
  newZeros: (draw) => [input(draw), draw.shape()],
  newOnes: (draw) => [input(draw), draw.shape()],
}
