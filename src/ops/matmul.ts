// Matrix products: everything becomes one gemm over [batch, M, K] @ [batch, K, N]; transposes are only strides.
import { record } from '../autograd/record.ts'
import { computeType, type DType, isFloating, resultType } from '../base/dtype.ts'
import { DTypeError, ShapeError } from '../base/errors.ts'
import { broadcastShapes, broadcastStrides, formatShape, numelOf, sameShape } from '../base/shape.ts'
import { launch } from '../runtime/launch.ts'
import type { View } from '../runtime/spec.ts'
import { Tensor } from '../tensor/tensor.ts'
import { underAutocast } from './autocast.ts'
import type { Methods } from './methods.ts'
import { takenAsIs } from './copy.ts'
import { cast } from './pointwise.ts'
import { sumTo } from './sumTo.ts'
import { expand, zerosOf } from './view.ts'

/** The memory of `x` with another shape and other strides. */
const seen = ({ storage, dtype, offset }: View, shape: readonly number[], strides: readonly number[]): View => ({
  storage,
  dtype,
  offset,
  shape,
  strides,
})
/** A matrix as a batch of one. */
const single = (x: View): View => seen(x, [1, ...x.shape], [0, ...x.strides])
const transposed = (x: View): View => seen(x, [x.shape[1], x.shape[0]], [x.strides[1], x.strides[0]])

interface GemmOptions {
  alpha?: number
  /** Added to the product, broadcast to its shape. */
  bias?: Tensor | null
}

/** `alpha * a @ b + bias` of views [B, M, K] and [B, K, N], as a tensor of the given shape (B x M x N elements). */
function gemm(
  a: View,
  b: View,
  shape: readonly number[],
  device: Tensor['device'],
  { alpha = 1, bias = null }: GemmOptions = {},
): Tensor {
  // Floats of 16 bits are storage: the product runs in float32, on copies where the device wants them. uint8 multiplies as int32.
  const compute = takenAsIs(a) ? a.dtype : computeType(a.dtype)
  if (a.dtype === 'bool') throw new DTypeError('matmul: not defined for bool', 'convert first: x.float().')
  const out = Tensor.empty(shape, compute, device)
  const [batch, m, n] = [a.shape[0], a.shape[1], b.shape[2]]
  const c = seen(out, [batch, m, n], [m * n, n, 1])
  const biasView = bias && seen(bias, c.shape, broadcastStrides(bias.shape, bias.strides, c.shape))
  launch({
    kind: 'gemm',
    a: converted(a, compute),
    b: converted(b, compute),
    c,
    alpha,
    beta: 0,
    bias: biasView && converted(biasView, compute),
  })
  return compute === a.dtype ? out : cast(out, a.dtype)
}

function converted(x: View, dtype: DType): View {
  if (x.dtype === dtype) return x
  const out = Tensor.empty(x.shape, dtype, x.storage.backend.name)
  launch({ kind: 'copy', x, out })
  return out
}

/** All leading dimensions as one; not by -1, which a last dimension of 0 leaves open. */
const asRows = (x: Tensor): Tensor => x.reshape(numelOf(x.shape.slice(0, -1)), x.shape[x.ndim - 1])

export function sameDType(op: string, ...inputs: readonly Tensor[]): DType {
  const { dtype } = inputs[0]
  for (const x of inputs) {
    if (x.dtype !== dtype) {
      throw new DTypeError(
        `${op}: expected one dtype, got ${dtype} and ${x.dtype}`,
        `convert one of them with to('${resultType(inputs[0], x)}').`,
      )
    }
  }
  return dtype
}
function checkRank(op: string, x: Tensor, wanted: number): void {
  if (x.ndim !== wanted) throw new ShapeError(`${op}: expected ${wanted} dimensions, got shape ${formatShape(x.shape)}`)
}
function checkInner(op: string, a: Tensor, b: Tensor, k: number, l: number): void {
  if (k !== l)
    throw new ShapeError(`${op}: inner sizes differ: ${formatShape(a.shape)} @ ${formatShape(b.shape)} (${k} and ${l})`)
}

