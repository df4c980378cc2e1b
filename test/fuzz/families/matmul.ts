// Products of matrices and vectors. Sizes cross the tiles of the kernels (5 x 16 and 6 x 16) and the blocks of their loops.
import type { DType } from '../../../src/base/dtype.ts'
import type { Argument, Operand } from '../case.ts'
import { type Draw, integers } from '../draw.ts'
import type { Family, Row } from '../families.ts'

const dtypeOf = (draw: Draw): DType =>
  draw.dtype(draw.chance(0.85) ? ['float32', 'float32', 'float32', 'float64', 'float16'] : integers)
/** Dimensions whose product stays small, except for a few. */
function dims(draw: Draw, count: number): number[] {
  if (draw.chance(0.06))
    return draw
      .shuffled([draw.pick([65, 130, 260]), draw.pick([16, 33, 48]), ...draw.list(count, () => draw.pick([5, 6, 13]))])
      .slice(0, count)
  return draw.list(count, () => (draw.chance(0.04) ? 0 : draw.pick([1, 2, 3, 4, 5, 6, 7, 8, 11, 15, 16, 17, 25, 33])))
}
const tensor = (draw: Draw, shape: readonly number[], dtype: DType): Operand =>
  draw.tensor(shape, {
    dtype: draw.chance(0.985) ? dtype : dtypeOf(draw),
    values: draw.chance(0.9) ? draw.tame() : draw.summands(),
  })
/** Once in a while sizes that do not fit. */
const near = (draw: Draw, n: number): number => (draw.chance(0.01) ? n + 1 : n)
const scales = (draw: Draw): Argument =>
  draw.options({ alpha: () => draw.pick([2, -1, 0, 0.5]), beta: () => draw.pick([0, 2, -1, 0.5]) })

const added =
  (shapes: (draw: Draw) => [out: number[], a: number[], b: number[]]): Row['draw'] =>
  (draw) => {
    const [out, a, b] = shapes(draw)
    const dtype = dtypeOf(draw)
    return [
      tensor(draw, draw.chance(0.02) ? [2, ...out] : draw.broadcastable(out), dtype),
      tensor(draw, a, dtype),
      tensor(draw, b, dtype),
      scales(draw),
    ]
  }
const product =
  (shapes: (draw: Draw) => [number[], number[]]): Row['draw'] =>
  (draw) => {
    const dtype = dtypeOf(draw)
    return shapes(draw).map((shape) => tensor(draw, shape, dtype))
  }
const batches = (draw: Draw): number => draw.pick([0, 1, 1, 2, 3, 5, 2])

const equations = [
  'ij,jk->ik',
  'ij,jk',
  'ij,kj->ik',
  'bij,bjk->bik',
  'ij->ji',
  'ii->i',
  'ii',
  'ij->',
  'ij->i',
  'i,j->ij',
  'i,i->',
  'bij,bj->bi',
  'bqhd,bkhd->bhqk',
  'abc,cd->abd',
  '...ij,...jk->...ik',
  'ij,ij->ij',
  'ijk,jl,kl->il',
  'bi,io,bo->b',
  'ij,jk,kl->il',
  'iij->j',
  'a,b,c->abc',
  'bhqk,bkhd->bqhd',
  'ij,ij',
  '...i->...',
]
function einsum(draw: Draw): Argument[] {
  const equation = draw.pick(equations)
  const size = new Map<string, number>()
  const rest = draw.list(draw.int(0, 2), () => draw.int(1, 3))
  const shapes = equation
    .split('->')[0]
    .split(',')
    .map((term) =>
      term
        .replace('...', '.')
        .split('')
        .flatMap((letter) => {
          if (letter === '.') return rest
          if (!size.has(letter)) size.set(letter, draw.chance(0.03) ? 0 : draw.pick([1, 2, 3, 5, 7]))
          return [near(draw, size.get(letter) as number)]
        }),
    )
  const dtype = dtypeOf(draw)
  return [equation, ...shapes.map((shape) => draw.tensor(shape, { dtype, values: draw.tame() }))]
}

