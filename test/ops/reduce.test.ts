import { expect, test } from 'vitest'
import { gradcheck, gradgradcheck } from '../../src/autograd/gradcheck.ts'
import { DTypeError, IndexError, ShapeError } from '../../src/base/errors.ts'
import * as torch from '../../src/ops/index.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'
import { onEachDevice } from '../support/ops.ts'
import { leaf, wave } from '../support/samples.ts'

onEachDevice(() => {
  const smooth: Record<string, (x: Tensor) => Tensor | Tensor[]> = {
    sum: (x) => torch.sum(x),
    sumOfDims: (x) => torch.sum(x, [0, -1], { keepdim: true }),
    mean: (x) => torch.mean(x, 1),
    prod: (x) => torch.prod(x, 1),
    prodOfAll: (x) => torch.prod(x),
    var: (x) => torch.variance(x, 1),
    varWithoutCorrection: (x) => torch.variance(x, [0, 2], { unbiased: false, keepdim: true }),
    std: (x) => torch.std(x, 1),
    varMean: (x) => torch.varMean(x, 1),
    nansum: (x) => torch.nansum(x, 1),
    nanmean: (x) => torch.nanmean(x, 1),
    logsumexp: (x) => torch.logsumexp(x, [0, 2]),
    norm: (x) => torch.norm(x),
    norm1: (x) => torch.norm(x, 1, { dim: 1 }),
    norm3: (x) => torch.norm(x, 3, { dim: [0, 1], keepdim: true }),
    normHalf: (x) => torch.norm(x, 0.5, { dim: 1 }),
    normOneAndHalf: (x) => torch.norm(x, 1.5, { dim: 1 }),
    normInf: (x) => torch.norm(x, Number.POSITIVE_INFINITY, { dim: 1 }),
    amax: (x) => torch.amax(x, [0, 2]),
    amin: (x) => torch.amin(x),
    max: (x) => torch.max(x, 1).values,
    min: (x) => torch.min(x, -1, { keepdim: true })[0],
    maxOfAll: (x) => torch.max(x),
    aminmax: (x) => [...torch.aminmax(x, { dim: 1 })],
  }
  test.each(Object.entries(smooth))('gradients of %s', (_, f) => {
    gradcheck(f, [leaf([2, 3, 5])], { atol: 2e-5 })
    gradgradcheck(f, [leaf([2, 3, 5])], { atol: 2e-5 })
    gradcheck((x) => f(x.transpose(0, 2)), [leaf([1, 3, 2])], { atol: 2e-5 })
  })

  test('a product with zeros has the gradient of the others', () => {
    const x = torch.tensor([2, 0, 3], { dtype: 'float32', requiresGrad: true })
    torch.prod(x).backward()
    expect(x.grad?.tolist()).toEqual([0, 6, 0])
  })

  test('integers and bool sum to int64', () => {
    const x = torch.tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { dtype: 'uint8' },
    )
    expect(torch.sum(x, 0).tolist()).toEqual([4, 6])
    expect(torch.sum(x.gt(1)).dtype).toBe('int64')
    expect(() => torch.mean(x)).toThrow(DTypeError)
  })

  test('no elements: sums are 0, products 1, means NaN, extremes an error', () => {
    const x = torch.zeros(0, 3)
    expect(torch.sum(x, 0).tolist()).toEqual([0, 0, 0])
    expect(torch.prod(x).item()).toBe(1)
    expect(torch.mean(x).item()).toBeNaN()
    expect(torch.logsumexp(x, 0).tolist()).toEqual(new Array(3).fill(Number.NEGATIVE_INFINITY))
    expect(() => torch.max(x)).toThrow(ShapeError)
    expect(() => torch.argmin(x, 0)).toThrow('argmin: no elements to choose from: shape [0, 3], dimensions [0]')
    expect(torch.amax(x, 1).shape).toEqual([0])
  })

  test('NaN wins, the first of equal values counts', () => {
    const x = torch.tensor([
      [1, 5, 5],
      [Number.NaN, 2, Number.NaN],
    ])
    const [values, indices] = x.max(1)
    expect(values.tolist()).toEqual([5, Number.NaN])
    expect(indices.tolist()).toEqual([1, 0])
    expect(x.argmin(1).tolist()).toEqual([0, 0])
    expect(x.max().item()).toBeNaN()
    expect(x.argmax().item()).toBe(3)
  })

  test('positions of large rows are the first ones, however the work is split', () => {
    const x = torch.zeros(100_003)
    expect(x.argmax().item()).toBe(0)
    x.narrow(0, 70_001, 2).fill_(3)
    x.narrow(0, 99_000, 2).fill_(3)
    expect(x.argmax().item()).toBe(70_001)
    expect(x.max(0).indices.item()).toBe(70_001)
    const minusInfinity = torch.full([1000], Number.NEGATIVE_INFINITY)
    expect(minusInfinity.argmax().item()).toBe(0)
  })

  test('equal extremes share the gradient; with a position the first takes it', () => {
    const x = torch.tensor([3, 3, 1], { dtype: 'float32', requiresGrad: true })
    x.amax().backward()
    expect(x.grad?.tolist()).toEqual([0.5, 0.5, 0])
    x.grad = null
    x.max(0).values.backward()
    expect(x.grad).not.toBeNull()
    expect((x.grad as unknown as Tensor).tolist()).toEqual([1, 0, 0])
  })

  test('0-d tensors reduce over dimension 0 and -1', () => {
    const x = torch.tensor(2.5)
    expect(x.sum(0).item()).toBe(2.5)
    expect(x.max(-1).indices.item()).toBe(0)
    expect(x.argmax(0).item()).toBe(0)
    expect(() => x.sum(1)).toThrow(IndexError)
  })

  test('extremes of two tensors are element by element', () => {
    expect(torch.max(torch.tensor([1, 5]), torch.tensor([[3], [4]])).tolist()).toEqual([
      [3, 5],
      [4, 5],
    ])
  })

  test('log of sums of exponentials does not overflow, and keeps infinities', () => {
    const x = torch.tensor([
      [1000, 1000],
      [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
      [Number.POSITIVE_INFINITY, 0],
    ])
    const y = torch.logsumexp(x, 1).numbers()
    expect(y[0]).toBeCloseTo(1000.6931, 3)
    expect(y.slice(1)).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])
  })

  test.each([
    ['sum()', (x: Tensor) => x.sum(), 'SumBackward0'],
    ['sum(0)', (x: Tensor) => x.sum(0), 'SumBackward1'],
    ['mean(0)', (x: Tensor) => x.mean(0), 'MeanBackward1'],
    ['max()', (x: Tensor) => x.max(), 'MaxBackward1'],
    ['max(0)', (x: Tensor) => x.max(0)[0], 'MaxBackward0'],
    ['norm()', (x: Tensor) => x.norm(), 'NormBackward1'],
    ['logsumexp(0)', (x: Tensor) => x.logsumexp(0), 'LogsumexpBackward0'],
  ] as const)('the node of %s has the name of PyTorch', (_, f, name) => {
    expect(f(leaf([3])).gradFn?.name).toBe(name)
  })

  test('counting and asking', () => {
    const x = torch.tensor([
      [0, 2],
      [3, 4],
    ])
    expect([x.any(1).tolist(), x.all(1).tolist(), x.countNonzero(0).tolist()]).toEqual([
      [true, true],
      [false, true],
      [1, 2],
    ])
    expect(torch.all(wave([0])).item()).toBe(1)
  })

  test('aminmax of a 0-d tensor keeps a dimension that was not there, as in PyTorch', () => {
    const [least, most] = torch.aminmax(torch.tensor(2.5), { dim: 0, keepdim: true })
    expect([least.shape, most.shape]).toEqual([[1], [1]])
  })

  test('sumToSize undoes broadcasting', () => {
    const x = torch.arange(6).reshape(2, 3)
    expect(x.sumToSize(1, 3).tolist()).toEqual([[3, 5, 7]])
    expect(x.sumToSize([3]).tolist()).toEqual([3, 5, 7])
    expect(x.sumToSize([]).tolist()).toBe(15)
    expect(x.sumToSize(2, 3)).toBe(x)
    expect(x.int().sumToSize(3).dtype).toBe('int64')
    expect(() => x.sumToSize(2, 2)).toThrow('sumToSize: [2, 2] does not broadcast to [2, 3]')
    expect(() => x.sumToSize(1, 1, 3)).toThrow(ShapeError)
  })
})
