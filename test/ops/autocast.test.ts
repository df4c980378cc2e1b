// Mixed precision against PyTorch: the dtype of every operation, a short training; the cache of weights, nesting, async bodies. Fixture: scripts/oracle/autocast.py.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { DType } from '../../src/base/dtype.ts'
import * as torch from '../../src/index.ts'
import { DTypeError, F, nn, type Tensor } from '../../src/index.ts'
import { contextFollowsAsync } from '../../src/runtime/context.ts'

interface Fixture {
  readonly dtypes: Readonly<Record<string, [ofFloat32: DType | null, ofBfloat16: DType | null]>>
  readonly training: { state: Record<string, number[]>; x: number[]; y: number[]; losses: number[] }
}
const path = join(import.meta.dirname, '../fixtures/autocast.json.gz')
const fixture: Fixture = JSON.parse(gunzipSync(readFileSync(path)).toString())

const labels = torch.tensor([0, 1, 2, 3])
const at = (...numbers: number[]): Tensor => torch.tensor(numbers)
const batch = (x: Tensor): Tensor => x.unsqueeze(0)
const volume = (x: Tensor): Tensor => x.expand(1, 4, 4, 4)
const row = (x: Tensor): Tensor => x.select(0, 0)
const operations: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  mm: (x) => torch.mm(x, x),
  bmm: (x) => torch.bmm(batch(x), batch(x)),
  mv: (x) => torch.mv(x, row(x)),
  dot: (x) => torch.dot(row(x), row(x)),
  matmul: (x) => x.matmul(x),
  'matmul of vectors': (x) => row(x).matmul(row(x)),
  'matmul of a vector': (x) => x.matmul(row(x)),
  addmm: (x) => torch.addmm(x, x, x),
  addmv: (x) => torch.addmv(row(x), x, row(x)),
  addr: (x) => torch.addr(x, row(x), row(x)),
  baddbmm: (x) => torch.baddbmm(batch(x), batch(x), batch(x)),
  addbmm: (x) => torch.addbmm(x, batch(x), batch(x)),
  linear: (x) => F.linear(x, x, row(x)),
  outer: (x) => torch.outer(row(x), row(x)),
  einsum: (x) => torch.einsum('ij,jk->ik', x, x),
  tensordot: (x) => torch.tensordot(x, x, 1),
  inner: (x) => torch.inner(x, x),
  conv1d: (x) => F.conv1d(batch(x), batch(x)),
  conv2d: (x) => F.conv2d(batch(batch(x)), batch(batch(x))),
  conv3d: (x) => F.conv3d(batch(batch(batch(x))), batch(batch(batch(x)))),
  softmax: (x) => F.softmax(x, -1),
  logSoftmax: (x) => F.logSoftmax(x, -1),
  layerNorm: (x) => F.layerNorm(x, 4),
  batchNorm: (x) => F.batchNorm(x, torch.zeros(4), torch.ones(4), torch.ones(4), torch.zeros(4), { training: true }),
  exp: (x) => x.exp(),
  sum: (x) => x.sum(),
  prod: (x) => x.prod(),
  'prod over 0': (x) => x.prod(0),
  mean: (x) => x.mean(),
  cumsum: (x) => x.cumsum(0),
  cumprod: (x) => x.cumprod(0),
  norm: (x) => x.norm(),
  cdist: (x) => torch.cdist(x, x),
  dist: (x) => torch.dist(x, x.add(1)),
  pairwiseDistance: (x) => F.pairwiseDistance(x, x.add(1)),
  cosineSimilarity: (x) => F.cosineSimilarity(x, x),
  gelu: (x) => F.gelu(x),
  sigmoid: (x) => x.sigmoid(),
  mseLoss: (x) => F.mseLoss(x, x.add(1)),
  l1Loss: (x) => F.l1Loss(x, x.add(1)),
  smoothL1Loss: (x) => F.smoothL1Loss(x, x.add(1)),
  huberLoss: (x) => F.huberLoss(x, x.add(1)),
  nllLoss: (x) => F.nllLoss(x, labels),
  crossEntropy: (x) => F.crossEntropy(x, labels),
  binaryCrossEntropy: (x) => F.binaryCrossEntropy(x, x),
  binaryCrossEntropyWithLogits: (x) => F.binaryCrossEntropyWithLogits(x, x),
  klDiv: (x) => F.klDiv(x.log(), x, { reduction: 'sum' }),
  poissonNllLoss: (x) => F.poissonNllLoss(x, x),
  gaussianNllLoss: (x) => F.gaussianNllLoss(x, x, x),
  hingeEmbeddingLoss: (x) => F.hingeEmbeddingLoss(x, x.sign()),
  softMarginLoss: (x) => F.softMarginLoss(x, x.sign()),
  marginRankingLoss: (x) => F.marginRankingLoss(x, x, x.sign()),
  tripletMarginLoss: (x) => F.tripletMarginLoss(x, x, x.add(1)),
  cosineEmbeddingLoss: (x) => F.cosineEmbeddingLoss(x, x, torch.ones(4)),
  multiMarginLoss: (x) => F.multiMarginLoss(x, labels),
  multilabelMarginLoss: (x) => F.multilabelMarginLoss(x, torch.zeros(4, 4).long()),
  multilabelSoftMarginLoss: (x) => F.multilabelSoftMarginLoss(x, x),
  avgPool2d: (x) => F.avgPool2d(batch(x), 2),
  avgPool3d: (x) => F.avgPool3d(volume(x), 2),
  maxPool2d: (x) => F.maxPool2d(batch(x), 2),
  maxPool3d: (x) => F.maxPool3d(volume(x), 2),
  adaptiveAvgPool2d: (x) => F.adaptiveAvgPool2d(batch(x), 2),
  adaptiveAvgPool3d: (x) => F.adaptiveAvgPool3d(volume(x), 2),
  adaptiveMaxPool3d: (x) => F.adaptiveMaxPool3d(volume(x), 2),
  'pad reflect': (x) => F.pad(batch(x), [1, 1], { mode: 'reflect' }),
  'pad replicate': (x) => F.pad(batch(x), [1, 1, 1, 1], { mode: 'replicate' }),
  'pad constant': (x) => F.pad(batch(x), [1, 1]),
  'pad circular': (x) => F.pad(batch(x), [1, 1], { mode: 'circular' }),
  interpolate: (x) => F.interpolate(batch(batch(x)), { scaleFactor: 2 }),
  quantile: (x) => torch.quantile(x, 0.5),
  nanquantile: (x) => torch.nanquantile(x, 0.5),
  trace: (x) => torch.trace(x),
  cat: (x) => torch.cat([x, x.float()]),
  stack: (x) => torch.stack([x, x.float()]),
  indexCopy: (x) => torch.indexCopy(x, 0, at(0), x.float().narrow(0, 0, 1)),
  where: (x) => torch.where(x.gt(0), x, x.float()),
  add: (x) => x.add(x.float()),
  embedding: (x) => F.embedding(at(0), x),
  dropout: (x) => F.dropout(x),
  relu: (x) => F.relu(x),
  RNN: (x) => new nn.RNN(4, 3)(batch(x))[0],
  LSTM: (x) => new nn.LSTM(4, 3)(batch(x))[0],
  'cell of LSTM': (x) => new nn.LSTM(4, 3)(batch(x))[1][1],
  GRU: (x) => new nn.GRU(4, 3)(batch(x))[0],
  GRUCell: (x) => new nn.GRUCell(4, 3)(x),
  LSTMCell: (x) => new nn.LSTMCell(4, 3)(x)[0],
  RNNCell: (x) => new nn.RNNCell(4, 3)(x),
  MultiheadAttention: (x) => new nn.MultiheadAttention(4, 2)(batch(x), batch(x), batch(x))[0],
}

