// Products: cross, dot products of rows, powers, chains, the exponential.
import { record, withoutRecording } from '../../autograd/record.ts'
import { DTypeError, ShapeError, ValueError } from '../../base/errors.ts'
import { formatShape, normalizeDim } from '../../base/shape.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { roll } from '../arrange.ts'
import { broadcastTensors } from '../broadcast.ts'
import { eye } from '../creation.ts'
import { clone } from '../copy.ts'
import { cat } from '../join.ts'
import { dot, matmul, sameDType } from '../matmul.ts'
import type { Methods } from '../methods.ts'
import { sum } from '../reduce.ts'
import { reshape } from '../reshape.ts'
import { cloneOf, expand, zerosOf } from '../view.ts'
import { exponential } from './matrix/exponential.ts'
import { inv } from './solve.ts'
import { blocks, checkFloating, checkSquare, preciseSquare, matrixOf, stackOf, tensorLike } from './stack.ts'

function crossAlong(a: Tensor, b: Tensor, dim: number): Tensor {
  const out = withoutRecording(() => {
    const part = (x: Tensor, y: Tensor): Tensor => roll(x, -1, dim).mul(roll(y, -2, dim))
    return part(a, b).sub(part(b, a))
  })
  return record('LinalgCrossBackward0', [a, b], out, [a, b], (g, [x, y], needs) => [
    needs[0] ? crossAlong(y, g, dim) : null,
    needs[1] ? crossAlong(g, x, dim) : null,
  ])
}

