import { beforeEach, expect, test } from 'vitest'
import '../../src/devices.ts'
import '../../src/ops/install.ts'
import { DTypeError, ShapeError, ValueError } from '../../src/base/errors.ts'
import { rrelu } from '../../src/ops/activation.ts'
import * as torch from '../../src/ops/index.ts'
import { alphaDropout, dropout, dropout2d, featureDropout } from '../../src/ops/random.ts'

// The numbers are PyTorch's after torch.manual_seed(3); the long streams are in the conformance run.
beforeEach(() => {
  torch.manualSeed(3)
})

test('random_ draws from the range of the dtype, or the one given', () => {
  expect(torch.empty(4).random_().tolist()).toEqual([71389, 1771142, 4795460, 452012])
  expect(torch.empty(3, { dtype: 'int32' }).random_().tolist()).toEqual([1249426360, 521102280, 46504192])
  expect(Array.from(torch.empty(2, { dtype: 'int64' }).random_().data() as BigInt64Array)).toEqual([
    1278568289900440573n,
    8062369756993517258n,
  ])
  expect(torch.empty(2).random_(5).tolist()).toEqual([1, 0])
  expect(torch.empty(2).random_(2, 5).tolist()).toEqual([4, 2])
  expect(torch.empty(3, { dtype: 'uint8' }).random_().tolist()).toEqual([149, 119, 166])
  for (const draw of [
    () => torch.zeros([3], { dtype: 'bool' }).random_(5),
    () => torch.zeros([3], { dtype: 'uint8' }).random_(-3, 7),
    () => torch.randint(0, 2 ** 33, [2], { dtype: 'int32' }),
  ])
    expect(draw).toThrow(/is out of bounds for (bool|uint8|int32)/)
  expect(torch.empty(2, { dtype: 'float64' }).random_().tolist()).toEqual([7012550707245838, 1679693614348832])
})

test('normal takes tensors of means and deviations', () => {
  expect(torch.normal(torch.tensor([1, 2], { dtype: 'float32' }), 2).tolist()).toEqual([
    2.6065521240234375, 2.3496668338775635,
  ])
  expect(torch.normal(1, torch.ones(3)).tolist()).toEqual([1.0889780521392822, 0.38628196716308594, 1.04618239402771])
  expect(torch.normal(torch.ones(2, 1), torch.ones(1, 2)).tolist()).toEqual([
    [-0.3682591915130615, 1.3374950885772705],
    [2.0111160278320312, -0.43517935276031494],
  ])
  expect(() => torch.normal(0, -1, [2])).toThrow(ValueError)
  expect(() => torch.normal(0, torch.tensor([-1.5]))).toThrow(ValueError)
})

test('multinomial without replacement, float64 streams and the state follow PyTorch', () => {
  const weights = torch.tensor([
    [0.1, 0.2, 0.7],
    [1, 0, 3],
  ])
  expect(torch.multinomial(weights, 2).tolist()).toEqual([
    [0, 1],
    [0, 2],
  ])
  const state = torch.getRngState()
  expect(torch.rand(3, { dtype: 'float64' }).tolist()).toEqual([
    0.198727150264138, 0.4334155311051854, 0.40484194448065547,
  ])
  torch.setRngState(state)
  expect(torch.rand(1, { dtype: 'float64' }).item()).toBe(0.198727150264138)
  expect(() => torch.multinomial(weights, 4)).toThrow('without replacement')
})

test('a transposed tensor is filled in the order of its memory', () => {
  const x = torch.empty(2, 3).t()
  x.uniform_()
  expect(x.tolist()).toEqual([
    [0.004263520240783691, 0.026954829692840576],
    [0.10556936264038086, 0.47161436080932617],
    [0.2858424782752991, 0.06011629104614258],
  ])
})

test('a part of a tensor is filled and its neighbours are left alone', () => {
  const x = torch.zeros(3, 4)
  x.narrow(1, 1, 2).uniform_(1, 2)
  const rows = x.tolist() as number[][]
  for (const row of rows) {
    expect([row[0], row[3]]).toEqual([0, 0])
    expect(Math.min(row[1], row[2])).toBeGreaterThanOrEqual(1)
  }
})

