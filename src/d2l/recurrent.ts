// Language models with a state: by hand, and around a recurrent layer. Sections 8.5 and 8.6 of the book.
import { F, nn, type Tensor, ValueError, zeros } from '../index.ts'

/** What a network remembers: one tensor or several. */
export type State = Tensor | readonly Tensor[]

/** A language model: numbers of tokens X [batch, time] and a state give scores [time * batch, vocabSize], step by step, and the next state. */
export interface SequenceNet extends nn.Module {
  (X: Tensor, state: State): [scores: Tensor, state: State]
  /** The state before the first token of a batch. */
  beginState(batchSize: number): State
}

const oneHotByTime = (X: Tensor, vocabSize: number): Tensor => F.oneHot(X.t(), vocabSize).to('float32')

/**
 * A recurrent network of three functions: `getParams(vocabSize, numHiddens)`, `initState(batchSize, numHiddens)` and
 * `forwardFn(inputs [time, batch, vocabSize], state, params)`. Source: `d2l.RNNModelScratch`, section 8.5.
 */
export class RNNModelScratch extends nn.Module {
  readonly vocabSize: number
  readonly numHiddens: number
  /** The book's list; these are not parameters of the module. */
  readonly params: readonly Tensor[]
  private readonly initState: (batchSize: number, numHiddens: number) => State
  private readonly forwardFn: ScratchForward

  constructor(
    vocabSize: number,
    numHiddens: number,
    getParams: (vocabSize: number, numHiddens: number) => readonly Tensor[],
    initState: (batchSize: number, numHiddens: number) => State,
    forwardFn: ScratchForward,
  ) {
    super()
    this.vocabSize = vocabSize
    this.numHiddens = numHiddens
    this.params = getParams(vocabSize, numHiddens)
    this.initState = initState
    this.forwardFn = forwardFn
  }
  override forward(X: Tensor, state: State): [Tensor, State] {
    return this.forwardFn(oneHotByTime(X, this.vocabSize), state, this.params)
  }
  /** The state before the first character, as `initState` makes it. */
  beginState(batchSize: number): State {
    return this.initState(batchSize, this.numHiddens)
  }
}
export interface RNNModelScratch extends SequenceNet {}

type ScratchForward = (inputs: Tensor, state: any, params: any) => [scores: Tensor, state: State]

/** One-hot vectors into `nn.RNN`, `nn.GRU` or `nn.LSTM`, its outputs into a linear layer. Source: `d2l.RNNModel`, section 8.6. */
export class RNNModel extends nn.Module {
  readonly rnn: nn.RNN | nn.GRU | nn.LSTM
  readonly vocabSize: number
  readonly linear: nn.Linear

  constructor(rnnLayer: nn.RNN | nn.GRU | nn.LSTM, vocabSize: number) {
    super()
    if (rnnLayer.inputSize !== vocabSize)
      throw new ValueError(`RNNModel: the layer takes ${rnnLayer.inputSize} features, the vocabulary has ${vocabSize}`)
    this.rnn = rnnLayer
    this.vocabSize = vocabSize
    this.linear = new nn.Linear(rnnLayer.hiddenSize * (rnnLayer.bidirectional ? 2 : 1), vocabSize)
  }
  override forward(X: Tensor, state: State): [Tensor, State] {
    const rnn = this.rnn as unknown as (inputs: Tensor, state: State) => [Tensor, State]
    const [Y, next] = rnn(oneHotByTime(X, this.vocabSize), state)
    return [this.linear(Y.reshape(-1, Y.shape[2])) as Tensor, next]
  }
  /** Zeros: h, and for an LSTM h and c. */
  beginState(batchSize: number): State {
    const { numLayers, bidirectional, hiddenSize } = this.rnn
    const shape = [numLayers * (bidirectional ? 2 : 1), batchSize, hiddenSize]
    return this.rnn instanceof nn.LSTM ? [zeros(shape), zeros(shape)] : zeros(shape)
  }
}
export interface RNNModel extends SequenceNet {}