/** Matrix product of [M, K] and [K, N]. Source: `torch.mm`. */
export function mm(a: Tensor, b: Tensor): Tensor {
  checkRank('mm', a, 2)
  checkRank('mm', b, 2)
  return matrixProduct('mm', a, b)
}
function matrixProduct(op: string, left: Tensor, right: Tensor): Tensor {
  const [a, b] = underAutocast(op, left, right)
  sameDType(op, a, b)
  checkInner(op, a, b, a.shape[1], b.shape[0])
  const out = gemm(single(a), single(b), [a.shape[0], b.shape[1]], a.device)
  return record('MmBackward0', [a, b], out, [a, b], (grad, [x, y], needs) => [
    needs[0] ? mm(grad, y.t()) : null,
    needs[1] ? mm(x.t(), grad) : null,
  ])
}

/** Batched product of [B, M, K] and [B, K, N]. Source: `torch.bmm`. */
export function bmm(left: Tensor, right: Tensor): Tensor {
  const [a, b] = underAutocast('bmm', left, right)
  checkRank('bmm', a, 3)
  checkRank('bmm', b, 3)
  sameDType('bmm', a, b)
  if (a.shape[0] !== b.shape[0])
    throw new ShapeError(`bmm: batch sizes differ: ${formatShape(a.shape)} and ${formatShape(b.shape)}`)
  checkInner('bmm', a, b, a.shape[2], b.shape[1])
  const out = gemm(a, b, [a.shape[0], a.shape[1], b.shape[2]], a.device)
  return record('BmmBackward0', [a, b], out, [a, b], (grad, [x, y], needs) => [
    needs[0] ? bmm(grad, y.transpose(1, 2)) : null,
    needs[1] ? bmm(x.transpose(1, 2), grad) : null,
  ])
}

/** Matrix [M, K] times vector [K]. Source: `torch.mv`. */
export function mv(a: Tensor, b: Tensor): Tensor {
  checkRank('mv', a, 2)
  checkRank('mv', b, 1)
  return matrixVector('mv', a, b)
}

function matrixVector(op: string, a: Tensor, b: Tensor): Tensor {
  sameDType(op, a, b)
  checkInner(op, a, b, a.shape[1], b.shape[0])
  const column = seen(b, [1, b.shape[0], 1], [0, b.strides[0], 0])
  const out = gemm(single(a), column, [a.shape[0]], a.device)
  return record('MvBackward0', [a, b], out, [a, b], (grad, [x, y], needs) => [
    needs[0] ? outer(grad, y) : null,
    needs[1] ? matrixVector(op, x.t(), grad) : null,
  ])
}

/** Sum of products of two vectors. Source: `torch.dot`. */
export function dot(a: Tensor, b: Tensor): Tensor {
  checkRank('dot', a, 1)
  checkRank('dot', b, 1)
  sameDType('dot', a, b)
  checkInner('dot', a, b, a.shape[0], b.shape[0])
  const out = gemm(
    single(seen(a, [1, a.shape[0]], [0, a.strides[0]])),
    single(seen(b, [b.shape[0], 1], [b.strides[0], 0])),
    [],
    a.device,
  )
  return record('DotBackward0', [a, b], out, [a, b], (grad, [x, y], needs) => [
    needs[0] ? y.mul(grad) : null,
    needs[1] ? x.mul(grad) : null,
  ])
}

/** Matrix of all products of two vectors. Source: `torch.outer`. */
export function outer(a: Tensor, b: Tensor): Tensor {
  checkRank('outer', a, 1)
  checkRank('outer', b, 1)
  return a.unsqueeze(1).mul(b)
}

/**
 * Product of tensors of any rank: vectors, matrices, and batches of matrices whose leading dimensions broadcast.
 * Throws ShapeError where the inner sizes differ. Source: `torch.matmul`.
 */
