import { expect, test } from 'vitest'
import { gradcheck, gradgradcheck } from '../../src/autograd/gradcheck.ts'
import { DTypeError, ShapeError, ValueError } from '../../src/base/errors.ts'
import * as F from '../../src/ops/functional.ts'
import * as torch from '../../src/ops/index.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'
import { onEachDevice } from '../support/ops.ts'
import { leaf, wave } from '../support/samples.ts'

onEachDevice(() => {
  test('a convolution slides the kernel without turning it', () => {
    const x = torch.arange(9, { dtype: 'float32' }).reshape(1, 1, 3, 3)
    const k = torch.arange(4, { dtype: 'float32' }).reshape(1, 1, 2, 2)
    const y = F.conv2d(x, k, torch.tensor([1], { dtype: 'float32' }))
    expect(y.tolist()).toEqual([
      [
        [
          [20, 26],
          [38, 44],
        ],
      ],
    ])
  })

  const cases: [string, number[], number[], F.ConvOptions][] = [
    ['plain', [2, 3, 5, 5], [4, 3, 3, 3], {}],
    ['strided and padded', [1, 2, 7, 5], [3, 2, 3, 2], { stride: [2, 3], padding: [1, 1] }],
    ['dilated', [2, 2, 7, 7], [2, 2, 3, 3], { dilation: 2, padding: 1 }],
    ['grouped', [1, 4, 4, 4], [6, 2, 3, 1], { groups: 2 }],
    ['depthwise', [1, 3, 5, 5], [3, 1, 3, 3], { groups: 3, padding: 1 }],
    ['same with an even kernel', [1, 2, 5, 4], [2, 2, 2, 4], { padding: 'same' }],
    ['one pixel', [1, 1, 1, 1], [1, 1, 1, 1], {}],
  ]
  test.each(cases)('gradients of a convolution: %s', (_, x, w, options) => {
    const f = (a: Tensor, b: Tensor, c: Tensor): Tensor => F.conv2d(a, b, c, options)
    gradcheck(f, [leaf(x), leaf(w, 1), leaf([w[0]], 2)])
    gradgradcheck(f, [leaf(x), leaf(w, 1), leaf([w[0]], 2)])
  })

  test('without samples the gradient of the weight is 0', () => {
    // Memory that held something before.
    for (let k = 0; k < 8; k++) torch.full([12, 12, 1], 7).dispose()
    const weight = torch.ones(12, 12, 1).requiresGrad_()
    F.convTranspose1d(torch.zeros(0, 12, 5), weight)
      .sum()
      .backward()
    expect(weight.grad?.numbers().every((value) => value === 0)).toBe(true)
  })

  test('gradients of transposed convolutions, with output padding beyond the stride', () => {
    const options = { stride: 2, padding: 1, outputPadding: 2, dilation: 3, groups: 2 }
    gradcheck(
      (x, w, b) => F.convTranspose2d(x, w, b, options),
      [leaf([1, 2, 3, 3]), leaf([2, 2, 3, 2], 1), leaf([4], 2)],
    )
    gradcheck(
      (x, w, b) => F.convTranspose1d(x, w, b, { stride: 2 }),
      [leaf([2, 3, 4]), leaf([3, 2, 3], 1), leaf([2], 2)],
    )
  })

  const volumes: [string, number[], number[], F.ConvOptions][] = [
    ['plain', [2, 2, 4, 3, 4], [3, 2, 3, 2, 3], {}],
    ['strided and padded', [1, 2, 5, 4, 3], [2, 2, 2, 3, 2], { stride: [2, 1, 2], padding: [1, 2, 0] }],
    ['dilated and grouped', [1, 4, 5, 4, 3], [2, 2, 3, 2, 1], { dilation: [2, 1, 3], padding: [2, 0, 1], groups: 2 }],
    ['same with an even kernel', [1, 1, 3, 3, 2], [1, 1, 2, 3, 4], { padding: 'same' }],
    ['padded beyond the kernel in depth', [1, 1, 1, 2, 2], [2, 1, 2, 1, 1], { padding: [3, 0, 0], stride: [2, 1, 1] }],
  ]
  test.each(volumes)('gradients of a convolution of volumes: %s', (_, x, w, options) => {
    const f = (a: Tensor, b: Tensor, c: Tensor): Tensor => F.conv3d(a, b, c, options)
    gradcheck(f, [leaf(x), leaf(w, 1), leaf([w[0]], 2)])
    gradgradcheck(f, [leaf(x), leaf(w, 1), leaf([w[0]], 2)])
  })

  test('gradients of transposed convolutions of volumes', () => {
    const options = { stride: [2, 1, 3], padding: 1, outputPadding: [1, 0, 2], dilation: [1, 2, 1], groups: 2 }
    const f = (x: Tensor, w: Tensor, b: Tensor): Tensor => F.convTranspose3d(x, w, b, options)
    gradcheck(f, [leaf([1, 2, 2, 3, 2]), leaf([2, 2, 3, 2, 2], 1), leaf([4], 2)])
    gradgradcheck(f, [leaf([1, 2, 2, 3, 2]), leaf([2, 2, 3, 2, 2], 1), leaf([4], 2)])
  })

  test('a volume of depth one is a plane, batched or not, contiguous or not', () => {
    const [x, w] = [wave([2, 6, 5, 3]).transpose(1, 3), wave([4, 3, 3, 2], 1).transpose(0, 1)]
    const [options, other] = [
      { stride: 2, padding: 1 },
      { stride: [1, 2, 2], padding: [0, 1, 1] },
    ]
    const close = (a: Tensor, b: Tensor): boolean => torch.allclose(a, b, { rtol: 1e-12 })
    const planes = F.conv2d(x, w.transpose(0, 1), null, options)
    const volumes = F.conv3d(x.unsqueeze(2), w.transpose(0, 1).unsqueeze(2), null, other)
    expect(close(volumes.squeeze(2), planes)).toBe(true)
    const back = F.convTranspose2d(x, w, null, options)
    const backVolumes = F.convTranspose3d(x.unsqueeze(2), w.unsqueeze(2), null, other)
    expect(close(backVolumes.squeeze(2), back)).toBe(true)
    expect(F.conv3d(x.select(0, 1).unsqueeze(1), w.transpose(0, 1).unsqueeze(2), null, other).tolist()).toEqual(
      volumes.select(0, 1).tolist(),
    )
  })

  test('float16 volumes are computed in float32 and rounded once', () => {
    const [x, w, b] = [wave([2, 3, 5, 4, 4]).half(), wave([4, 3, 3, 3, 3], 1).half(), wave([4], 2).half()]
    const exact = F.conv3d(x.float(), w.float(), b.float(), { padding: 1 })
    expect(F.conv3d(x, w, b, { padding: 1 }).tolist()).toEqual(exact.half().tolist())
    const back = F.convTranspose3d(exact.half().float(), w.float(), null, { padding: 1 })
    expect(F.convTranspose3d(exact.half(), w, null, { padding: 1 }).tolist()).toEqual(back.half().tolist())
  })

  test('one dimension is a row of two, batched or not, contiguous or not', () => {
    const [x, w] = [wave([2, 6, 3]).transpose(1, 2), wave([4, 3, 3], 1)]
    const planes = F.conv2d(x.unsqueeze(2), w.unsqueeze(2)).squeeze(2)
    expect(F.conv1d(x, w).tolist()).toEqual(planes.tolist())
    expect(F.conv1d(x.select(0, 1), w).tolist()).toEqual(planes.select(0, 1).tolist())
    gradcheck((a, b) => F.conv1d(a, b, null, { padding: 1, stride: 2 }), [leaf([2, 2, 5]), leaf([3, 2, 3], 1)])
  })

  test('an empty batch of volumes has an empty result and a zero gradient', () => {
    const w = leaf([2, 1, 3, 3, 3])
    const y = F.conv3d(torch.zeros([0, 1, 5, 5, 4], { dtype: 'float64' }), w)
    expect(y.shape).toEqual([0, 2, 3, 3, 2])
    y.sum().backward()
    expect(w.grad?.abs().sum().item()).toBe(0)
  })

  test('an empty batch has an empty result and a zero gradient', () => {
    const w = leaf([2, 1, 3, 3])
    const y = F.conv2d(torch.zeros([0, 1, 5, 5], { dtype: 'float64' }), w)
    expect(y.shape).toEqual([0, 2, 3, 3])
    y.sum().backward()
    expect(w.grad?.abs().sum().item()).toBe(0)
  })

  test('mistakes are named with both values', () => {
    const x = torch.zeros(1, 3, 5, 5)
    expect(() => F.conv2d(x, torch.zeros(6, 1, 3, 3))).toThrow(
      'conv2d: input has 3 channels, weight expects 1: [1, 3, 5, 5] and [6, 1, 3, 3]',
    )
    expect(() => F.conv2d(x, torch.zeros(6, 3, 7, 3))).toThrow(
      'kernel is larger than the padded input: 7 and 5 in spatial dimension 0',
    )
    expect(() => F.conv2d(x, torch.zeros(4, 3, 3, 3), null, { groups: 3 })).toThrow('groups must divide the 4 channels')
    expect(() => F.conv2d(x, torch.zeros(4, 3, 3, 3), torch.zeros(3))).toThrow(ShapeError)
    expect(() => F.conv2d(x, torch.zeros(4, 3, 3, 3), null, { padding: 'same', stride: 2 })).toThrow(ValueError)
    expect(() => F.conv2d(x, torch.zeros([4, 3, 3, 3], { dtype: 'float64' }))).toThrow(DTypeError)
    expect(() => F.conv3d(torch.zeros(5, 5, 5), torch.zeros(4, 3, 3, 3, 3))).toThrow('or [C, D, H, W], got [5, 5, 5]')
    expect(() => F.conv3d(torch.zeros(3, 5, 5, 5), torch.zeros(4, 3, 6, 3, 3))).toThrow(
      'conv3d: kernel is larger than the padded input: 6 and 5 in spatial dimension 0',
    )
    expect(() => F.conv2d(torch.zeros(5, 5), torch.zeros(4, 3, 3, 3))).toThrow('[N, C, H, W] or [C, H, W]')
  })

  test('the node has the name of PyTorch', () => {
    expect(F.conv1d(leaf([1, 1, 3]), wave([1, 1, 2])).gradFn?.name).toBe('ConvolutionBackward0')
  })
})
