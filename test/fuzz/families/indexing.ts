// Reading and writing by position, mask and slice.
import type { DType } from '../../../src/base/dtype.ts'
import { type Argument, Operand } from '../case.ts'
import { anyDType, type Draw } from '../draw.ts'
import type { Family, Row } from '../families.ts'

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1)
const sizeAt = (x: Operand, dim: number): number => x.shape.at(dim) ?? 1
const input = (draw: Draw, dtype: DType = draw.dtype()) => draw.tensor(draw.shape(), { dtype })

/** Indices like `x.at('1:3', null, [0, 2])`, and the shape that they give. */
function indexList(draw: Draw, shape: readonly number[]): Argument[] {
  const list: Argument[] = []
  let d = 0
  let dots = false
  // Index tensors of one call broadcast with each other.
  const common = draw.shape(draw.int(0, 2), 12)
  while (d < shape.length && !draw.chance(0.25)) {
    const n = shape[d]
    const kind = draw.int(0, 9)
    if (kind < 2) list.push(draw.int(-n, n - (draw.chance(0.03) ? 0 : 1)))
    else if (kind < 5) list.push(sliceText(draw))
    else if (kind === 5) {
      list.push(null)
      d--
    } else if (kind === 6 && !dots) {
      dots = true
      list.push('...')
      d = Math.max(d, shape.length - 2)
      continue
    } else if (kind === 7)
      list.push(draw.indices(draw.broadcastable(common), -n, n - 1, draw.pick(['int64', 'int64', 'int32'])))
    else if (kind === 8) list.push(draw.list(draw.int(1, 3), () => draw.int(-n, n - 1)))
    else {
      const rank = draw.int(1, Math.min(2, shape.length - d))
      list.push(draw.mask(shape.slice(d, d + rank)))
      d += rank - 1
    }
    d++
  }
  if (list.length === 0) list.push(draw.pick(['...', ':', null]))
  return shape.length === 0 ? [draw.pick(['...', null, true, false])] : list
}
function sliceText(draw: Draw): string {
  const bound = () => (draw.chance(0.4) ? '' : `${draw.int(-6, 7)}`)
  return `${bound()}:${bound()}${draw.chance(0.4) ? `:${draw.int(1, 3)}` : ''}`
}

/** A position for each element of `shape` along `dim` of x. */
const elements = (draw: Draw, x: Operand, dim: number, slack: boolean): Operand => {
  const rank = x.shape.length
  const axis = rank === 0 ? 0 : (dim + rank) % rank
  const n = sizeAt(x, dim)
  const shape = x.shape.map((size, d) =>
    d === axis ? (slack ? draw.int(0, n + 2) : n) : slack ? draw.int(Math.min(size, 1), size) : size,
  )
  return draw.indices(shape, 0, n - 1)
}
const vectorOf = (draw: Draw, n: number): Operand =>
  draw.indices(draw.chance(0.05) ? [] : [draw.int(0, 5)], 0, n - 1, draw.pick(['int64', 'int64', 'int32']))
const withSize = (x: Operand, dim: number, size: number): number[] => {
  const rank = x.shape.length
  return x.shape.map((n, d) => (d === (dim + rank) % rank ? size : n))
}

const scattering =
  (more: (draw: Draw, x: Operand) => Argument[]): Row['draw'] =>
  (draw) => {
    const x = input(draw)
    const dim = draw.dim(x.shape.length)
    const index = elements(draw, x, dim, true)
    const bigger = index.shape.map((n) => n + (draw.chance(0.2) ? 1 : 0))
    return [x, dim, index, draw.tensor(bigger, { dtype: draw.chance(0.98) ? x.dtype : draw.dtype() }), ...more(draw, x)]
  }
const listed =
  (more: (draw: Draw) => Argument[]): Row['draw'] =>
  (draw) => {
    const x = input(draw)
    const dim = draw.dim(x.shape.length)
    const index = vectorOf(draw, sizeAt(x, dim))
    return [x, dim, index, draw.tensor(withSize(x, dim, product(index.shape)), { dtype: x.dtype }), ...more(draw)]
  }
const both = (draw: Row['draw'], rule: Row['rule'] = {}): Row => ({ draw, inPlace: true, rule })