export function matmul(left: Tensor, right: Tensor): Tensor {
  const [a, b] = underAutocast('matmul', left, right)
  if (a.ndim === 0 || b.ndim === 0) {
    throw new ShapeError(
      `matmul: both operands need at least 1 dimension: ${formatShape(a.shape)} @ ${formatShape(b.shape)}`,
      'use mul for a number.',
    )
  }
  checkInner('matmul', a, b, a.shape[a.ndim - 1], b.shape[Math.max(b.ndim - 2, 0)])
  if (a.ndim === 1 && b.ndim === 1) return dot(a, b)
  if (a.ndim === 1) return matmul(a.unsqueeze(0), b).squeeze(-2)
  if (b.ndim === 1 && a.ndim === 2) return matrixVector('matmul', a, b)
  if (b.ndim === 1) return matmul(a, b.unsqueeze(1)).squeeze(-1)
  if (a.ndim === 2 && b.ndim === 2) return matrixProduct('matmul', a, b)
  if (b.ndim === 2) {
    // One large product instead of many small ones.
    const rows = matrixProduct('matmul', asRows(a), b)
    return rows.reshape([...a.shape.slice(0, -1), b.shape[1]])
  }
  const batch = broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2))
  const flat = (x: Tensor): Tensor => {
    const sizes = x.shape.slice(-2)
    return expand(x, [...batch, ...sizes]).reshape([batch.reduce((n, size) => n * size, 1), ...sizes])
  }
  return bmm(flat(a), flat(b)).reshape([...batch, a.shape[a.ndim - 2], b.shape[b.ndim - 1]])
}

/**
 * `input @ weight.T + bias` over the last dimension: input [..., in], weight [out, in] (or [in]), bias [out].
 * Source: `torch.nn.functional.linear`.
 */
export function linear(x: Tensor, w: Tensor, b: Tensor | null = null): Tensor {
  const [input, weight, bias] = underAutocast('linear', x, w, b)
  const features = input.shape[input.ndim - 1]
  if (features !== weight.shape[weight.ndim - 1]) {
    throw new ShapeError(
      `linear: input has ${features} features, weight expects ${weight.shape[weight.ndim - 1]}: ${formatShape(input.shape)} @ ${formatShape(weight.shape)}ᵀ`,
    )
  }
  if (bias === null || weight.ndim !== 2 || bias.ndim > 1) {
    const product = weight.ndim === 2 ? matmul(input, weight.t()) : matmul(input, weight)
    return bias === null ? product : product.add(bias)
  }
  sameDType('linear', input, weight, bias)
  const rows = input.ndim === 2 ? input : asRows(input)
  const out = gemm(single(rows), single(transposed(weight)), [rows.shape[0], weight.shape[0]], input.device, { bias })
  const biasShape = bias.shape
  record('AddmmBackward0', [bias, rows, weight], out, [rows, weight], (grad, [sx, sw], needs) => [
    needs[0] ? sumTo(grad, biasShape) : null,
    needs[1] ? mm(grad, sw) : null,
    needs[2] ? mm(grad.t(), sx) : null,
  ])
  return input.ndim === 2 ? out : out.reshape([...input.shape.slice(0, -1), weight.shape[0]])
}

interface AddOptions {
  /** Factor of the first operand. Default 1. */
  beta?: number
  /** Factor of the product. Default 1. */
  alpha?: number
}
const scaled = (x: Tensor, factor: number): Tensor => (factor === 1 ? x : x.mul(factor))

/** beta 0 ignores the operand altogether, NaN included. */
function plus(op: string, x: Tensor, product: Tensor, { beta = 1, alpha = 1 }: AddOptions): Tensor {
  if (!sameShape(broadcastShapes(op, x.shape, product.shape), product.shape)) {
    throw new ShapeError(
      `${op}: the first operand does not fit the product: ${formatShape(x.shape)} and ${formatShape(product.shape)}`,
    )
  }
  for (const [name, factor] of Object.entries({ beta, alpha })) {
    if (!Number.isInteger(factor) && !isFloating(resultType(x, product)))
      throw new DTypeError(`${op}: ${name} must be a whole number for integer tensors, got ${factor}`)
  }
  return beta === 0
    ? scaled(product, alpha).add(zerosOf(x.shape, product))
    : scaled(x, beta).add(scaled(product, alpha))
}

