// Attention, transformers and the bilinear layer against PyTorch; their gradients, memory, errors. Fixture: scripts/oracle/attention.py.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import * as torch from '../../src/index.ts'
import { DTypeError, F, nn, optim, ShapeError, Tensor, ValueError } from '../../src/index.ts'
import { setDefaultDevice } from '../../src/runtime/device.ts'
import { memory, settledStorages } from '../support/memory.ts'

type Numbers = number | Numbers[]
interface Case {
  readonly source: string
  readonly call: string
  readonly seed: number
  readonly text: string
  readonly state: Readonly<Record<string, readonly [shape: number[], start: number[]]>>
  readonly inputs: readonly Numbers[]
  readonly callSeed: number
  readonly outputs: readonly Numbers[]
  readonly cotangents: readonly Numbers[]
  readonly inputGrads: readonly (Numbers | null)[]
  readonly grads: Readonly<Record<string, Numbers>>
}
const path = join(import.meta.dirname, '../fixtures/attention.json.gz')
const cases: Case[] = JSON.parse(gunzipSync(readFileSync(path)).toString())

/** True above the diagonal: what comes later. */
const causal = (size: number): Tensor => torch.triu(torch.ones([size, size], { dtype: 'bool' }), 1)
/** True beyond the length of each row. */
const padding = (lengths: readonly number[], size: number): Tensor =>
  torch.arange(size).ge(torch.tensor(lengths as number[]).unsqueeze(1))
const evaluate = (code: string, values: Record<string, unknown>): unknown =>
  new Function(...Object.keys(values), `return ${code}`)(...Object.values(values))

const tensorOf = (numbers: Numbers): Tensor => torch.tensor(numbers as number[], { dtype: 'float32' })
const flat = (value: unknown): number[] => [value].flat(9) as number[]
function expectClose(actual: Tensor | null, expected: Numbers, what: string): void {
  const got = flat((actual as Tensor).tolist())
  const wanted = flat(expected)
  expect(got.length, what).toBe(wanted.length)
  const far = got.map((value, i) => Math.abs(value - wanted[i]) / Math.max(1, Math.abs(wanted[i])))
  expect(Math.max(...far), what).toBeLessThan(5e-6)
}

describe.each(['wasm', 'reference'] as const)('on the device %s PyTorch gives the same', (device) => {
  afterAll(() => setDefaultDevice('wasm'))
  test.each(cases)('for $source, $call', (one) => {
    setDefaultDevice(device)
    torch.manualSeed(one.seed)
    const net = evaluate(one.source, { nn, F }) as nn.Module
    expect(String(net)).toBe(one.text)
    const own = Object.entries(net.stateDict())
    expect(own.map(([key, value]) => [key, value.shape])).toEqual(
      Object.entries(one.state).map(([key, [shape]]) => [key, shape]),
    )
    for (const [key, value] of own)
      expect((value.flatten().tolist() as number[]).slice(0, 4), key).toEqual(one.state[key][1].map(Math.fround))

    const [a, b, c] = one.inputs.map((numbers) => tensorOf(numbers).requiresGrad_())
    torch.manualSeed(one.callSeed)
    const result = evaluate(one.call, { nn, net, a, b, c, causal, padding })
    const outputs = [result].flat().filter((output) => output instanceof Tensor)
    expect(outputs.length).toBe(one.outputs.length)
    outputs.forEach((output, i) => expectClose(output, one.outputs[i], `output ${i}`))

    outputs.forEach((output, i) =>
      output.backward(tensorOf(one.cotangents[i]), { retainGraph: i < outputs.length - 1 }),
    )
    for (const [i, grad] of one.inputGrads.entries()) {
      if (grad === null) expect([a, b, c][i].grad).toBe(null)
      else expectClose([a, b, c][i].grad, grad, `gradient of input ${i}`)
    }
    const parameters = Object.fromEntries(net.namedParameters())
    expect(Object.keys(one.grads).length).toBeGreaterThan(0)
    for (const [key, grad] of Object.entries(one.grads)) expectClose(parameters[key].grad, grad, `gradient of ${key}`)
  })
})

