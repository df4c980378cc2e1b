import { expect, test } from 'vitest'
import '../../src/devices.ts'
import '../../src/ops/install.ts'
import { DTypeError, ShapeError, ValueError } from '../../src/base/errors.ts'
import * as torch from '../../src/ops/index.ts'
import { zero_ } from '../../src/ops/fill.ts'

const { tensor } = torch

test('tensor() infers the dtype from its values as PyTorch does', () => {
  expect(tensor([1, 2]).dtype).toBe('int64')
  expect(tensor([1, 2.5]).dtype).toBe('float32')
  expect(tensor([true, false]).dtype).toBe('bool')
  expect(tensor([true, 2]).dtype).toBe('int64')
  expect(tensor([true, 2.5]).dtype).toBe('float32')
  expect(tensor(5n).dtype).toBe('int64')
  expect(tensor([]).dtype).toBe('float32')
  expect(tensor([Number.NaN, 1]).dtype).toBe('float32')
  expect(tensor(new Float64Array(2)).dtype).toBe('float64')
  expect(tensor([new Uint8Array(2), new Uint8Array(2)]).dtype).toBe('uint8')
  expect(tensor(new Int16Array(2)).dtype).toBe('int32')
})

test('tensor() takes the shape of nested arrays, typed arrays and tensors', () => {
  expect(tensor(3).shape).toEqual([])
  expect(
    tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]).tolist(),
  ).toEqual([
    [1, 2, 3],
    [4, 5, 6],
  ])
  expect(tensor([[], []]).shape).toEqual([2, 0])
  expect(tensor([tensor(1.5), tensor(2.5)]).tolist()).toEqual([1.5, 2.5])
  expect(tensor([tensor([1, 2]), [3, 4]]).tolist()).toEqual([
    [1, 2],
    [3, 4],
  ])
  expect(tensor([new Float32Array([1, 2]), [3, 4]]).tolist()).toEqual([
    [1, 2],
    [3, 4],
  ])
})

test('tensor() converts to the dtype that is asked for', () => {
  expect(tensor([1.9, -1.9], { dtype: 'int64' }).tolist()).toEqual([1, -1])
  expect(tensor([0, 2, Number.NaN], { dtype: 'bool' }).tolist()).toEqual([false, true, true])
  expect(tensor([1.5, 65504], { dtype: 'float16' }).tolist()).toEqual([1.5, 65504])
  expect(tensor(9007199254740993n).data()[0]).toBe(9007199254740993n)
  expect(() => tensor([Number.NaN], { dtype: 'int64' })).toThrow(ValueError)
})

test('tensor() names the place where nesting is ragged', () => {
  expect(() => tensor([[1, 2], [3]])).toThrow(
    new ShapeError(
      'tensor: ragged nesting: data[1] is 1 items, its neighbours are 2 items',
      'every array of one level must have the same length.',
    ),
  )
  expect(() => tensor([[1, 2], 3])).toThrow('data[1] is a value, its neighbours are 2 items')
  expect(() => tensor([1, [2]])).toThrow('data[1] is 1 items, its neighbours are a value')
  expect(() => tensor([['a' as unknown as number]])).toThrow('data[0][0] is not a number: a')
})

test('tensor() copies a tensor and forgets its history; asTensor hands it back', () => {
  const x = tensor([1.5, 2.5], { requiresGrad: true })
  const copy = tensor(x.mul(2))
  expect(copy.requiresGrad).toBe(false)
  expect(torch.asTensor(x)).toBe(x)
  expect(torch.asTensor(x, { dtype: 'float64' }).dtype).toBe('float64')
})

test('fromTypedArray copies its values into a shape', () => {
  const data = new Float32Array([1, 2, 3, 4, 5, 6])
  const x = torch.fromTypedArray(data, [2, 3])
  data[0] = 9
  expect(x.tolist()).toEqual([
    [1, 2, 3],
    [4, 5, 6],
  ])
  expect(() => torch.fromTypedArray(data, [4])).toThrow('shape [4] does not hold 6 elements')
})

test('sizes come one by one or as a list, options last', () => {
  expect(torch.zeros(2, 3).shape).toEqual([2, 3])
  expect(torch.zeros([2, 3]).shape).toEqual([2, 3])
  expect(torch.ones(2, { dtype: 'int64' }).tolist()).toEqual([1, 1])
  expect(torch.ones([2, 1], { requiresGrad: true }).requiresGrad).toBe(true)
  expect(torch.zeros().shape).toEqual([])
  expect(torch.zeros([]).shape).toEqual([])
  expect(torch.zeros(0, 3).tolist()).toEqual([])
  expect(torch.empty(5).shape).toEqual([5])
  expect(() => torch.zeros(-1)).toThrow(ShapeError)
})

