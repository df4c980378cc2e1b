// Embeddings and gradient clipping; values as PyTorch 1.13 gives them. PyTorch's own cases are in test/conformance.
import { beforeEach, describe, expect, test } from 'vitest'
import * as torch from '../../src/index.ts'
import { F, IndexError, nn, ShapeError, type Tensor, ValueError } from '../../src/index.ts'

const { clipGradNorm_, clipGradValue_ } = nn.utils
const table = (): Tensor =>
  torch.tensor(
    [
      [3, 4],
      [0.25, 0.5],
      [6, 8],
    ],
    { dtype: 'float32' },
  )
const index = torch.tensor([
  [0, 2],
  [0, 1],
])
beforeEach(() => void torch.manualSeed(3))

describe('an embedding', () => {
  test('gives a row for each number, of any shape', () => {
    const layer = new nn.Embedding(5, 3)
    const out = layer(index)
    expect(out.shape).toEqual([2, 2, 3])
    expect(out.at(0, 1).tolist()).toEqual(layer.weight.at(2).tolist())
    expect(() => layer(torch.tensor([5]))).toThrow(IndexError)
  })
  test('begins with a row of zeros for padding, which gets no gradient', () => {
    const layer = new nn.Embedding(4, 3, { paddingIdx: -2 })
    expect(layer.paddingIdx).toBe(2)
    expect(layer.weight.at(2).tolist()).toEqual([0, 0, 0])
    layer(index).sum().backward()
    expect(layer.weight.grad?.sum(1).tolist()).toEqual([6, 3, 0, 0])
    expect([...layer.parameters()][0].isLeaf).toBe(true)
  })
  test('scales rows that are looked up and too long, in the weight itself', () => {
    const weight = table()
    const out = F.embedding(torch.tensor([[0], [1]]), weight, { maxNorm: 1 })
    const close = (x: Tensor, rows: number[][]): void =>
      expect(torch.allclose(x, torch.tensor(rows, { dtype: 'float32' }), { rtol: 0, atol: 1e-6 })).toBe(true)
    close(weight, [
      [0.6, 0.8],
      [0.25, 0.5],
      [6, 8],
    ])
    close(out.squeeze(1), [
      [0.6, 0.8],
      [0.25, 0.5],
    ])
    const layer = new nn.Embedding(3, 2, { weight: table(), maxNorm: 7, normType: 1 })
    layer(index).sum().backward()
    close(layer.weight.detach(), [
      [3, 4],
      [0.25, 0.5],
      [3, 4],
    ])
    expect(layer.weight.grad?.tolist()).toEqual([
      [2, 2],
      [1, 1],
      [1, 1],
    ])
  })
  test('divides gradients by how often a row was looked up', () => {
    const weight = table().requiresGrad_()
    F.embedding(index, weight, { scaleGradByFreq: true, paddingIdx: 2 }).sum().backward()
    expect(weight.grad?.tolist()).toEqual([
      [1, 1],
      [1, 1],
      [0, 0],
    ])
    const x = table().double().requiresGrad_()
    const f = (w: Tensor): Tensor => {
      const rows = F.embedding(index, w, { paddingIdx: 1 })
      return rows.mul(rows)
    }
    torch.gradgradcheck((w) => f(w).at(0), [x])
  })
  test('takes rows that are given, and leaves them as they are unless told otherwise', () => {
    const rows = table()
    const layer = nn.Embedding.fromPretrained(rows, { paddingIdx: 1 })
    expect(String(layer)).toBe('Embedding(3, 2, padding_idx=1)')
    expect([layer.weight.requiresGrad, layer.weight.storage === rows.storage]).toEqual([false, true])
    expect(layer(torch.tensor(1)).tolist()).toEqual([0.25, 0.5])
    expect(nn.Embedding.fromPretrained(rows, { freeze: false }).weight.requiresGrad).toBe(true)
  })
  test('prints as in PyTorch', () => {
    const options = { paddingIdx: -1, maxNorm: 2.5, normType: 1, scaleGradByFreq: true }
    expect(String(new nn.Embedding(4, 3, options))).toBe(
      'Embedding(4, 3, padding_idx=3, max_norm=2.5, norm_type=1, scale_grad_by_freq=True)',
    )
  })
  test('refuses a padding row that is none, and rows of another shape', () => {
    expect(() => new nn.Embedding(4, 3, { paddingIdx: 4 })).toThrow('paddingIdx must name one of 4 rows, got 4')
    expect(() => new nn.Embedding(4, 3, { weight: table() })).toThrow(
      'nn.Embedding: the weight must have shape [4, 3], got [3, 2]',
    )
    expect(() => nn.Embedding.fromPretrained(torch.ones(3))).toThrow(ShapeError)
  })
})

describe('clipping', () => {
  const leaf = (...grad: number[]): Tensor => {
    const x = torch.zeros([grad.length], { requiresGrad: true })
    x.grad = torch.tensor(grad, { dtype: 'float32' })
    return x
  }
  test('scales all gradients together where they are too long, and gives the norm before', () => {
    const [a, b, bare] = [leaf(3, 0), leaf(4), torch.zeros([2], { requiresGrad: true })]
    expect(clipGradNorm_([a, bare, b], 1).item()).toBe(5)
    expect(a.grad?.at(0).item()).toBeCloseTo(0.6, 6)
    expect(b.grad?.item()).toBeCloseTo(0.8, 6)
    expect(clipGradNorm_([a, b], 2).item()).toBeCloseTo(1, 6)
    expect(b.grad?.item()).toBeCloseTo(0.8, 6)
  })
  test('takes norms of other orders, and one tensor', () => {
    const a = leaf(3, -4, 0)
    expect(clipGradNorm_(a, 1, { normType: Number.POSITIVE_INFINITY }).item()).toBe(4)
    const close = (x: Tensor | null, values: number[]): void =>
      values.forEach((value, i) => expect(x?.at(i).item()).toBeCloseTo(value, 6))
    close(a.grad, [0.75, -1, 0])
    expect(clipGradNorm_([leaf(1, -2), leaf(4)], 3.5, { normType: 1 }).item()).toBe(7)
  })
  test('spreads NaN, or throws', () => {
    const a = leaf(3, Number.NaN)
    expect(() => clipGradNorm_(a, 1, { errorIfNonfinite: true })).toThrow(ValueError)
    expect(a.grad?.at(0).item()).toBe(3)
    expect(clipGradNorm_(a, 1).item()).toBeNaN()
    expect(a.grad?.at(0).item()).toBeNaN()
  })
  test('of nothing gives 0', () => {
    expect(clipGradNorm_([torch.zeros([2], { requiresGrad: true })], 1).item()).toBe(0)
  })
  test('of values cuts each to a range', () => {
    const a = leaf(3, -4, 0.5)
    clipGradValue_([a], 1)
    expect(a.grad?.tolist()).toEqual([1, -1, 0.5])
  })
})