function crossed(op: string, a: Tensor, b: Tensor, dim: number): Tensor {
  if (a.ndim !== b.ndim || a.ndim === 0)
    throw new ShapeError(
      `${op}: as many dimensions are needed on both sides, at least one: ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    )
  if (sameDType(op, a, b) === 'bool') throw new DTypeError(`${op}: not defined for bool`)
  const axis = normalizeDim(op, dim, a.ndim)
  if (a.shape[axis] !== 3 || b.shape[axis] !== 3)
    throw new ShapeError(`${op}: vectors have 3 elements: ${a.shape[axis]} and ${b.shape[axis]} in dimension ${dim}`)
  const [x, y] = broadcastTensors(a, b)
  return crossAlong(x, y, axis)
}

/** Cross products of the vectors along `dim` (of size 3; default the last); other dimensions broadcast. Source: `torch.linalg.cross`. */
export function linalgCross(a: Tensor, b: Tensor, { dim = -1 }: { dim?: number } = {}): Tensor {
  return crossed('linalg.cross', a, b, dim)
}

/** `linalg.cross` whose `dim` is by default the first of size 3. Source: `torch.cross`. */
export function cross(a: Tensor, b: Tensor, { dim }: { dim?: number | null } = {}): Tensor {
  const first = dim ?? a.shape.indexOf(3)
  if (dim === undefined && first < 0) throw new ShapeError(`cross: no dimension of size 3 in ${formatShape(a.shape)}`)
  return crossed('cross', a, b, first)
}

/** Sums of products along `dim` of two tensors that broadcast. Source: `torch.linalg.vecdot`. */
export function vecdot(x: Tensor, y: Tensor, { dim = -1 }: { dim?: number } = {}): Tensor {
  const op = 'linalg.vecdot'
  checkFloating(op, x)
  sameDType(op, x, y)
  if (x.ndim === 1 && y.ndim === 1) return dot(x, y)
  return sum(x.mul(y), dim)
}

const square = (x: Tensor): Tensor => matmul(x, x)

/** The matrices [..., n, n] to the power of the whole number `n`: the identity for 0, powers of the inverse below. Source: `torch.linalg.matrix_power`. */
export function matrixPower(a: Tensor, n: number): Tensor {
  const op = 'linalg.matrixPower'
  if (!Number.isInteger(n)) throw new ValueError(`${op}: the power must be a whole number, got ${n}`)
  checkSquare(op, a)
  if (n === 0) return identityLike(a)
  const base = n < 0 ? inv(a) : a
  const power = Math.abs(n)
  if (power === 1) return n === 1 ? clone(base) : base
  // From the highest binary digit down: square, and multiply where the digit is 1.
  let out = base
  for (const digit of power.toString(2).slice(1)) {
    out = square(out)
    if (digit === '1') out = matmul(out, base)
  }
  return out
}

/** Identities in the shape of `a`; they have a gradient, which is 0. */
function identityLike(a: Tensor): Tensor {
  const one = eye(a.size(-1), { dtype: a.dtype, device: a.device })
  const { shape } = a
  return record('CopyBackwards', [a], cloneOf(expand(one, shape)), [], (g) => [zerosOf(shape, g)])
}

/**
 * The product of two or more matrices, in the order that takes the fewest multiplications. The first may be a row [n], the last a column [n].
 * Source: `torch.linalg.multi_dot`.
 */
export function multiDot(tensors: readonly Tensor[]): Tensor {
  const op = 'linalg.multiDot'
  const last = tensors.length - 1
  if (last < 1) throw new ValueError(`${op}: at least two tensors are needed, got ${tensors.length}`)
  tensors.forEach((x, i) => {
    if (x.ndim !== 2 && !(x.ndim === 1 && (i === 0 || i === last)))
      throw new ShapeError(
        `${op}: matrices are needed, and vectors only at the ends: tensor ${i} has shape ${formatShape(x.shape)}`,
      )
  })
  sameDType(op, ...tensors)
  const chain = tensors.map((x, i) => (x.ndim === 2 ? x : reshape(x, i === 0 ? [1, -1] : [-1, 1])))
  for (let i = 0; i < last; i++) {
    if (chain[i].shape[1] !== chain[i + 1].shape[0])
      throw new ShapeError(
        `${op}: tensors ${i} and ${i + 1} cannot be multiplied: ${formatShape(tensors[i].shape)} and ${formatShape(tensors[i + 1].shape)}`,
      )
  }
  const cut = bestCuts([chain[0].shape[0], ...chain.map((x) => x.shape[1])])
  const productOf = (from: number, to: number): Tensor =>
    from === to ? chain[from] : matmul(productOf(from, cut[from][to]), productOf(cut[from][to] + 1, to))
  const out = productOf(0, last)
  const shape = [...(tensors[0].ndim === 1 ? [] : [out.shape[0]]), ...(tensors[last].ndim === 1 ? [] : [out.shape[1]])]
  return shape.length === 2 ? out : reshape(out, shape)
}

/** For a chain of matrices sizes[i] x sizes[i + 1]: where to cut matrices i to j for the fewest multiplications (Cormen et al., 15.2). */
function bestCuts(sizes: readonly number[]): number[][] {
  const count = sizes.length - 1
  const cost = Array.from({ length: count }, () => new Array<number>(count).fill(0))
  const cut = Array.from({ length: count }, () => new Array<number>(count).fill(0))
  for (let span = 1; span < count; span++) {
    for (let i = 0; i + span < count; i++) {
      const j = i + span
      cost[i][j] = Number.POSITIVE_INFINITY
      for (let k = i; k < j; k++) {
        const total = cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1]
        if (total >= cost[i][j]) continue
        cost[i][j] = total
        cut[i][j] = k
      }
    }
  }
  return cut
}

/** `linalg.multiDot` of matrices one by one. Source: `torch.chain_matmul`. */
export function chainMatmul(...matrices: Tensor[]): Tensor {
  return matrices.length === 1 ? matrices[0] : multiDot(matrices)
}

/** The exponentials of square matrices [..., n, n], by scaling and squaring in double precision. Source: `torch.linalg.matrix_exp`. */
export function matrixExp(input: Tensor): Tensor {
  const a = preciseSquare('linalg.matrixExp', input)
  const stack = stackOf(a)
  const n = stack.rows
  const values = blocks(stack.count, n * n, (i) => exponential(matrixOf(stack, i), n))
  return record('LinalgMatrixExpBackward0', [a], tensorLike(values, a.shape, a), [a], (g, [x]) => {
    // The derivative along g is the upper right part of the exponential of [[x^T, g], [0, x^T]] (Higham 2008, 3.6).
    const turned = x.mT
    const block = cat([cat([turned, g], -1), cat([zerosOf(x.shape, x), turned], -1)], -2)
    return [matrixExp(block).narrow(-2, 0, n).narrow(-1, n, n)]
  })
}

export const methods = { cross, matrixPower, matrixExp }
declare module '../../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
