// Views and changes of shape: the elements stay as they are, bit for bit.
import type { Argument } from '../case.ts'
import type { Draw } from '../draw.ts'
import type { Family, Row } from '../families.ts'

const exact = (draw: Row['draw']): Row => ({ draw, rule: { exact: true } })
const input = (draw: Draw, rank?: number) => draw.tensor(draw.shape(rank))
const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1)

/** Sizes with the same product, one of them sometimes left open. */
function otherSizes(draw: Draw, count: number): number[] {
  if (count === 0) return draw.pick([[0], [0, 3], [2, 0], [0, 1]])
  const out: number[] = []
  let rest = count
  for (const p of [2, 3, 5, 2, 7, 11, 2, 3]) {
    if (rest % p === 0 && draw.chance(0.6)) {
      out.push(p)
      rest /= p
    }
  }
  if (rest > 1 || out.length === 0) out.push(rest)
  if (draw.chance(0.2)) out.splice(draw.int(0, out.length), 0, 1)
  const sizes = draw.shuffled(out)
  if (draw.chance(0.3)) sizes[draw.int(0, sizes.length - 1)] = -1
  if (draw.chance(0.02)) sizes[0] += 1
  return sizes
}
const reshaping: Row['draw'] = (draw) => {
  const x = input(draw)
  return [x, otherSizes(draw, product(x.shape))]
}
const twoDims: Row['draw'] = (draw) => {
  const x = input(draw)
  return [x, draw.dim(x.shape.length), draw.dim(x.shape.length)]
}
const moving: Row['draw'] = (draw) => {
  const x = input(draw)
  const rank = x.shape.length
  if (draw.chance(0.5)) return [x, draw.dim(rank), draw.dim(rank)]
  const count = draw.int(0, rank)
  return [x, draw.dims(rank, count), draw.dims(rank, count)]
}
const bounds = (draw: Draw): Argument => draw.pick([null, draw.int(-6, 6), draw.int(-2, 40), draw.int(-40, 3)])
const offsets = (draw: Draw, rank: number) => ({
  ...draw.options({ offset: () => draw.int(-4, 4) }),
  ...(draw.chance(0.5) ? { dim1: draw.dim(rank), dim2: draw.dim(rank) } : {}),
})
const diagonalOf = (draw: Draw): Argument[] => (draw.chance(0.5) ? [] : [draw.int(-5, 5)])

