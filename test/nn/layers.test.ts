// Layers against their functions and against PyTorch's values; initial values bit for bit.
import { beforeEach, describe, expect, test } from 'vitest'
import * as torch from '../../src/index.ts'
import { F, nn, type Tensor, ValueError } from '../../src/index.ts'

beforeEach(() => void torch.manualSeed(1234))
const bits = (x: Tensor): string[] =>
  Array.from(new Uint32Array((x.data() as Float32Array).buffer), (word) => word.toString(16).padStart(8, '0'))

describe('initial values', () => {
  test('of Linear are those of PyTorch after manualSeed(1234)', () => {
    const layer = new nn.Linear(7, 3)
    expect(bits(layer.weight).slice(0, 6)).toEqual('beb64d43 bd97e000 be39e5d0 bdce754d beaaf40f 3e1b5035'.split(' '))
    expect(bits(layer.bias as Tensor)).toEqual('be1776b7 be3dd6dc 3dc84546'.split(' '))
  })
  test('of xavierNormal_ too', () => {
    const weight = nn.init.xavierNormal_(torch.empty(4, 9))
    expect(bits(weight).slice(0, 4)).toEqual('bd337c35 be47740f 3d82feea beb11028'.split(' '))
  })
  test('are drawn again by resetParameters', () => {
    const layer = new nn.Conv2d(2, 3, 3)
    const before = layer.weight.tolist()
    torch.manualSeed(1234)
    layer.resetParameters()
    expect(layer.weight.tolist()).toEqual(before)
    expect(layer.weight.requiresGrad).toBe(true)
  })
})

describe('initialisers', () => {
  test('give back the tensor that they fill, without a trace in the graph', () => {
    const weight = new nn.Parameter(torch.empty(3, 5))
    expect(nn.init.kaimingNormal_(weight, { mode: 'fanOut', nonlinearity: 'relu' })).toBe(weight)
    expect(weight.isLeaf).toBe(true)
  })
  test('refuse what has no fans', () => {
    expect(() => nn.init.xavierUniform_(torch.empty(3))).toThrow(/need at least 2 dimensions, got \[3\]/)
    expect(() => nn.init.calculateGain('swish' as 'relu')).toThrow(/unknown nonlinearity 'swish'/)
  })
  test('know the gains of PyTorch', () => {
    const gains = (['sigmoid', 'tanh', 'relu', 'leakyRelu', 'selu'] as const).map((name) => nn.init.calculateGain(name))
    expect(gains).toEqual([1, 5 / 3, Math.SQRT2, Math.sqrt(2 / 1.0001), 0.75])
  })
  test.each([
    [3, 5],
    [5, 3],
    [4, 4],
    [1, 3],
  ])('orthogonal_ makes %i x %i orthonormal', (rows, columns) => {
    const w = nn.init.orthogonal_(torch.empty(rows, columns), { gain: 2 }).div(2)
    const gram = rows < columns ? w.matmul(w.t()) : w.t().matmul(w)
    expect(torch.allclose(gram, torch.eye(Math.min(rows, columns)), { atol: 1e-6 })).toBe(true)
  })
  test('truncNormal_ stays inside its limits', () => {
    const values = nn.init.truncNormal_(torch.empty(1000), 0, 1, -0.5, 1).tolist() as number[]
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-0.5)
    expect(Math.max(...values)).toBeLessThanOrEqual(1)
  })
  test('sparse_ sets a share of each column to zero', () => {
    const w = nn.init.sparse_(torch.empty(10, 4), 0.25)
    expect(w.eq(0).sum(0).tolist()).toEqual([3, 3, 3, 3])
  })
  test('dirac_ makes a convolution the identity', () => {
    const conv = new nn.Conv2d(3, 3, 3, { padding: 1, bias: false })
    nn.init.dirac_(conv.weight)
    const x = torch.rand(1, 3, 5, 4)
    expect(torch.equal(conv(x), x)).toBe(true)
  })
})

describe('activations', () => {
  const x = torch.linspace(-3, 3, 8).reshape(2, 4)
  const pairs: [nn.Layer, Tensor][] = [
    [new nn.ReLU(), F.relu(x)],
    [new nn.LeakyReLU(0.2), F.leakyRelu(x, 0.2)],
    [new nn.LeakyReLU({ negativeSlope: 0.2 }), F.leakyRelu(x, 0.2)],
    [new nn.ELU(0.5), F.elu(x, { alpha: 0.5 })],
    [new nn.CELU({ alpha: 0.5 }), F.celu(x, 0.5)],
    [new nn.GELU({ approximate: 'tanh' }), F.gelu(x, { approximate: 'tanh' })],
    [new nn.Softplus(2, 3), F.softplus(x, { beta: 2, threshold: 3 })],
    [new nn.Hardtanh(-2, 0.5), F.hardtanh(x, { minVal: -2, maxVal: 0.5 })],
    [new nn.Threshold(1, -7), F.threshold(x, 1, -7)],
    [new nn.Hardshrink(1), F.hardshrink(x, { lambd: 1 })],
    [new nn.Softshrink({ lambd: 1 }), F.softshrink(x, { lambd: 1 })],
    [new nn.GLU({ dim: 0 }), F.glu(x, 0)],
    [new nn.RReLU().eval() as nn.RReLU, F.rrelu(x)],
    [new nn.Softmin(1), F.softmin(x, 1)],
    [new nn.PReLU(4), F.prelu(x, torch.full([4], 0.25))],
  ]
  test.each(pairs)('%s is its function', (layer, expected) => {
    expect(layer(x).tolist()).toEqual(expected.tolist())
  })
  test('write into their input with inplace', () => {
    const y = x.clone()
    const out = new nn.ReLU({ inplace: true })(y)
    expect(out.tolist()).toEqual(F.relu(x).tolist())
    expect(y.tolist()).toEqual(out.tolist())
  })
})

