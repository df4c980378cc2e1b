// float16 and bfloat16 against PyTorch: casts of edge values, promotion, random streams, texts, operations with gradients. Fixture: scripts/oracle/half.py.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { halfFormatOf } from '../../src/base/half.ts'
import type { DType, Operand, TypedArray } from '../../src/base/dtype.ts'
import * as torch from '../../src/index.ts'
import { F, type Tensor } from '../../src/index.ts'

interface Stored {
  readonly dtype: DType
  readonly shape: number[]
  readonly values: (number | 'inf' | '-inf' | 'nan' | '-0')[]
}
type Floats = 'float16' | 'bfloat16'
interface Fixture {
  readonly casts: { from: Stored; to: Stored }[]
  readonly promotion: {
    pairs: [DType, DType, DType][]
    results: [DType, number, DType, number, DType][]
    numbers: [DType, number, number | boolean, DType][]
  }
  readonly streams: { op: string; dtype: Floats; drawn: Stored; next: number }[]
  readonly texts: { x: Stored; text: string }[]
  readonly operations: { op: string; inputs: Stored[]; cotangent: Stored; results: Stored[]; exact: Stored[] }[]
}
const path = join(import.meta.dirname, '../fixtures/half.json.gz')
const fixture: Fixture = JSON.parse(gunzipSync(readFileSync(path)).toString())

const special: Readonly<Record<string, number>> = { inf: Infinity, '-inf': -Infinity, nan: Number.NaN, '-0': -0 }
const numbersOf = ({ values }: Stored): number[] => values.map((x) => (typeof x === 'number' ? x : special[x]))
const tensorOf = (x: Stored): Tensor => torch.tensor(numbersOf(x), { dtype: x.dtype }).reshape(x.shape)

type Run = (...inputs: Tensor[]) => Tensor
const operations: Readonly<Record<string, Run>> = {
  add: (x, y) => x.add(y),
  sub: (x, y) => x.sub(y),
  mul: (x, y) => x.mul(y),
  div: (x, y) => x.div(y),
  exp: (x) => x.exp(),
  tanh: (x) => x.tanh(),
  sigmoid: (x) => x.sigmoid(),
  gelu: (x) => F.gelu(x),
  square: (x) => x.square(),
  sqrt: (x) => x.abs().add(1).sqrt(),
  'add number': (x) => x.add(2.5),
  where: (x, y) => torch.where(x.gt(0), x, y),
  sum: (x) => x.sum(1),
  mean: (x) => x.mean(0),
  amax: (x) => x.amax(1),
  var: (x) => x.var(1),
  logsumexp: (x) => x.logsumexp(1),
  norm: (x) => x.norm(2, { dim: 1 }),
  mm: (x, y) => torch.mm(x, y),
  bmm: (x, y) => torch.bmm(x, y),
  linear: (x, w, b) => F.linear(x, w, b),
  conv1d: (x, w, b) => F.conv1d(x, w, b),
  conv2d: (x, w, b) => F.conv2d(x, w, b, { padding: 1 }),
  'conv2d wide': (x, w) => F.conv2d(x, w, null, { padding: 1 }),
  conv3d: (x, w) => F.conv3d(x, w),
  maxPool2d: (x) => F.maxPool2d(x, 2),
  avgPool2d: (x) => F.avgPool2d(x, 3),
  softmax: (x) => F.softmax(x, 1),
  logSoftmax: (x) => F.logSoftmax(x, 1),
  crossEntropy: (x) => F.crossEntropy(x, torch.tensor([1, 9, 4])),
  layerNorm: (x, w, b) => F.layerNorm(x, [33], w, b),
  batchNorm: (x, w, b) => F.batchNorm(x, null, null, w, b, { training: true }),
  cumsum: (x) => x.cumsum(1),
  cat: (x, y) => torch.cat([x, y], 1),
  sort: (x) => x.sort(1)[0],
  gather: (x) => x.gather(1, torch.tensor([[0, 4, 4], [1, 2, 0], [3, 3, 3]])), // biome-ignore format: rows
  embedding: (w) => F.embedding(torch.tensor([[0, 5, 5], [2, 0, 5]]), w), // biome-ignore format: rows
  scatterAdd: (x, y) => x.scatterAdd(1, torch.tensor([[0, 4, 4], [1, 2, 0], [3, 3, 3]]), y), // biome-ignore format: rows
}

const draws: Readonly<Record<string, (dtype: Floats) => Tensor>> = {
  rand: (dtype) => torch.rand(21, { dtype }),
  uniform_: (dtype) => torch.empty(21, { dtype }).uniform_(-2, 3.3),
  'randn few': (dtype) => torch.randn(5, { dtype }),
  'randn many': (dtype) => torch.randn(37, { dtype }),
  normal_: (dtype) => torch.empty(40, { dtype }).normal_(3.3, 0.7),
  'normal of tensors': (dtype) => torch.normal(torch.linspace(0, 1, 20).to(dtype), torch.linspace(1, 2, 20).to(dtype)),
  exponential_: (dtype) => torch.empty(9, { dtype }).exponential_(0.7),
  bernoulli: (dtype) => torch.full([9], 0.3, { dtype }).bernoulli(),
  bernoulli_: (dtype) => torch.empty(9, { dtype }).bernoulli_(0.3),
  dropout: (dtype) => F.dropout(torch.ones(9, { dtype }), { p: 0.3 }),
  randint: (dtype) => torch.randint(-5, 100, [9], { dtype }),
  'randint wide': (dtype) => torch.randint(-1001, 999, [9], { dtype }),
  random_: (dtype) => torch.empty(9, { dtype }).random_(),
  randperm: (dtype) => torch.randperm(9, { dtype }),
  multinomial: (dtype) => torch.multinomial(torch.tensor([0.1, 0.2, 0.3, 0.4, 0.35, 0.15], { dtype }), 4),
  'multinomial again': (dtype) =>
    torch.multinomial(torch.tensor([0.1, 0.2, 0.3, 0.4, 0.35, 0.15], { dtype }), 12, { replacement: true }),
  arange: (dtype) => torch.arange(0, 12, 0.3, { dtype }),
  linspace: (dtype) => torch.linspace(-1, 2, 37, { dtype }),
}