beforeEach(() => void torch.manualSeed(5))
const double = (...shape: number[]): Tensor => torch.randn(shape, { dtype: 'float64', requiresGrad: true })
const close = (a: Tensor, b: Tensor, atol = 1e-6): void => expect(torch.allclose(a, b, { rtol: 0, atol })).toBe(true)

describe('gradients agree with finite differences, first and second', () => {
  const check = (f: (...inputs: Tensor[]) => Tensor[], inputs: Tensor[]): void => {
    torch.gradcheck(f, inputs)
    torch.gradgradcheck(f, inputs, { atol: 1e-4 })
  }
  test('of attention, through output and weights', () => {
    const net = new nn.MultiheadAttention(4, 2, { kdim: 3, vdim: 2, addBiasKv: true, addZeroAttn: true }).double()
    check(
      (q, k, v, mask) => net(q, k, v, { attnMask: mask }),
      [double(2, 2, 4), double(3, 2, 3), double(3, 2, 2), double(2, 3)],
    )
    const [x, y, z] = [double(2, 2, 4), double(3, 2, 3), double(3, 2, 2)].map((input) => input.detach())
    check(() => net(x, y, z), [...net.parameters()])
  })
  test('of a decoder layer', () => {
    const options = { dimFeedforward: 3, dropout: 0, normFirst: true, activation: 'gelu' } as const
    const net = new nn.TransformerDecoderLayer(4, 2, options).double()
    torch.gradcheck((x, y) => [net(x, y, { tgtMask: causal(2) })], [double(2, 2, 4), double(3, 2, 4)])
  })
  test('of the bilinear layer', () => {
    const net = new nn.Bilinear(2, 3, 2).double()
    check((x, y) => [net(x, y)], [double(2, 2), double(2, 3)])
    const [x, y] = [double(2, 2).detach(), double(2, 3).detach()]
    check(() => [net(x, y)], [...net.parameters()])
  })
})

describe('attention', () => {
  test('gives the same batch first, and without a batch', () => {
    const net = new nn.MultiheadAttention(6, 2)
    const first = new nn.MultiheadAttention(6, 2, { batchFirst: true })
    first.loadStateDict(net.stateDict())
    const [q, k] = [torch.randn(4, 3, 6), torch.randn(5, 3, 6)]
    const [output, weights] = net(q, k, k)
    const [turned, same] = first(q.transpose(0, 1), k.transpose(0, 1), k.transpose(0, 1))
    close(turned.transpose(0, 1), output)
    close(same, weights)
    for (const one of [net, first]) {
      const [alone, own] = one(q.at(':', 1), k.at(':', 1), k.at(':', 1))
      close(alone, output.at(':', 1))
      close(own, weights.at(1))
    }
  })
  test('does not see what a mask hides', () => {
    const net = new nn.MultiheadAttention(6, 2, { batchFirst: true })
    const x = torch.randn(1, 4, 6)
    const changed = x.clone()
    changed.at(0, 3).fill_(100)
    const later = { attnMask: causal(4) }
    close(net(changed, changed, changed, later)[0].at(':', ':3'), net(x, x, x, later)[0].at(':', ':3'))
    const short = { keyPaddingMask: padding([3], 4) }
    const [output, weights] = net(x, x, x, short)
    close(net(x, changed, changed, short)[0], output)
    expect(weights.at(0, ':', 3).tolist()).toEqual([0, 0, 0, 0])
    close(weights.sum(-1), torch.ones(1, 4))
    // Without the mask it does see it.
    expect(torch.allclose(net(changed, changed, changed)[0], net(x, x, x)[0])).toBe(false)
  })
  test('adds two masks of numbers, as those of true and false', () => {
    const net = new nn.MultiheadAttention(6, 2)
    const x = torch.randn(4, 2, 6)
    const hidden = (mask: Tensor): Tensor => torch.zeros(mask.shape).maskedFill(mask, Number.NEGATIVE_INFINITY)
    const [attnMask, keyPaddingMask] = [causal(4), padding([4, 2], 4)]
    const wanted = net(x, x, x, { attnMask, keyPaddingMask })[0].tolist()
    for (const one of [hidden(attnMask), attnMask])
      expect(net(x, x, x, { attnMask: one, keyPaddingMask: hidden(keyPaddingMask) })[0].tolist()).toEqual(wanted)
  })
  test('gives NaN where a query may look at nothing', () => {
    const net = new nn.MultiheadAttention(6, 2)
    const x = torch.randn(3, 2, 6)
    const [output] = net(x, x, x, { keyPaddingMask: padding([3, 0], 3) })
    expect(output.isnan().any(-1).at(0).tolist()).toEqual([false, true])
  })
  test('drops weights while training only', () => {
    const net = new nn.MultiheadAttention(6, 2, { dropout: 0.5 })
    const x = torch.randn(4, 2, 6)
    expect(net(x, x, x)[1].eq(0).any().item()).toBe(1)
    net.eval()
    expect(net(x, x, x)[1].eq(0).any().item()).toBe(0)
    expect(net(x, x, x)[0].tolist()).toEqual(net(x, x, x)[0].tolist())
  })
  test('gives no weights where they are not needed', () => {
    const net = new nn.MultiheadAttention(6, 2)
    const x = torch.randn(4, 2, 6)
    const [output, weights] = net(x, x, x, { needWeights: false })
    expect(weights).toBe(null)
    expect(output.tolist()).toEqual(net(x, x, x)[0].tolist())
  })
  test('works in half precision and in float64, with masks of another dtype', () => {
    const net = new nn.MultiheadAttention(6, 2)
    const x = torch.randn(4, 2, 6)
    const attnMask = torch.randn(4, 4)
    const full = net(x, x, x, { attnMask })[0]
    const y = x.double()
    const fine = net.double()(y, y, y, { attnMask })[0]
    expect(fine.dtype).toBe('float64')
    close(fine.float(), full)
    const z = x.half()
    const half = net.half()(z, z, z, { attnMask })[0]
    expect(half.dtype).toBe('float16')
    close(half.float(), full, 5e-3)
  })
})

