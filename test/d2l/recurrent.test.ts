// Language models: by hand and around a layer, what they write, and how they are trained.
import { describe, expect, test } from 'vitest'
import * as torch from 'kindling'
import { F, nn, optim, type Tensor } from 'kindling'
import * as d2l from 'kindling/d2l'

const letters = 'abcdefghij abc def ghij aabbcc ddeeff gghhiijj '.repeat(8)
const vocab = new d2l.Vocab([...letters])
const corpus = vocab.get([...letters])

/** Each letter is followed by the next of the vocabulary; the state counts the steps. */
const successor = (): d2l.RNNModelScratch =>
  new d2l.RNNModelScratch(
    vocab.length,
    1,
    (size) => [torch.eye(size).roll(1, 1)],
    (batch) => [torch.zeros(batch, 1)],
    (inputs: Tensor, [steps]: Tensor[], [shift]: Tensor[]) => [
      inputs.reshape(-1, vocab.length).matmul(shift),
      [steps.add(inputs.length)],
    ],
  )

describe('models', () => {
  test('a cell by hand with the weights of nn.RNN gives its scores and its state', () => {
    torch.manualSeed(0)
    const layer = new d2l.RNNModel(new nn.RNN(vocab.length, 7), vocab.length)
    const { rnn, linear } = layer
    const scratch = new d2l.RNNModelScratch(
      vocab.length,
      7,
      () => [rnn.weightIhL0.t(), rnn.weightHhL0.t(), rnn.biasIhL0.add(rnn.biasHhL0), linear.weight.t(), linear.bias!],
      (batch, hidden) => [torch.zeros(batch, hidden)],
      (inputs: Tensor, [H]: Tensor[], [Wxh, Whh, bh, Whq, bq]: Tensor[]) => {
        const outputs: Tensor[] = []
        for (const X of inputs) {
          H = X.matmul(Wxh).add(H.matmul(Whh)).add(bh).tanh()
          outputs.push(H.matmul(Whq).add(bq))
        }
        return [torch.cat(outputs), [H]]
      },
    )
    const X = torch.randint(0, vocab.length, [3, 5])
    const [scores, [H]] = scratch(X, scratch.beginState(3))
    const [wanted, hN] = layer(X, layer.beginState(3))
    expect(scores.shape).toEqual([15, vocab.length])
    expect(torch.allclose(scores, wanted, { atol: 1e-6 })).toBe(true)
    expect(torch.allclose(H.unsqueeze(0), hN as Tensor, { atol: 1e-6 })).toBe(true)
  })
  test.each([
    ['RNN', new nn.RNN(12, 5), [[1, 3, 5]]],
    ['two layers of GRU', new nn.GRU(12, 5, { numLayers: 2 }), [[2, 3, 5]]],
    [
      'LSTM in both directions',
      new nn.LSTM(12, 5, { bidirectional: true }),
      [
        [2, 3, 5],
        [2, 3, 5],
      ],
    ],
  ])('%s: scores for each step, and states like those at the beginning', (_, layer, shapes) => {
    const net = new d2l.RNNModel(layer, 12)
    const begin = net.beginState(3)
    const [scores, next] = net(torch.ones(3, 4, { dtype: 'int64' }), begin)
    const shapesOf = (state: d2l.State): (readonly number[])[] =>
      state instanceof torch.Tensor ? [state.shape] : state.map((part) => part.shape)
    expect([scores.shape, shapesOf(begin), shapesOf(next)]).toEqual([[12, 12], shapes, shapes])
    expect(Object.keys(net.stateDict()).at(-1)).toBe('linear.bias')
  })
  test('a layer for another vocabulary is an error', () => {
    expect(() => new d2l.RNNModel(new nn.GRU(5, 3), 12)).toThrow(
      'RNNModel: the layer takes 5 features, the vocabulary has 12',
    )
  })
})

describe('what a network writes', () => {
  test('goes on from the last letter of the prefix, one letter at a time', () => {
    const { idxToToken } = vocab
    expect(d2l.predictCh8('ba', 5, successor(), vocab)).toBe(`ba${idxToToken.slice(3, 8).join('')}`)
    expect(d2l.predictCh8('a', 0, successor(), vocab)).toBe('a')
  })
  test('depends on the letters before, which warm its state up', () => {
    const counter = new d2l.RNNModelScratch(
      vocab.length,
      1,
      () => [],
      (batch) => [torch.zeros(batch, 1)],
      (_: Tensor, [steps]: Tensor[]) => [F.oneHot(steps.long().squeeze(1), vocab.length), [steps.add(1)]],
    )
    const third = vocab.toTokens(3)
    expect(d2l.predictCh8('aaaa', 1, counter, vocab)).toBe(`aaaa${third}`)
  })
  test('is written in eval mode, without a graph, and leaves nothing behind', () => {
    const net = new d2l.RNNModel(new nn.LSTM(12, 5, { numLayers: 2, dropout: 0.5 }), 12)
    d2l.predictCh8('ab', 1, net, vocab)
    const { storages } = torch.backend().stats()
    const texts = [1, 2, 3].map(() => d2l.predictCh8('abc', 10, net, vocab))
    expect([new Set(texts).size, net.training]).toEqual([1, true])
    expect(torch.backend().stats().storages).toBeLessThanOrEqual(storages)
  })
})

