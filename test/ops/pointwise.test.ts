import { describe, expect, test } from 'vitest'
import '../../src/devices.ts'
import '../../src/ops/install.ts'
import { gradcheck, gradgradcheck } from '../../src/autograd/gradcheck.ts'
import { grad } from '../../src/autograd/backward.ts'
import { noGrad } from '../../src/autograd/noGrad.ts'
import { AutogradError, DTypeError, ShapeError, ValueError } from '../../src/base/errors.ts'
import * as F from '../../src/ops/activation.ts'
import { bitwiseAnd, bitwiseNot, bitwiseOr, bitwiseXor } from '../../src/ops/bitwise.ts'
import * as torch from '../../src/ops/index.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'

const { tensor } = torch
const leaf = (values: number[] | number[][] | number): Tensor =>
  tensor(values, { dtype: 'float64', requiresGrad: true })

/** Points inside the domain and away from kinks. */
const everywhere = [-2.3, -0.7, 0.4, 1.9]
const positive = [0.3, 0.9, 1.7, 3.2]
const unit = [-0.8, -0.3, 0.2, 0.7]
const aboveOne = [1.2, 1.9, 3.3]

const unary: Record<string, [(x: Tensor) => Tensor, number[]]> = {
  neg: [torch.neg, everywhere],
  abs: [torch.abs, everywhere],
  sign: [torch.sign, everywhere],
  square: [torch.square, everywhere],
  sqrt: [torch.sqrt, positive],
  rsqrt: [torch.rsqrt, positive],
  reciprocal: [torch.reciprocal, everywhere],
  exp: [torch.exp, everywhere],
  exp2: [torch.exp2, everywhere],
  expm1: [torch.expm1, everywhere],
  log: [torch.log, positive],
  log2: [torch.log2, positive],
  log10: [torch.log10, positive],
  log1p: [torch.log1p, positive],
  sin: [torch.sin, everywhere],
  cos: [torch.cos, everywhere],
  tan: [torch.tan, unit],
  asin: [torch.asin, unit],
  acos: [torch.acos, unit],
  atan: [torch.atan, everywhere],
  sinh: [torch.sinh, everywhere],
  cosh: [torch.cosh, everywhere],
  tanh: [torch.tanh, everywhere],
  asinh: [torch.asinh, everywhere],
  acosh: [torch.acosh, aboveOne],
  atanh: [torch.atanh, unit],
  sigmoid: [torch.sigmoid, everywhere],
  erf: [torch.erf, everywhere],
  erfc: [torch.erfc, everywhere],
  erfinv: [torch.erfinv, unit],
  lgamma: [torch.lgamma, positive],
  floor: [torch.floor, everywhere],
  frac: [torch.frac, everywhere],
  deg2rad: [torch.deg2rad, everywhere],
  rad2deg: [torch.rad2deg, everywhere],
  sinc: [torch.sinc, everywhere],
  logit: [(x) => torch.logit(x), [0.2, 0.6]],
  logitClipped: [(x) => torch.logit(x, { eps: 0.1 }), [0.05, 0.6]],
  nanToNum: [torch.nanToNum, everywhere],
  clamp: [(x) => x.clamp(-1, 1), everywhere],
  clampMin: [(x) => x.clampMin(0), everywhere],
  pow2: [(x) => x.pow(2), everywhere],
  pow3: [(x) => x.pow(3), everywhere],
  powHalf: [(x) => x.pow(0.5), positive],
  powNumber: [(x) => x.pow(-1.5), positive],
  powOfNumber: [(x) => torch.pow(2, x), everywhere],
  relu: [torch.relu, everywhere],
  relu6: [F.relu6, [-1, 2, 7]],
  leakyRelu: [(x) => F.leakyRelu(x, 0.2), everywhere],
  elu: [(x) => F.elu(x, { alpha: 1.5 }), everywhere],
  selu: [F.selu, everywhere],
  celu: [(x) => F.celu(x, 2), everywhere],
  gelu: [F.gelu, everywhere],
  geluTanh: [(x) => F.gelu(x, { approximate: 'tanh' }), everywhere],
  silu: [F.silu, everywhere],
  mish: [F.mish, everywhere],
  softplus: [(x) => F.softplus(x, { beta: 2, threshold: 3 }), everywhere],
  softsign: [F.softsign, everywhere],
  tanhshrink: [F.tanhshrink, everywhere],
  hardshrink: [F.hardshrink, everywhere],
  softshrink: [F.softshrink, everywhere],
  hardtanh: [F.hardtanh, everywhere],
  hardsigmoid: [F.hardsigmoid, [-4, -1, 2, 5]],
  hardswish: [F.hardswish, [-4, -1, 2, 5]],
  threshold: [(x) => F.threshold(x, 0.1, 9), everywhere],
  logsigmoid: [F.logsigmoid, everywhere],
  glu: [F.glu, everywhere],
  rrelu: [F.rrelu, everywhere],
}

