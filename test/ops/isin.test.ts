import { expect, test } from 'vitest'
import { ValueError } from '../../src/base/errors.ts'
import * as torch from '../../src/ops/index.ts'
import { tensor } from '../../src/ops/tensorOf.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'
import { onEachDevice } from '../support/ops.ts'

const float = (data: Parameters<typeof tensor>[0]): Tensor => tensor(data, { dtype: 'float32' })

onEachDevice(() => {
  test('isin: sets of numbers and tensors, NaN, other dtypes', () => {
    const x = tensor([1, 2, 3])
    expect(torch.isin(x, tensor([2, 5])).tolist()).toEqual([false, true, false])
    expect(torch.isin(x, tensor([[2], [5]]), { assumeUnique: true, invert: true }).tolist()).toEqual([
      true,
      false,
      true,
    ])
    expect(torch.isin(2, x).tolist()).toBe(true)
    expect(torch.isin(x, 2).tolist()).toEqual([false, true, false])
    expect(torch.isin(x, 2.5).tolist()).toEqual([false, false, false])
    expect(torch.isin(x, torch.zeros(0)).tolist()).toEqual([false, false, false])
    expect(torch.isin(x.reshape(1, 3), float([2.5, 2])).tolist()).toEqual([[false, true, false]])
    expect(torch.isin(float([1.5, Number.NaN, 0]), float([Number.NaN, 1.5, -0])).tolist()).toEqual([true, false, true])
    expect(torch.isin(tensor([255], { dtype: 'uint8' }), x.to('uint8').mul(255)).tolist()).toEqual([true])
    expect(torch.isin(x.int(), x.half()).tolist()).toEqual([true, true, true])
    // 2^53 + 1 is not 2^53.
    expect(torch.isin(tensor(2n ** 53n + 1n), tensor(2n ** 53n)).tolist()).toBe(false)
    expect(() => torch.isin(x.bool(), x.bool())).toThrow('isin: not defined for bool')
    expect(() => torch.isin(1, 1)).toThrow(ValueError)
  })
})
