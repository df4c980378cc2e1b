// Sequences of different lengths: padded, packed, and back. Values as in PyTorch's documentation and as PyTorch 1.13 gives them.
import { describe, expect, test } from 'vitest'
import * as torch from '../../src/index.ts'
import { nn, ShapeError, type Tensor, ValueError } from '../../src/index.ts'

const {
  invertPermutation,
  packPaddedSequence,
  packSequence,
  padPackedSequence,
  padSequence,
  unpackSequence,
  unpadSequence,
} = nn.utils.rnn
const lists = ({ data, batchSizes, sortedIndices, unsortedIndices }: nn.PackedSequence) =>
  [data, batchSizes, sortedIndices, unsortedIndices].map((x) => x && x.tolist())

describe('packing', () => {
  const padded = torch.tensor([
    [1, 2, 0],
    [3, 0, 0],
    [4, 5, 6],
  ])
  test('sorts the sequences and writes down step after step', () => {
    const packed = packPaddedSequence(padded, [2, 1, 3], { batchFirst: true, enforceSorted: false })
    expect(lists(packed)).toEqual([
      [4, 1, 3, 5, 2, 6],
      [3, 2, 1],
      [2, 0, 1],
      [1, 2, 0],
    ])
    expect([packed.data, packed.batchSizes].map((x) => x.dtype)).toEqual(['int64', 'int64'])
    const [back, lengths] = padPackedSequence(packed, { batchFirst: true })
    expect(back.tolist()).toEqual(padded.tolist())
    expect([lengths.dtype, lengths.tolist()]).toEqual(['int64', [2, 1, 3]])
  })
  test('leaves sequences alone that come longest first, with the time first by default', () => {
    const packed = packPaddedSequence(padded.t(), torch.tensor([3, 3, 1]))
    expect(lists(packed)).toEqual([[1, 3, 4, 2, 0, 0, 0], [3, 2, 2], null, null])
    expect(padPackedSequence(packed)[0].tolist()).toEqual([
      [1, 3, 4],
      [2, 0, 0],
      [0, 0, 0],
    ])
  })
  test('keeps sequences of one length in their order', () => {
    const x = torch.arange(8).reshape(2, 4)
    expect(packPaddedSequence(x, [1, 2, 1, 2], { enforceSorted: false }).sortedIndices?.tolist()).toEqual([1, 3, 0, 2])
  })
  test('packs lists, and gives them back in the order in which they came', () => {
    const sequences = [[4, 5], [1, 2, 3], [6]].map((list) => torch.tensor(list))
    const packed = packSequence(sequences, { enforceSorted: false })
    expect(lists(packed)).toEqual([
      [1, 4, 6, 2, 5, 3],
      [3, 2, 1],
      [1, 0, 2],
      [1, 0, 2],
    ])
    expect(unpackSequence(packed).map((x) => x.tolist())).toEqual([[4, 5], [1, 2, 3], [6]])
  })
  test('pads to more steps, with another value', () => {
    const packed = packSequence([torch.tensor([1, 2]), torch.tensor([3])])
    const options = { totalLength: 3, paddingValue: -1 }
    expect(padPackedSequence(packed, options)[0].tolist()).toEqual([
      [1, 3],
      [2, -1],
      [-1, -1],
    ])
    expect(() => padPackedSequence(packed, { totalLength: 1 })).toThrow(ValueError)
  })
  test('hands gradients on to what is no padding, of any order', () => {
    const x = torch.randn([3, 2, 2], { dtype: 'float64', requiresGrad: true })
    const f = (y: Tensor): Tensor => {
      const packed = packPaddedSequence(y, [1, 3], { enforceSorted: false })
      return padPackedSequence({ ...packed, data: packed.data.mul(packed.data) })[0]
    }
    torch.gradcheck(f, [x])
    torch.gradgradcheck(f, [x])
    f(x).sum().backward()
    expect(x.grad?.at('1:', 0).abs().sum().item()).toBe(0)
  })
})

describe('padding', () => {
  const sequences = [torch.ones(3, 2), torch.ones(1, 2).mul(2), torch.ones(2, 2).mul(3)]
  test('brings sequences to one length', () => {
    const padded = padSequence(sequences, { paddingValue: 7 })
    expect(padded.shape).toEqual([3, 3, 2])
    expect(padded.at('...', 0).tolist()).toEqual([
      [1, 2, 3],
      [1, 7, 3],
      [1, 7, 7],
    ])
    expect(padSequence(sequences, { batchFirst: true, paddingValue: 7 }).tolist()).toEqual(
      padded.transpose(0, 1).tolist(),
    )
  })
  test('is undone by unpadSequence', () => {
    for (const batchFirst of [false, true]) {
      const back = unpadSequence(padSequence(sequences, { batchFirst }), [3, 1, 2], { batchFirst })
      expect(back.map((x) => x.tolist())).toEqual(sequences.map((x) => x.tolist()))
    }
    expect(unpadSequence(torch.ones(2, 1), torch.tensor([1]))[0].tolist()).toEqual([1])
  })
  test('hands gradients on', () => {
    const [a, b] = [3, 2].map((n) => torch.randn([n, 2], { dtype: 'float64', requiresGrad: true }))
    torch.gradcheck((x, y) => padSequence([x, y]), [a, b])
  })
})

test('an order is undone by its inverse', () => {
  expect(invertPermutation(torch.tensor([2, 0, 3, 1])).tolist()).toEqual([1, 3, 0, 2])
})

test('packed sequences live as long as what a scope gives back', () => {
  const packed = torch.scope(() => packSequence([torch.tensor([1, 2]), torch.tensor([3])]))
  expect(lists(packed)).toEqual([[1, 3, 2], [2, 1], null, null])
})

describe('refused are', () => {
  const x = torch.zeros(3, 2)
  test.each<[string, () => unknown, new (...args: never[]) => Error, RegExp]>([
    [
      'lengths that rise',
      () => packPaddedSequence(x, [2, 3]),
      ValueError,
      /must not increase: 2, then 3[^]*enforceSorted: false/,
    ],
    ['a length of 0', () => packPaddedSequence(x, [3, 0]), ValueError, /must be greater than 0, got 0/],
    ['a length beyond the input', () => packPaddedSequence(x, [4, 2]), ShapeError, /a length of 4 exceeds the 3 steps/],
    [
      'another number of lengths',
      () => packPaddedSequence(x, [3, 2, 1]),
      ShapeError,
      /each of 2 sequences, got 3 lengths/,
    ],
    ['one dimension', () => packPaddedSequence(torch.zeros(3), [3]), ShapeError, /at least 2 dimensions.*got \[3\]/],
    ['an empty batch', () => packPaddedSequence(torch.zeros(3, 0), []), ShapeError, /cannot pack an empty batch/],
    ['no sequences', () => padSequence([]), ValueError, /the list of sequences is empty/],
    [
      'sequences of other sizes',
      () => padSequence([torch.zeros(2, 3), torch.zeros(2, 4)]),
      ShapeError,
      /sizes must be equal/,
    ],
  ])('%s', (_, body, kind, message) => {
    expect(body).toThrow(kind)
    expect(body).toThrow(message)
  })
})
