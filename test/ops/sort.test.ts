import { expect, test } from 'vitest'
import { gradcheck, gradgradcheck } from '../../src/autograd/gradcheck.ts'
import { IndexError } from '../../src/base/errors.ts'
import * as torch from '../../src/ops/index.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'
import { onEachDevice } from '../support/ops.ts'
import { leaf } from '../support/samples.ts'

const nan = Number.NaN

onEachDevice(() => {
  const chosen: Record<string, (x: Tensor) => Tensor> = {
    sort: (x) => torch.sort(x, 1, { descending: true }).values,
    msort: (x) => torch.msort(x),
    topk: (x) => torch.topk(x, 2, 1, { largest: false }).values,
    kthvalue: (x) => torch.kthvalue(x, 2, 0).values,
    median: (x) => torch.median(x, 1, { keepdim: true }).values,
    medianOfAll: (x) => torch.median(x),
    nanmedian: (x) => torch.nanmedian(x, 0).values,
    mode: (x) => torch.mode(x, 1).values,
    quantile: (x) => torch.quantile(x, 0.3, 1),
    quantiles: (x) => torch.quantile(x, torch.tensor([0.1, 0.8], { dtype: 'float64' }), null, { keepdim: true }),
    cumsum: (x) => torch.cumsum(x, 0),
    cumprod: (x) => torch.cumprod(x, 1),
    cummax: (x) => torch.cummax(x, 1).values,
    cummin: (x) => torch.cummin(x, 0).values,
    logcumsumexp: (x) => torch.logcumsumexp(x, 1),
    diff: (x) => torch.diff(x, { n: 2, dim: 0 }),
    cumulativeTrapezoid: (x) => torch.cumulativeTrapezoid(x, null, { dx: 0.5 }),
    gradient: (x) => torch.gradient(x, { dim: 1, edgeOrder: 2 })[0],
  }
  test.each(Object.entries(chosen))('gradients of %s', (_, f) => {
    gradcheck(f, [leaf([3, 5])])
    gradgradcheck((x) => f(x.mul(x)), [leaf([3, 5])])
    gradcheck((x) => f(x.t()), [leaf([5, 3])])
  })

  test('sorting is stable, and NaN counts as the largest', () => {
    const { values, indices } = torch.tensor([2, nan, 1, 2]).sort()
    expect(values.tolist()).toEqual([1, 2, 2, nan])
    expect(indices.tolist()).toEqual([2, 0, 3, 1])
    expect(torch.tensor([2, nan, 1, 2]).topk(2).indices.tolist()).toEqual([1, 0])
    expect(torch.tensor(3).sort().indices.item()).toBe(0)
    expect(torch.zeros(0, 3).sort(0).values.shape).toEqual([0, 3])
  })

  test('the median is the lower of two, NaN if there is one', () => {
    expect(torch.tensor([4, 1, 3, 2]).median().item()).toBe(2)
    const x = torch.tensor([
      [1, nan, 3, 5],
      [nan, nan, nan, nan],
    ])
    expect(x.median(1).values.tolist()).toEqual([nan, nan])
    expect(x.median(1).indices.tolist()).toEqual([1, 0])
    expect(x.nanmedian(1).values.tolist()).toEqual([3, nan])
  })

  test('the mode is the smallest of the most frequent, at its last position', () => {
    const [values, indices] = torch
      .tensor([
        [2, 3, 2, 3],
        [9, 8, 7, 8],
      ])
      .mode()
    expect([values.tolist(), indices.tolist()]).toEqual([
      [2, 8],
      [2, 3],
    ])
    expect(
      torch
        .tensor([[7]])
        .mode(0)
        .indices.tolist(),
    ).toEqual([0])
  })

  test('k out of range is an error', () => {
    expect(() => torch.zeros(3).topk(4)).toThrow('topk: k is out of range: 4 of 3 values')
    expect(() => torch.zeros(3).kthvalue(0)).toThrow(IndexError)
  })

  test('one value is chosen of a 0-d tensor, NaN of none', () => {
    const { values, indices } = torch.topk(torch.tensor(3), 0)
    expect([values.tolist(), indices.tolist()]).toEqual([3, 0])
    const none = torch.zeros(3, 0).requiresGrad_()
    expect([torch.median(none).item(), torch.nanmedian(none).item()]).toEqual([Number.NaN, Number.NaN])
    torch.median(none).backward()
    expect(none.grad?.shape).toEqual([3, 0])
    expect(() => torch.median(torch.tensor([], { dtype: 'int64' }))).toThrow('no elements to choose from')
  })

  test('quantiles take infinities as they are, and are NaN only between two of them', () => {
    const x = torch.tensor([Number.NaN, 1, Infinity, -Infinity, 2], { dtype: 'float32' })
    expect(torch.nanquantile(x, 0.25, -1, { interpolation: 'higher' }).item()).toBe(1)
    expect(torch.nanquantile(x, 0.25, -1, { interpolation: 'lower' }).item()).toBe(-Infinity)
    const ends = torch.tensor([-Infinity, 1], { dtype: 'float32' })
    // torch.quantile(ends, q)
    expect([0.3, 0.7, 1].map((q) => torch.quantile(ends, q).item())).toEqual([Number.NaN, -Infinity, 1])
    expect(torch.quantile(torch.tensor([-Infinity, 1, 2]), 0.5, null, { interpolation: 'midpoint' }).item()).toBe(1)
  })

  test('distinct values, where they went, and how many', () => {
    const x = torch.tensor([
      [3, 1],
      [3, 2],
    ])
    const [values, inverse, counts] = torch.unique(x, { returnInverse: true, returnCounts: true })
    expect([values.tolist(), inverse.tolist(), counts.tolist()]).toEqual([
      [1, 2, 3],
      [
        [2, 0],
        [2, 1],
      ],
      [1, 1, 2],
    ])
    expect(
      torch
        .unique(
          torch.tensor([
            [2, 1],
            [0, 1],
            [2, 1],
          ]),
          { dim: 0 },
        )
        .tolist(),
    ).toEqual([
      [0, 1],
      [2, 1],
    ])
    expect(torch.uniqueConsecutive(torch.tensor([1, 1, 2, 1])).tolist()).toEqual([1, 2, 1])
    expect(torch.unique(torch.zeros(0)).shape).toEqual([0])
    // Along the last dimension PyTorch compares slices with their first two dimensions exchanged: these two stay as they are.
    const slices = [
      [
        [0, 0],
        [1, 0],
      ],
      [
        [0, 1],
        [0, 0],
      ],
    ]
    expect(torch.unique(torch.tensor(slices), { dim: 2 }).tolist()).toEqual(slices)
  })

  test('scans of integers are int64, of equal values the last position counts', () => {
    expect(torch.cumsum(torch.tensor([true, true, false]), 0).tolist()).toEqual([1, 2, 2])
    expect(torch.cumsum(torch.tensor([true, true, false]), 0).dtype).toBe('int64')
    expect(torch.cummax(torch.tensor([1, 3, 3, nan, 5]), 0).indices.tolist()).toEqual([0, 1, 2, 3, 3])
    expect(torch.cumprod(torch.tensor(2.5), 0).item()).toBe(2.5)
  })

  test('a running product over zeros', () => {
    const x = torch.tensor([2, 0, 3, 0, 5], { dtype: 'float64', requiresGrad: true })
    gradcheck((a) => torch.cumprod(a, 0), [x])
  })

  test('places in sorted rows', () => {
    const edges = torch.tensor([1, 3, 3, 5])
    const values = torch.tensor([
      [0, 3],
      [4, nan],
    ])
    expect(torch.searchsorted(edges, values).tolist()).toEqual([
      [0, 1],
      [3, 4],
    ])
    const buckets = torch.bucketize(values, edges, { right: true, outInt32: true })
    expect(buckets.dtype).toBe('int32')
    expect(buckets.tolist()).toEqual([
      [0, 3],
      [3, 4],
    ])
  })

  test('areas of no samples are 0, in the dtype of the samples', () => {
    const none = torch.zeros([2, 0], { dtype: 'int32' })
    expect(torch.trapezoid(none).dtype).toBe('int32')
    expect(torch.trapezoid(none).tolist()).toEqual([0, 0])
    expect(torch.cumulativeTrapezoid(none).shape).toEqual([2, 0])
  })

  test('histograms leave out what lies outside, and count the upper end', () => {
    expect(
      torch.histc(torch.tensor([0, 1, 2, 3, 4, 9], { dtype: 'float32' }), { bins: 4, min: 0, max: 4 }).tolist(),
    ).toEqual([1, 1, 1, 2])
  })
})