test('a generator of its own leaves the default one alone', () => {
  const generator = new torch.Generator(3)
  const own = torch.rand(3, { generator })
  expect(torch.rand(3).tolist()).toEqual(own.tolist())
  expect(torch.initialSeed()).toBe(3n)
  torch.seed()
  expect(torch.initialSeed()).not.toBe(3n)
})

test('shapes and dtypes: like, empty, float16, integers', () => {
  expect(torch.randLike(torch.zeros(2, 3, { dtype: 'float64' })).dtype).toBe('float64')
  expect(torch.randnLike(torch.zeros(2, 3)).shape).toEqual([2, 3])
  expect(torch.rand(0).shape).toEqual([0])
  expect(torch.randint(3, [2, 2]).dtype).toBe('int64')
  expect(torch.randint(1, 2, [2], { dtype: 'float16' }).tolist()).toEqual([1, 1])
  expect(torch.randperm(0).shape).toEqual([0])
  expect(torch.randperm(3, { dtype: 'int32' }).dtype).toBe('int32')
  expect(
    torch
      .rand(2, { dtype: 'float16' })
      .numbers()
      .every((x) => x >= 0 && x <= 1),
  ).toBe(true)
  expect(torch.ones(3, { dtype: 'int64' }).bernoulli_(1).tolist()).toEqual([1, 1, 1])
  expect(torch.zeros(3).bernoulli_(torch.ones(1)).tolist()).toEqual([1, 1, 1])
  expect(() => torch.rand(2, { dtype: 'int64' })).toThrow(DTypeError)
  expect(() => torch.bernoulli(torch.tensor([1.5]))).toThrow(ValueError)
})

test('random in-place writes are refused on leaves that require grad', () => {
  expect(() => torch.zeros(2, { requiresGrad: true }).normal_()).toThrow('a leaf tensor that requires grad')
})

test('dropout scales what it keeps and its gradient is the same factors', () => {
  const x = torch.ones(64, { requiresGrad: true })
  const y = dropout(x, { p: 0.25 })
  const kept = y.numbers()
  expect(new Set(kept)).toEqual(new Set([0, Math.fround(1 / 0.75)]))
  y.backward(torch.ones(64))
  expect(x.grad?.numbers()).toEqual(kept)
  expect(y.gradFn?.name).toBe('MulBackward0')
})

test('dropout does nothing out of training, everything with p 1, and checks p', () => {
  const x = torch.ones(4)
  expect(dropout(x, { training: false })).toBe(x)
  expect(dropout(x, { p: 0 })).toBe(x)
  expect(dropout(x, { p: 1 }).tolist()).toEqual([0, 0, 0, 0])
  expect(() => dropout(x, { p: 1.5 })).toThrow('p is a probability between 0 and 1, got 1.5')
  expect(dropout(x, { p: 1, inplace: true })).toBe(x)
  expect(x.tolist()).toEqual([0, 0, 0, 0])
})

test('channel dropout and alpha dropout give PyTorch’s numbers', () => {
  const x = torch.arange(1, 9, { dtype: 'float32' }).reshape(1, 4, 1, 2)
  expect(dropout2d(x, { p: 0.3 }).numbers()).toEqual([
    1.4285714626312256, 2.857142925262451, 4.285714149475098, 5.714285850524902, 0, 0, 10, 11.428571701049805,
  ])
  torch.manualSeed(3)
  const expected = [
    0.4540920555591583, 1.315044641494751, -1.059548258781433, 3.036949872970581, -1.059548258781433, 4.758854866027832,
  ]
  alphaDropout(torch.arange(6, { dtype: 'float32' }), { p: 0.3, training: true })
    .numbers()
    .forEach((value, i) => expect(value).toBeCloseTo(expected[i], 6))
  expect(() => featureDropout(torch.ones(3))).toThrow(ShapeError)
})

test('rrelu draws a slope for negative elements only', () => {
  torch.manualSeed(0)
  expect(rrelu(torch.tensor([-1, 2, -3], { dtype: 'float32' }), { training: true }).tolist()).toEqual([
    -0.3270943760871887, 2, -0.8173874616622925,
  ])
})