describe('a transformer', () => {
  const small = { dimFeedforward: 7, dropout: 0 }
  test.each(['wasm', 'reference'] as const)(
    'drops what relu leaves in one pass, with the bits of two, on %s',
    (device) => {
      const x = torch.randn(5, 3, 6).to(device)
      const run = (watched: boolean) => {
        torch.manualSeed(7)
        const net = new nn.TransformerEncoderLayer(6, 2, { dimFeedforward: 37, dropout: 0.3 }).to(device)
        let between: Tensor | null = null
        const note = (_: unknown, __: unknown, output: unknown): void => {
          between = (output as Tensor).keep()
        }
        if (watched) net.dropout.registerForwardHook(note)
        const input = x.clone().requiresGrad_()
        const [first] = torch.grad(net(input).pow(3).sum(), [input], { createGraph: true }) as [Tensor]
        first.square().sum().backward()
        const grads = [...net.parameters()].map((parameter) => parameter.grad?.tolist())
        return { between, numbers: { first: first.tolist(), second: input.grad?.tolist(), grads } }
      }
      const watched = run(true)
      // A hook sees what the module gives, which is two passes.
      expect((watched.between as Tensor | null)?.shape).toEqual([5, 3, 37])
      const alone = run(false)
      expect(alone.between).toBe(null)
      expect(alone.numbers).toEqual(watched.numbers)
    },
  )
  test('has layers that are copies of one, each with its own parameters', () => {
    const layer = new nn.TransformerEncoderLayer(6, 2, { ...small, activation: new nn.PReLU() })
    const net = new nn.TransformerEncoder(layer, 2)
    const [first, second] = [...net.layers] as nn.TransformerEncoderLayer[]
    expect([...net.parameters()].length).toBe(2 * [...layer.parameters()].length)
    expect(second.linear1.weight.tolist()).toEqual(layer.linear1.weight.tolist())
    torch.noGrad(() => first.linear1.weight.zero_())
    expect(second.linear1.weight.abs().sum().item()).toBeGreaterThan(0)
    expect(layer.linear1.weight.abs().sum().item()).toBeGreaterThan(0)
    net(torch.randn(3, 2, 6))
      .square()
      .sum()
      .backward()
    expect([...net.parameters()].every((parameter) => parameter.grad !== null)).toBe(true)
    expect([...layer.parameters()].every((parameter) => parameter.grad === null)).toBe(true)
  })
  test('gives the encoder and the decoder their masks', () => {
    const net = new nn.Transformer({ ...small, dModel: 6, nhead: 2, numEncoderLayers: 1, numDecoderLayers: 1 })
    const [src, tgt] = [torch.randn(5, 2, 6), torch.randn(4, 2, 6)]
    const tgtMask = nn.Transformer.generateSquareSubsequentMask(4)
    const srcKeyPaddingMask = padding([5, 3], 5)
    const whole = net(src, tgt, { tgtMask, srcKeyPaddingMask, memoryKeyPaddingMask: srcKeyPaddingMask })
    const encoder = net.encoder as nn.TransformerEncoder
    const decoder = net.decoder as nn.TransformerDecoder
    const memory = encoder(src, { srcKeyPaddingMask })
    close(decoder(tgt, memory, { tgtMask, memoryKeyPaddingMask: srcKeyPaddingMask }), whole)
    const grown = torch.cat([src, torch.full([1, 2, 6], 9.5)])
    const longer = padding([5, 3], 6)
    close(net(grown, tgt, { tgtMask, srcKeyPaddingMask: longer, memoryKeyPaddingMask: longer }), whole)
  })
  test('makes a mask of what comes later', () => {
    expect(nn.Transformer.generateSquareSubsequentMask(3).tolist()).toEqual([
      [0, -Infinity, -Infinity],
      [0, 0, -Infinity],
      [0, 0, 0],
    ])
  })
  test('takes no memory after the second step of training', async () => {
    const options = { dModel: 8, nhead: 2, numEncoderLayers: 2, numDecoderLayers: 2, dimFeedforward: 16, dropout: 0.5 }
    const net = new nn.Transformer(options)
    const optimizer = new optim.SGD(net.parameters(), { lr: 0.1 })
    const [src, tgt] = [torch.randn(5, 3, 8), torch.randn(4, 3, 8)]
    const masks = { tgtMask: causal(4), srcKeyPaddingMask: padding([5, 2, 3], 5) }
    await settledStorages()
    const seen: ReturnType<typeof memory>[] = []
    for (let step = 0; step < 6; step++) {
      torch.scope(() => {
        optimizer.zeroGrad()
        net(src, tgt, masks).square().mean().backward()
        optimizer.step()
      })
      seen.push(memory())
    }
    for (const after of seen.slice(2)) expect(after).toEqual(seen[1])
  })
  test('learns to turn sequences round', () => {
    const net = new nn.Transformer({
      dModel: 16,
      nhead: 2,
      numEncoderLayers: 1,
      numDecoderLayers: 1,
      dimFeedforward: 32,
      dropout: 0,
      batchFirst: true,
    })
    const words = new nn.Embedding(6, 16)
    const places = new nn.Embedding(5, 16)
    const head = new nn.Linear(16, 6)
    const parts = new nn.ModuleList([net, words, places, head])
    const optimizer = new optim.Adam(parts.parameters(), { lr: 0.01 })
    const tgtMask = causal(5)
    let last = 0
    for (let step = 0; step < 150; step++) {
      torch.scope(() => {
        const source = torch.randint(1, 6, [32, 5])
        const goal = source.flip([1])
        const given = torch.cat([torch.zeros([32, 1], { dtype: 'int64' }), goal.at(':', ':-1')], 1)
        const embed = (x: Tensor): Tensor => words(x).add(places(torch.arange(5)))
        const logits = head(net(embed(source), embed(given), { tgtMask }))
        const loss = F.crossEntropy(logits.reshape(-1, 6), goal.reshape(-1))
        optimizer.zeroGrad()
        loss.backward()
        optimizer.step()
        last = loss.item()
      })
    }
    expect(last).toBeLessThan(0.1)
  })
})