describe('dropout', () => {
  test('of channels drops whole channels', () => {
    for (const [layer, shape] of [
      [new nn.Dropout2d(), [4, 8, 3, 3]],
      [new nn.Dropout1d(), [4, 8, 5]],
    ] as const) {
      const sums = layer(torch.ones(shape)).flatten(2).sum(2).unique().tolist()
      const full = 2 * shape.slice(2).reduce((n, size) => n * size, 1)
      expect(sums).toEqual([0, full])
    }
  })
  test('refuses what is no probability', () => {
    expect(() => new nn.Dropout(1.5)).toThrow('nn.Dropout: p is a probability between 0 and 1, got 1.5')
  })
})

describe('convolutions', () => {
  test('pad with other values than zeros', () => {
    for (const paddingMode of ['reflect', 'replicate', 'circular'] as const) {
      const conv = new nn.Conv2d(1, 2, [3, 2], { padding: [1, 2], paddingMode })
      const x = torch.rand(1, 1, 4, 5)
      const expected = F.conv2d(F.pad(x, [2, 2, 1, 1], { mode: paddingMode }), conv.weight, conv.bias)
      expect(conv(x).tolist()).toEqual(expected.tolist())
    }
  })
  test("with padding 'same' keep the size in every padding mode", () => {
    for (const paddingMode of ['zeros', 'circular'] as const) {
      const conv = new nn.Conv1d(1, 1, 4, { padding: 'same', paddingMode })
      expect(conv(torch.rand(2, 1, 9)).shape).toEqual([2, 1, 9])
    }
  })
  test('refuse groups that do not divide, sizes of the wrong rank, and strides with same', () => {
    expect(() => new nn.Conv2d(3, 4, 1, { groups: 2 })).toThrow(
      /groups must divide both numbers of channels: 3 and 4 by 2/,
    )
    // @ts-expect-error lines have one side
    expect(() => new nn.Conv1d(1, 1, [1, 2])).toThrow('nn.Conv1d: expected one number or 1, got [1, 2]')
    expect(() => new nn.Conv2d(1, 1, 3, { padding: 'same', stride: 2 })).toThrow(ValueError)
  })
  test('transposed take the size of their output', () => {
    const down = new nn.Conv2d(2, 3, 3, { stride: 2, padding: 1 })
    const up = new nn.ConvTranspose2d(3, 2, 3, { stride: 2, padding: 1 })
    const x = torch.rand(1, 2, 12, 11)
    expect(up(down(x)).shape).toEqual([1, 2, 11, 11])
    expect(up(down(x), [12, 11]).shape).toEqual([1, 2, 12, 11])
    expect(() => up(down(x), [13, 11])).toThrow('nn.ConvTranspose2d: the output size 13 is not between 11 and 12')
  })
})

describe('losses', () => {
  const [input, target] = [
    torch.tensor([
      [0.2, 0.7],
      [0.9, 0.4],
    ]),
    torch.tensor(
      [
        [0, 1],
        [1, 0],
      ],
      { dtype: 'float32' },
    ),
  ]
  test('pass their options on', () => {
    expect(new nn.MSELoss({ reduction: 'sum' })(input, target).item()).toBeCloseTo(0.3, 6)
    expect(new nn.HuberLoss({ delta: 0.1 })(input, target).item()).toBe(
      F.huberLoss(input, target, { delta: 0.1 }).item(),
    )
    expect(new nn.BCELoss({ reduction: 'none' })(input, target).shape).toEqual([2, 2])
  })
  test('keep class weights as part of the state', () => {
    const loss = new nn.BCEWithLogitsLoss({
      weight: torch.ones(2),
      posWeight: torch.tensor([2, 3], { dtype: 'float32' }),
    })
    expect(Object.keys(loss.stateDict())).toEqual(['weight', 'pos_weight'])
    expect(Object.keys(new nn.CrossEntropyLoss().stateDict())).toEqual([])
    loss.double()
    expect(loss(input.double(), target.double()).dtype).toBe('float64')
  })
  test('of three tensors take three tensors', () => {
    const [a, b, c] = [torch.zeros(1, 2), torch.ones(1, 2), torch.full([1, 2], 2)].map((x) => x.float())
    expect(new nn.TripletMarginLoss({ margin: 2 })(a, b, c).item()).toBeCloseTo(2 - Math.SQRT2, 5)
  })
})
