// Normalisation: by batch, layer, group, instance, neighbouring channels, and vectors.
import type { DType } from '../../../src/base/dtype.ts'
import type { Argument } from '../case.ts'
import type { Draw } from '../draw.ts'
import type { Family, Row } from '../families.ts'

const dtypeOf = (draw: Draw): DType => draw.dtype(['float32', 'float32', 'float64'])
const shapeOf = (draw: Draw, channels: number): number[] => [
  draw.chance(0.03) ? 0 : draw.pick([1, 2, 3, 5, 17]),
  channels,
  ...draw.list(draw.pick([0, 1, 2, 2, 3]), () => draw.pick([1, 2, 3, 5, 7])),
]
const values = (draw: Draw) => draw.pick(['normal', 'normal', 'normal', 'small', 'zeros'] as const)
const eps = (draw: Draw) => draw.options({ eps: () => draw.pick([1e-3, 1e-2]) }, 0.3)
/** A factor or summand for each channel, or none. */
const part = (draw: Draw, shape: readonly number[], dtype: DType): Argument =>
  draw.chance(0.7) ? draw.tensor(shape, { dtype, values: 'normal' }) : null
const running = (draw: Draw, channels: number, dtype: DType) => ({
  mean: draw.tensor([channels], { dtype, values: 'normal', grad: false, plain: true }),
  variance: draw.tensor([channels], { dtype, values: 'positive', grad: false, plain: true }),
})

const batch: Row = {
  rule: { writes: true },
  draw: (draw) => {
    const channels = draw.pick([1, 2, 3, 5, 16, 17])
    const dtype = dtypeOf(draw)
    const training = draw.chance(0.6)
    const { mean, variance } = running(draw, channels, dtype)
    const tracked = !training || draw.chance(0.7)
    return [
      draw.tensor(shapeOf(draw, channels + (draw.chance(0.01) ? 1 : 0)), { dtype, values: values(draw) }),
      tracked ? mean : null,
      tracked ? variance : null,
      part(draw, [channels], dtype),
      part(draw, [channels], dtype),
      { training, ...draw.options({ momentum: () => draw.pick([0.3, 0, 1]) }), ...eps(draw) },
    ]
  },
}
const instance: Row = {
  rule: { writes: true },
  draw: (draw) => {
    const channels = draw.pick([1, 2, 3, 5])
    const dtype = dtypeOf(draw)
    const useInputStats = draw.chance(0.8)
    const { mean, variance } = running(draw, channels, dtype)
    return [
      draw.tensor(shapeOf(draw, channels), { dtype, values: values(draw) }),
      {
        ...(!useInputStats || draw.chance(0.5) ? { runningMean: mean, runningVar: variance } : {}),
        weight: part(draw, [channels], dtype),
        bias: part(draw, [channels], dtype),
        useInputStats,
        ...draw.options({ momentum: () => 0.3 }),
        ...eps(draw),
      },
    ]
  },
}

export const norm: Family = {
  'F.batchNorm': batch,
  'F.instanceNorm': instance,
  'F.layerNorm': (draw) => {
    const shape = draw.shape(draw.int(1, 4))
    const dtype = dtypeOf(draw)
    const own = shape.slice(draw.int(0, shape.length - 1))
    return [
      draw.tensor(shape, { dtype, values: values(draw) }),
      draw.chance(0.02) ? [3, 1] : own,
      part(draw, own, dtype),
      part(draw, own, dtype),
      eps(draw),
    ]
  },
  'F.groupNorm': (draw) => {
    const groups = draw.int(1, 4)
    const channels = groups * draw.int(1, 4) + (draw.chance(0.02) ? 1 : 0)
    const dtype = dtypeOf(draw)
    return [
      draw.tensor(shapeOf(draw, channels), { dtype, values: values(draw) }),
      groups,
      part(draw, [channels], dtype),
      part(draw, [channels], dtype),
      eps(draw),
    ]
  },
  'F.localResponseNorm': (draw) => {
    const shape = [
      draw.int(1, 3),
      draw.int(1, 7),
      ...draw.list(draw.int(0, 2) + (draw.chance(0.05) ? 0 : 1), () => draw.int(1, 5)),
    ]
    return [
      draw.tensor(shape, { dtype: dtypeOf(draw), values: 'normal' }),
      draw.int(1, 5),
      draw.options({ alpha: () => 0.5, beta: () => 0.5, k: () => 2 }),
    ]
  },
  'F.normalize': (draw) => {
    // One small number alone: its gradient is what is left of two large ones.
    const x = draw.tensor(draw.shape(draw.int(1, 4)), {
      dtype: dtypeOf(draw),
      values: draw.pick(['small', 'positive']),
    })
    return [
      x,
      { ...draw.options({ p: () => draw.pick([1, 3, Infinity]), eps: () => 0.1 }), dim: draw.dim(x.shape.length) },
    ]
  },
  'F.cosineSimilarity': (draw) => {
    const shape = draw.shape(draw.int(1, 3))
    const dtype = dtypeOf(draw)
    // Between rows of zeros it has no second gradient: large parts cancel.
    const one = (of: readonly number[]) => draw.tensor(of, { dtype, values: draw.pick(['normal', 'positive']) })
    return [
      one(shape),
      one(draw.broadcastable(shape)),
      { dim: draw.dim(shape.length), ...draw.options({ eps: () => 0.1 }, 0.2) },
    ]
  },
  'F.pairwiseDistance': (draw) => {
    const shape = draw.shape(draw.int(1, 2))
    const dtype = dtypeOf(draw)
    return [
      draw.tensor(shape, { dtype, values: 'normal' }),
      draw.tensor(shape, { dtype, values: 'normal' }),
      draw.options({ p: () => draw.pick([1, 3, Infinity]), eps: () => 0.1, keepdim: true }),
    ]
  },
  renorm: (draw) => {
    const x = draw.tensor(draw.shape(draw.int(2, 3)), { dtype: dtypeOf(draw), values: 'normal' })
    return [x, draw.pick([1, 2, 3]), draw.dim(x.shape.length), draw.pick([0.5, 1, 3])]
  },
}
