// Reductions to fewer dimensions, and statistics.
import type { DType } from '../../../src/base/dtype.ts'
import { type Draw, floats } from '../draw.ts'
import type { Family, Row } from '../families.ts'

const words = (text: string): string[] => text.trim().split(/\s+/)
const rows = (names: string, row: Row | Row['draw']): Family =>
  Object.fromEntries(words(names).map((name) => [name, row]))

const keep = (draw: Draw) => draw.options({ keepdim: true })
/** Sometimes long, to cross the thresholds of blocks and threads. */
const shapeOf = (draw: Draw): number[] =>
  draw.chance(0.04) ? draw.shuffled([draw.pick([129, 1025, 5000]), draw.pick([1, 3, 5])]) : draw.shape()
const input = (draw: Draw, of?: readonly DType[], values = draw.values()) =>
  draw.tensor(shapeOf(draw), { dtype: draw.dtype(of), values })
const mostlyFloats = (draw: Draw): readonly DType[] | undefined => (draw.chance(0.95) ? floats : undefined)
const kind = (draw: Draw) => draw.options({ dtype: () => draw.dtype(['float32', 'float64', 'int64', 'float16']) }, 0.15)

const sums = (draw: Draw) => {
  const x = input(draw, undefined, draw.summands())
  return [x, draw.someDims(x.shape.length), { ...keep(draw), ...kind(draw) }]
}
const means = (draw: Draw) => {
  const x = input(draw, mostlyFloats(draw), draw.summands())
  return [x, draw.someDims(x.shape.length), { ...keep(draw), ...kind(draw) }]
}
const plain = (draw: Draw) => {
  const x = input(draw)
  return [x, draw.someDims(x.shape.length), keep(draw)]
}
const oneDim = (draw: Draw) => {
  const x = input(draw)
  return draw.chance(0.2) ? [x] : [x, draw.dim(x.shape.length), keep(draw)]
}
const spread = (draw: Draw) => {
  const x = draw.tensor(shapeOf(draw), {
    dtype: draw.dtype(mostlyFloats(draw)),
    values: draw.summands(),
    distinct: true,
  })
  const how = draw.chance(0.5) ? { unbiased: draw.chance(0.5) } : draw.chance(0.3) ? { correction: draw.int(0, 3) } : {}
  return [x, draw.someDims(x.shape.length), { ...how, ...keep(draw) }]
}
const quantiles = (draw: Draw) => {
  const x = draw.tensor(draw.shape(), { dtype: draw.dtype(['float32', 'float64', 'float32']), values: draw.summands() })
  const q = draw.chance(0.5)
    ? draw.pick([0, 0.25, 0.5, 1, draw.next()])
    : draw.tensor([draw.int(1, 4)], { dtype: x.dtype, values: 'unit', grad: false })
  const interpolation = () => draw.pick(['linear', 'lower', 'higher', 'midpoint', 'nearest'])
  const dim = draw.chance(0.3) ? undefined : draw.dim(x.shape.length)
  return [x, q, dim, { ...keep(draw), ...draw.options({ interpolation }) }]
}
const norms = (draw: Draw) => draw.pick([0, 1, 2, 2, 3, 0.5, Infinity, -Infinity, -1])

export const reduce: Family = {
  ...rows('sum nansum', sums),
  ...rows('mean nanmean', means),
  prod: (draw) => {
    // What overflows on the way to 0 is NaN or 0, by the order.
    const x = input(draw, undefined, draw.tame())
    return [x, draw.pick([undefined, draw.dim(x.shape.length)]), { ...keep(draw), ...kind(draw) }]
  },
  ...rows('any all amax amin', plain),
  countNonzero: (draw) => plain(draw).slice(0, 2),
  ...rows('argmax argmin max min', oneDim),
  aminmax: (draw) => {
    const x = input(draw)
    return [x, { ...draw.options({ dim: () => draw.dim(x.shape.length) }), ...keep(draw) }]
  },
  ...rows('variance std varMean stdMean', spread),
  logsumexp: (draw) => {
    const x = input(draw, mostlyFloats(draw), draw.summands())
    return [x, draw.someDims(x.shape.length) ?? 0, keep(draw)]
  },
  norm: (draw) => {
    const x = input(draw, mostlyFloats(draw), draw.summands())
    const dim = draw.chance(0.6) ? { dim: draw.someDims(x.shape.length) ?? 0 } : {}
    return [x, draw.chance(0.2) ? 'fro' : norms(draw), { ...dim, ...keep(draw) }]
  },
  dist: (draw) => {
    const shape = draw.shape()
    const dtype = draw.dtype(floats)
    const one = (of: readonly number[]) => draw.tensor(of, { dtype, values: draw.summands() })
    return [one(shape), one(draw.broadcastable(shape)), norms(draw)]
  },
  ...rows('quantile nanquantile', quantiles),
  histc: (draw) => [
    draw.tensor(draw.shape(), { dtype: draw.dtype(['float32', 'float64']), grad: false, values: draw.tame() }),
    draw.options({ bins: () => draw.pick([1, 3, 10]), min: () => draw.pick([-1, 0]), max: () => draw.pick([0, 1, 2]) }),
  ],
  cov: (draw) => {
    const shape = draw.pick([[draw.size()], [draw.size(), draw.size()]])
    const observations = shape.at(-1) as number
    return [
      draw.tensor(shape, { dtype: draw.dtype(['float32', 'float64', 'int64']), values: draw.summands() }),
      draw.options(
        {
          correction: () => draw.int(0, 2),
          fweights: () => draw.tensor([observations], { dtype: 'int64', values: 'positive' }),
          aweights: () => draw.tensor([observations], { dtype: 'float32', values: 'positive', grad: false }),
        },
        0.3,
      ),
    ]
  },
  corrcoef: (draw) => [
    draw.tensor(draw.pick([[draw.size()], [draw.size(), draw.size()]]), {
      dtype: draw.dtype(['float32', 'float64']),
      values: draw.tame(),
      distinct: true,
    }),
  ],
  trace: (draw) => [draw.tensor([draw.size(), draw.size()])],
}
