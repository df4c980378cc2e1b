// Tensors of more dimensions as matrices, and matrices of powers.
import { DTypeError, ShapeError, ValueError } from '../../base/errors.ts'
import { formatShape, normalizeDims, numelOf } from '../../base/shape.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { newOnes } from '../creation.ts'
import { cat } from '../join.ts'
import { moveaxis } from '../permute.ts'
import { reshape } from '../reshape.ts'
import { cumprod } from '../scan.ts'
import { expand } from '../view.ts'
import { inv, solve } from './solve.ts'

/** The inverse of a tensor whose first `ind` (default 2) dimensions hold as many elements as the rest: these come first then. Source: `torch.linalg.tensorinv`. */
export function tensorinv(a: Tensor, { ind = 2 }: { ind?: number } = {}): Tensor {
  const op = 'linalg.tensorinv'
  if (!Number.isInteger(ind) || ind <= 0) throw new ValueError(`${op}: ind must be a whole number above 0, got ${ind}`)
  const [first, rest] = [a.shape.slice(0, ind), a.shape.slice(ind)]
  const n = numelOf(rest)
  if (numelOf(first) !== n)
    throw new ShapeError(
      `${op}: the product of the first ${ind} sizes is not that of the rest: ${formatShape(first)} and ${formatShape(rest)}`,
    )
  return reshape(inv(reshape(a, [n, n])), [...rest, ...first])
}

/**
 * The X whose sums of products with A over all dimensions of X, which are the last ones of A, give B. `dims` of A are moved to its end first.
 * Source: `torch.linalg.tensorsolve`.
 */
export function tensorsolve(a: Tensor, b: Tensor, { dims }: { dims?: readonly number[] } = {}): Tensor {
  const op = 'linalg.tensorsolve'
  const list = dims ? normalizeDims(op, dims, a.ndim) : []
  const ordered =
    list.length > 0
      ? moveaxis(
          a,
          list,
          list.map((_, i) => i - list.length),
        )
      : a
  const shape = ordered.shape.slice(b.ndim)
  const n = numelOf(shape)
  if (b.numel() !== n || ordered.numel() !== n * n)
    throw new ShapeError(
      `${op}: A and B do not make a square matrix and a vector: ${formatShape(ordered.shape)} and ${formatShape(b.shape)}`,
    )
  return reshape(solve(reshape(ordered, [n, n]), reshape(b, [n])), shape)
}

/** Powers 0 to N - 1 (default: as many as x has elements) of x [..., n]: [..., n, N]. Source: `torch.linalg.vander`. */
export function vander(x: Tensor, { N }: { N?: number } = {}): Tensor {
  const op = 'linalg.vander'
  if (x.dtype === 'bool') throw new DTypeError(`${op}: not defined for bool`, 'convert first: x.long().')
  if (x.ndim === 0) throw new ShapeError(`${op}: at least one dimension is needed, got []`)
  const count = N ?? x.size(-1)
  if (!Number.isInteger(count) || count < 2)
    throw new ValueError(`${op}: N must be a whole number above 1, got ${count}`)
  const one = newOnes(x, [...x.shape, 1])
  const factors = expand(x.unsqueeze(-1), [...x.shape, count - 1])
  return cumprod(cat([one, factors], -1), -1)
}
