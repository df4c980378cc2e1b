// The training loop of chapters 8 and 9: truncated backpropagation through time, clipped gradients, perplexity.
import { F, nn, noGrad, optim, scope, Tensor, tensor } from '../index.ts'
import { Animator } from '../plot/index.ts'
import { Accumulator } from './accumulator.ts'
import type { Batches } from './evaluate.ts'
import { RNNModelScratch, type SequenceNet, type State } from './recurrent.ts'
import { sgd } from './scratch.ts'
import type { Vocab } from './text.ts'
import { Timer } from './timer.ts'
import { epochAxis, type Updater } from './train.ts'

/** `prefix` and the `numPreds` characters that the network finds most likely after it, one by one. Source: `d2l.predict_ch8`, section 8.5. */
export function predictCh8(prefix: string, numPreds: number, net: SequenceNet, vocab: Vocab): string {
  const { training } = net
  net.eval()
  const written = noGrad(() =>
    scope(() => {
      const [first, ...given] = vocab.get([...prefix])
      const outputs = [first]
      let state = net.beginState(1)
      for (let i = 0; i < given.length + numPreds; i++) {
        const [scores, next] = net(tensor([[outputs[i]]]), state)
        state = next
        outputs.push(i < given.length ? given[i] : scores.argmax(1).item())
      }
      return vocab.toTokens(outputs).join('')
    }),
  )
  net.train(training)
  return written
}

const paramsOf = (net: SequenceNet): readonly Tensor[] =>
  net instanceof RNNModelScratch ? net.params : [...net.parameters()]

/** Scales all gradients by one factor where their norm, as one vector, exceeds `theta`. Gives the norm before. Source: `d2l.grad_clipping`, section 8.5. */
export const gradClipping = (net: SequenceNet, theta: number): Tensor => nn.utils.clipGradNorm_(paramsOf(net), theta)

export interface SequenceOptions {
  /** Begin with a new state at each batch, as batches of `seqDataIterRandom` need. Default false. */
  useRandomIter?: boolean
}

/**
 * One pass with gradients clipped at 1: perplexity and tokens per second. The state is handed on from batch to batch, the gradient is not.
 * Source: `d2l.train_epoch_ch8`, section 8.5.
 */
export async function trainEpochCh8(
  net: SequenceNet,
  trainIter: Batches,
  loss: (scores: Tensor, y: Tensor) => Tensor,
  updater: Updater,
  { useRandomIter = false }: SequenceOptions = {},
): Promise<[perplexity: number, tokensPerSecond: number]> {
  net.train()
  const timer = new Timer()
  const metric = new Accumulator(2)
  let kept: State | null = null
  for await (const [X, Y] of trainIter) {
    const [scores, state]: [Tensor, State] = net(X, kept ?? net.beginState(X.shape[0]))
    const y = Y.t().reshape(-1)
    const l = loss(scores, y).mean()
    if (updater instanceof optim.Optimizer) updater.zeroGrad()
    l.backward()
    gradClipping(net, 1)
    if (updater instanceof optim.Optimizer) updater.step()
    else updater(1)
    metric.add(l.item() * y.numel(), y.numel())
    dispose(kept)
    kept = useRandomIter ? null : carried(state)
  }
  dispose(kept)
  return [Math.exp(metric.get(0) / metric.get(1)), metric.get(1) / timer.stop()]
}

/** The state without its history, out of the scope of its batch. */
const carried = (state: State): State =>
  state instanceof Tensor ? state.detach().keep() : state.map((part) => part.detach().keep())

function dispose(state: State | null): void {
  for (const part of state instanceof Tensor ? [state] : (state ?? [])) part.dispose()
}

export interface SequenceCurves {
  /** The live curves. */
  readonly animator: Animator
  /** Of the last epoch. */
  readonly perplexity: number
  /** Of the last epoch. */
  readonly tokensPerSecond: number
}

/**
 * SGD with learning rate `lr` and cross-entropy; shows the perplexity after each epoch, at the end prints it and what the network writes after "time traveller"
 * and "traveller". Source: `d2l.train_ch8`, section 8.5.
 */
export async function trainCh8(
  net: SequenceNet,
  trainIter: Batches,
  vocab: Vocab,
  lr: number,
  numEpochs: number,
  options: SequenceOptions = {},
): Promise<SequenceCurves> {
  const animator = new Animator({
    xlabel: 'epoch',
    ylabel: 'perplexity',
    xlim: epochAxis(numEpochs),
    legend: ['train'],
  })
  const updater: Updater =
    net instanceof RNNModelScratch
      ? (batchSize) => sgd(net.params, lr, batchSize)
      : new optim.SGD(net.parameters(), { lr })
  let [perplexity, tokensPerSecond] = [Number.NaN, Number.NaN]
  for (let epoch = 1; epoch <= numEpochs; epoch++) {
    ;[perplexity, tokensPerSecond] = await trainEpochCh8(net, trainIter, F.crossEntropy, updater, options)
    animator.add(epoch, [perplexity])
  }
  animator.done()
  console.log(`perplexity ${perplexity.toFixed(1)}`)
  for (const prefix of ['time traveller', 'traveller']) console.log(predictCh8(prefix, 50, net, vocab))
  return { animator, perplexity, tokensPerSecond }
}