describe('under autocast, the result has the dtype that it has in PyTorch', () => {
  // Composed of products here, of multiplications there: docs/differences.md.
  const leftOut = ['bilinear']
  const rows = Object.entries(fixture.dtypes).filter(([op]) => !leftOut.includes(op))
  test.each(rows)('%s', (op, wanted) => {
    torch.manualSeed(1)
    const x = torch.rand(4, 4)
    const dtypeOf = (input: Tensor): DType => torch.autocast(() => operations[op](input).dtype)
    expect(dtypeOf(x)).toBe(wanted[0])
    expect(dtypeOf(x.bfloat16())).toBe(wanted[1])
    expect(operations[op](x).dtype).toBe('float32')
  })
})

test('a network trains as under PyTorch; its gradients are float32', () => {
  const { state, x, y, losses } = fixture.training
  const net = new nn.Sequential(
    new nn.Conv2d(1, 4, 3, { padding: 1 }),
    new nn.BatchNorm2d(4),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(64, 16),
    new nn.Tanh(),
    new nn.Linear(16, 4),
  )
  const tensorOf = (key: string, values: number[]): Tensor =>
    torch.tensor(values, { dtype: key.endsWith('tracked') ? 'int64' : 'float32' })
  net.loadStateDict(Object.fromEntries(Object.entries(state).map(([key, values]) => [key, tensorOf(key, values)])))
  const optimizer = new torch.optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 })
  const [input, target] = [torch.tensor(x, { dtype: 'float32' }), torch.tensor(y)]
  for (const [step, wanted] of losses.entries()) {
    optimizer.zeroGrad()
    const loss = torch.autocast(() => {
      const logits = net(input)
      expect(logits.dtype).toBe('bfloat16')
      return F.crossEntropy(logits, target)
    })
    expect(loss.dtype).toBe('float32')
    loss.backward()
    for (const parameter of net.parameters()) expect(parameter.grad?.dtype).toBe('float32')
    optimizer.step()
    // Three significant digits are all that bfloat16 has.
    expect(Math.abs(loss.item() - wanted) / wanted, `step ${step}`).toBeLessThan(2 ** -7)
  }
})

