// Joining, splitting, padding, meshes and the creation of ranges.
import type { Argument } from '../case.ts'
import { anyDType, type Draw, floats } from '../draw.ts'
import type { Family, Row } from '../families.ts'

const exact = (draw: Row['draw']): Row => ({ draw, rule: { exact: true } })
/** Tensors alike but for one dimension. */
const alike = (draw: Draw, rank: number, along: number | null): Argument[] => {
  const shape = draw.shape(rank, 400)
  const dtype = draw.chance(0.7) ? draw.dtype() : undefined
  return draw.list(draw.int(1, 4), () => {
    const own = shape.map((n, d) => (d === along ? draw.pick([0, 1, 2, 3, 5]) : n))
    if (draw.chance(0.01) && own.length > 0) own[0] += 1
    return draw.tensor(own, { dtype })
  })
}
const joined: Row['draw'] = (draw) => {
  const rank = draw.int(1, 4)
  const dim = draw.dim(rank)
  return [alike(draw, rank, (dim + rank) % rank), dim]
}
const whole =
  (rank: readonly number[], along: (rank: number) => number | null): Row['draw'] =>
  (draw) => {
    const own = draw.pick(rank)
    return [alike(draw, own, along(own))]
  }
const sections = (draw: Draw, n: number): Argument =>
  draw.chance(0.5) ? draw.int(draw.chance(0.02) ? 0 : 1, 4) : draw.list(draw.int(0, 3), () => draw.int(-2, n + 1))
const cut =
  (rank: number, along: (rank: number) => number): Row['draw'] =>
  (draw) => {
    const x = draw.tensor(draw.shape(draw.int(rank, 4)))
    const n = x.shape[along(x.shape.length)] ?? 1
    const divisors = [1, 2, 3, 4, 5].filter((k) => n % k === 0)
    return [x, draw.chance(0.5) ? draw.pick(divisors) : sections(draw, n)]
  }

const pads = (draw: Draw, count: number, low: number): number[] => draw.list(2 * count, () => draw.int(low, 3))

