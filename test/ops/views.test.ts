import { expect, test } from 'vitest'
import { gradcheck, gradgradcheck } from '../../src/autograd/gradcheck.ts'
import { IndexError, ShapeError, ValueError } from '../../src/base/errors.ts'
import { broadcastTensors } from '../../src/ops/broadcast.ts'
import { atleast3d } from '../../src/ops/reshape.ts'
import { counting, index, leaf, nameOf, onEachDevice } from '../support/ops.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'

onEachDevice(() => {
  const views: [string, (x: Tensor) => Tensor, string][] = [
    ['view', (x) => x.view(4, -1), 'ViewBackward0'],
    ['reshape', (x) => x.reshape(6, 4), 'ReshapeAliasBackward0'],
    ['flatten', (x) => x.flatten(1), 'ReshapeAliasBackward0'],
    ['unflatten', (x) => x.unflatten(2, [2, -1]), 'ViewBackward0'],
    ['ravel', (x) => x.ravel(), 'ViewBackward0'],
    ['squeeze', (x) => x.narrow(1, 1, 1).squeeze(1), 'SqueezeBackward1'],
    ['squeeze of all', (x) => x.narrow(1, 1, 1).squeeze(), 'SqueezeBackward0'],
    ['unsqueeze', (x) => x.unsqueeze(-1), 'UnsqueezeBackward0'],
    ['transpose', (x) => x.transpose(0, -1), 'TransposeBackward0'],
    ['permute', (x) => x.permute(2, 0, 1), 'PermuteBackward0'],
    ['movedim', (x) => x.movedim([0, 1], [-1, 0]), 'PermuteBackward0'],
    ['T', (x) => x.T, 'PermuteBackward0'],
    ['mT', (x) => x.mT, 'TransposeBackward0'],
    ['t', (x) => x.select(0, 1).t(), 'TBackward0'],
    ['expand', (x) => x.narrow(0, 1, 1).expand(5, -1, -1), 'ExpandBackward0'],
    ['select', (x) => x.select(1, -1), 'SelectBackward0'],
    ['slice', (x) => x.slice(2, -3, null, 2), 'SliceBackward0'],
    ['narrow', (x) => x.narrow(1, 1, 2), 'SliceBackward0'],
    ['diagonal', (x) => x.diagonal({ offset: 1, dim1: 1, dim2: 2 }), 'DiagonalBackward0'],
    ['unfold', (x) => x.unfold(2, 3, 1), 'UnfoldBackward0'],
    ['unbind', (x) => x.unbind(1)[2], 'UnbindBackward0'],
    ['split', (x) => x.split(2, 1)[1], 'SplitBackward0'],
    ['splitWithSizes', (x) => x.split([1, 2], 1)[1], 'SplitWithSizesBackward0'],
    ['tensorSplit', (x) => x.tensorSplit(2, 2)[1], 'SliceBackward0'],
    ['asStrided', (x) => x.asStrided([2, 2], [3, 1], 2), 'AsStridedBackward0'],
    ['asStrided with overlap', (x) => x.asStrided([3, 2], [1, 1], 2), 'AsStridedBackward0'],
  ]

  test.each(views)('%s shares memory, carries its node name, and has right gradients twice', (_, f, name) => {
    const x = leaf([2, 3, 4])
    const y = f(x)
    expect(y.storage).toBe(x.storage)
    expect(nameOf(y)).toBe(name)
    expect(gradcheck(f, [x])).toBe(true)
    expect(gradgradcheck((a) => f(a.mul(a)), [x])).toBe(true)
  })

  test('views of a transposed tensor have right gradients', () => {
    for (const f of [
      (x: Tensor) => x.t().reshape(12),
      (x: Tensor) => x.t().select(0, 1),
      (x: Tensor) => x.t().unfold(0, 2, 2),
    ]) {
      expect(gradcheck(f, [leaf([3, 4])])).toBe(true)
    }
  })

  test('reshape copies only where strides ask for it', () => {
    const x = counting([3, 4]).requiresGrad_()
    expect(x.reshape(2, 6).storage).toBe(x.storage)
    const copy = x.t().reshape(12)
    expect(copy.storage).not.toBe(x.storage)
    expect(nameOf(copy)).toBe('UnsafeViewBackward0')
    expect(copy.tolist()).toEqual([0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11])
    expect(() => x.t().view(12)).toThrow(ShapeError)
    expect(() => x.reshape(5, -1)).toThrow('reshape: shape [5, -1] does not hold 12 elements')
  })

  test('0-d and empty tensors keep to the rules', () => {
    const zero = counting([])
    expect(zero.flatten().shape).toEqual([1])
    expect(zero.unsqueeze(0).shape).toEqual([1])
    expect(zero.t().shape).toEqual([])
    expect(zero.permute().shape).toEqual([])
    expect(zero.expand(2, 0).shape).toEqual([2, 0])
    expect(zero.unfold(0, 1, 1).shape).toEqual([1])
    expect(() => zero.select(0, 0)).toThrow(IndexError)
    expect(() => zero.unbind()).toThrow(IndexError)
    const empty = counting([0, 3])
    expect(empty.view(3, 0, 2).shape).toEqual([3, 0, 2])
    expect(empty.chunk(3).map((x) => x.shape)).toEqual([
      [0, 3],
      [0, 3],
      [0, 3],
    ])
    expect(empty.unbind(1).map((x) => x.tolist())).toEqual([[], [], []])
    expect(atleast3d(counting([5])).shape).toEqual([1, 5, 1])
  })

  test('unfold shows windows that overlap', () => {
    expect(counting([3, 4]).unfold(1, 2, 1).select(0, 0).tolist()).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ])
    expect(() => counting([3]).unfold(0, 4, 1)).toThrow(ShapeError)
  })

  test('splitting cuts where PyTorch cuts', () => {
    const x = counting([7, 2])
    const sizes = (parts: readonly Tensor[]): number[] => parts.map((part) => part.shape[0])
    expect(sizes(x.tensorSplit(3))).toEqual([3, 2, 2])
    expect(sizes(x.chunk(3))).toEqual([3, 3, 1])
    expect(sizes(x.tensorSplit([2, 5, 9]))).toEqual([2, 3, 2, 0])
    expect(sizes(x.tensorSplit(index([1])))).toEqual([1, 6])
    expect(sizes(x.split(3))).toEqual([3, 3, 1])
    expect(() => x.split([3, 3])).toThrow('splitWithSizes: sizes [3, 3] add up to 6, dimension 0 has size 7')
    expect(() => x.split(0)).toThrow(ValueError)
    expect(() => x.vsplit(2)).toThrow(ShapeError)
  })

  test('a tensor iterates over its rows, and gradients flow back through them', () => {
    const x = counting([3, 2]).requiresGrad_()
    const rows = [...x]
    expect(rows.map((row) => row.tolist())).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ])
    rows[2].mul(3).sum().backward()
    expect(x.grad?.tolist()).toEqual([
      [0, 0],
      [0, 0],
      [3, 3],
    ])
    expect(() => [...counting([])]).toThrow(IndexError)
  })

  test('writing in place through views reaches the base and rewrites its history', () => {
    const y = counting([3, 4]).mul(0).requiresGrad_()
    const z = y.mul(1)
    z.select(0, 1).add_(2)
    const column = z.select(1, 1)
    column.mul_(3)
    expect(nameOf(z)).toBe('CopySlices')
    expect(nameOf(column)).toBe('AsStridedBackward0')
    expect(z.tolist()).toEqual([
      [0, 0, 0, 0],
      [2, 6, 2, 2],
      [0, 0, 0, 0],
    ])
    z.mul(counting([3, 4]))
      .sum()
      .backward()
    expect(y.grad?.tolist()).toEqual([
      [0, 3, 2, 3],
      [4, 15, 6, 7],
      [8, 27, 10, 11],
    ])
  })

  test('writing in place into a view of a base with other strides has right gradients', () => {
    const f = (x: Tensor, v: Tensor): Tensor => {
      const base = x.t().mul(2).t().aliasWithEdge()
      base.select(1, 1).copy_(v)
      return base.mul(base)
    }
    expect(gradcheck(f, [leaf([3, 4]), leaf([3], 5)])).toBe(true)
    expect(gradgradcheck(f, [leaf([3, 4]), leaf([3], 5)])).toBe(true)
  })

  test('errors name the op and both values', () => {
    const x = counting([2, 3])
    expect(() => x.permute(0, 0)).toThrow('permute: dims must name each dimension once: [0, 0] for shape [2, 3]')
    expect(() => x.expand(4, 3)).toThrow('expand: [2, 3] cannot be expanded to [4, 3]')
    expect(() => x.narrow(1, 2, 2)).toThrow('narrow: start 2 and length 2 exceed dimension 1 with size 3')
    expect(() => x.unsqueeze(4)).toThrow(IndexError)
    expect(() => x.slice(0, 0, 2, 0)).toThrow(ValueError)
    expect(() => counting([2, 3, 4]).t()).toThrow(ShapeError)
    expect(() => broadcastTensors(x, counting([4]))).toThrow(ShapeError)
    expect(() => x.asStrided([3, 3], [3, 1])).toThrow(ShapeError)
  })
})
