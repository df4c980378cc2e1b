import { expect, test } from 'vitest'
import { gradcheck, gradgradcheck } from '../../src/autograd/gradcheck.ts'
import { DTypeError, ShapeError, ValueError } from '../../src/base/errors.ts'
import * as F from '../../src/ops/functional.ts'
import * as torch from '../../src/ops/index.ts'
import { onEachDevice } from '../support/ops.ts'
import { leaf, wave } from '../support/samples.ts'

const pairs: [number[], number[]][] = [
  [[3], [3]],
  [[2, 3], [3]],
  [[3], [3, 5]],
  [
    [2, 3],
    [3, 5],
  ],
  [
    [4, 2, 3],
    [3, 5],
  ],
  [
    [2, 3],
    [4, 3, 1],
  ],
  [
    [4, 1, 2, 3],
    [5, 3, 2],
  ],
  [[3], [4, 3, 2]],
  [[4, 2, 3], [3]],
]

onEachDevice(() => {
  test.each(pairs)('gradients of %j @ %j', (a, b) => {
    gradcheck(torch.matmul, [leaf(a), leaf(b, 1)])
    gradgradcheck(torch.matmul, [leaf(a), leaf(b, 1)])
  })

  test('transposed and sliced operands give the same product', () => {
    const [a, b] = [wave([5, 3]), wave([7, 3], 1)]
    const plain = torch.matmul(a, b.t().contiguous()).tolist()
    expect(torch.matmul(a, b.t()).tolist()).toEqual(plain)
    expect(torch.mm(wave([5, 3]).t().contiguous().t(), b.t()).tolist()).toEqual(plain)
  })

  test('no elements to sum give zeros, no rows give no rows', () => {
    expect(torch.mm(torch.zeros(2, 0), torch.zeros(0, 3)).tolist()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ])
    expect(torch.mm(torch.zeros(0, 2), torch.zeros(2, 3)).shape).toEqual([0, 3])
  })

  test('batches of matrices without columns times a matrix without rows give zeros', () => {
    expect(torch.matmul(torch.zeros(5, 5, 0), torch.zeros(0, 4)).shape).toEqual([5, 5, 4])
    expect(F.linear(torch.zeros(2, 3, 0), torch.zeros(4, 0), torch.ones(4)).tolist()).toEqual(
      torch.ones(2, 3, 4).tolist(),
    )
  })

  test('gradients of the other products', () => {
    gradcheck((x, a, b) => torch.addmm(x, a, b, { alpha: 2, beta: 0.5 }), [leaf([3]), leaf([2, 4], 1), leaf([4, 3], 2)])
    gradcheck((x, a, b) => torch.addbmm(x, a, b), [leaf([2, 3]), leaf([2, 2, 4], 1), leaf([2, 4, 3], 2)])
    gradcheck((x, w, b) => F.linear(x, w, b), [leaf([2, 3, 4]), leaf([5, 4], 1), leaf([5], 2)])
    gradcheck(
      (a, b) =>
        torch.tensordot(a, b, [
          [0, 2],
          [1, 0],
        ]),
      [leaf([2, 3, 4]), leaf([4, 2, 3], 1)],
    )
    gradcheck((a, b, w) => F.bilinear(a, b, w), [leaf([2, 3]), leaf([2, 4], 1), leaf([5, 3, 4], 2)])
    gradcheck(
      (q, k, v) => F.scaledDotProductAttention(q, k, v, { isCausal: true }),
      [leaf([2, 3, 4]), leaf([2, 3, 4], 1), leaf([2, 3, 5], 2)],
    )
  })

  test('einsum names what is summed', () => {
    const [a, b] = [wave([2, 3]), wave([3, 4], 1)]
    expect(torch.einsum('ij,jk', a, b).tolist()).toEqual(torch.mm(a, b).tolist())
    expect(torch.einsum('ij->ji', a).tolist()).toEqual(a.t().tolist())
    expect(torch.einsum('ii', wave([3, 3])).item()).toBeCloseTo(torch.trace(wave([3, 3])).item(), 12)
    expect(torch.einsum('...i,...i->...', wave([2, 3]), wave([3], 1)).shape).toEqual([2])
    expect(torch.einsum('ii->i', wave([3, 3])).tolist()).toEqual(wave([3, 3]).diagonal().tolist())
    gradcheck(
      (x, y, z) => torch.einsum('bij,bjk,ik->bi', x, y, z),
      [leaf([2, 3, 4]), leaf([2, 4, 5], 1), leaf([3, 5], 2)],
    )
    gradcheck((x, y) => torch.einsum('i,j', x, y), [leaf([2]), leaf([3], 1)])
  })

  test('what is added has the dtype of the product and fits its shape', () => {
    const [whole, bytes] = [torch.ones([2, 2], { dtype: 'int64' }), torch.ones([1, 2, 2], { dtype: 'uint8' })]
    expect(torch.addbmm(bytes.squeeze(0), bytes, bytes).dtype).toBe('uint8')
    expect(() => torch.addmm(whole, torch.ones(2, 2), torch.ones(2, 2))).toThrow(DTypeError)
    expect(() => torch.addmm(torch.ones(3, 2, 2), torch.ones(2, 2), torch.ones(2, 2))).toThrow(
      'addmm: the first operand does not fit the product: [3, 2, 2] and [2, 2]',
    )
    expect(() => torch.addr(whole, whole.select(0, 0), whole.select(0, 0), { beta: 0.5 })).toThrow(
      'addr: beta must be a whole number for integer tensors, got 0.5',
    )
  })

  test('mistakes are named with both values', () => {
    expect(() => torch.matmul(torch.zeros(2, 3), torch.zeros(4, 5))).toThrow(
      'matmul: inner sizes differ: [2, 3] @ [4, 5] (3 and 4)',
    )
    expect(() => F.linear(torch.zeros(64, 256), torch.zeros(120, 400))).toThrow(
      'linear: input has 256 features, weight expects 400: [64, 256] @ [120, 400]ᵀ',
    )
    expect(() => torch.mm(torch.zeros(2, 3), torch.zeros([3, 2], { dtype: 'float64' }))).toThrow(DTypeError)
    expect(() => torch.matmul(torch.tensor(1), torch.zeros(2))).toThrow(ShapeError)
    expect(() => torch.einsum('ij,jk->iz', torch.zeros(2, 3), torch.zeros(3, 4))).toThrow(ValueError)
    expect(() => torch.einsum('ij,jk', torch.zeros(2, 3), torch.zeros(4, 4))).toThrow(
      "einsum: label 'j' has sizes 3 and 4",
    )
  })
})