describe('gradients agree with finite differences, and so do their gradients', () => {
  for (const [name, [f, points]] of Object.entries(unary)) {
    test(name, () => {
      gradcheck(f, [leaf(points)])
      gradgradcheck(f, [leaf(points)])
    })
  }
  test('digamma', () => {
    gradcheck(torch.digamma, [leaf(positive)])
  })
})

const binary: Record<string, (a: Tensor, b: Tensor) => Tensor> = {
  add: (a, b) => a.add(b, { alpha: 2 }),
  sub: torch.sub,
  rsub: (a, b) => a.rsub(b, { alpha: 3 }),
  mul: torch.mul,
  div: torch.div,
  remainder: torch.remainder,
  fmod: torch.fmod,
  pow: torch.pow,
  atan2: torch.atan2,
  hypot: torch.hypot,
  maximum: torch.maximum,
  minimum: torch.minimum,
  fmax: torch.fmax,
  fmin: torch.fmin,
  copysign: torch.copysign,
  xlogy: torch.xlogy,
  logaddexp: torch.logaddexp,
  logaddexp2: torch.logaddexp2,
  ldexp: torch.ldexp,
  divFloor: (a, b) => torch.div(a, b, { roundingMode: 'floor' }),
  where: (a, b) => torch.where(tensor([[true], [false]]), a, b),
  lerp: (a, b) => torch.lerp(a, b, 0.7),
  lerpTensor: (a, b) => torch.lerp(a, b, a),
  addcmul: (a, b) => torch.addcmul(a, a, b, { value: 2 }),
  addcdiv: (a, b) => torch.addcdiv(a, a, b, { value: 2 }),
  clampTensors: (a, b) => torch.clamp(a, b.sub(1), b),
  maskedFill: (a) => torch.maskedFill(a, tensor([[true], [false]]), 3),
}

describe('gradients of two operands agree with finite differences, broadcast', () => {
  for (const [name, f] of Object.entries(binary)) {
    test(name, () => {
      const [a, b] = [
        leaf([
          [0.4, 1.3, 2.6],
          [3.1, 0.9, 1.7],
        ]),
        leaf([0.7, 2.2, 1.1]),
      ]
      gradcheck(f, [a, b])
      gradgradcheck(f, [a, b])
      gradcheck(f, [leaf(1.3), b])
    })
  }
})

test('prelu has a gradient for one weight and for one of each channel', () => {
  const x = leaf([
    [-1, 2, -3],
    [4, -5, 0.5],
  ])
  gradcheck(F.prelu, [x, leaf([0.25])])
  gradcheck(F.prelu, [x, leaf([0.25, 0.5, 0.75])])
  expect(() => F.prelu(x, leaf([1, 2]))).toThrow(ShapeError)
})

test('gradients at edges are PyTorch’s', () => {
  const at = (f: (x: Tensor) => Tensor, value: number): number => {
    const x = leaf(value)
    f(x).backward()
    return (x.grad as Tensor).item()
  }
  expect(at(torch.abs, 0)).toBe(0)
  expect(at(F.relu, 0)).toBe(0)
  expect(at(torch.sqrt, 0)).toBe(Infinity)
  expect(at((x) => x.clamp(0, 1), 0)).toBe(1)
  expect(at((x) => x.pow(0), 0)).toBe(0)
  expect(at((x) => torch.pow(x, 1), 0)).toBe(1)
  expect(at((x) => torch.pow(0, x), 2)).toBe(0)
  expect(at((x) => x.maximum(x.detach()), 2)).toBe(0.5)
  expect(at(torch.floor, 1.5)).toBe(0)
  expect(at(torch.sinc, 0)).toBe(0)
})