describe('training', () => {
  test('gradients are clipped as one vector, and their norm is given', () => {
    const params = [torch.zeros(1, { requiresGrad: true }), torch.zeros(1, { requiresGrad: true })]
    const net = new d2l.RNNModelScratch(
      2,
      1,
      () => params,
      () => [],
      (inputs: Tensor) => [inputs, []],
    )
    params[0].mul(3).add(params[1].mul(4)).sum().backward()
    expect(d2l.gradClipping(net, 6).item()).toBe(5)
    expect(params.map((p) => p.grad!.item())).toEqual([3, 4])
    expect(d2l.gradClipping(net, 1).item()).toBe(5)
    expect(params[0].grad!.item()).toBeCloseTo(0.6, 6)
    expect(params[1].grad!.item()).toBeCloseTo(0.8, 6)
    const layer = new d2l.RNNModel(new nn.RNN(2, 1), 2)
    for (const p of layer.parameters()) p.sum().mul(10).backward()
    d2l.gradClipping(layer, 1)
    const squares = [...layer.parameters()].map((p) => p.grad!.square().sum().item())
    expect(squares.reduce((a, b) => a + b)).toBeCloseTo(1, 5)
  })
  // The same loop in PyTorch 1.13.1, after the same seed, over the same batches.
  test.each([
    ['RNN', nn.RNN, false, [9.4462, 4.2581, 2.7051, 2.21]],
    ['GRU', nn.GRU, false, [10.5846, 6.2604, 2.9582, 2.1673]],
    ['LSTM', nn.LSTM, false, [11.604, 10.6421, 9.1748, 5.9967]],
    ['GRU on random batches', nn.GRU, true, [10.4575, 6.7615, 3.3973, 2.3773]],
  ])('the perplexities of %s are those of PyTorch', async (_, Layer, useRandomIter, wanted) => {
    torch.manualSeed(5)
    const net = new d2l.RNNModel(new Layer(vocab.length, 9), vocab.length)
    const trainIter = new d2l.SeqDataLoader(corpus, vocab, 3, 7, { useRandomIter })
    const { animator, perplexity } = await d2l.trainCh8(net, trainIter, vocab, 1, 4, { useRandomIter })
    const got = animator.points.train.map(([, value]) => value)
    expect(got.length).toBe(4)
    for (const [i, value] of got.entries()) expect(value).toBeCloseTo(wanted[i], 2)
    expect(perplexity).toBe(got[3])
  })
  test('the state is handed on from batch to batch, or begins anew on random ones', async () => {
    const trainIter = new d2l.SeqDataLoader(corpus, vocab, 3, 7)
    for (const useRandomIter of [false, true]) {
      const seen: number[] = []
      const net = successor()
      net.registerForwardPreHook((_, [, [steps]]: any) => {
        seen.push(steps.at(0, 0).item())
      })
      const loss = (scores: Tensor, y: Tensor): Tensor => F.crossEntropy(scores.requiresGrad_(), y)
      await d2l.trainEpochCh8(net, trainIter, loss, () => {}, { useRandomIter })
      expect(seen.length).toBeGreaterThan(10)
      expect(seen).toEqual(seen.map((_, i) => (useRandomIter ? 0 : 7 * i)))
    }
  })
  test('a cell by hand learns by d2l.sgd, and a pass leaves no memory behind', async () => {
    torch.manualSeed(0)
    const net = new d2l.RNNModelScratch(
      vocab.length,
      16,
      (size, hidden) =>
        [torch.randn(size, hidden).mul(0.3), torch.randn(hidden, hidden).mul(0.1), torch.randn(hidden, size)].map((p) =>
          p.requiresGrad_(),
        ),
      (batch, hidden) => [torch.zeros(batch, hidden)],
      (inputs: Tensor, [H]: Tensor[], [Wxh, Whh, Whq]: Tensor[]) => {
        const outputs: Tensor[] = []
        for (const X of inputs) {
          H = X.matmul(Wxh).add(H.matmul(Whh)).tanh()
          outputs.push(H.matmul(Whq))
        }
        return [torch.cat(outputs), [H]]
      },
    )
    const trainIter = new d2l.SeqDataLoader(corpus, vocab, 3, 7)
    const first = await d2l.trainCh8(net, trainIter, vocab, 1, 1)
    const { storages } = torch.backend().stats()
    const last = await d2l.trainCh8(net, trainIter, vocab, 1, 20)
    expect(torch.backend().stats().storages).toBeLessThanOrEqual(storages)
    expect(first.perplexity).toBeGreaterThan(4)
    expect(last.perplexity).toBeLessThan(2)
    expect(last.tokensPerSecond).toBeGreaterThan(0)
  })
  test('a pass works with any optimizer', async () => {
    torch.manualSeed(0)
    const net = new d2l.RNNModel(new nn.LSTM(vocab.length, 16), vocab.length)
    const optimizer = new optim.Adam(net.parameters(), { lr: 0.03 })
    const trainIter = new d2l.SeqDataLoader(corpus, vocab, 3, 7)
    let perplexity = Number.NaN
    for (let epoch = 0; epoch < 15; epoch++)
      [perplexity] = await d2l.trainEpochCh8(net, trainIter, F.crossEntropy, optimizer)
    expect(perplexity).toBeLessThan(2)
  })
})
