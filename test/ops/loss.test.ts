import { expect, test } from 'vitest'
import { gradcheck, gradgradcheck } from '../../src/autograd/gradcheck.ts'
import { DTypeError, ShapeError, ValueError } from '../../src/base/errors.ts'
import * as F from '../../src/ops/functional.ts'
import * as torch from '../../src/ops/index.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'
import { expectIndexError, onEachDevice } from '../support/ops.ts'
import { leaf, unitLeaf, wave } from '../support/samples.ts'

const labels = (values: number[] | number[][]): Tensor => torch.tensor(values, { dtype: 'int64' })
const reductions = ['mean', 'sum', 'none'] as const

onEachDevice(() => {
  test('cross-entropy of even logits is the logarithm of the number of classes', () => {
    const loss = F.crossEntropy(torch.zeros([3, 5], { requiresGrad: true }), labels([0, 4, 2]))
    expect(loss.item()).toBeCloseTo(Math.log(5), 6)
    expect(loss.toString().replace(" device='webgpu',", '')).toBe('tensor(1.6094, grad_fn=<NllLossBackward0>)')
  })

  test.each(reductions)('the kernel of cross-entropy agrees with log-softmax and likelihood: %s', (reduction) => {
    const [x, t] = [wave([5, 3]), labels([0, -100, 2, 1, 1])]
    const direct = F.crossEntropy(x, t, { reduction }).numbers()
    const parts = F.nllLoss(F.logSoftmax(x, 1), t, { reduction }).numbers()
    direct.forEach((value, i) => expect(value).toBeCloseTo(parts[i], 12))
  })

  test.each(reductions)('gradients of cross-entropy, first and second: %s', (reduction) => {
    const t = labels([0, 2, 1])
    const f = (options: F.CrossEntropyOptions) => (x: Tensor) => F.crossEntropy(x, t, { reduction, ...options })
    const weight = torch.tensor([0.3, 1.2, 0.7, 0.1], { dtype: 'float64' })
    for (const options of [
      {},
      { ignoreIndex: 2 },
      { weight },
      { labelSmoothing: 0.2 },
      { weight, labelSmoothing: 0.2, ignoreIndex: 2 },
    ]) {
      gradcheck(f(options), [leaf([3, 4])])
      gradgradcheck(f(options), [leaf([3, 4])])
    }
    gradcheck(
      (x) =>
        F.crossEntropy(
          x,
          labels([
            [0, 1, 2],
            [2, 2, 0],
          ]),
          { reduction },
        ),
      [leaf([2, 3, 3])],
    )
    gradcheck(
      (x) => F.crossEntropy(x, F.softmax(wave([3, 4], 1), 1), { reduction, weight, labelSmoothing: 0.1 }),
      [leaf([3, 4])],
    )
  })

  test('targets that all count for nothing give NaN as a mean and 0 as a sum', () => {
    const t = labels([-100, -100])
    expect(F.crossEntropy(torch.zeros(2, 3), t).item()).toBeNaN()
    expect(F.crossEntropy(torch.zeros(2, 3), t, { reduction: 'sum' }).item()).toBe(0)
  })

  test('a single row needs no batch', () => {
    const x = wave([4])
    expect(F.crossEntropy(x, torch.tensor(2, { dtype: 'int64' })).item()).toBeCloseTo(
      -F.logSoftmax(x, 0).numbers()[2],
      12,
    )
  })

  const pairs: Record<string, (x: Tensor, t: Tensor, reduction: F.Reduction) => Tensor> = {
    mseLoss: (x, t, reduction) => F.mseLoss(x, t, { reduction }),
    l1Loss: (x, t, reduction) => F.l1Loss(x, t, { reduction }),
    smoothL1Loss: (x, t, reduction) => F.smoothL1Loss(x, t, { reduction, beta: 0.7 }),
    huberLoss: (x, t, reduction) => F.huberLoss(x, t, { reduction, delta: 0.6 }),
    binaryCrossEntropy: (x, t, reduction) => F.binaryCrossEntropy(x, t, { reduction }),
    binaryCrossEntropyWithLogits: (x, t, reduction) => F.binaryCrossEntropyWithLogits(x, t, { reduction }),
    weightedLogits: (x, t, reduction) =>
      F.binaryCrossEntropyWithLogits(x, t, { reduction, weight: wave([4], 3).abs(), posWeight: wave([4], 4).abs() }),
    klDiv: (x, t, reduction) => F.klDiv(x, t, { reduction }),
    klDivOfLogarithms: (x, t, reduction) => F.klDiv(x, t, { reduction, logTarget: true }),
    poissonNllLoss: (x, t, reduction) => F.poissonNllLoss(x, t, { reduction }),
    softMarginLoss: (x, t, reduction) => F.softMarginLoss(x, t, { reduction }),
    gaussianNllLoss: (x, t, reduction) => F.gaussianNllLoss(x, t, wave([3, 4], 5).abs(), { reduction, full: true }),
    gaussianNllLossByVariance: (x, t, reduction) => F.gaussianNllLoss(wave([3, 4], 5), t, x, { reduction }),
    tripletMarginLoss: (x, t, reduction) => F.tripletMarginLoss(x, t, wave([3, 4], 6), { reduction, swap: true }),
    cosineEmbeddingLoss: (x, t, reduction) =>
      F.cosineEmbeddingLoss(x, t, torch.tensor([1, -1, 1]), { reduction, margin: 0.1 }),
    marginRankingLoss: (x, t, reduction) => F.marginRankingLoss(x, t, torch.tensor(1), { reduction, margin: 0.3 }),
    hingeEmbeddingLoss: (x, t, reduction) =>
      F.hingeEmbeddingLoss(x.mul(t), torch.tensor([1, -1, 1, -1]), { reduction }),
    multiMarginLoss: (x, t, reduction) => F.multiMarginLoss(x.mul(t), labels([0, 3, 1]), { reduction, p: 2 }),
    multilabelSoftMarginLoss: (x, t, reduction) => F.multilabelSoftMarginLoss(x, t, { reduction }),
  }
  test.each(Object.entries(pairs))('gradients of %s', (name, f) => {
    for (const reduction of reductions) {
      gradcheck((x, t) => f(x, t, reduction), [unitLeaf([3, 4]), unitLeaf([3, 4], 2)])
      // At their kinks these have no second derivative to compare with.
      if (!/l1|huber|triplet|hinge|Ranking|Margin/i.test(name))
        gradgradcheck((x, t) => f(x, t, reduction), [unitLeaf([3, 4]), unitLeaf([3, 4], 2)])
    }
  })

  test('operands broadcast, and their gradients are summed back', () => {
    gradcheck((x, t) => F.mseLoss(x, t), [leaf([3, 4]), leaf([4], 1)])
  })

  test('probabilities of 0 and 1 have a finite loss and gradient', () => {
    const x = torch.tensor([0, 1], { dtype: 'float32', requiresGrad: true })
    const loss = F.binaryCrossEntropy(x, torch.tensor([1, 0], { dtype: 'float32' }), { reduction: 'sum' })
    expect(loss.item()).toBe(200)
    loss.backward()
    expect(x.grad?.numbers().every(Number.isFinite)).toBe(true)
  })

  test('large logits do not overflow', () => {
    const x = torch.tensor([1000, -1000], { dtype: 'float32' })
    expect(F.binaryCrossEntropyWithLogits(x, torch.tensor([1, 0], { dtype: 'float32' })).item()).toBe(0)
    expect(F.crossEntropy(x.unsqueeze(0), labels([1])).item()).toBe(2000)
  })

  test('mistakes are named', () => {
    const x = torch.zeros(2, 3)
    expectIndexError(() => F.crossEntropy(x, labels([0, 3])))
    expectIndexError(() => F.nllLoss(x, labels([0, 3])))
    if (x.device !== 'webgpu') expectIndexError(() => F.nllLoss(x, labels([0, -1])))
    expect(() => F.crossEntropy(x, labels([0, 1, 2]))).toThrow(
      'input [2, 3] [N, C, ...] needs a target [2] [N, ...], got [3]',
    )
    expect(() => F.crossEntropy(x, torch.tensor([0, 1], { dtype: 'int32' }))).toThrow(DTypeError)
    expect(() => F.crossEntropy(x, torch.zeros(2, 4))).toThrow(ShapeError)
    expect(() => F.mseLoss(x, x, { reduction: 'max' as never })).toThrow(ValueError)
    expect(() => F.binaryCrossEntropy(x, torch.zeros(3))).toThrow(
      'binaryCrossEntropy: input and target must have the same shape: [2, 3] and [3]',
    )
    expect(() => F.binaryCrossEntropyWithLogits(x, torch.zeros(3))).toThrow(ShapeError)
  })

  test.each([
    ['mseLoss', F.mseLoss, 'MseLossBackward0'],
    ['smoothL1Loss', F.smoothL1Loss, 'SmoothL1LossBackward0'],
    ['binaryCrossEntropyWithLogits', F.binaryCrossEntropyWithLogits, 'BinaryCrossEntropyWithLogitsBackward0'],
  ] as const)('the node of %s has the name of PyTorch', (_, f, name) => {
    expect(f(leaf([3]), wave([3], 1)).gradFn?.name).toBe(name)
  })
})