test('a gradient of 0 stays 0 where the slope of a logarithm overflows', () => {
  const zero = tensor([0], { dtype: 'float32' })
  for (const f of [torch.log, torch.log2, torch.log10, torch.log1p]) {
    const x = tensor([1e-40], { dtype: 'float32', requiresGrad: true })
    f(x).backward(zero)
    expect(x.grad?.numbers()).toEqual([0])
  }
})

test('integers divide, round and take rests as in Python', () => {
  const a = tensor([-7, -3, 0, 3, 7])
  const b = tensor([2, -2, 5, -2, 2])
  expect(torch.floorDivide(a, b).tolist()).toEqual([-4, 1, 0, -2, 3])
  expect(torch.remainder(a, b).tolist()).toEqual([1, -1, 0, -1, 1])
  expect(torch.fmod(a, b).tolist()).toEqual([-1, -1, 0, 1, 1])
  expect(a.div(b, { roundingMode: 'trunc' }).tolist()).toEqual([-3, 1, 0, -1, 3])
  expect(a.div(b).dtype).toBe('float32')
  const f = tensor([-7.5, -3, 0, 3, Infinity])
  expect(torch.floorDivide(f, b).tolist()).toEqual([-4, 1, 0, -2, Number.NaN])
  expect(torch.remainder(f, b).tolist()).toEqual([0.5, -1, 0, -1, Number.NaN])
  expect(torch.floorDivide(tensor([1.5, -1.5]), 0).tolist()).toEqual([Infinity, -Infinity])
  expect(torch.round(tensor([0.5, 1.5, 2.5, -0.5])).tolist()).toEqual([0, 2, 2, -0])
  expect(torch.round(tensor([1234.567]), { decimals: -2 }).tolist()).toEqual([1200])
})

test('result dtypes follow PyTorch', () => {
  const ints = tensor([1, 2])
  expect(ints.add(1.5).tolist()).toEqual([2.5, 3.5])
  expect(tensor([1, 2], { dtype: 'uint8' }).add(300).tolist()).toEqual([45, 46])
  expect(tensor(true).add(tensor(true)).tolist()).toBe(true)
  expect(ints.sin().dtype).toBe('float32')
  expect(ints.pow(2).dtype).toBe('int64')
  expect(torch.pow(2, tensor([1, 2], { dtype: 'float32' })).dtype).toBe('float32')
  expect(torch.floatPower(ints, 2).dtype).toBe('float64')
  expect(torch.where(tensor([true, false]), ints, 0.5).tolist()).toEqual([1, 0.5])
  expect(ints.clamp(1.5).tolist()).toEqual([1.5, 2])
  expect(
    tensor([1, 2, 3])
      .maskedFill(tensor([true, false, true]), 9)
      .tolist(),
  ).toEqual([9, 2, 9])
  expect(torch.ones(2).add(torch.ones([], { dtype: 'float64' })).dtype).toBe('float32')
  expect(torch.ones(2, { dtype: 'float16' }).mul(torch.ones(2)).dtype).toBe('float32')
  expect(ints.eq(1).dtype).toBe('bool')
})

test('ldexp is a product: its exponent lifts the dtype only where it is a tensor', () => {
  const half = tensor([1.5], { dtype: 'float16' })
  expect(torch.ldexp(half, tensor([3])).dtype).toBe('float32')
  expect(torch.ldexp(half, tensor(3)).dtype).toBe('float16')
  expect(torch.ldexp(tensor([1, 2]), tensor([1, 2])).tolist()).toEqual([2, 8])
})

test('big int64 values stay exact', () => {
  const x = tensor([9007199254740993n, -9007199254740993n])
  expect(Array.from(x.add(1).data() as BigInt64Array)).toEqual([9007199254740994n, -9007199254740992n])
  expect(x.eq(x.clone()).tolist()).toEqual([true, true])
})

