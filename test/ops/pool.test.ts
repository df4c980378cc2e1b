import { expect, test } from 'vitest'
import { gradcheck, gradgradcheck } from '../../src/autograd/gradcheck.ts'
import { noGrad } from '../../src/autograd/noGrad.ts'
import * as F from '../../src/ops/functional.ts'
import * as torch from '../../src/ops/index.ts'
import { onLaunch } from '../../src/runtime/launch.ts'
import { onEachDevice } from '../support/ops.ts'
import { leaf, unitLeaf, wave } from '../support/samples.ts'

onEachDevice(() => {
  test('windows of 2 x 2', () => {
    const x = torch.arange(16, { dtype: 'float32' }).reshape(1, 1, 4, 4)
    expect(F.maxPool2d(x, 2).tolist()).toEqual([
      [
        [
          [5, 7],
          [13, 15],
        ],
      ],
    ])
    expect(F.avgPool2d(x, 2).tolist()).toEqual([
      [
        [
          [2.5, 4.5],
          [10.5, 12.5],
        ],
      ],
    ])
    const [values, indices] = F.maxPool2d(x, [3, 1], { stride: 1, returnIndices: true })
    expect(values.shape).toEqual([1, 1, 2, 4])
    expect(indices.tolist()).toEqual([
      [
        [
          [8, 9, 10, 11],
          [12, 13, 14, 15],
        ],
      ],
    ])
  })

  test('ceil mode keeps the last window, unless it starts in the padding behind', () => {
    expect(F.maxPool1d(wave([1, 1, 5]), 2, { ceilMode: true }).shape).toEqual([1, 1, 3])
    expect(F.avgPool1d(wave([1, 1, 4]), 2, { stride: 3, padding: 1, ceilMode: true }).shape).toEqual([1, 1, 2])
  })

  test('gradients of maxima', () => {
    const options = { stride: 2, padding: 1, dilation: [2, 1], ceilMode: true }
    gradcheck((x) => F.maxPool2d(x, [2, 3], options), [leaf([2, 2, 7, 5])])
    gradgradcheck((x) => F.maxPool2d(x.mul(x), [2, 3], options), [leaf([1, 2, 7, 5])])
    gradcheck((x) => F.maxPool1d(x, 3), [leaf([2, 2, 9])])
    gradcheck((x) => F.adaptiveMaxPool2d(x, [3, null]), [leaf([2, 5, 4])])
    gradcheck((x) => F.adaptiveMaxPool1d(x, 3), [leaf([2, 2, 7])])
  })

  test('gradients of means', () => {
    gradcheck((x) => F.avgPool2d(x, [3, 2], { stride: [2, 1], padding: [1, 0], ceilMode: true }), [leaf([2, 2, 6, 5])])
    gradcheck((x) => F.avgPool2d(x, 3, { padding: 1, countIncludePad: false }), [leaf([1, 2, 5, 5])])
    gradcheck((x) => F.avgPool2d(x, 2, { divisorOverride: 3 }), [leaf([2, 4, 4])])
    gradgradcheck((x) => F.avgPool2d(x.mul(x), 2), [leaf([1, 1, 4, 4])])
    gradcheck((x) => F.adaptiveAvgPool2d(x, [2, 3]), [leaf([1, 2, 5, 7])])
    gradcheck((x) => F.adaptiveAvgPool1d(x, 3), [leaf([1, 2, 7])])
    gradcheck((x) => F.lpPool2d(x, 3, 2), [unitLeaf([1, 1, 4, 4])])
  })

  test('windows of 2 x 2 x 2', () => {
    const x = torch.arange(32, { dtype: 'float32' }).reshape(1, 2, 4, 4)
    expect(F.maxPool3d(x, 2).flatten().tolist()).toEqual([21, 23, 29, 31])
    expect(F.avgPool3d(x, 2).flatten().tolist()).toEqual([10.5, 12.5, 18.5, 20.5])
    const { values, indices } = F.maxPool3d(x.unsqueeze(0), [1, 3, 2], { stride: [1, 1, 2], returnIndices: true })
    expect(values.shape).toEqual([1, 1, 2, 2, 2])
    expect(indices.dtype).toBe('int64')
    expect(indices.flatten().tolist()).toEqual([9, 11, 13, 15, 25, 27, 29, 31])
  })

  test('in a volume the first of equal maxima is taken, and the last NaN', () => {
    const [equal, odd] = [torch.zeros(1, 3, 2, 2), torch.zeros(1, 3, 2, 2)]
    for (const at of [4, 9]) odd.view(-1).set(at, Number.NaN)
    const whole = { returnIndices: true, padding: [1, 0, 0] } as const
    expect(
      F.maxPool3d(equal, [3, 2, 2], { ...whole, stride: [2, 1, 1] })
        .indices.flatten()
        .tolist(),
    ).toEqual([0, 4])
    expect(F.adaptiveMaxPool3d(odd, 1, { returnIndices: true }).indices.flatten().tolist()).toEqual([9])
  })

  test('gradients of maxima of volumes', () => {
    const options = { stride: [2, 1, 2], padding: 1, dilation: [1, 2, 1], ceilMode: true }
    gradcheck((x) => F.maxPool3d(x, [2, 2, 3], options), [leaf([2, 2, 5, 4, 3])])
    gradgradcheck((x) => F.maxPool3d(x.mul(x), [2, 2, 3], options), [leaf([1, 2, 4, 4, 3])])
    gradcheck((x) => F.adaptiveMaxPool3d(x.transpose(1, 3), [2, null, 3]), [leaf([2, 3, 3, 5])])
  })

  test('gradients of means of volumes', () => {
    const options = { stride: [2, 1, 2], padding: [1, 0, 1], ceilMode: true }
    gradcheck((x) => F.avgPool3d(x, [3, 2, 2], options), [leaf([2, 2, 4, 3, 3])])
    gradcheck((x) => F.avgPool3d(x, 3, { padding: 1, countIncludePad: false }), [leaf([1, 2, 4, 5, 3])])
    gradcheck((x) => F.avgPool3d(x, 2, { divisorOverride: 3 }), [leaf([2, 4, 2, 4])])
    gradgradcheck((x) => F.avgPool3d(x.mul(x), 2), [leaf([1, 1, 4, 2, 4])])
    gradcheck((x) => F.adaptiveAvgPool3d(x.transpose(2, 4), [2, 3, null]), [leaf([1, 2, 3, 5, 4])])
  })

  test('means of float16 volumes are rounded once', () => {
    const x = wave([2, 3, 5, 7, 6]).half()
    expect(F.avgPool3d(x, 3).tolist()).toEqual(F.avgPool3d(x.float(), 3).half().tolist())
  })

  test('positions are int64 for the caller, int32 for the gradient alone, and not computed for nobody', () => {
    const noted: (string | null)[] = []
    const off = onLaunch(({ spec }) => {
      if (spec.kind === 'pool') noted.push(spec.indices && spec.indices.dtype)
    })
    const x = leaf([1, 2, 7, 5])
    const options = { stride: 2, padding: 1 }
    const y = F.maxPool2d(x, 3, options)
    y.sum().backward()
    const { values, indices } = F.maxPool2d(x, 3, { ...options, returnIndices: true })
    const alone = noGrad(() => F.maxPool2d(x, 3, options))
    off()
    expect(noted).toEqual(['int32', 'int32', 'int64', null])
    expect(indices.dtype).toBe('int64')
    expect([values.tolist(), alone.tolist()]).toEqual([y.tolist(), y.tolist()])
  })

  test('NaN wins a maximum', () => {
    expect(F.maxPool1d(torch.tensor([[[1, Number.NaN, 3, 4]]]), 2).tolist()).toEqual([[[Number.NaN, 4]]])
  })

  test('mistakes are named with both values', () => {
    expect(() => F.maxPool2d(torch.zeros(1, 1, 2, 2), 3)).toThrow(
      'maxPool2d: kernel is larger than the padded input: 3 and 2 in spatial dimension 0',
    )
    expect(() => F.avgPool2d(torch.zeros(1, 1, 4, 4), 2, { padding: 2 })).toThrow(
      'padding must be at most half of the kernel size: 2 and 2',
    )
    expect(() => F.avgPool2d(torch.zeros(4, 4), 2)).toThrow('[N, C, H, W] or [C, H, W], got [4, 4]')
    expect(() => F.maxPool3d(torch.zeros(4, 4, 4), 2)).toThrow(
      'maxPool3d: expected an input [N, C, D, H, W] or [C, D, H, W], got [4, 4, 4]',
    )
    expect(() => F.avgPool3d(torch.zeros(1, 4, 4, 4), 2, { divisorOverride: 0 })).toThrow('must not be 0')
    expect(() => F.avgPool3d(torch.zeros(1, 3, 3, 1), 3, { ceilMode: true, padding: 1 })).toThrow(
      'avgPool3d: the volume is smaller than the window: [3, 3, 1] and [3, 3, 3]',
    )
    expect(() => F.adaptiveAvgPool3d(torch.zeros(1, 4, 4, 4), [1, 2])).toThrow('must be one number or 3, got [1, 2]')
  })
})