test('full follows the dtype of its value', () => {
  expect(torch.full([2], 7).dtype).toBe('int64')
  expect(torch.full([2], 0.5).tolist()).toEqual([0.5, 0.5])
  expect(torch.full([2], true).tolist()).toEqual([true, true])
  expect(torch.full([1], 0.5, { dtype: 'bool' }).tolist()).toEqual([true])
  expect(torch.full([1], 2.9, { dtype: 'int32' }).tolist()).toEqual([2])
})

test('functions like and of a tensor take its dtype', () => {
  const x = tensor([[1, 2, 3]], { dtype: 'float64' })
  expect([torch.zerosLike(x).dtype, torch.onesLike(x).shape]).toEqual(['float64', [1, 3]])
  expect(torch.fullLike(x, 3, { dtype: 'int32' }).tolist()).toEqual([[3, 3, 3]])
  expect(torch.emptyLike(x).shape).toEqual([1, 3])
  expect(x.newZeros(2).dtype).toBe('float64')
  expect(x.newOnes([1, 2], { dtype: 'bool' }).tolist()).toEqual([[true, true]])
  expect(x.newFull([2], 5).tolist()).toEqual([5, 5])
  expect(x.newEmpty(3, 1).shape).toEqual([3, 1])
})

test('arange counts in whole numbers, or rounds as PyTorch does', () => {
  expect(torch.arange(4).tolist()).toEqual([0, 1, 2, 3])
  expect(torch.arange(4).dtype).toBe('int64')
  expect(torch.arange(1, 7, 2).tolist()).toEqual([1, 3, 5])
  expect(torch.arange(5, 0, -2).tolist()).toEqual([5, 3, 1])
  expect(torch.arange(3, { dtype: 'float32' }).dtype).toBe('float32')
  expect(torch.arange(0, 1, 0.25).tolist()).toEqual([0, 0.25, 0.5, 0.75])
  expect(torch.arange(2, 2).shape).toEqual([0])
  expect(() => torch.arange(0, 3, -1)).toThrow(ValueError)
  expect(() => torch.arange(0, 3, 0)).toThrow(ValueError)
})

test('a step between whole numbers is refused for integers', () => {
  expect(() => torch.arange(0, 3, 0.5, { dtype: 'int64' })).toThrow(
    'arange: the step of int64 is cut to 0: start 0, end 3, step 0.5',
  )
  expect(torch.arange(0, 3, 1.5, { dtype: 'int64' }).tolist()).toEqual([0, 1, 2])
})

test('linspace and logspace include both ends', () => {
  expect(torch.linspace(0, 1, 5).tolist()).toEqual([0, 0.25, 0.5, 0.75, 1])
  expect(torch.linspace(3, 9, 1).tolist()).toEqual([3])
  expect(torch.linspace(3, 9, 0).shape).toEqual([0])
  // torch.linspace(-10, 7.7, 20)[13:16]
  expect(torch.linspace(-10, 7.7, 20).numbers().slice(13, 16)).toEqual([
    2.1105270385742188, 3.0421056747436523, 3.973684787750244,
  ])
  // Of integers the ends are cut first: torch.linspace(-1.84, 12, 6, dtype=torch.int64)
  expect(torch.linspace(-1.84, 12, 6, { dtype: 'int64' }).tolist()).toEqual([-1, 1, 4, 6, 9, 12])
  expect(torch.logspace(0, 2, 3).tolist()).toEqual([1, 10, 100])
  expect(torch.logspace(0, 3, 4, { base: 2 }).tolist()).toEqual([1, 2, 4, 8])
})

test('eye has ones on the diagonal of any rectangle', () => {
  expect(torch.eye(2).tolist()).toEqual([
    [1, 0],
    [0, 1],
  ])
  expect(torch.eye(3, 1).tolist()).toEqual([[1], [0], [0]])
  expect(torch.eye(1, 3, { dtype: 'int64' }).tolist()).toEqual([[1, 0, 0]])
  expect(torch.eye(2, { dtype: 'bool' }).dtype).toBe('bool')
  expect(torch.eye(0, 3).shape).toEqual([0, 3])
})