/** `plus` of operands of one dtype. */
function plusProduct(op: string, x: Tensor, product: Tensor, options: AddOptions): Tensor {
  sameDType(op, x, product)
  return plus(op, x, product, options)
}

/** `beta * x + alpha * (a @ b)` for matrices. Source: `torch.addmm`. */
export function addmm(x: Tensor, a: Tensor, b: Tensor, options: AddOptions = {}): Tensor {
  const [added, left, right] = underAutocast('addmm', x, a, b)
  return plusProduct('addmm', added, mm(left, right), options)
}
/** `beta * x + alpha * (a @ b)` for a matrix and a vector. Source: `torch.addmv`. */
export function addmv(x: Tensor, a: Tensor, b: Tensor, options: AddOptions = {}): Tensor {
  return plus('addmv', x, mv(a, b), options)
}
/** `beta * x + alpha * outer(a, b)`. Source: `torch.addr`. */
export function addr(x: Tensor, a: Tensor, b: Tensor, options: AddOptions = {}): Tensor {
  return plus('addr', x, outer(a, b), options)
}
/** `beta * x + alpha * bmm(a, b)`. Source: `torch.baddbmm`. */
export function baddbmm(x: Tensor, a: Tensor, b: Tensor, options: AddOptions = {}): Tensor {
  const [added, left, right] = underAutocast('baddbmm', x, a, b)
  return plusProduct('baddbmm', added, bmm(left, right), options)
}
/** `beta * x + alpha * sum of bmm(a, b) over the batch`. Source: `torch.addbmm`. */
export function addbmm(x: Tensor, a: Tensor, b: Tensor, options: AddOptions = {}): Tensor {
  const [added, left, right] = underAutocast('addbmm', x, a, b)
  return plusProduct('addbmm', added, bmm(left, right).sum(0, { dtype: left.dtype }), options)
}
/** Products over the last dimension of both: result shape [...a, ...b] without it. Source: `torch.inner`. */
export function inner(a: Tensor, b: Tensor): Tensor {
  if (a.ndim === 0 || b.ndim === 0) return a.mul(b)
  return tensordot(a, b, [[a.ndim - 1], [b.ndim - 1]])
}
/** Sums products over the given dimensions of both (a number n: the last n of a, the first n of b). Source: `torch.tensordot`. */
export function tensordot(
  a: Tensor,
  b: Tensor,
  dims: number | readonly [readonly number[], readonly number[]] = 2,
): Tensor {
  const count = typeof dims === 'number' ? dims : 0
  const lists =
    typeof dims === 'number'
      ? [Array.from({ length: count }, (_, i) => a.ndim - count + i), Array.from({ length: count }, (_, i) => i)]
      : dims
  const left = lists[0].map((d) => (d < 0 ? d + a.ndim : d))
  const right = lists[1].map((d) => (d < 0 ? d + b.ndim : d))
  const freeA = [...a.shape.keys()].filter((d) => !left.includes(d))
  const freeB = [...b.shape.keys()].filter((d) => !right.includes(d))
  const k = left.reduce((n, d) => n * a.shape[d], 1)
  left.forEach((d, i) => checkInner('tensordot', a, b, a.shape[d], b.shape[right[i]]))
  const sizes = [...freeA.map((d) => a.shape[d]), ...freeB.map((d) => b.shape[d])]
  const rows = freeA.reduce((n, d) => n * a.shape[d], 1)
  const columns = freeB.reduce((n, d) => n * b.shape[d], 1)
  const product = matrixProduct(
    'tensordot',
    a.permute([...freeA, ...left]).reshape(rows, k),
    b.permute([...right, ...freeB]).reshape(k, columns),
  )
  return product.reshape(sizes)
}
/** `torch.vdot`: `dot` for real tensors. */
export const vdot: (a: Tensor, b: Tensor) => Tensor = dot

export const methods = { mm, bmm, mv, dot, vdot, outer, ger: outer, matmul, addmm, addmv, addr, baddbmm, addbmm, inner }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
