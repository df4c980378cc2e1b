// Activations: with their options, in place where they have that.
import { type Draw, floats } from '../draw.ts'
import type { Family, Row } from '../families.ts'

const words = (text: string): string[] => text.trim().split(/\s+/)
const input = (draw: Draw) =>
  draw.tensor(draw.shape(), { dtype: draw.dtype(draw.chance(0.95) ? floats : ['int64', 'int32', 'uint8', 'bool']) })
const plain: Row['draw'] = (draw) => [input(draw)]
const withOptions =
  (fields: (draw: Draw) => Readonly<Record<string, unknown>>): Row['draw'] =>
  (draw) => [input(draw), draw.options(fields(draw), 0.5)]

export const activation: Family = {
  ...Object.fromEntries(
    words('relu6 selu silu mish softsign tanhshrink hardsigmoid hardswish logsigmoid').map((name) => [
      `F.${name}`,
      plain,
    ]),
  ),
  relu: { draw: plain, inPlace: true },
  sigmoid: { draw: plain, inPlace: true },
  tanh: { draw: plain, inPlace: true },
  'F.leakyRelu': withOptions((draw) => ({ negativeSlope: () => draw.pick([0.2, 1, -0.5]) })),
  'F.elu': withOptions((draw) => ({ alpha: () => draw.pick([0.5, 2]) })),
  'F.celu': withOptions((draw) => ({ alpha: () => draw.pick([0.5, 2]) })),
  'F.gelu': withOptions((draw) => ({ approximate: () => draw.pick(['none', 'tanh']) })),
  'F.softplus': withOptions((draw) => ({ beta: () => draw.pick([0.5, 2]), threshold: () => draw.pick([1, 5]) })),
  'F.hardshrink': withOptions((draw) => ({ lambd: () => draw.pick([0, 1, 1.5]) })),
  'F.softshrink': withOptions((draw) => ({ lambd: () => draw.pick([0, 1, 1.5]) })),
  'F.hardtanh': withOptions((draw) => ({ minVal: () => draw.pick([-2, 0]), maxVal: () => draw.pick([0.5, 2]) })),
  'F.threshold': (draw) => [input(draw), draw.pick([0, 0.5, -1]), draw.pick([0, 3, -2.5])],
  'F.glu': (draw) => {
    const shape = draw.shape(draw.int(1, 4), 800)
    const dim = draw.dim(shape.length)
    const axis = (dim + shape.length) % shape.length
    return [
      draw.tensor(
        shape.map((n, d) => (d === axis && !draw.chance(0.02) ? 2 * n : n)),
        { dtype: draw.dtype(floats) },
      ),
      dim,
    ]
  },
  'F.prelu': (draw) => {
    const x = draw.tensor(draw.shape(), { dtype: draw.dtype(['float32', 'float64']) })
    const channels = x.shape.length > 1 ? x.shape[1] : 1
    return [x, draw.tensor([draw.chance(0.5) ? 1 : channels], { dtype: x.dtype, values: 'normal' })]
  },
  'F.rrelu': withOptions(() => ({ lower: () => 0.1, upper: () => 0.4 })),
}
