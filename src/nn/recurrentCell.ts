// Recurrent cells: one step of a recurrent layer, for loops of one's own.
import { ShapeError } from '../base/errors.ts'
import { formatShape, sameShape } from '../base/shape.ts'
import { recurrent, type RecurrentKind } from '../ops/recurrent.ts'
import { zerosOf } from '../ops/view.ts'
import { Tensor } from '../tensor/tensor.ts'
import { pythonBool } from './layer.ts'
import { Module } from './module.ts'
import { Parameter } from './parameter.ts'
import { gateCounts, plainKind, resetRecurrent } from './recurrent.ts'

export interface CellOptions {
  /** Add learned biases, of the input and of the state. Default true. */
  bias?: boolean
}

abstract class RecurrentCell extends Module {
  static override readonly stateKeys: Readonly<Record<string, string>> = {
    weightIh: 'weight_ih',
    weightHh: 'weight_hh',
    biasIh: 'bias_ih',
    biasHh: 'bias_hh',
  }
  readonly inputSize: number
  readonly hiddenSize: number
  readonly bias: boolean
  weightIh: Parameter
  weightHh: Parameter
  biasIh: Parameter | null
  biasHh: Parameter | null

  constructor(inputSize: number, hiddenSize: number, { bias = true }: CellOptions, gates: number) {
    super()
    this.inputSize = inputSize
    this.hiddenSize = hiddenSize
    this.bias = bias
    const rows = gates * hiddenSize
    this.weightIh = new Parameter(Tensor.empty([rows, inputSize]))
    this.weightHh = new Parameter(Tensor.empty([rows, hiddenSize]))
    this.biasIh = bias ? new Parameter(Tensor.empty([rows])) : null
    this.biasHh = bias ? new Parameter(Tensor.empty([rows])) : null
    this.resetParameters()
  }
  resetParameters(): void {
    resetRecurrent(this, this.hiddenSize)
  }

  /** The states after one step, from `count` states before it (zeros where there are none). */
  protected step(kind: RecurrentKind, input: Tensor, given: readonly Tensor[] | null, count: number): Tensor[] {
    const name = `nn.${this.constructor.name}`
    const { ndim, shape } = input
    if (ndim !== 1 && ndim !== 2)
      throw new ShapeError(`${name}: expected an input of 1 dimension, or 2 with a batch, got ${formatShape(shape)}`)
    if (shape[ndim - 1] !== this.inputSize)
      throw new ShapeError(
        `${name}: the last dimension of the input must have inputSize ${this.inputSize}, got ${formatShape(shape)}`,
      )
    const wanted = shape.with(-1, this.hiddenSize)
    for (const state of given ?? []) {
      if (!sameShape(state.shape, wanted))
        throw new ShapeError(
          `${name}: an input of shape ${formatShape(shape)} needs states of shape ${formatShape(wanted)}, got ${formatShape(state.shape)}`,
        )
    }
    const batch = (x: Tensor): Tensor => (ndim === 2 ? x : x.unsqueeze(0))
    const rows = batch(input)
    const zeros = given === null ? zerosOf([rows.shape[0], this.hiddenSize], input) : null
    const states = given === null ? new Array<Tensor>(count).fill(zeros as Tensor) : given.map(batch)
    const { weightIh: ih, weightHh: hh, biasIh, biasHh } = this
    const biases = biasIh && biasHh && ([biasIh, biasHh] as const)
    const [, ...last] = recurrent(kind, rows, [rows.shape[0]], states, { ih, hh, biases, hr: null })
    return ndim === 2 ? last : last.map((state) => state.squeeze(0))
  }

  override extraRepr(): string {
    return `${this.inputSize}, ${this.hiddenSize}${this.bias ? '' : `, bias=${pythonBool(this.bias)}`}`
  }
}

/** Cells with one state: input [batch, inputSize] or [inputSize], state and result with hiddenSize in its place. */
export interface OneStateCell {
  (input: Tensor, hidden?: Tensor | null): Tensor
}

/** tanh(x W_ih^T + b_ih + h W_hh^T + b_hh), or relu. Throws ShapeError for sizes that do not fit. Source: `torch.nn.RNNCell`. */
export class RNNCell extends RecurrentCell {
  readonly nonlinearity: 'tanh' | 'relu'
  constructor(
    inputSize: number,
    hiddenSize: number,
    { nonlinearity = 'tanh', ...options }: CellOptions & { nonlinearity?: 'tanh' | 'relu' } = {},
  ) {
    const kind = plainKind('nn.RNNCell', nonlinearity)
    super(inputSize, hiddenSize, options, gateCounts[kind])
    this.nonlinearity = nonlinearity
  }
  override forward(input: Tensor, hidden: Tensor | null = null): Tensor {
    return this.step(plainKind('nn.RNNCell', this.nonlinearity), input, hidden && [hidden], 1)[0]
  }
  override extraRepr(): string {
    return `${super.extraRepr()}${this.nonlinearity === 'tanh' ? '' : `, nonlinearity=${this.nonlinearity}`}`
  }
}
export interface RNNCell extends OneStateCell {}

/** A gated recurrent unit. Cho et al. 2014. Source: `torch.nn.GRUCell`. */
export class GRUCell extends RecurrentCell {
  constructor(inputSize: number, hiddenSize: number, options: CellOptions = {}) {
    super(inputSize, hiddenSize, options, gateCounts.gru)
  }
  override forward(input: Tensor, hidden: Tensor | null = null): Tensor {
    return this.step('gru', input, hidden && [hidden], 1)[0]
  }
}
export interface GRUCell extends OneStateCell {}

/** Long short-term memory: gives the new h and c. Hochreiter & Schmidhuber 1997. Source: `torch.nn.LSTMCell`. */
export class LSTMCell extends RecurrentCell {
  constructor(inputSize: number, hiddenSize: number, options: CellOptions = {}) {
    super(inputSize, hiddenSize, options, gateCounts.lstm)
  }
  override forward(input: Tensor, states: readonly [h: Tensor, c: Tensor] | null = null): [h: Tensor, c: Tensor] {
    return this.step('lstm', input, states, 2) as [Tensor, Tensor]
  }
}
export interface LSTMCell {
  (input: Tensor, states?: readonly [h: Tensor, c: Tensor] | null): [h: Tensor, c: Tensor]
}