test('what PyTorch refuses is refused', () => {
  for (const f of [torch.hypot, torch.logaddexp, torch.logaddexp2])
    expect(() => f(tensor([1]), tensor([true]))).toThrow('needs a floating-point dtype, got int64')
  const x = leaf([0.5])
  expect(() => grad(torch.digamma(x), x, { createGraph: true })).toThrow(AutogradError)
  const ints = tensor([1, 2])
  expect(() => tensor(true).sub(tensor(true))).toThrow(DTypeError)
  expect(() => tensor(true).neg()).toThrow(DTypeError)
  expect(() => ints.add(1, { alpha: 0.5 })).toThrow(DTypeError)
  expect(() => ints.pow(-1)).toThrow(ValueError)
  expect(() => torch.where(ints, 1, 2)).toThrow(DTypeError)
  expect(() => ints.div(2, { roundingMode: 'up' as 'floor' })).toThrow(ValueError)
  expect(() => torch.clamp(ints)).toThrow(ValueError)
  expect(() => torch.mul(2, 3)).toThrow(ValueError)
  expect(() => torch.ones(2, 3).add(torch.ones(2))).toThrow(
    'add: shapes do not broadcast: [2, 3] and [2] (3 and 2 at dimension 1)',
  )
})

test('strided, broadcast, 0-d and empty operands', () => {
  const x = torch.arange(6, { dtype: 'float32' }).reshape(2, 3)
  expect(x.t().add(x.t()).tolist()).toEqual([
    [0, 6],
    [2, 8],
    [4, 10],
  ])
  expect(x.add(tensor([10, 20, 30])).tolist()).toEqual([
    [10, 21, 32],
    [13, 24, 35],
  ])
  expect(x.select(1, 1).mul(tensor(2)).tolist()).toEqual([2, 8])
  expect(torch.zeros(0, 3).add(torch.ones(3)).shape).toEqual([0, 3])
  expect(torch.zeros(0).sin().shape).toEqual([0])
  expect(tensor(2).mul(3).tolist()).toBe(6)
})

test('comparisons, tests and logic', () => {
  const x = tensor([1, Number.NaN, Infinity, -Infinity, -0])
  expect(x.isnan().tolist()).toEqual([false, true, false, false, false])
  expect(x.isinf().tolist()).toEqual([false, false, true, true, false])
  expect(x.isfinite().tolist()).toEqual([true, false, false, false, true])
  expect(x.isposinf().tolist()).toEqual([false, false, true, false, false])
  expect(x.isneginf().tolist()).toEqual([false, false, false, true, false])
  expect(x.signbit().tolist()[4 as never]).toBe(true)
  expect(tensor([1, 2]).isfinite().tolist()).toEqual([true, true])
  expect(torch.isclose(tensor([1, Number.NaN]), tensor([1.000001, Number.NaN]), { equalNan: true }).tolist()).toEqual([
    true,
    true,
  ])
  expect(torch.allclose(tensor([1, 2.5]), tensor([1, 2.6]))).toBe(false)
  expect(torch.equal(tensor([1, 2]), tensor([1, 2]))).toBe(true)
  expect(torch.equal(tensor([1, 2]), tensor([[1, 2]]))).toBe(false)
  expect(torch.equal(torch.zeros(0), torch.zeros(0))).toBe(true)
  const [p, q] = [tensor([true, true, false]), tensor([1, 0, 0])]
  expect(p.logicalAnd(q).tolist()).toEqual([true, false, false])
  expect(p.logicalOr(q).tolist()).toEqual([true, true, false])
  expect(p.logicalXor(q).tolist()).toEqual([false, true, false])
  expect(q.logicalNot().tolist()).toEqual([false, true, true])
  expect(q.clone().gt_(0).tolist()).toEqual([1, 0, 0])
  expect(() => torch.isclose(tensor([1]), tensor([1.5]))).toThrow(DTypeError)
})

test('in-place forms write into the tensor and keep its dtype', () => {
  const x = tensor([1, 4, 9], { dtype: 'float32' })
  expect(x.sqrt_()).toBe(x)
  expect(
    x
      .add_(1)
      .mul_(tensor([1, 2, 3]))
      .tolist(),
  ).toEqual([2, 6, 12])
  expect(x.pow_(2).sub_(1, { alpha: 2 }).tolist()).toEqual([2, 34, 142])
  expect(() => tensor([1, 2]).div_(2)).toThrow('cannot be stored in int64')
  expect(() => torch.ones(3).add_(torch.ones(2, 3))).toThrow('does not fit into [3]')
  expect(tensor([1, 2]).mul_(tensor(3)).dtype).toBe('int64')
})

