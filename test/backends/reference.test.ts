// The reference device against small cases worked out by hand: it is the oracle of the other devices.
import { describe, expect, test } from 'vitest'
import { referenceBackend } from '../../src/backends/reference/index.ts'
import { IndexError } from '../../src/base/errors.ts'
import * as e from '../../src/base/expr.ts'
import type { DType } from '../../src/base/dtype.ts'
import type { PoolSpec, PoolWindows, Reduction, ScanSpec, View } from '../../src/runtime/spec.ts'
import { fromValues, toNumbers } from '../support/views.ts'

const device = referenceBackend()
const { kernels } = device
const tensor = (shape: number[], values: number[], dtype: DType = 'float32'): View =>
  fromValues(device, dtype, shape, values)
const empty = (shape: number[], dtype: DType = 'float32'): View => tensor(shape, [], dtype)
const [x, y] = [e.input(0), e.input(1)]

function evaluate(
  expr: e.Expr,
  inputs: View[],
  compute: 'float32' | 'float64' | 'int32' | 'int64',
  dtype: DType,
): number[] {
  const out = empty([...inputs[0].shape], dtype)
  kernels.map({ kind: 'map', exprs: [expr], compute, inputs, outputs: [out], scalars: [] })
  return toNumbers(out)
}

describe('map', () => {
  test('computes several outputs with broadcast inputs and scalars', () => {
    const row = { ...tensor([3], [1, 2, 3]), shape: [2, 3], strides: [0, 1] } as View
    const outputs = [empty([2, 3]), empty([2, 3], 'int64')]
    const exprs = [e.add(x, y), e.mul(y, e.scalar(0))]
    const inputs = [tensor([2, 3], [10, 20, 30, 40, 50, 60]), row]
    kernels.map({ kind: 'map', exprs, compute: 'float32', inputs, outputs, scalars: [2.5] })
    expect(outputs.map(toNumbers)).toEqual([
      [11, 22, 33, 41, 52, 63],
      [2, 5, 7, 2, 5, 7],
    ])
  })

  test('rounds float32 at every node', () => {
    const big = tensor([1], [2 ** 24])
    expect(evaluate(e.sub(e.add(x, 1), x), [big], 'float32', 'float64')).toEqual([0])
    expect(evaluate(e.sub(e.add(x, 1), x), [big], 'float64', 'float64')).toEqual([1])
  })

  test('wraps integers, truncates their division, and gives 0 for a division by 0', () => {
    const [a, b] = [tensor([4], [-7, 7, 2 ** 31 - 1, 5], 'int32'), tensor([4], [2, -2, 1, 0], 'int32')]
    expect(evaluate(e.div(x, y), [a, b], 'int32', 'int32')).toEqual([-3, -3, 2 ** 31 - 1, 0])
    expect(evaluate(e.rem(x, y), [a, b], 'int32', 'int32')).toEqual([-1, 1, 0, 0])
    expect(evaluate(e.add(x, y), [a, b], 'int32', 'int32')).toEqual([-5, 5, -(2 ** 31), 5])
    expect(evaluate(e.div(x, y), [a, b], 'int64', 'int64')).toEqual([-3, -3, 2 ** 31 - 1, 0])
    expect(evaluate(e.pow(x, y), [a, b], 'int64', 'int64')).toEqual([49, 0, 2 ** 31 - 1, 1])
  })

  test('converts when it stores: floats truncate, uint8 wraps, bool asks for zero', () => {
    const values = tensor([5], [-1.7, 0.5, 300.9, Number.NaN, 0])
    expect(evaluate(x, [values], 'float32', 'int32')).toEqual([-1, 0, 300, 0, 0])
    expect(evaluate(x, [values], 'float32', 'int64')).toEqual([-1, 0, 300, 0, 0])
    expect(evaluate(x, [values], 'float32', 'uint8')).toEqual([255, 0, 44, 0, 0])
    expect(evaluate(x, [values], 'float32', 'bool')).toEqual([1, 1, 1, 1, 0])
  })

  test('follows NaN, ties to even, and masks', () => {
    const values = tensor([5], [-2.5, -0.5, 1.5, Number.NaN, 3])
    expect(evaluate(e.round(x), [values], 'float32', 'float32')).toEqual([-2, -0, 2, Number.NaN, 3])
    expect(evaluate(e.max(x, 1), [values], 'float32', 'float32')).toEqual([1, 1, 1.5, Number.NaN, 3])
    const inside = e.and(e.gt(x, -1), e.not(e.ge(x, 3)))
    expect(evaluate(e.where(inside, x, e.constant(9)), [values], 'float32', 'float32')).toEqual([9, -0.5, 1.5, 9, 9])
    expect(evaluate(e.fromMask(e.isNaN(x)), [values], 'float32', 'bool')).toEqual([0, 0, 0, 1, 0])
  })

  test('works in place', () => {
    const a = tensor([3], [1, 2, 3], 'float16')
    kernels.map({ kind: 'map', exprs: [e.mul(x, x)], compute: 'float32', inputs: [a], outputs: [a], scalars: [] })
    expect(toNumbers(a)).toEqual([1, 4, 9])
  })
})

