// Softmax and its kin, losses with all their options, and embeddings.
import type { DType } from '../../../src/base/dtype.ts'
import { Operand, type Argument } from '../case.ts'
import { type Draw, floats } from '../draw.ts'
import type { Family, Row } from '../families.ts'

const dtypeOf = (draw: Draw): DType => draw.dtype(['float32', 'float32', 'float64'])
const reduction = (draw: Draw) => draw.options({ reduction: () => draw.pick(['none', 'sum', 'mean']) }, 0.7)

const along: Row['draw'] = (draw) => {
  const x = draw.tensor(draw.chance(0.04) ? draw.shuffled([draw.pick([257, 1025]), 3]) : draw.shape(), {
    dtype: draw.dtype(draw.chance(0.97) ? floats : ['int64']),
    values: draw.pick(['normal', 'normal', 'small', 'zeros', 'infinite']),
  })
  return [x, draw.dim(x.shape.length), draw.options({ dtype: () => draw.dtype(['float32', 'float64']) }, 0.15)]
}

/** Two tensors of one shape, or of two that broadcast. */
const pair =
  (
    more: (draw: Draw) => Readonly<Record<string, unknown>> = () => ({}),
    target: 'normal' | 'unit' | 'positive' = 'normal',
    input = target,
  ): Row['draw'] =>
  (draw) => {
    const shape = draw.shape(draw.int(0, 3), 500)
    const dtype = dtypeOf(draw)
    const other = draw.chance(0.95) ? shape : draw.broadcastable(shape)
    return [
      draw.tensor(shape, { dtype, values: input }),
      draw.tensor(other, { dtype, values: target, grad: target === 'normal' }),
      { ...draw.options(more(draw)), ...reduction(draw) },
    ]
  }
const scalar = (draw: Draw) => () => draw.pick([0.5, 2, 1])

/** 1 and -1. */
const signs = (draw: Draw, shape: readonly number[], dtype: DType): Operand => {
  const x = draw.tensor(shape, { dtype, grad: false, values: 'normal' })
  return x.with({ values: x.values.map((v) => (Number(v) < 0 ? -1 : 1)) })
}
const signed =
  (inputs: number): Row['draw'] =>
  (draw) => {
    const shape = draw.shape(draw.int(0, 2), 200)
    const dtype = dtypeOf(draw)
    return [
      ...draw.list(inputs, () => draw.tensor(shape, { dtype, values: 'normal' })),
      signs(draw, shape, dtype),
      { ...draw.options({ margin: () => draw.pick([0, 0.5, 2]) }), ...reduction(draw) },
    ]
  }

/** Scores [N, C, ...], [N, C] or [C], and the class of each row. */
function classes(draw: Draw): { input: number[]; target: number[]; count: number } {
  const count = draw.pick([1, 2, 3, 5, 10, 17])
  const n = draw.chance(0.03) ? 0 : draw.pick([1, 2, 3, 5, 33])
  const rest = draw.pick([[], [], [2], [3, 2]])
  return draw.chance(0.1)
    ? { input: [count], target: [], count }
    : { input: [n, count, ...rest], target: [n, ...rest], count }
}
const labels = (draw: Draw, shape: readonly number[], count: number): Argument =>
  draw.indices(shape, 0, count - 1, 'int64', 0.01)
const weights = (draw: Draw, count: number, dtype: DType) => () =>
  draw.tensor([count], { dtype, values: 'positive', grad: false })

const byClass: Row['draw'] = (draw) => {
  const { input, target, count } = classes(draw)
  const dtype = dtypeOf(draw)
  return [
    draw.tensor(input, { dtype, values: draw.tame() }),
    labels(draw, target, count),
    {
      ...draw.options({ weight: weights(draw, count, dtype), ignoreIndex: () => draw.int(0, count - 1) }, 0.3),
      ...reduction(draw),
    },
  ]
}

