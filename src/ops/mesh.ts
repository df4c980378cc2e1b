// Every element with every other: meshgrid, cartesianProd, combinations, kron.
import { ShapeError, ValueError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { readAt } from './address.ts'
import { mul } from './arithmetic.ts'
import { fromHost } from './host.ts'
import { stack } from './join.ts'
import { reshape, view } from './reshape.ts'
import { expand } from './view.ts'

export interface MeshgridOptions {
  /** `ij`: dimension k follows tensor k; `xy`: the first two dimensions exchanged. Default `ij`. */
  indexing?: 'ij' | 'xy'
}

/** For each 1-d (or 0-d) tensor a view whose elements vary along its own dimension of the grid. Source: `torch.meshgrid`. */
export function meshgrid(tensors: readonly Tensor[], { indexing = 'ij' }: MeshgridOptions = {}): Tensor[] {
  if (tensors.length === 0) throw new ValueError('meshgrid: the list of tensors is empty')
  if (indexing !== 'ij' && indexing !== 'xy')
    throw new ValueError(`meshgrid: indexing must be 'ij' or 'xy', got '${String(indexing)}'`)
  tensors.forEach((x, i) => {
    if (x.ndim > 1)
      throw new ShapeError(`meshgrid: at most one dimension is allowed, got ${formatShape(x.shape)} at position ${i}`)
  })
  if (indexing === 'xy' && tensors.length > 1) {
    const [first, second, ...rest] = tensors
    const [b, a, ...others] = meshgrid([second, first, ...rest])
    return [a, b, ...others]
  }
  const shape = tensors.map((x) => x.numel())
  return tensors.map((x, k) =>
    expand(
      view(
        x,
        shape.map((size, d) => (d === k ? size : 1)),
      ),
      shape,
    ),
  )
}

/** All tuples with one element of each 1-d tensor, one per row. One tensor comes back as it is. Source: `torch.cartesian_prod`. */
export function cartesianProd(...tensors: Tensor[]): Tensor {
  tensors.forEach((x, i) => {
    if (x.ndim !== 1)
      throw new ShapeError(`cartesianProd: lists are needed, got ${formatShape(x.shape)} at position ${i}`)
  })
  if (tensors.length === 1) return tensors[0]
  return stack(
    meshgrid(tensors).map((x) => reshape(x, [-1])),
    1,
  )
}

export interface CombinationsOptions {
  /** Elements of a combination. Default 2. */
  r?: number
  /** Whether an element may appear more than once. Default false. */
  withReplacement?: boolean
}

/** All combinations of `r` elements of a list, in the order of their positions, one per row. Source: `torch.combinations`. */
export function combinations(x: Tensor, { r = 2, withReplacement = false }: CombinationsOptions = {}): Tensor {
  if (x.ndim !== 1) throw new ShapeError(`combinations: a list is needed, got ${formatShape(x.shape)}`)
  if (!Number.isInteger(r) || r < 0) throw new ValueError(`combinations: r must be a whole number >= 0, got ${r}`)
  const places: bigint[] = []
  const chosen: number[] = []
  const choose = (from: number): void => {
    if (chosen.length === r) return void places.push(...chosen.map(BigInt))
    for (let i = from; i < x.shape[0]; i++) {
      chosen.push(i)
      choose(withReplacement ? i : i + 1)
      chosen.pop()
    }
  }
  if (r > 0) choose(0)
  const shape = r === 0 ? [0] : [places.length / r, r]
  const index = fromHost(BigInt64Array.from(places), shape, 'int64', x.device)
  return readAt('IndexBackward0', x, [index], { common: shape, follows: [-1], indexed: [{ dim: 0, start: 0 }] })
}

/** Kronecker product: blocks `a[i] * b`, in all dimensions. Source: `torch.kron`. */
export function kron(a: Tensor, b: Tensor): Tensor {
  const rank = Math.max(a.ndim, b.ndim)
  const sizes = (x: Tensor): number[] => [...new Array<number>(rank - x.ndim).fill(1), ...x.shape]
  const [left, right] = [sizes(a), sizes(b)]
  const product = mul(
    reshape(
      a,
      left.flatMap((size) => [size, 1]),
    ),
    reshape(
      b,
      right.flatMap((size) => [1, size]),
    ),
  )
  return reshape(
    product,
    left.map((size, d) => size * right[d]),
  )
}

export const methods = { kron }
declare module '../tensor/tensor.ts' {
  interface Tensor {
    /** Kronecker product: blocks `x[i] * other`, in all dimensions. Source: `torch.kron`. */
    kron(other: Tensor): Tensor
  }
}