describe('reduce', () => {
  const sum: Reduction = {
    accTypes: ['v'],
    init: [0],
    step: [e.add(e.acc(0), x)],
    combine: [e.add(e.acc(0), e.other(0))],
    finish: [e.acc(0)],
  }
  const better = e.gt(x, e.acc(0))
  const argmax: Reduction = {
    accTypes: ['v', 'i'],
    init: [-Infinity, 0],
    step: [e.where(better, x, e.acc(0)), e.where(better, e.position, e.acc(1))],
    combine: [e.acc(0), e.acc(1)],
    finish: [e.acc(0), e.acc(1)],
  }

  test('sums over any axes', () => {
    const a = tensor([2, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    const run = (axes: number[], shape: number[]): number[] => {
      const out = empty(shape)
      kernels.reduce({
        kind: 'reduce',
        reduction: sum,
        compute: 'float32',
        axes,
        inputs: [a],
        outputs: [out],
        scalars: [],
      })
      return toNumbers(out)
    }
    expect(run([1], [2, 1, 3])).toEqual([5, 7, 9, 17, 19, 21])
    expect(run([0, 2], [1, 2, 1])).toEqual([30, 48])
    expect(run([0, 1, 2], [1, 1, 1])).toEqual([78])
  })

  test('keeps float32 sums in double', () => {
    const out = empty([1])
    const inputs = [tensor([3], [2 ** 24, 1, 1])]
    kernels.reduce({
      kind: 'reduce',
      reduction: sum,
      compute: 'float32',
      axes: [0],
      inputs,
      outputs: [out],
      scalars: [],
    })
    expect(toNumbers(out)).toEqual([2 ** 24 + 2])
  })

  test('finds positions, counted row-major over the reduced dimensions', () => {
    for (const compute of ['float32', 'int64'] as const) {
      const dtype = compute
      const a = tensor([2, 2, 2], [1, 5, 9, 9, 4, 3, 8, 2], dtype)
      const outputs = [empty([1, 2, 1], dtype), empty([1, 2, 1], 'int64')]
      kernels.reduce({ kind: 'reduce', reduction: argmax, compute, axes: [0, 2], inputs: [a], outputs, scalars: [] })
      expect(outputs.map(toNumbers)).toEqual([
        [5, 9],
        [1, 0],
      ])
    }
  })

  test('an empty range gives the finished initial value', () => {
    const out = empty([2, 1])
    kernels.reduce({
      kind: 'reduce',
      reduction: sum,
      compute: 'float32',
      axes: [1],
      inputs: [empty([2, 0])],
      outputs: [out],
      scalars: [],
    })
    expect(toNumbers(out)).toEqual([0, 0])
  })
})

describe('scan', () => {
  const run = (op: ScanSpec['op'], a: View, axis: number): [number[], number[]] => {
    const [out, indices] = [empty([...a.shape], a.dtype), empty([...a.shape], 'int64')]
    kernels.scan({ kind: 'scan', op, x: a, out, indices: op === 'max' || op === 'min' ? indices : null, axis })
    return [toNumbers(out), toNumbers(indices)]
  }
  test('runs along the axis', () => {
    const a = tensor([2, 3], [1, 2, 3, 4, 5, 6])
    expect(run('sum', a, 1)[0]).toEqual([1, 3, 6, 4, 9, 15])
    expect(run('sum', a, 0)[0]).toEqual([1, 2, 3, 5, 7, 9])
    expect(run('prod', tensor([3], [2, 3, 4], 'int64'), 0)[0]).toEqual([2, 6, 24])
  })
  test('max and min give the last position that holds the value, and keep NaN', () => {
    expect(run('max', tensor([5], [1, 3, 3, 2, 4]), 0)).toEqual([
      [1, 3, 3, 3, 4],
      [0, 1, 2, 2, 4],
    ])
    expect(run('min', tensor([4], [2, Number.NaN, 1, 0]), 0)).toEqual([
      [2, Number.NaN, Number.NaN, Number.NaN],
      [0, 1, 1, 1],
    ])
  })
  test('logsumexp starts at -Infinity without NaN', () => {
    const [out] = run('logsumexp', tensor([3], [-Infinity, 0, 0], 'float64'), 0)
    expect(out).toEqual([-Infinity, 0, Math.log(2)])
  })
})

describe('sort', () => {
  const run = (values: number[], descending: boolean): [number[], number[]] => {
    const [out, indices] = [empty([values.length]), empty([values.length], 'int64')]
    kernels.sort({ kind: 'sort', x: tensor([values.length], values), values: out, indices, axis: 0, descending })
    return [toNumbers(out), toNumbers(indices)]
  }
  test('is stable in both directions; NaN is the largest', () => {
    const values = [3, 1, Number.NaN, 3, 1]
    expect(run(values, false)).toEqual([
      [1, 1, 3, 3, Number.NaN],
      [1, 4, 0, 3, 2],
    ])
    expect(run(values, true)).toEqual([
      [Number.NaN, 3, 3, 1, 1],
      [2, 0, 3, 1, 4],
    ])
  })
})

describe('gemm', () => {
  const a = tensor([1, 2, 3], [1, 2, 3, 4, 5, 6])
  const b = tensor([1, 3, 2], [1, 0, 0, 1, 1, 1])
  test('multiplies, scales and adds', () => {
    const c = tensor([1, 2, 2], [100, 100, 100, 100])
    const bias = { ...tensor([2], [1, 2]), shape: [1, 2, 2], strides: [0, 0, 1] } as View
    kernels.gemm({ kind: 'gemm', a, b, c, alpha: 2, beta: 0.5, bias })
    expect(toNumbers(c)).toEqual([59, 62, 71, 74])
  })
  test('beta 0 never reads c', () => {
    const c = tensor([1, 2, 2], [Number.NaN, Number.NaN, Number.NaN, Number.NaN])
    kernels.gemm({ kind: 'gemm', a, b, c, alpha: 1, beta: 0, bias: null })
    expect(toNumbers(c)).toEqual([4, 5, 10, 11])
  })
})

describe('conv', () => {
  const common = { kind: 'conv', stride: [2, 1], padding: [1, 0], dilation: [1, 2], groups: 1 } as const
  // x is 1x1x3x4, w is 1x1x2x2 with columns two apart: y is 1x1x2x2.
  const values = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
  test('forward slides the kernel with stride, padding and dilation', () => {
    const out = empty([1, 1, 2, 2])
    const bias = tensor([1], [0.5])
    kernels.conv({
      ...common,
      pass: 'forward',
      x: tensor([1, 1, 3, 4], values),
      w: tensor([1, 1, 2, 2], [1, 10, 100, 1000]),
      y: out,
      bias,
    })
    expect(toNumbers(out)).toEqual([3100.5, 4200.5, 5 + 70 + 900 + 11000 + 0.5, 6 + 80 + 1000 + 12000 + 0.5])
  })
  test('the gradients visit the same elements', () => {
    const g = tensor([1, 1, 2, 2], [1, 2, 3, 4])
    const dx = empty([1, 1, 3, 4])
    kernels.conv({ ...common, pass: 'inputGrad', x: dx, w: tensor([1, 1, 2, 2], [1, 10, 100, 1000]), y: g, bias: null })
    expect(toNumbers(dx)).toEqual([100, 200, 1000, 2000, 3, 4, 30, 40, 300, 400, 3000, 4000])
    const dw = empty([1, 1, 2, 2])
    kernels.conv({ ...common, pass: 'weightGrad', x: tensor([1, 1, 3, 4], values), w: dw, y: g, bias: null })
    expect(toNumbers(dw)).toEqual([15 + 24, 21 + 32, 1 + 4 + 27 + 40, 3 + 8 + 33 + 48])
  })
  test('groups see their own channels', () => {
    const out = empty([1, 2, 1, 1])
    const one = { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 2 } as const
    kernels.conv({
      kind: 'conv',
      ...one,
      pass: 'forward',
      x: tensor([1, 2, 1, 1], [3, 5]),
      w: tensor([2, 1, 1, 1], [10, 100]),
      y: out,
      bias: null,
    })
    expect(toNumbers(out)).toEqual([30, 500])
  })
})

describe('pool', () => {
  const fixed = (size: number, stride: number, padding = 0, dilation = 1): PoolWindows => ({
    adaptive: false,
    size,
    stride,
    padding,
    dilation,
  })
  const base = { kind: 'pool', indices: null, countIncludePad: true, divisor: null } as const
  const plane = tensor([1, 1, 3, 3], [1, 2, 3, 4, 9, 6, 7, 8, 5])
  const forward = (spec: Pick<PoolSpec, 'op' | 'windows'> & Partial<PoolSpec>, size: number): number[] => {
    const out = empty([1, 1, size, size])
    kernels.pool({ ...base, ...spec, pass: 'forward', x: plane, y: out })
    return toNumbers(out)
  }

  test('max gives values and flat positions, and backward adds there', () => {
    const [out, indices, dx] = [
      empty([1, 1, 2, 2]),
      empty([1, 1, 2, 2], 'int64'),
      tensor([1, 1, 3, 3], Array(9).fill(7)),
    ]
    const windows = [fixed(2, 1), fixed(2, 1)] as const
    kernels.pool({ ...base, op: 'max', pass: 'forward', x: plane, y: out, indices, windows })
    expect([toNumbers(out), toNumbers(indices)]).toEqual([
      [9, 9, 9, 9],
      [4, 4, 4, 4],
    ])
    kernels.pool({
      ...base,
      op: 'max',
      pass: 'backward',
      x: dx,
      y: tensor([1, 1, 2, 2], [1, 2, 3, 4]),
      indices,
      windows,
    })
    expect(toNumbers(dx)).toEqual([0, 0, 0, 0, 10, 0, 0, 0, 0])
  })
  test('max skips the padding and follows dilation', () => {
    expect(forward({ op: 'max', windows: [fixed(2, 2, 1), fixed(2, 2, 1)] }, 2)).toEqual([1, 3, 7, 9])
    expect(forward({ op: 'max', windows: [fixed(2, 1, 0, 2), fixed(2, 1, 0, 2)] }, 1)).toEqual([7])
  })
  test('avg divides by the padded window, the inside, or a given number', () => {
    const windows = [fixed(2, 2, 1), fixed(2, 2, 1)] as const
    expect(forward({ op: 'avg', windows }, 2)).toEqual([0.25, 1.25, 2.75, 7])
    expect(forward({ op: 'avg', windows, countIncludePad: false }, 2)).toEqual([1, 2.5, 5.5, 7])
    expect(forward({ op: 'avg', windows, divisor: 10 }, 2)).toEqual([0.1, 0.5, 1.1, 2.8].map(Math.fround))
  })
  test('avg backward spreads the gradient', () => {
    const dx = empty([1, 1, 3, 3])
    kernels.pool({
      ...base,
      op: 'avg',
      pass: 'backward',
      x: dx,
      y: tensor([1, 1, 2, 2], [4, 8, 12, 16]),
      windows: [fixed(2, 1), fixed(2, 1)],
    })
    expect(toNumbers(dx)).toEqual([1, 3, 2, 4, 10, 6, 3, 7, 4])
  })
  test('adaptive windows share the input out', () => {
    const windows = [{ adaptive: true }, { adaptive: true }] as const
    expect(forward({ op: 'avg', windows }, 2)).toEqual([4, 5, 7, 7])
    expect(forward({ op: 'max', windows }, 1)).toEqual([9])
  })
})

describe('softmax and cross-entropy', () => {
  test('rows sum to one, and the gradients are those of the formulas', () => {
    const a = tensor([2, 2], [0, Math.log(3), 1000, 1000], 'float64')
    const [p, log, dp, dlog] = [
      empty([2, 2], 'float64'),
      empty([2, 2], 'float64'),
      empty([2, 2], 'float64'),
      empty([2, 2], 'float64'),
    ]
    const g = tensor([2, 2], [1, 0, 1, 3], 'float64')
    kernels.softmax({ kind: 'softmax', op: 'softmax', axis: 1, x: a, out: p })
    kernels.softmax({ kind: 'softmax', op: 'logSoftmax', axis: 1, x: a, out: log })
    kernels.softmax({ kind: 'softmax', op: 'softmaxGrad', axis: 1, y: p, g, out: dp })
    kernels.softmax({ kind: 'softmax', op: 'logSoftmaxGrad', axis: 1, y: log, g, out: dlog })
    const close = (view: View, expected: number[]): void => {
      toNumbers(view).forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i], 12)
      })
    }
    close(p, [0.25, 0.75, 0.5, 0.5])
    close(log, [0.25, 0.75, 0.5, 0.5].map(Math.log))
    close(dp, [0.1875, -0.1875, -0.5, 0.5])
    close(dlog, [0.75, -0.75, -1, 1])
  })

  test('the loss is lse - x[target]; an ignored row gives 0', () => {
    const a = tensor([3, 2], [0, Math.log(3), 1, 1, 5, 6], 'float64')
    const target = tensor([3], [1, 0, -100], 'int64')
    const [lse, loss, out] = [empty([3], 'float64'), empty([3], 'float64'), empty([3, 2], 'float64')]
    const base = { kind: 'crossEntropy', x: a, target, lse, ignoreIndex: -100 } as const
    kernels.crossEntropy({ ...base, pass: 'forward', loss })
    expect(toNumbers(loss)).toEqual([expect.closeTo(Math.log(4 / 3), 12), expect.closeTo(Math.log(2), 12), 0])
    kernels.crossEntropy({ ...base, pass: 'backward', g: tensor([3], [1, 2, 3], 'float64'), out })
    const expected = [0.25, -0.25, -1, 1, 0, 0].map((value) => expect.closeTo(value, 12))
    expect(toNumbers(out)).toEqual(expected)
  })

  test('a target out of range is named', () => {
    const [lse, loss] = [empty([1]), empty([1])]
    const run = (): void =>
      kernels.crossEntropy({
        kind: 'crossEntropy',
        pass: 'forward',
        x: empty([1, 10]),
        target: tensor([1], [10], 'int64'),
        lse,
        loss,
        ignoreIndex: -100,
      })
    expect(run).toThrow(new IndexError('crossEntropy: target 10 is out of range for 10 classes'))
  })
})

