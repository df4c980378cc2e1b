import { expect, test } from 'vitest'
import { gradcheck, gradgradcheck } from '../../src/autograd/gradcheck.ts'
import { ShapeError, ValueError } from '../../src/base/errors.ts'
import * as F from '../../src/ops/functional.ts'
import * as torch from '../../src/ops/index.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'
import { onEachDevice } from '../support/ops.ts'
import { leaf, wave } from '../support/samples.ts'

onEachDevice(() => {
  const normal: Record<string, (x: Tensor, w: Tensor, b: Tensor) => Tensor> = {
    batchNorm: (x, w, b) => F.batchNorm(x, null, null, w, b, { training: true }),
    fixedBatchNorm: (x, w, b) => F.batchNorm(x, wave([4], 3), wave([4], 4).abs(), w, b),
    groupNorm: (x, w, b) => F.groupNorm(x, 2, w, b),
    instanceNorm: (x, weight, bias) => F.instanceNorm(x, { weight, bias }),
    layerNorm: (x, w, b) => F.layerNorm(x.transpose(1, 2), 4, w, b),
    layerNormWithoutWeight: (x) => F.layerNorm(x, [4, 3]),
    localResponseNorm: (x) => F.localResponseNorm(x, 3, { alpha: 0.5 }),
    softmax: (x) => F.softmax(x, 1),
    logSoftmax: (x) => F.logSoftmax(x, -1),
    softmin: (x) => F.softmin(x, 0),
    normalize: (x) => F.normalize(x, { p: 3 }),
    cosineSimilarity: (x) => F.cosineSimilarity(x, wave([4, 3], 5)),
    renorm: (x) => torch.renorm(x, 2, 1, 1.5),
    cov: (x) => torch.cov(x.flatten(1)),
    corrcoef: (x) => torch.corrcoef(x.flatten(1)),
    nearest: (x) => F.interpolate(x, { size: 5 }),
    linear: (x) => F.interpolate(x, { scaleFactor: 1.7, mode: 'linear' }),
    area: (x) => F.interpolate(x, { size: 2, mode: 'area' }),
  }
  test.each(Object.entries(normal))('gradients of %s, first and second', (_, f) => {
    gradcheck(f, [leaf([2, 4, 3]), leaf([4], 1), leaf([4], 2)])
    gradgradcheck(f, [leaf([2, 4, 3]), leaf([4], 1), leaf([4], 2)], { atol: 1e-4 })
  })

  test.each([1, 1.5, 2, 3, Number.POSITIVE_INFINITY])('gradients of distances of order %d', (p) => {
    gradcheck((a, b) => torch.cdist(a, b, { p }), [leaf([2, 3, 4]), leaf([5, 4], 1)])
    gradcheck((a, b) => F.pairwiseDistance(a, b, { p }), [leaf([3, 4]), leaf([3, 4], 1)])
  })

  test('the distance of a point from itself is 0, with gradient 0', () => {
    const x = wave([2, 3]).requiresGrad_()
    const d = torch.cdist(x, x)
    expect(d.diagonal().tolist()).toEqual([0, 0])
    d.sum().backward()
    expect(x.grad?.numbers().every(Number.isFinite)).toBe(true)
  })

  test('training mixes the statistics of the batch into the running ones', () => {
    const [mean, variance] = [torch.zeros(2), torch.ones(2)]
    const x = torch.tensor(
      [
        [0, 1],
        [2, 5],
      ],
      { dtype: 'float32' },
    )
    const y = F.batchNorm(x, mean, variance, null, null, { training: true, momentum: 0.5, eps: 0 })
    expect(y.tolist()).toEqual([
      [-1, -1],
      [1, 1],
    ])
    expect([mean.tolist(), variance.tolist()]).toEqual([
      [0.5, 1.5],
      [1.5, 4.5],
    ])
    F.batchNorm(x, mean, variance)
    expect(mean.tolist()).toEqual([0.5, 1.5])
  })

  test('mistakes are named', () => {
    expect(() => F.batchNorm(torch.zeros(1, 3), null, null, null, null, { training: true })).toThrow(
      'expected more than 1 value per channel when training, got [1, 3]',
    )
    expect(() => F.batchNorm(torch.zeros(2, 3), null, null)).toThrow(ValueError)
    expect(() => F.batchNorm(torch.zeros(2, 3), torch.zeros(2), torch.zeros(3))).toThrow(
      'runningMean must have one value for each of 3 channels, got [2]',
    )
    expect(() => F.layerNorm(torch.zeros(2, 3), 4)).toThrow('the input [2, 3] must end with the normalized shape [4]')
    expect(() => F.groupNorm(torch.zeros(2, 3, 1), 2)).toThrow(ShapeError)
    expect(() => F.groupNorm(torch.zeros(1, 3), 3)).toThrow(
      'groupNorm: expected more than 1 value per channel, got [1, 3]',
    )
  })

  test('softmax: sum 1, no overflow, 0-d and empty tensors, integers only with a dtype', () => {
    expect(F.softmax(torch.tensor([1000, 1000]).float(), 0).tolist()).toEqual([0.5, 0.5])
    expect(F.softmax(torch.tensor(3.5), 0).item()).toBe(1)
    expect(F.logSoftmax(torch.zeros(0, 3), 1).shape).toEqual([0, 3])
    expect(() => F.softmax(torch.tensor([1, 2]), 0)).toThrow('softmax: needs a floating-point dtype, got int64')
    expect(F.softmax(torch.tensor([1, 1]), 0, { dtype: 'float64' }).dtype).toBe('float64')
    expect(wave([2, 3]).requiresGrad_().softmax(1).gradFn?.name).toBe('SoftmaxBackward0')
  })

  test('the norms behind batchNorm and layerNorm give their statistics', () => {
    const x = torch.arange(6, { dtype: 'float32' }).reshape(2, 3)
    const [y, mean, rstd] = torch.nativeBatchNorm(x, null, null, null, null, true, 0.1, 0)
    expect([y.at(0).tolist(), mean.tolist()]).toEqual([
      [-1, -1, -1],
      [1.5, 2.5, 3.5],
    ])
    expect(rstd.numbers()).toEqual([2 / 3, 2 / 3, 2 / 3].map((value) => expect.closeTo(value, 6)))
    // One value per channel: no error here.
    expect(torch.nativeBatchNorm(x.at('0:1'), null, null, null, null, true, 0.1, 1e-5)[0].tolist()).toEqual([[0, 0, 0]])
    const [mean0, variance] = [torch.zeros(3), torch.ones(3)]
    const fixed = torch.nativeBatchNorm(x, null, null, mean0, variance, false, 0.1, 0)
    expect([fixed[0].tolist(), fixed[1].shape, fixed[2].shape]).toEqual([x.tolist(), [0], [0]])
    const [z, average, scale] = torch.nativeLayerNorm(x, [3], null, torch.ones(3), 0)
    expect(average.tolist()).toEqual([[1], [4]])
    expect(scale.shape).toEqual([2, 1])
    expect(z.at(0, 1).item()).toBe(1)
    expect(mean.requiresGrad || average.requiresGrad).toBe(false)
  })
})