test('a weight is cast once in a context, and given back at its end', () => {
  const layer = new nn.Linear(3, 2)
  const x = torch.ones(4, 3)
  const casts: string[] = []
  const before = torch.backend().stats().storages
  const stop = torch.onLaunch(({ spec }) => {
    if (spec.kind === 'copy' && spec.x.dtype === 'float32' && spec.out.dtype === 'bfloat16')
      casts.push(`${spec.x.shape}`)
  })
  const twice = (cacheEnabled: boolean): string[] => {
    casts.length = 0
    return torch.scope(() => {
      const loss = torch.autocast({ cacheEnabled }, () => layer(x).sum().add(layer(x).sum()))
      const ofWeight = casts.filter((shape) => shape === '2,3')
      loss.backward()
      return ofWeight
    })
  }
  expect(twice(true)).toHaveLength(1)
  expect(layer.weight.grad?.tolist()).toEqual([
    [8, 8, 8],
    [8, 8, 8],
  ])
  layer.zeroGrad()
  expect(twice(false)).toHaveLength(2)
  expect(layer.weight.grad?.tolist()).toEqual([
    [8, 8, 8],
    [8, 8, 8],
  ])
  layer.zeroGrad()
  stop()
  expect(torch.backend().stats().storages).toBe(before)
})

test('a cast follows its weight: after a step, and after noGrad', () => {
  const w = torch.ones(2, 2, { requiresGrad: true })
  const x = torch.ones(1, 2)
  torch.autocast(() => {
    expect(torch.noGrad(() => x.matmul(w)).tolist()).toEqual([[2, 2]])
    x.matmul(w).sum().backward()
    expect(w.grad?.tolist()).toEqual([
      [1, 1],
      [1, 1],
    ])
    torch.noGrad(() => w.mul_(3))
    expect(x.matmul(w).tolist()).toEqual([[6, 6]])
    x.matmul(w).sum().backward()
    expect(w.grad?.tolist()).toEqual([
      [2, 2],
      [2, 2],
    ])
    torch.clearAutocastCache()
    expect(x.matmul(w).tolist()).toEqual([[6, 6]])
  })
})

test('contexts nest; float64 stays; backward has the dtypes of forward', () => {
  const x = torch.ones(2, 2, { requiresGrad: true })
  expect(torch.isAutocastEnabled()).toBe(false)
  torch.autocast({ dtype: 'float16' }, () => {
    expect([torch.isAutocastEnabled(), torch.getAutocastDtype()]).toEqual([true, 'float16'])
    expect(x.matmul(x).dtype).toBe('float16')
    expect(torch.autocast({ enabled: false }, () => [x.matmul(x).dtype, torch.isAutocastEnabled()])).toEqual([
      'float32',
      false,
    ])
    expect(torch.autocast(() => x.matmul(x).dtype)).toBe('float16')
    expect(torch.autocast({ dtype: 'bfloat16' }, () => x.matmul(x).dtype)).toBe('bfloat16')
    expect(x.double().matmul(x.double()).dtype).toBe('float64')
    const y = torch.autocast({ enabled: false }, () =>
      x
        .matmul(x)
        .mul(1 + 2 ** -12)
        .sum(),
    )
    y.backward()
    expect(x.grad?.tolist()).toEqual([
      [4 + 2 ** -10, 4 + 2 ** -10],
      [4 + 2 ** -10, 4 + 2 ** -10],
    ])
  })
  expect(x.matmul(x).dtype).toBe('float32')
  expect(() => torch.autocast({ dtype: 'float32' as never }, () => x)).toThrow(DTypeError)
})

test.skipIf(!contextFollowsAsync)('an async body keeps its context, and others do not get it', async () => {
  const x = torch.ones(2, 2, { requiresGrad: true })
  const inside = torch.autocast(async () => {
    const first = x.matmul(x).dtype
    await new Promise((resolve) => setTimeout(resolve, 5))
    return [first, x.matmul(x).dtype]
  })
  expect(x.matmul(x).dtype).toBe('float32')
  expect(await inside).toEqual(['bfloat16', 'bfloat16'])
})

test('a checkpoint computes again in the same precision', () => {
  const layer = new nn.Linear(3, 3)
  const x = torch.randn(4, 3)
  const loss = (f: (x: Tensor) => Tensor): void => torch.autocast(() => f(x).square().sum()).backward()
  loss((input) => layer(layer(input)))
  const wanted = layer.weight.grad?.tolist()
  layer.zeroGrad()
  loss((input) => torch.utils.checkpoint((y: Tensor) => layer(layer(y)), input))
  expect(layer.weight.grad?.tolist()).toEqual(wanted)
})