export const indexing: Family = {
  at: {
    draw: (draw) => {
      const x = input(draw)
      return [x, ...indexList(draw, x.shape)]
    },
  },
  // Random reads repeated, so that `at` and `set` are as frequent as they matter.
  'at again': {
    rule: {},
    draw: (draw) => {
      const x = draw.tensor(draw.shape(draw.int(1, 4)))
      return [x, ...indexList(draw, x.shape)]
    },
  },
  indexSelect: (draw) => {
    const x = input(draw)
    const dim = draw.dim(x.shape.length)
    return [x, dim, vectorOf(draw, sizeAt(x, dim))]
  },
  gather: (draw) => {
    const x = input(draw)
    const dim = draw.dim(x.shape.length)
    return [x, dim, elements(draw, x, dim, true)]
  },
  take: (draw) => {
    const x = input(draw)
    const n = product(x.shape)
    return [x, draw.indices(draw.shape(undefined, 60), -n, n - 1)]
  },
  takeAlongDim: (draw) => {
    const x = input(draw)
    if (draw.chance(0.2)) return [x, draw.indices([draw.int(0, 9)], 0, product(x.shape) - 1)]
    const dim = draw.dim(x.shape.length)
    return [x, elements(draw, x, dim, false), dim]
  },
  maskedSelect: (draw) => {
    const shape = draw.shape()
    return [draw.tensor(draw.broadcastable(shape)), draw.mask(draw.broadcastable(shape))]
  },
  nonzero: (draw) => [draw.tensor(draw.shape(), { values: 'zeros' }), draw.options({ asTuple: true })],
  argwhere: (draw) => [draw.tensor(draw.shape(), { values: 'zeros' })],
  'F.oneHot': (draw) => [draw.indices(draw.shape(undefined, 60), 0, 4), ...(draw.chance(0.5) ? [draw.int(4, 7)] : [])],
  scatter: both((draw) => {
    const [x, dim, index, src] = scattering(() => [])(draw)
    const how = draw.options({ reduce: () => draw.pick(['add', 'multiply']) }, 0.2)
    return [x, dim, index, draw.chance(0.3) ? draw.int(-2, 3) : src, how]
  }),
  scatterAdd: both(scattering(() => [])),
  scatterReduce: both(
    scattering((draw) => [draw.pick(['sum', 'prod', 'mean', 'amax', 'amin']), draw.options({ includeSelf: false })]),
  ),
  indexAdd: both(listed((draw) => [draw.options({ alpha: () => draw.pick([2, -1, 0.5]) })])),
  indexCopy: both(listed(() => [])),
  indexFill: both((draw) => {
    const x = input(draw)
    const dim = draw.dim(x.shape.length)
    return [
      x,
      dim,
      vectorOf(draw, sizeAt(x, dim)),
      draw.chance(0.3) ? draw.tensor([], { dtype: x.dtype }) : draw.int(-2, 3),
    ]
  }),
  indexPut: both((draw) => {
    const x = draw.tensor(draw.shape(draw.int(1, 3)))
    const count = draw.int(1, x.shape.length)
    const common = draw.shape(draw.int(0, 2), 12)
    const indices = draw.chance(0.2)
      ? [draw.mask(x.shape.slice(0, count))]
      : draw.list(count, (d) => draw.indices(draw.broadcastable(common), -x.shape[d], x.shape[d] - 1))
    const values = draw.chance(0.4)
      ? draw.tensor([], { dtype: x.dtype })
      : draw.tensor(draw.broadcastable([...common, ...x.shape.slice(count)]), { dtype: x.dtype })
    return [x, indices, values, draw.options({ accumulate: true })]
  }),
  put: both(
    (draw) => {
      const x = input(draw)
      const n = product(x.shape)
      const index = draw.indices(draw.shape(draw.int(0, 2), 30), -n, n - 1)
      return [x, index, draw.tensor(index.shape, { dtype: x.dtype }), draw.chance(0.5)]
    },
    { own: 'where positions repeat, PyTorch writes in an order of its own' },
  ),
  maskedScatter: both((draw) => {
    const x = input(draw)
    return [
      x,
      draw.mask(draw.broadcastable(x.shape)),
      draw.tensor([product(x.shape) + draw.int(0, 2)], { dtype: x.dtype }),
    ]
  }),
  selectScatter: (draw) => {
    const x = draw.tensor(draw.shape(draw.int(1, 4)))
    const dim = draw.dim(x.shape.length)
    const n = sizeAt(x, dim)
    const axis = (dim + x.shape.length) % x.shape.length
    return [
      x,
      draw.tensor(
        x.shape.filter((_, d) => d !== axis),
        { dtype: x.dtype },
      ),
      dim,
      draw.int(-n, n - 1),
    ]
  },
  sliceScatter: (draw) => {
    const x = draw.tensor(draw.shape(draw.int(1, 4)))
    const dim = draw.dim(x.shape.length)
    const n = sizeAt(x, dim)
    const [start, step] = [draw.int(0, n), draw.int(1, 3)]
    const end = draw.int(start, n)
    return [
      x,
      draw.tensor(withSize(x, dim, Math.ceil((end - start) / step)), { dtype: x.dtype }),
      dim,
      start,
      end,
      step,
    ]
  },
  diagonalScatter: (draw) => {
    const [n, m] = [draw.size(), draw.size()]
    const dtype = draw.dtype(anyDType)
    return [draw.tensor([n, m], { dtype }), draw.tensor([Math.min(n, m)], { dtype })]
  },
  set: {
    inPlace: 'only',
    draw: (draw) => {
      const x = input(draw)
      const value = draw.chance(0.6) ? draw.int(-2, 3) : draw.tensor([], { dtype: x.dtype })
      return [x, indexList(draw, x.shape), value]
    },
  },
}