const movements: Family = {
  permute: exact((draw) => {
    const x = input(draw)
    return [x, draw.dims(x.shape.length, draw.chance(0.02) ? 1 : x.shape.length)]
  }),
  transpose: exact(twoDims),
  swapaxes: exact(twoDims),
  movedim: exact(moving),
  moveaxis: exact(moving),
  t: exact((draw) => [input(draw, draw.int(0, draw.chance(0.03) ? 3 : 2))]),
  reshape: exact(reshaping),
  view: exact(reshaping),
  flatten: exact((draw) => {
    const x = input(draw)
    return draw.chance(0.3) ? [x] : [x, draw.dim(x.shape.length), draw.dim(x.shape.length)]
  }),
  unflatten: exact((draw) => {
    const x = input(draw, draw.int(1, 3))
    const dim = draw.dim(x.shape.length)
    return [x, dim, otherSizes(draw, x.shape.at(dim) ?? 1)]
  }),
  ravel: exact((draw) => [input(draw)]),
  squeeze: exact((draw) => {
    const x = input(draw)
    return draw.chance(0.3) ? [x] : [x, draw.dim(x.shape.length)]
  }),
  unsqueeze: exact((draw) => {
    const x = input(draw)
    return [x, draw.dim(x.shape.length + 1)]
  }),
  ...Object.fromEntries(
    ['atleast1d', 'atleast2d', 'atleast3d'].map((name) => [
      name,
      exact((draw) => draw.list(draw.int(1, 3), () => input(draw, draw.int(0, 4)))),
    ]),
  ),
  expand: exact((draw) => {
    const x = input(draw, draw.int(0, 3))
    const shape = x.shape.map((n) => (n === 1 ? draw.size() : draw.chance(0.4) ? -1 : n))
    return [
      x,
      [...draw.list(draw.int(0, 2), () => draw.size()), ...(draw.chance(0.03) ? shape.map((n) => n + 1) : shape)],
    ]
  }),
  broadcastTo: exact((draw) => {
    const shape = draw.shape()
    return [draw.tensor(draw.broadcastable(shape)), shape]
  }),
  expandAs: exact((draw) => {
    const shape = draw.shape()
    return [draw.tensor(draw.broadcastable(shape)), draw.tensor(shape, { grad: false })]
  }),
  broadcastTensors: exact((draw) => {
    const shape = draw.shape()
    return draw.list(draw.int(1, 3), () => draw.tensor(draw.broadcastable(shape)))
  }),
  select: exact((draw) => {
    const x = input(draw)
    const dim = draw.dim(x.shape.length)
    const n = x.shape.at(dim) ?? 1
    return [x, dim, draw.int(-n, n - (draw.chance(0.03) ? 0 : 1))]
  }),
  narrow: exact((draw) => {
    const x = input(draw)
    const dim = draw.dim(x.shape.length)
    const n = x.shape.at(dim) ?? 1
    const start = draw.int(0, n)
    return [x, dim, draw.chance(0.2) ? start - n : start, draw.int(0, n - start + (draw.chance(0.03) ? 1 : 0))]
  }),
  slice: exact((draw) => {
    const x = input(draw)
    return [x, draw.dim(x.shape.length), bounds(draw), bounds(draw), draw.pick([1, 1, 2, 3, 7])]
  }),
  diagonal: exact((draw) => {
    const x = input(draw, draw.int(2, 4))
    return [x, offsets(draw, x.shape.length)]
  }),
  unfold: exact((draw) => {
    const x = input(draw, draw.int(0, 3))
    const dim = draw.dim(x.shape.length)
    const n = x.shape.at(dim) ?? 1
    return [x, dim, draw.int(0, n + (draw.chance(0.03) ? 1 : 0)), draw.int(draw.chance(0.02) ? 0 : 1, 4)]
  }),
  asStrided: {
    rule: {},
    draw: (draw) => {
      const x = input(draw)
      const shape = draw.shape(draw.int(0, 3), 40)
      const strides = shape.map(() => draw.int(0, 5))
      const last = shape.reduce((sum, n, d) => sum + Math.max(n - 1, 0) * strides[d], 0)
      const room = x.values.length - last - 1
      return [x, shape, strides, room < 0 ? 0 : draw.int(0, room)]
    },
  },
  flip: exact((draw) => {
    const x = input(draw)
    return [x, draw.chance(0.3) ? draw.dim(x.shape.length) : draw.dims(x.shape.length, draw.int(0, x.shape.length))]
  }),
  fliplr: exact((draw) => [input(draw, draw.int(draw.chance(0.03) ? 1 : 2, 4))]),
  flipud: exact((draw) => [input(draw, draw.int(draw.chance(0.03) ? 0 : 1, 4))]),
  roll: exact((draw) => {
    const x = input(draw)
    if (draw.chance(0.3)) return [x, draw.int(-9, 9)]
    const dims = draw.dims(x.shape.length)
    return draw.chance(0.5)
      ? [x, dims.map(() => draw.int(-9, 9)), dims]
      : [x, draw.int(-9, 9), draw.dim(x.shape.length)]
  }),
  rot90: exact((draw) => {
    const x = input(draw, draw.int(2, 4))
    return [x, draw.int(-3, 4), draw.dims(x.shape.length, 2)]
  }),
  tril: exact((draw) => [input(draw, draw.int(2, 4)), ...diagonalOf(draw)]),
  triu: exact((draw) => [input(draw, draw.int(2, 4)), ...diagonalOf(draw)]),
  diag: exact((draw) => [input(draw, draw.int(1, draw.chance(0.03) ? 3 : 2)), ...diagonalOf(draw)]),
  diagflat: exact((draw) => [draw.tensor(draw.shape(draw.int(0, 2), 30)), ...diagonalOf(draw)]),
  diagEmbed: exact((draw) => {
    const x = draw.tensor(draw.shape(draw.int(1, 3), 60))
    return [x, offsets(draw, x.shape.length + 1)]
  }),
  repeat: exact((draw) => {
    const x = draw.tensor(draw.shape(draw.int(0, 3), 300))
    return [x, draw.list(x.shape.length + draw.int(draw.chance(0.03) ? -1 : 0, 2), () => draw.pick([0, 1, 1, 2, 3]))]
  }),
  tile: exact((draw) => [
    draw.tensor(draw.shape(draw.int(0, 3), 300)),
    draw.list(draw.int(0, 4), () => draw.pick([0, 1, 1, 2, 3])),
  ]),
  repeatInterleave: exact((draw) => {
    const x = draw.tensor(draw.shape(draw.int(0, 3), 300))
    const dim = draw.chance(0.6) ? draw.dim(x.shape.length) : undefined
    const n = dim === undefined ? product(x.shape) : (x.shape.at(dim) ?? 1)
    const repeats = draw.chance(0.5) ? draw.int(0, 3) : draw.indices([draw.chance(0.2) ? 1 : n], 0, 3)
    return [x, repeats, dim]
  }),
  clone: exact((draw) => [input(draw)]),
  contiguous: exact((draw) => [input(draw)]),
}

export const views: Family = movements
