// Recurrent networks: a text as numbers, a cell by hand, clipped gradients, then nn.RNN, nn.GRU and nn.LSTM, measured by perplexity.
import * as torch from 'kindling'
import { F, nn, type Tensor } from 'kindling'
import * as d2l from 'kindling/d2l'
import { cell, preset, show } from 'kindling/notebook'
import { plot } from 'kindling/plot'

cell('text')
const [lines, name] = await d2l.readTimeMachine()
console.log(`${name}, ${lines.length} lines; the first: ${lines[0]}`)
const words = new d2l.Vocab(d2l.tokenize(lines)).idxToToken
console.log(words.slice(0, 10).join(' '))
const [corpus, vocab] = await d2l.loadCorpusTimeMachine()
console.log(`${corpus.length} characters, ${vocab.length} tokens`)
console.log(corpus.slice(0, 6), vocab.toTokens(corpus.slice(0, 6)))

cell('batches')
torch.manualSeed(0)
const [small] = await d2l.loadDataTimeMachine(8, 20, { maxTokens: 3000 })
const read = (row: Tensor) => vocab.toTokens(row.numbers()).join('')
const pieces: string[] = []
for (const [X, Y] of small) {
  console.log(`X "${read(X.at(0))}"  Y "${read(Y.at(0))}"`)
  pieces.push(read(X.at(0)), read(Y.at(0)))
  if (pieces.length === 4) break
}

cell('guessing')
const nothing = torch.zeros(1, vocab.length)
const alike = F.crossEntropy(nothing, torch.tensor([1]))
  .exp()
  .item()
const counts = torch.tensor(vocab.tokenFreqs.map(([, count]) => count))
const shares = counts.div(counts.sum())
const byShare = shares.mul(shares.log()).sum().neg().exp().item()
console.log(`all alike ${alike.toFixed(1)}, by share ${byShare.toFixed(1)}`)

cell('rnn')
function getParams(vocabSize: number, hidden: number): Tensor[] {
  const draw = (...shape: number[]) => torch.randn(shape).mul(0.01)
  const Wxh = draw(vocabSize, hidden)
  const Whh = draw(hidden, hidden)
  const bh = torch.zeros(hidden)
  const Whq = draw(hidden, vocabSize)
  const bq = torch.zeros(vocabSize)
  return [Wxh, Whh, bh, Whq, bq].map((p) => p.requiresGrad_())
}
const initState = (batch: number, hidden: number) => [torch.zeros(batch, hidden)]
function rnn(inputs: Tensor, [H]: Tensor[], params: Tensor[]): [Tensor, Tensor[]] {
  const [Wxh, Whh, bh, Whq, bq] = params
  const outputs: Tensor[] = []
  for (const X of inputs) {
    H = X.matmul(Wxh).add(H.matmul(Whh)).add(bh).tanh()
    outputs.push(H.matmul(Whq).add(bq))
  }
  return [torch.cat(outputs), [H]]
}

cell('before')
function scratch(hidden: number): d2l.RNNModelScratch {
  torch.manualSeed(1)
  const { length } = vocab
  return new d2l.RNNModelScratch(length, hidden, getParams, initState, rnn)
}
const before = d2l.predictCh8('time traveller', 30, scratch(64), vocab)
console.log(`"${before}"`)

cell('clipping')
function losses(longest: number): number[] {
  const net = scratch(64)
  torch.noGrad(() => net.params[1].mul_(15))
  const means: number[] = []
  for (let epoch = 0; epoch < 12; epoch++) {
    let state = net.beginState(8)
    const seen: number[] = []
    for (const [X, Y] of small) {
      const [scores, [H]] = net(X, state)
      const loss = F.crossEntropy(scores, Y.t().reshape(-1))
      loss.backward()
      d2l.gradClipping(net, longest)
      d2l.sgd(net.params, 1.5, 1)
      state = [H.detach().keep()]
      seen.push(loss.item())
    }
    means.push(torch.tensor(seen).mean().item())
  }
  return means
}

cell('explosion')
const steep = [losses(1), losses(Infinity)]
show(
  plot(torch.arange(1, 13), steep, {
    xlabel: 'epoch',
    ylabel: 'loss',
    legend: ['clipped at 1', 'as they come'],
  }),
  'The same network, whose recurrent weights begin large, with a rate of 1.5.',
)
console.log(
  `after 12 epochs: ${steep.map((loss) => loss[11].toFixed(1)).join(', ')}`,
)

cell('train')
const size = preset({
  quick: {
    batch: 8,
    steps: 20,
    tokens: 3000,
    scratch: 64,
    hidden: 64,
    epochs: 100,
  },
  full: {
    batch: 32,
    steps: 35,
    tokens: 10000,
    scratch: 512,
    hidden: 256,
    epochs: 500,
  },
})
const [trainIter] = await d2l.loadDataTimeMachine(size.batch, size.steps, {
  maxTokens: size.tokens,
})
const byHand = scratch(size.scratch)
const first = await d2l.trainCh8(byHand, trainIter, vocab, 1, size.epochs)

cell('reach')
// By distance: the gradient for each of 40 characters, the last one's being 1.
function reach(rnn: nn.Module, linear: nn.Linear): number[] {
  const texts = torch.tensor(corpus.slice(0, 30 * 41)).reshape(30, 41)
  const inputs = F.oneHot(texts.at(':', ':40').t(), vocab.length).to('float32')
  const [outputs] = rnn(inputs.requiresGrad_())
  F.crossEntropy(linear(outputs.at(-1)), texts.at(':', 40)).backward()
  const sizes = inputs.grad!.norm(2, { dim: 2 }).mean(1)
  return sizes.div(sizes.at(-1)).flip(0).numbers()
}

cell('layers')
const layers = { RNN: nn.RNN, GRU: nn.GRU, LSTM: nn.LSTM }
const runs: Record<string, d2l.SequenceCurves> = { 'by hand': first }
const reached: Record<string, number[]> = {}
for (const [kind, Layer] of Object.entries(layers)) {
  torch.manualSeed(1)
  const net = new d2l.RNNModel(new Layer(vocab.length, size.hidden), vocab.length)
  reached[`${kind} before`] = reach(net.rnn, net.linear)
  console.log(kind)
  runs[kind] = await d2l.trainCh8(net, trainIter, vocab, 1, size.epochs)
  reached[`${kind} after`] = reach(net.rnn, net.linear)
}

cell('curves')
const curves = Object.values(runs).map(({ animator }) => animator.points.train)
show(
  plot(
    curves[0].map(([epoch]) => epoch),
    curves.map((points) => points.map(([, value]) => value)),
    {
      xlabel: 'epoch',
      ylabel: 'perplexity',
      yscale: 'log',
      legend: Object.keys(runs),
    },
  ),
  'Perplexity on the text that is learned.',
)

cell('through-time')
const nets = ['RNN before', 'RNN after', 'LSTM before', 'LSTM after']
show(
  plot(
    torch.arange(1, 41),
    nets.map((net) => reached[net]),
    {
      xlabel: 'characters back',
      ylabel: 'gradient',
      yscale: 'log',
      legend: nets,
    },
  ),
  'What a character counts for the next one, by its distance.',
)
for (const net of nets) console.log(net, reached[net][39].toExponential(0))

export {
  alike,
  before,
  byShare,
  corpus,
  first,
  lines,
  name,
  pieces,
  reached,
  runs,
  small,
  steep,
  vocab,
  words,
}