export const matmul: Family = {
  mm: product((draw) => {
    const [m, k, n] = dims(draw, 3)
    return [
      [m, k],
      [near(draw, k), n],
    ]
  }),
  bmm: product((draw) => {
    const [m, k, n] = dims(draw, 3)
    const b = batches(draw)
    return [
      [b, m, k],
      [near(draw, b), near(draw, k), n],
    ]
  }),
  mv: product((draw) => {
    const [m, k] = dims(draw, 2)
    return [[m, k], [near(draw, k)]]
  }),
  dot: product((draw) => {
    const k = draw.pick([0, 1, 3, 17, 33, 200, 1030])
    return [[k], [near(draw, k)]]
  }),
  outer: product((draw) => dims(draw, 2).map((n) => [n]) as [number[], number[]]),
  matmul: product((draw) => {
    const [m, k, n] = dims(draw, 3)
    const lead = draw.list(draw.pick([0, 0, 1, 1, 2]), () => draw.int(1, 3))
    const a = draw.chance(0.15) ? [k] : [...draw.broadcastable(lead), m, k]
    const b = draw.chance(0.15) ? [near(draw, k)] : [...draw.broadcastable(lead), near(draw, k), n]
    return [a, b]
  }),
  inner: product((draw) => {
    const [m, k, n] = dims(draw, 3)
    return [draw.pick([[k], [m, k], [2, m, k]]), draw.pick([[near(draw, k)], [n, k]])]
  }),
  tensordot: (draw) => {
    const dtype = dtypeOf(draw)
    const shared = draw.list(draw.int(0, 2), () => draw.int(1, 4))
    const a = [...draw.list(draw.int(0, 2), () => draw.int(1, 4)), ...shared]
    const b = [...shared, ...draw.list(draw.int(0, 2), () => draw.int(1, 4))]
    if (draw.chance(0.5)) return [tensor(draw, a, dtype), tensor(draw, b, dtype), shared.length]
    const order = draw.shuffled(a.map((_, d) => d))
    const place = shared.map((_, i) => order.indexOf(a.length - shared.length + i))
    return [
      tensor(
        draw,
        order.map((d) => a[d]),
        dtype,
      ),
      tensor(draw, b, dtype),
      [place, shared.map((_, i) => i)],
    ]
  },
  'F.linear': (draw) => {
    const [m, k, n] = dims(draw, 3)
    const dtype = dtypeOf(draw)
    const x = draw.pick([[m, k], [m, k], [2, m, k], [k]])
    const bias = draw.chance(0.6) ? [tensor(draw, [near(draw, n)], dtype)] : []
    return [tensor(draw, x, dtype), tensor(draw, [n, near(draw, k)], dtype), ...bias]
  },
  'F.bilinear': (draw) => {
    const [a, b, o] = draw.list(3, () => draw.int(1, 5))
    const lead = draw.list(draw.int(1, 2), () => draw.int(1, 4))
    const dtype = draw.dtype(['float32', 'float64'])
    const bias = draw.chance(0.5) ? [tensor(draw, [o], dtype)] : []
    return [
      tensor(draw, [...lead, a], dtype),
      tensor(draw, [...lead, b], dtype),
      tensor(draw, [o, a, near(draw, b)], dtype),
      ...bias,
    ]
  },
  addmm: added((draw) => {
    const [m, k, n] = dims(draw, 3)
    return [
      [m, n],
      [m, k],
      [near(draw, k), n],
    ]
  }),
  addmv: added((draw) => {
    const [m, k] = dims(draw, 2)
    return [[m], [m, k], [near(draw, k)]]
  }),
  addr: added((draw) => {
    const [m, n] = dims(draw, 2)
    return [[m, n], [m], [n]]
  }),
  baddbmm: added((draw) => {
    const [m, k, n] = dims(draw, 3)
    const b = batches(draw)
    return [
      [b, m, n],
      [b, m, k],
      [b, near(draw, k), n],
    ]
  }),
  addbmm: added((draw) => {
    const [m, k, n] = dims(draw, 3)
    const b = batches(draw)
    return [
      [m, n],
      [b, m, k],
      [b, near(draw, k), n],
    ]
  }),
  einsum,
  cdist: (draw) => {
    const [p, r, m] = draw.list(3, () => draw.int(0, 7))
    const lead = draw.list(draw.int(0, 1), () => draw.int(1, 3))
    const dtype = draw.dtype(['float32', 'float64'])
    const one = (n: number) => draw.tensor([...draw.broadcastable(lead), n, m], { dtype, values: draw.tame() })
    return [one(p), one(r), draw.options({ p: () => draw.pick([0, 1, 2, 3, Infinity, 0.5]) })]
  },
  'F.scaledDotProductAttention': {
    rule: { own: 'PyTorch 1.13 has it under another name, with other arguments' },
    draw: (draw) => {
      const [q, k, e, v] = draw.list(4, () => draw.pick([1, 2, 3, 5, 8, 17]))
      const lead = draw.list(draw.int(1, 2), () => draw.int(1, 3))
      const dtype = draw.dtype(['float32', 'float32', 'float64'])
      const one = (shape: number[]) => draw.tensor([...lead, ...shape], { dtype, values: 'normal' })
      const mask = () =>
        draw.chance(0.5) ? draw.tensor([q, k], { dtype, values: 'normal', grad: false }) : draw.mask([q, k])
      return [
        one([q, e]),
        one([k, e]),
        one([k, v]),
        {
          ...(draw.chance(0.3) ? { attnMask: mask() } : draw.options({ isCausal: true })),
          ...draw.options({ needAttnWeights: true }),
        },
      ]
    },
  },
}