test('an in-place form with an operand that overlaps the target reads it first', () => {
  const x = tensor([1, 2, 3, 4])
  x.narrow(0, 1, 3).add_(x.narrow(0, 0, 3))
  expect(x.tolist()).toEqual([1, 3, 5, 7])
  expect(x.add_(x).tolist()).toEqual([2, 6, 10, 14])
})

test('in-place forms are recorded, through views too', () => {
  const x = tensor([1, 2, 3, 4], { dtype: 'float32', requiresGrad: true })
  const y = x.mul(2)
  y.narrow(0, 1, 2).mul_(tensor([10, 20]))
  expect(y.tolist()).toEqual([2, 40, 120, 8])
  y.mul(y).backward(torch.ones(4))
  expect(x.grad?.tolist()).toEqual([8, 1600, 9600, 32])
})

test('in-place forms on leaves that require grad are refused, and allowed under noGrad', () => {
  const x = torch.ones(2, { requiresGrad: true })
  expect(() => x.add_(1)).toThrow(AutogradError)
  expect(() => x.narrow(0, 0, 1).add_(1)).toThrow('a view of a leaf')
  noGrad(() => x.add_(1))
  expect(x.tolist()).toEqual([2, 2])
})

test('inplace options of activations write into the input', () => {
  const x = tensor([-1, 2], { dtype: 'float32' })
  expect(F.relu(x, { inplace: true })).toBe(x)
  expect(x.tolist()).toEqual([0, 2])
  const y = leaf([-1, 2])
  const z = y.mul(1)
  F.relu_(z)
  z.mul(3).backward(torch.ones(2, { dtype: 'float64' }))
  expect(y.grad?.tolist()).toEqual([0, 3])
})

test('gradients arrive in the dtype and shape of each operand', () => {
  const a = tensor([[1], [2]], { dtype: 'float64', requiresGrad: true })
  const b = tensor([1, 2, 3], { dtype: 'float32', requiresGrad: true })
  a.mul(b).backward(torch.ones(2, 3, { dtype: 'float64' }))
  expect([a.grad?.dtype, a.grad?.tolist()]).toEqual(['float64', [[6], [6]]])
  expect([b.grad?.dtype, b.grad?.tolist()]).toEqual(['float32', [3, 3, 3]])
})

test('nodes have PyTorch’s names', () => {
  const x = torch.ones(2, { requiresGrad: true })
  const name = (y: Tensor): string | undefined => y.gradFn?.name
  expect([name(x.add(1)), name(x.sin()), name(x.pow(2)), name(F.relu(x)), name(x.double()), name(x.div(2))]).toEqual([
    'AddBackward0',
    'SinBackward0',
    'PowBackward0',
    'ReluBackward0',
    'ToCopyBackward0',
    'DivBackward0',
  ])
})

test('bitwise operations work on integers and masks, not on floats', () => {
  const x = tensor([12, -5, 255])
  expect(bitwiseAnd(x, 10).tolist()).toEqual([8, 10, 10])
  expect(bitwiseOr(x, tensor([[1], [2]])).tolist()).toEqual([
    [13, -5, 255],
    [14, -5, 255],
  ])
  expect(bitwiseXor(x.int(), x.int()).tolist()).toEqual([0, 0, 0])
  expect(bitwiseNot(x).tolist()).toEqual([-13, 4, -256])
  expect(bitwiseNot(tensor([12, 255], { dtype: 'uint8' })).tolist()).toEqual([243, 0])
  expect(x.gt(0).bitwiseAnd(x.lt(100)).tolist()).toEqual([true, false, false])
  expect(bitwiseAnd(tensor([-1n << 40n]), tensor([-1n << 41n])).data()[0]).toBe(-1n << 41n)
  expect(() => bitwiseAnd(tensor([1.5]), 1)).toThrow(DTypeError)
})