export const losses: Family = {
  softmax: along,
  logSoftmax: along,
  'F.softmin': along,
  'F.crossEntropy': (draw) => {
    const [x, target, options] = byClass(draw)
    const smooth = draw.options({ labelSmoothing: () => draw.pick([0.1, 0.5, 1]) }, 0.3)
    return [x, target, { ...(options as object), ...smooth }]
  },
  'F.crossEntropy probabilities': (draw) => {
    const { input, count } = classes(draw)
    const dtype = dtypeOf(draw)
    return [
      draw.tensor(input, { dtype, values: 'normal' }),
      draw.tensor(input, { dtype, values: 'unit' }),
      { ...draw.options({ weight: weights(draw, count, dtype), labelSmoothing: () => 0.2 }, 0.3), ...reduction(draw) },
    ]
  },
  'F.nllLoss': byClass,
  'F.mseLoss': pair(),
  'F.l1Loss': pair(),
  'F.smoothL1Loss': pair((draw) => ({ beta: () => draw.pick([0, 0.5, 2]) })),
  'F.huberLoss': pair((draw) => ({ delta: scalar(draw) })),
  'F.softMarginLoss': (draw) => {
    const shape = draw.shape(draw.int(0, 2), 200)
    const dtype = dtypeOf(draw)
    return [draw.tensor(shape, { dtype, values: 'normal' }), signs(draw, shape, dtype), reduction(draw)]
  },
  'F.klDiv': pair((draw) => ({ logTarget: () => draw.chance(0.5) }), 'unit', 'normal' as never),
  'F.binaryCrossEntropy': pair(() => ({}), 'unit'),
  'F.binaryCrossEntropyWithLogits': (draw) => {
    const shape = draw.shape(draw.int(1, 3), 300)
    const dtype = dtypeOf(draw)
    return [
      draw.tensor(shape, { dtype, values: 'normal' }),
      draw.tensor(shape, { dtype, values: 'unit', grad: false }),
      {
        ...draw.options(
          {
            weight: () => draw.tensor(draw.broadcastable(shape), { dtype, values: 'positive', grad: false }),
            posWeight: () => draw.tensor([shape.at(-1) as number], { dtype, values: 'positive', grad: false }),
          },
          0.3,
        ),
        ...reduction(draw),
      },
    ]
  },
  'F.poissonNllLoss': pair(
    (draw) => ({ logInput: () => draw.chance(0.5), full: () => draw.chance(0.5), eps: () => 0.01 }),
    'positive',
  ),
  'F.gaussianNllLoss': (draw) => {
    const shape = draw.shape(draw.int(1, 3), 300)
    const dtype = dtypeOf(draw)
    const variance = draw.pick([shape, [...shape.slice(0, -1), 1]])
    return [
      draw.tensor(shape, { dtype, values: 'normal' }),
      draw.tensor(shape, { dtype, values: 'normal' }),
      draw.tensor(variance, { dtype, values: 'positive' }),
      { ...draw.options({ full: () => draw.chance(0.5), eps: () => 0.5 }), ...reduction(draw) },
    ]
  },
  'F.hingeEmbeddingLoss': signed(1),
  'F.marginRankingLoss': signed(2),
  'F.cosineEmbeddingLoss': (draw) => {
    const [n, c] = [draw.int(1, 5), draw.int(1, 5)]
    const dtype = dtypeOf(draw)
    return [
      draw.tensor([n, c], { dtype, values: 'normal' }),
      draw.tensor([n, c], { dtype, values: 'normal' }),
      signs(draw, [n], dtype),
      { ...draw.options({ margin: () => 0.3 }), ...reduction(draw) },
    ]
  },
  'F.tripletMarginLoss': (draw) => {
    const shape = draw.shape(draw.int(1, 2), 100)
    const dtype = dtypeOf(draw)
    return [
      ...draw.list(3, () => draw.tensor(shape, { dtype, values: 'normal' })),
      { ...draw.options({ margin: scalar(draw), p: () => draw.pick([1, 3]), swap: true }), ...reduction(draw) },
    ]
  },
  'F.multiMarginLoss': (draw) => {
    const count = draw.int(1, 6)
    const target = draw.chance(0.15) ? [] : [draw.int(1, 5)]
    const dtype = dtypeOf(draw)
    return [
      draw.tensor([...target, count], { dtype, values: 'normal' }),
      labels(draw, target, count),
      {
        ...draw.options({ p: () => draw.int(1, 2), margin: scalar(draw), weight: weights(draw, count, dtype) }),
        ...reduction(draw),
      },
    ]
  },
  'F.multilabelMarginLoss': (draw) => {
    const count = draw.int(1, 6)
    const lead = draw.chance(0.15) ? [] : [draw.int(1, 5)]
    return [
      draw.tensor([...lead, count], { dtype: dtypeOf(draw), values: 'normal' }),
      draw.indices([...lead, count], -1, count - 1, 'int64', 0),
      reduction(draw),
    ]
  },
  'F.multilabelSoftMarginLoss': (draw) => {
    const shape = [draw.int(1, 5), draw.int(1, 6)]
    const dtype = dtypeOf(draw)
    return [
      draw.tensor(shape, { dtype, values: 'normal' }),
      draw.tensor(shape, { dtype, values: 'unit', grad: false }),
      { ...draw.options({ weight: weights(draw, shape[1], dtype) }, 0.3), ...reduction(draw) },
    ]
  },
  'F.embedding': (draw) => {
    const [rows, columns] = [draw.int(1, 9), draw.pick([1, 3, 8, 17])]
    return [
      draw.indices(draw.shape(draw.int(0, 2), 60), 0, rows - 1, draw.pick(['int64', 'int32'])),
      draw.tensor([rows, columns], { dtype: dtypeOf(draw), values: 'normal' }),
      draw.options({ paddingIdx: () => draw.int(-rows, rows - 1), scaleGradByFreq: true }, 0.3),
    ]
  },
}