describe('what does not fit is refused', () => {
  const net = new nn.MultiheadAttention(6, 2)
  const [q, k] = [torch.zeros(4, 3, 6), torch.zeros(5, 3, 6)]
  const both = new nn.Transformer({ dModel: 6, nhead: 2, numEncoderLayers: 1, numDecoderLayers: 1, dimFeedforward: 7 })
  test.each<[string, () => unknown, new (...args: never[]) => Error, string]>([
    [
      'heads',
      () => new nn.MultiheadAttention(6, 4),
      ValueError,
      'nn.MultiheadAttention: numHeads must divide embedDim: 4 and 6',
    ],
    [
      'dropout',
      () => new nn.MultiheadAttention(6, 2, { dropout: 2 }),
      ValueError,
      'nn.MultiheadAttention: dropout is a probability between 0 and 1, got 2',
    ],
    [
      'rank',
      () => net(torch.zeros(6), k, k),
      ShapeError,
      'nn.MultiheadAttention: expected 3 dimensions, or 2 without a batch, for all inputs: query, key and value have shapes [6], [5, 3, 6] and [5, 3, 6]',
    ],
    ['ranks that differ', () => net(q, k, k.at(0)), ShapeError, 'for all inputs'],
    ['features', () => net(q, k, torch.zeros(5, 3, 4)), ShapeError, 'nn.MultiheadAttention: expected 6, 6, 6 features'],
    ['keys and values', () => net(q, k, q), ShapeError, 'nn.MultiheadAttention: keys and values must be equally many'],
    [
      'batches',
      () => net(q, torch.zeros(5, 2, 6), torch.zeros(5, 2, 6)),
      ShapeError,
      'nn.MultiheadAttention: queries and keys must have the same batch size',
    ],
    [
      'shape of attnMask',
      () => net(q, k, k, { attnMask: causal(4) }),
      ShapeError,
      'nn.MultiheadAttention: expected attnMask of shape [4, 5] or [6, 4, 5], got [4, 4]',
    ],
    [
      'shape of keyPaddingMask',
      () => net(q, k, k, { keyPaddingMask: padding([1, 2], 5) }),
      ShapeError,
      'nn.MultiheadAttention: expected keyPaddingMask of shape [3, 5], got [2, 5]',
    ],
    [
      'dtype of attnMask',
      () => net(q, k, k, { attnMask: torch.zeros([4, 5], { dtype: 'int64' }) }),
      DTypeError,
      'nn.MultiheadAttention: attnMask must be bool or floating-point, got int64',
    ],
    [
      'dtype of keyPaddingMask',
      () => net(q, k, k, { keyPaddingMask: padding([1, 2, 3], 5).byte() }),
      DTypeError,
      'nn.MultiheadAttention: keyPaddingMask must be bool or floating-point, got uint8',
    ],
    [
      'activation',
      () => new nn.TransformerEncoderLayer(6, 2, { activation: 'tanh' as 'relu' }),
      ValueError,
      "nn.TransformerEncoderLayer: activation must be 'relu', 'gelu' or a function, got 'tanh'",
    ],
    [
      'batches of a transformer',
      () => both(q, torch.zeros(4, 2, 6)),
      ShapeError,
      'nn.Transformer: src and tgt must have the same batch size, got [4, 3, 6] and [4, 2, 6]',
    ],
    [
      'features of a transformer',
      () => both(q, torch.zeros(4, 3, 5)),
      ShapeError,
      'nn.Transformer: src and tgt must have dModel 6 features, got [4, 3, 6] and [4, 3, 5]',
    ],
    [
      'inputs of the bilinear layer',
      () => new nn.Bilinear(3, 4, 5)(torch.zeros(2, 3), torch.zeros(2, 3)),
      ShapeError,
      'bilinear: inputs and weight do not fit together: [2, 3], [2, 3] and [5, 3, 4]',
    ],
  ])('%s', (_, body, kind, message) => {
    expect(body).toThrow(kind)
    expect(body).toThrow(message)
  })
})