test('fill_, zero_ and copy_ write through views', () => {
  const x = torch.zeros(2, 3)
  x.select(0, 1).fill_(5)
  expect(x.tolist()).toEqual([
    [0, 0, 0],
    [5, 5, 5],
  ])
  x.t().copy_(
    tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]),
  )
  expect(x.tolist()).toEqual([
    [1, 3, 5],
    [2, 4, 6],
  ])
  x.copy_(tensor([7.5, 8.5, 9.5], { dtype: 'float64' }))
  expect(x.tolist()).toEqual([
    [7.5, 8.5, 9.5],
    [7.5, 8.5, 9.5],
  ])
  expect(
    torch
      .zeros(2, { dtype: 'int32' })
      .copy_(tensor([1.9, -1.9]))
      .tolist(),
  ).toEqual([1, -1])
  expect(zero_(x).tolist()).toEqual([
    [0, 0, 0],
    [0, 0, 0],
  ])
  expect(torch.ones(2).fill_(tensor(3)).tolist()).toEqual([3, 3])
  expect(() => x.copy_(torch.zeros(4))).toThrow(ShapeError)
  expect(() => torch.zeros(3).copy_(torch.zeros(2, 3))).toThrow(ShapeError)
})

test('copy_ reads a source that overlaps the target before it writes', () => {
  const x = tensor([1, 2, 3, 4, 5])
  x.narrow(0, 1, 4).copy_(x.narrow(0, 0, 4))
  expect(x.tolist()).toEqual([1, 1, 2, 3, 4])
})

test('copy_ sends gradients to the source and none to what was overwritten', () => {
  const a = tensor([1, 2, 3], { dtype: 'float32', requiresGrad: true })
  const b = tensor([[5], [6]], { dtype: 'float64', requiresGrad: true })
  const target = a.mul(2).add(torch.zeros(2, 3))
  target.copy_(b)
  target.mul(target).backward(torch.ones(2, 3))
  expect(a.grad?.tolist()).toEqual([0, 0, 0])
  expect(b.grad?.tolist()).toEqual([[30], [36]])
  expect(b.grad?.dtype).toBe('float64')
})

test('zero_ keeps a tensor in the graph, with gradient 0', () => {
  const x = tensor([1, 2], { dtype: 'float32', requiresGrad: true })
  const y = x.mul(2)
  y.zero_()
  expect(y.requiresGrad).toBe(true)
  y.backward(torch.ones(2))
  expect(x.grad?.tolist()).toEqual([0, 0])
})

test('clone is recorded, detach shares memory without history, contiguous copies only what it must', () => {
  const x = tensor(
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    { dtype: 'float32', requiresGrad: true },
  )
  expect(x.clone().gradFn?.name).toBe('CloneBackward0')
  const bare = x.detach()
  expect([bare.requiresGrad, bare.isLeaf]).toEqual([false, true])
  bare.fill_(9)
  expect(x.tolist()).toEqual([
    [9, 9, 9],
    [9, 9, 9],
  ])
  expect(bare.contiguous()).toBe(bare)
  const turned = bare.t().contiguous()
  expect([turned.strides, turned.storage === bare.storage]).toEqual([[2, 1], false])
  const y = x.mul(2)
  y.detach_()
  expect([y.isLeaf, y.requiresGrad]).toEqual([true, false])
})

test('to() converts dtype and device and leaves alone what fits', () => {
  const x = tensor([1.7, -1.7, 0])
  expect(x.to('float32')).toBe(x)
  expect(x.long().tolist()).toEqual([1, -1, 0])
  expect(x.bool().tolist()).toEqual([true, true, false])
  expect(x.to(tensor([1])).dtype).toBe('int64')
  expect(x.to({ dtype: 'float64' }).dtype).toBe('float64')
  expect(x.to({ copy: true }) === x).toBe(false)
  const there = x.to('reference')
  expect([there.device, there.tolist()]).toEqual(['reference', x.tolist()])
  expect(x.half().float().tolist()).toEqual([1.7001953125, -1.7001953125, 0])
  expect([x.int().dtype, x.double().dtype, x.byte().dtype, x.type('bool').dtype]).toEqual([
    'int32',
    'float64',
    'uint8',
    'bool',
  ])
})

test('gradients flow back through conversions and between devices', () => {
  const x = tensor([1.5, 2], { requiresGrad: true })
  x.double()
    .to('reference')
    .mul(3)
    .backward(torch.ones(2, { dtype: 'float64', device: 'reference' }))
  expect([x.grad?.tolist(), x.grad?.dtype, x.grad?.device]).toEqual([[3, 3], 'float32', x.device])
})

test('an unknown dtype is an error that lists the known ones', () => {
  const dtype = 'float' as 'float32'
  for (const make of [
    () => torch.zeros(2, { dtype }),
    () => tensor([1, 2], { dtype }),
    () => torch.arange(3, { dtype }),
  ]) {
    expect(make).toThrow(DTypeError)
    expect(make).toThrow(/unknown dtype 'float'\n {2}help: there are: bool, uint8, int32/)
  }
})