export const join: Family = {
  cat: exact(joined),
  concat: exact(joined),
  stack: exact((draw) => {
    const rank = draw.int(0, 3)
    return [alike(draw, rank, null), draw.dim(rank + 1)]
  }),
  hstack: exact(whole([0, 1, 2, 3], (rank) => (rank < 2 ? rank - 1 : 1))),
  vstack: exact(whole([0, 1, 2, 3], (rank) => (rank < 2 ? null : 0))),
  dstack: exact(whole([0, 1, 2, 3], (rank) => (rank < 3 ? null : 2))),
  columnStack: exact(whole([0, 1, 2, 3], (rank) => (rank < 2 ? null : 1))),
  blockDiag: exact((draw) => draw.list(draw.int(1, 3), () => draw.tensor(draw.shape(draw.int(0, 2), 100)))),
  unbind: exact((draw) => {
    const x = draw.tensor(draw.shape(draw.int(1, 3)))
    return [x, draw.dim(x.shape.length)]
  }),
  split: exact((draw) => {
    const x = draw.tensor(draw.shape(draw.int(1, 3)))
    const dim = draw.dim(x.shape.length)
    const n = x.shape.at(dim) ?? 1
    if (draw.chance(0.5)) return [x, draw.int(draw.chance(0.05) ? 0 : 1, n + 1), dim]
    const first = draw.int(0, n)
    return [x, [first, n - first + (draw.chance(0.03) ? 1 : 0)], dim]
  }),
  chunk: exact((draw) => {
    const x = draw.tensor(draw.shape(draw.int(1, 3)))
    return [x, draw.int(draw.chance(0.02) ? 0 : 1, 7), draw.dim(x.shape.length)]
  }),
  tensorSplit: exact((draw) => {
    const x = draw.tensor(draw.shape(draw.int(1, 3)))
    const dim = draw.dim(x.shape.length)
    return [x, sections(draw, x.shape.at(dim) ?? 1), dim]
  }),
  hsplit: exact(cut(1, (rank) => (rank === 1 ? 0 : 1))),
  vsplit: exact(cut(2, () => 0)),
  dsplit: exact(cut(3, () => 2)),
  'F.pad constant': exact((draw) => {
    const x = draw.tensor(draw.shape(draw.int(1, 4), 400))
    const count = draw.int(0, x.shape.length)
    return [x, pads(draw, count, -1), draw.options({ value: () => draw.pick([1, -2, 0.5]) })]
  }),
  'F.pad modes': {
    rule: {},
    draw: (draw) => {
      const count = draw.int(1, 3)
      const mode = draw.pick(['reflect', 'replicate', 'circular'])
      const shape = [
        ...draw.list(mode === 'circular' ? 2 : draw.pick([1, 2, 2]), () => draw.int(1, 3)),
        ...draw.list(count, () => draw.int(1, 6)),
      ]
      const most = Math.min(...shape.slice(-count)) - (mode === 'reflect' ? 1 : 0)
      const own = draw.list(2 * count, () => draw.int(0, draw.chance(0.03) ? 7 : Math.min(3, Math.max(most, 0))))
      return [draw.tensor(shape, { dtype: draw.dtype(['float32', 'float32', 'float64']) }), own, { mode }]
    },
  },
  'F.pixelShuffle': exact((draw) => {
    const r = draw.int(1, 3)
    return [
      draw.tensor([
        ...draw.shape(draw.int(0, 2), 4),
        draw.int(1, 2) * r * r + (draw.chance(0.03) ? 1 : 0),
        draw.int(1, 4),
        draw.int(1, 4),
      ]),
      r,
    ]
  }),
  'F.pixelUnshuffle': exact((draw) => {
    const r = draw.int(1, 3)
    return [
      draw.tensor([
        ...draw.shape(draw.int(0, 2), 4),
        draw.int(1, 3),
        draw.int(1, 3) * r,
        draw.int(1, 3) * r + (draw.chance(0.03) ? 1 : 0),
      ]),
      r,
    ]
  }),
  meshgrid: exact((draw) => {
    const dtype = draw.dtype()
    return [
      draw.list(draw.int(1, 3), () => draw.tensor(draw.chance(0.2) ? [] : [draw.int(0, 5)], { dtype })),
      { indexing: draw.pick(['ij', 'xy']) },
    ]
  }),
  cartesianProd: exact((draw) => {
    const dtype = draw.dtype()
    return draw.list(draw.int(1, 3), () => draw.tensor([draw.int(0, 5)], { dtype }))
  }),
  combinations: exact((draw) => [
    draw.tensor([draw.int(0, 6)]),
    draw.options({ r: () => draw.int(0, 3), withReplacement: true }),
  ]),
  kron: {
    draw: (draw) => [draw.tensor(draw.shape(draw.int(0, 3), 30)), draw.tensor(draw.shape(draw.int(0, 3), 20))],
  },
  arange: {
    draw: (draw) => [
      draw.int(-5, 5),
      draw.int(0, 30),
      draw.pick([1, 2, 0.5, 0.1, -1]),
      draw.options({ dtype: () => draw.dtype(anyDType) }, 0.5),
    ],
  },
  linspace: {
    draw: (draw) => [
      draw.normal(),
      draw.int(-5, 30),
      draw.int(0, 40),
      draw.options({ dtype: () => draw.dtype(floats) }),
    ],
  },
  logspace: { draw: (draw) => [draw.normal(), draw.int(-3, 3), draw.int(0, 20), draw.options({ base: () => 2 })] },
  eye: { draw: (draw) => [draw.int(0, 20), draw.int(0, 20), draw.options({ dtype: () => draw.dtype(anyDType) })] },
  full: {
    draw: (draw) => [
      draw.shape(),
      draw.pick([1, 0.5, -3, true, 300]),
      draw.options({ dtype: () => draw.dtype(anyDType) }),
    ],
  },
}