describe('gather and scatter', () => {
  const source = tensor([3, 2], [1, 2, 3, 4, 5, 6])
  const rows = (values: number[]): View =>
    ({ ...tensor([values.length], values, 'int64'), shape: [values.length, 2], strides: [1, 0] }) as View
  const at = (view: View, count: number): View => ({
    ...view,
    storage: view.storage,
    shape: [count, 2],
    strides: [0, 1],
  })
  const operand = (values: number[]) => ({ index: rows(values), stride: 2, size: 3 })

  test('gather picks rows; negative indices count from the end', () => {
    const out = empty([3, 2])
    kernels.gather({ kind: 'gather', x: at(source, 3), indices: [operand([2, 0, -2])], out })
    expect(toNumbers(out)).toEqual([5, 6, 1, 2, 3, 4])
  })
  test('scatter writes and merges in order', () => {
    const x = tensor([3, 2], [10, 20, 30, 40, 50, 60])
    const run = (op: 'set' | 'add' | 'mul' | 'max' | 'min'): number[] => {
      const out = tensor([3, 2], [1, 25, 3, 4, 5, 6])
      kernels.scatter({ kind: 'scatter', op, x, indices: [operand([0, 2, 0])], out: at(out, 3) })
      return toNumbers(out)
    }
    expect(run('set')).toEqual([50, 60, 3, 4, 30, 40])
    expect(run('add')).toEqual([61, 105, 3, 4, 35, 46])
    expect(run('mul')).toEqual([500, 30000, 3, 4, 150, 240])
    expect(run('max')).toEqual([50, 60, 3, 4, 30, 40])
    expect(run('min')).toEqual([1, 20, 3, 4, 5, 6])
  })
  test('an index out of range is named and nothing is written', () => {
    const out = tensor([3, 2], [1, 2, 3, 4, 5, 6])
    const run = (): void =>
      kernels.scatter({ kind: 'scatter', op: 'set', x: empty([2, 2]), indices: [operand([0, 3])], out: at(out, 2) })
    expect(run).toThrow(new IndexError('scatter: index 3 is out of range for size 3'))
    expect(toNumbers(out)).toEqual([1, 2, 3, 4, 5, 6])
  })
})

test('copy converts between dtypes and layouts', () => {
  const out = { ...empty([3, 2], 'int64'), shape: [2, 3], strides: [1, 2] } as View
  kernels.copy({ kind: 'copy', x: tensor([2, 3], [1.9, -1.9, 3, 4, 5, 6], 'float16'), out })
  expect(toNumbers(out)).toEqual([1, -1, 3, 4, 5, 6])
  expect(toNumbers({ ...out, shape: [6], strides: [1], storage: out.storage })).toEqual([1, 4, -1, 5, 3, 6])
})

test('memory is counted', async () => {
  const own = referenceBackend()
  const view = fromValues(own, 'float32', [5], [1, 2, 3, 4, 5])
  expect(own.stats()).toEqual({ used: 20, highWater: 20, storages: 1 })
  expect(new Float32Array((await own.read(view.storage.handle, 4, 8)).buffer)).toEqual(new Float32Array([2, 3]))
  view.storage.release()
  expect(own.stats()).toEqual({ used: 0, highWater: 20, storages: 0 })
})
