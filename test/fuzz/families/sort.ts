// What orders elements: sort, topk, kthvalue, median, mode, unique, searches.
import { type Draw, anyDType } from '../draw.ts'
import type { Family } from '../families.ts'

const ties = (draw: Draw) => draw.pick(['small', 'small', 'normal', 'zeros', 'special'] as const)
const input = (draw: Draw, values = ties(draw)) => {
  const shape = draw.chance(0.05) ? draw.shuffled([draw.pick([65, 257, 1025, 3000]), draw.pick([1, 3])]) : draw.shape()
  return draw.tensor(shape, { values })
}
const keep = (draw: Draw) => draw.options({ keepdim: true })
/** With `numbers` there is no NaN: PyTorch has no order for it in `mode` and `unique`. */
const along = (draw: Draw, numbers = false) => {
  const x = input(draw, numbers ? draw.pick(['small', 'normal', 'zeros']) : ties(draw))
  return { x, dim: draw.dim(x.shape.length) }
}
const sorted = (draw: Draw) => {
  const { x, dim } = along(draw)
  return draw.chance(0.1) ? [x] : [x, dim, draw.options({ descending: true })]
}
const median = (draw: Draw) => {
  const { x, dim } = along(draw)
  return draw.chance(0.3) ? [x] : [x, dim, keep(draw)]
}
const parts = (draw: Draw) => draw.options({ returnInverse: true, returnCounts: true })

export const sorts: Family = {
  sort: sorted,
  argsort: sorted,
  msort: (draw) => [input(draw)],
  topk: (draw) => {
    const { x, dim } = along(draw)
    const size = x.shape.at(dim) ?? 1
    return [
      x,
      draw.int(draw.chance(0.02) ? -1 : 0, size + (draw.chance(0.02) ? 1 : 0)),
      dim,
      draw.options({ largest: false }),
    ]
  },
  kthvalue: (draw) => {
    const { x, dim } = along(draw)
    const size = x.shape.at(dim) ?? 1
    return [x, draw.int(1, Math.max(size, 1) + (draw.chance(0.02) ? 1 : 0)), dim, keep(draw)]
  },
  median,
  nanmedian: median,
  mode: (draw) => {
    const { x, dim } = along(draw, true)
    return [x, dim, keep(draw)]
  },
  unique: (draw) => {
    const { x, dim } = along(draw, true)
    return [x.with({ grad: false }), { ...parts(draw), ...draw.options({ dim: () => dim }, 0.3) }]
  },
  uniqueConsecutive: (draw) => {
    const { x, dim } = along(draw, true)
    return [x.with({ grad: false }), { ...parts(draw), ...draw.options({ dim: () => dim }, 0.3) }]
  },
  searchsorted: (draw) => {
    const dtype = draw.dtype(anyDType.filter((d) => d !== 'bool'))
    const rows = draw.chance(0.5) ? [] : draw.shape(draw.int(1, 2), 60)
    const ascending = draw.tensor([...rows, draw.size()], { dtype, values: 'small', grad: false, plain: true })
    const n = ascending.shape.at(-1) as number
    const values = [...ascending.values]
    for (let at = 0; at < values.length; at += n) {
      const row = values.slice(at, at + n).sort((a, b) => Number(a) - Number(b))
      for (let i = 0; i < n; i++) values[at + i] = row[i]
    }
    const sought = draw.tensor(rows.length > 0 ? [...rows, draw.size()] : draw.shape(), {
      dtype,
      values: draw.pick(['small', 'normal']),
      grad: false,
    })
    return [
      ascending.with({ values }),
      draw.chance(0.15) && rows.length === 0 ? draw.int(-3, 3) : sought,
      draw.options({ right: true, outInt32: true }),
    ]
  },
  bucketize: (draw) => {
    const dtype = draw.dtype(['float32', 'float64', 'int64', 'int32'])
    const bounds = draw.tensor([draw.size()], { dtype, values: 'small', grad: false, plain: true })
    const values = [...bounds.values].sort((a, b) => Number(a) - Number(b))
    return [
      draw.tensor(draw.shape(), { dtype, values: 'small', grad: false }),
      bounds.with({ values }),
      draw.options({ right: true, outInt32: true }),
    ]
  },
}