const furthest = (values: number[], exact: number[]): number =>
  Math.max(...values.map((value, i) => Math.abs(value - exact[i])))
/** What rounding may change of the largest value. */
const unitOfLargest = (dtype: DType, exact: number[]): number =>
  Math.max(...exact.map(Math.abs)) * 2 ** -(halfFormatOf(dtype)?.digits as number)

afterAll(() => torch.setDefaultDevice('wasm'))

// PyTorch's CPU sums products of bfloat16 in bfloat16, so its answers are as far from the exact ones as they may be.
describe.each(['wasm', 'reference'] as const)('on the device %s', (device) => {
  test.each(fixture.casts.map((c) => [c.from.dtype, c.to.dtype, c] as const))('%s to %s', (_from, _to, c) => {
    torch.setDefaultDevice(device)
    const source = c.from.dtype === 'int64' ? torch.tensor(numbersOf(c.from).map(BigInt)) : tensorOf(c.from)
    expect(source.dtype).toBe(c.from.dtype)
    const cast = source.to(c.to.dtype)
    expect(cast.dtype).toBe(c.to.dtype)
    expect(cast.numbers()).toEqual(numbersOf(c.to))
    // A view with steps takes the way element by element.
    expect(torch.stack([source, source], 1).select(1, 1).to(c.to.dtype).numbers()).toEqual(numbersOf(c.to))
  })

  test.each(fixture.operations.map((c) => [c.op, c.inputs[0].dtype, c] as const))('%s in %s', (op, _dtype, c) => {
    torch.setDefaultDevice(device)
    const inputs = c.inputs.map((x) => tensorOf(x).requiresGrad_())
    const output = operations[op](...inputs)
    output.backward(tensorOf(c.cotangent))
    for (const [k, result] of [output, ...inputs.map((x) => x.grad as Tensor)].entries()) {
      const [what, exact] = [k === 0 ? 'output' : `gradient ${k - 1}`, numbersOf(c.exact[k])]
      expect(result.dtype, what).toBe(c.results[k].dtype)
      expect(result.shape, what).toEqual(c.results[k].shape)
      expect(furthest(result.numbers(), exact), what).toBeLessThanOrEqual(
        Math.max(furthest(numbersOf(c.results[k]), exact), unitOfLargest(result.dtype, exact)),
      )
    }
  })
})

test.each(fixture.streams.map((c) => [c.op, c.dtype, c] as const))(
  'PyTorch draws the same: %s in %s',
  (op, dtype, c) => {
    torch.setDefaultDevice('wasm')
    torch.manualSeed(11)
    const drawn = draws[op](dtype)
    expect(drawn.dtype).toBe(c.drawn.dtype)
    expect(drawn.numbers()).toEqual(numbersOf(c.drawn))
    expect(torch.randint(2 ** 31, []).item()).toBe(c.next)
  },
)

test('float16 and bfloat16 meet in float32; everything else promotes as in PyTorch', () => {
  for (const [a, b, both] of fixture.promotion.pairs) expect(torch.promoteTypes(a, b), `${a}, ${b}`).toBe(both)
  const operand = (dtype: DType, ndim: number): Operand => ({ dtype, shape: new Array<number>(ndim).fill(1) })
  for (const [a, da, b, db, both] of fixture.promotion.results)
    expect(torch.resultType(operand(a, da), operand(b, db)), `${a} ${da}, ${b} ${db}`).toBe(both)
  for (const [a, d, x, both] of fixture.promotion.numbers)
    expect(torch.resultType(operand(a, d), x), `${a} ${d}, ${x}`).toBe(both)
  expect(torch.ones(2, { dtype: 'float16' }).add(torch.ones(2, { dtype: 'bfloat16' })).dtype).toBe('float32')
})

test.each(fixture.texts.map((c) => [c.text, c] as const))('prints %s', (text, { x }) => {
  expect(String(tensorOf(x))).toBe(text)
})

test('bits are read and written: data, tolist, item, tensor', () => {
  const x = torch.tensor([1, -2.5, 0.1, Infinity], { dtype: 'bfloat16' })
  expect([...(x.data() as TypedArray)]).toEqual([0x3f80, 0xc020, 0x3dcd, 0x7f80])
  expect(x.tolist()).toEqual([1, -2.5, 0.10009765625, Infinity])
  expect(x.at(2).item()).toBe(0.10009765625)
  expect(torch.tensor(x, { dtype: 'float16' }).tolist()).toEqual([1, -2.5, 0.10009765625, Infinity])
  expect(torch.tensor([1]).bfloat16().dtype).toBe('bfloat16')
  expect(new torch.nn.Linear(2, 1).bfloat16().weight.dtype).toBe('bfloat16')
  expect(torch.nanToNum(x).at(3).item()).toBe(3.3895313892515355e38)
  expect(torch.tensor([0, -0, 2], { dtype: 'bfloat16' }).nonzero().tolist()).toEqual([[2]])
})

test('every number of both formats survives the way through its bits', () => {
  for (const dtype of ['float16', 'bfloat16'] as const) {
    const format = halfFormatOf(dtype)
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = format?.toNumber(bits) as number
      if (!Number.isNaN(value)) expect(format?.toBits(value)).toBe(bits)
    }
  }
})
