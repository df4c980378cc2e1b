// Running sums and their kin, and differences along a dimension.
import { type Draw, floats } from '../draw.ts'
import type { Family } from '../families.ts'

const input = (draw: Draw) => {
  const shape = draw.chance(0.05) ? draw.shuffled([draw.pick([65, 257, 1025]), draw.pick([1, 3, 9])]) : draw.shape()
  return draw.tensor(shape, { values: draw.summands() })
}
const scan = (draw: Draw) => {
  const x = input(draw)
  return [x, draw.dim(x.shape.length)]
}
const sums = (draw: Draw) => [
  ...scan(draw),
  draw.options({ dtype: () => draw.dtype(['float32', 'float64', 'int64']) }, 0.15),
]
/** A dimension's size and all others'. */
const withDim = (draw: Draw) => {
  const dtype = draw.dtype(draw.chance(0.8) ? floats : ['int64', 'int32'])
  const x = draw.tensor(draw.shape(draw.int(1, 3)), { dtype, values: draw.tame() })
  return { x, dim: draw.dim(x.shape.length) }
}

const steps = (draw: Draw) => {
  const { x, dim } = withDim(draw)
  const size = x.shape.at(dim) ?? 1
  const at = draw.chance(0.4)
    ? draw.tensor(draw.chance(0.5) ? [size] : x.shape, { dtype: x.dtype, values: draw.tame() })
    : undefined
  // Along other dimensions than the last a vector of places does not broadcast the same way.
  return [x, at, { dim, ...(at === undefined ? draw.options({ dx: () => draw.pick([0.5, 2]) }) : {}) }]
}

export const scans: Family = {
  cumsum: sums,
  cumprod: (draw) => {
    const x = draw.tensor(draw.shape(), { values: draw.tame() })
    return [x, draw.dim(x.shape.length)]
  },
  cummax: scan,
  cummin: scan,
  logcumsumexp: (draw) => {
    const x = draw.tensor(draw.shape(), { dtype: draw.dtype(floats), values: draw.summands() })
    return [x, draw.dim(x.shape.length)]
  },
  diff: (draw) => {
    const { x, dim } = withDim(draw)
    const beside = () =>
      draw.tensor(
        x.shape.map((n, d) => (d === (dim + x.shape.length) % x.shape.length ? draw.int(0, 3) : n)),
        { dtype: x.dtype },
      )
    return [x, { dim, ...draw.options({ n: () => draw.int(0, 3), prepend: beside, append: beside }, 0.3) }]
  },
  trapezoid: steps,
  cumulativeTrapezoid: steps,
  gradient: (draw) => {
    const { x, dim } = withDim(draw)
    return [x, draw.options({ dim: () => dim, edgeOrder: () => draw.int(1, 2), spacing: () => draw.pick([0.5, 2]) })]
  },
}
