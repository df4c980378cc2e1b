// Random numbers: the streams are equal on all devices, bit for bit, whatever the layout they are written to.
import type { DType } from '../../../src/base/dtype.ts'
import { type Draw, floats } from '../draw.ts'
import type { Family, Row } from '../families.ts'

/** Short and long ones: from 16 elements on PyTorch draws normal numbers in blocks. */
const shapeOf = (draw: Draw): number[] =>
  draw.pick([() => draw.shape(), () => [draw.pick([15, 16, 17, 100])], () => draw.shape(1)])()
const kind = (draw: Draw, of: readonly DType[] = floats) => draw.options({ dtype: () => draw.dtype(of) })
const created = (draw: Draw) => [shapeOf(draw), kind(draw)]
const like = (draw: Draw) => [draw.tensor(shapeOf(draw), { dtype: draw.dtype(floats) }), kind(draw)]
const written = (args: (draw: Draw) => readonly number[], dtypes: readonly DType[] = floats): Row => ({
  rule: { writes: true },
  draw: (draw) => [draw.tensor(shapeOf(draw), { dtype: draw.dtype(dtypes), grad: false }), ...args(draw)],
})

export const random: Family = {
  rand: created,
  randn: created,
  randLike: like,
  randnLike: like,
  randint: (draw) => [
    draw.int(-3, 0),
    draw.pick([1, 5, 300, 2 ** 33]),
    shapeOf(draw),
    kind(draw, ['int64', 'int32', 'float32', 'uint8']),
  ],
  randintLike: (draw) => [draw.tensor(shapeOf(draw)), draw.int(-3, 0), draw.pick([1, 5, 100])],
  randperm: (draw) => [draw.pick([0, 1, 2, 10, 100, 1000]), kind(draw, ['int64', 'int32', 'float32'])],
  normal: (draw) => {
    const shape = shapeOf(draw)
    const one = (values: 'normal' | 'positive') => draw.tensor(shape, { dtype: 'float32', values, grad: false })
    return draw.pick([
      () => [0.5, 2, shape],
      () => [one('normal'), 2],
      () => [one('normal'), one('positive')],
      () => [-1, one('positive')],
    ])()
  },
  bernoulli: (draw) => [draw.tensor(shapeOf(draw), { dtype: draw.dtype(floats), values: 'unit' })],
  multinomial: (draw) => {
    const [rows, n] = [draw.pick([[], [draw.int(1, 4)]]), draw.int(1, 12)]
    return [
      draw.tensor([...rows, n], { dtype: draw.dtype(['float32', 'float64']), values: 'positive', grad: false }),
      draw.int(1, n),
      draw.options({ replacement: true }),
    ]
  },
  uniform_: written((draw) => draw.pick([[], [-2, 3]])),
  normal_: written((draw) => draw.pick([[], [1, 3]])),
  bernoulli_: written((draw) => draw.pick([[], [0.2]]), [...floats, 'int64', 'bool', 'uint8']),
  exponential_: written((draw) => draw.pick([[], [2]])),
  random_: written((draw) => draw.pick([[], [5], [-3, 7]]), [...floats, 'int64', 'int32', 'uint8', 'bool']),
  'F.dropout': (draw) => [
    draw.tensor(shapeOf(draw), { dtype: draw.dtype(floats) }),
    draw.options({ p: () => draw.pick([0, 0.2, 1]), training: () => draw.chance(0.8) }),
  ],
  'F.dropout2d': (draw) => [
    draw.tensor(draw.shape(draw.pick([3, 4])), { dtype: draw.dtype(floats) }),
    draw.options({ p: () => draw.pick([0, 0.2]), training: () => draw.chance(0.8) }),
  ],
  'F.alphaDropout': (draw) => [
    draw.tensor(shapeOf(draw), { dtype: draw.dtype(['float32', 'float64']) }),
    { training: draw.chance(0.8), ...draw.options({ p: () => 0.2 }) },
  ],
  'F.rrelu': (draw) => [draw.tensor(shapeOf(draw), { dtype: draw.dtype(['float32', 'float64']) }), { training: true }],
}
