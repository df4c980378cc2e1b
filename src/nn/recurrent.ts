// Recurrent layers: stacks of `ops/recurrent`, in one direction or both, over tensors or packed sequences.
import { ShapeError, ValueError } from '../base/errors.ts'
import { formatShape, sameShape } from '../base/shape.ts'
import { indexSelect } from '../ops/gather.ts'
import { cat, stack } from '../ops/join.ts'
import { dropout } from '../ops/random.ts'
import { recurrent, type RecurrentKind } from '../ops/recurrent.ts'
import { zerosOf } from '../ops/view.ts'
import { Tensor } from '../tensor/tensor.ts'
import { uniform_ } from './init.ts'
import { pythonBool, pythonFloat } from './layer.ts'
import { Module } from './module.ts'
import type { PackedSequence } from './packed.ts'
import { Parameter } from './parameter.ts'

export interface RecurrentOptions {
  /** Layers, each on the output of the one below. Default 1. */
  numLayers?: number
  /** Add learned biases, of the input and of the state. Default true. */
  bias?: boolean
  /** Inputs and outputs are [batch, time, features] instead of [time, batch, features]; states are not concerned. */
  batchFirst?: boolean
  /** Dropout between the layers while training. Default 0. */
  dropout?: number
  /** Also run from the last step to the first; the output has both, side by side. */
  bidirectional?: boolean
}

/** U(-1 / sqrt(hiddenSize), 1 / sqrt(hiddenSize)) for every parameter, in their order. */
export function resetRecurrent(module: Module, hiddenSize: number): void {
  const bound = hiddenSize > 0 ? 1 / Math.sqrt(hiddenSize) : 0
  for (const parameter of module.parameters()) uniform_(parameter, -bound, bound)
}

/** Number of blocks of rows in the weights. */
export const gateCounts: Readonly<Record<RecurrentKind, number>> = { rnnTanh: 1, rnnRelu: 1, lstm: 4, gru: 3 }

type Direction = '' | 'Reverse'
const parts = ['weightIh', 'weightHh', 'biasIh', 'biasHh', 'weightHr'] as const
type Part = (typeof parts)[number]
const fieldOf = (part: Part, layer: number, direction: Direction): string => `${part}L${layer}${direction}`
/** `weight_ih_l0_reverse` from `weightIhL0Reverse`. */
const keyOf = (field: string): string => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** The parameters: `weightIhL0`, `weightHhL0`, `biasIhL0`, `biasHhL0`, with a projection `weightHrL0`, then those of `L1`, ...; `weightIhL0Reverse`, ... of the other direction. */
type LayerParameters = { readonly [Field in `${Part}L${number}${Direction}`]: Parameter }
export interface RNNBase extends LayerParameters {}

/** What all recurrent layers share. Source: `torch.nn.RNNBase`. */
export abstract class RNNBase extends Module {
  // Names depend on layer and direction only, so all instances share one table, which grows with the deepest.
  static override readonly stateKeys: Record<string, string> = {}
  readonly inputSize: number
  readonly hiddenSize: number
  readonly numLayers: number
  readonly bias: boolean
  readonly batchFirst: boolean
  readonly dropout: number
  readonly bidirectional: boolean
  /** Columns of the projected hidden state; 0: there is no projection. */
  readonly projSize: number

  constructor(
    inputSize: number,
    hiddenSize: number,
    options: RecurrentOptions & { readonly projSize?: number },
    gates: number,
  ) {
    super()
    const { numLayers = 1, bias = true, batchFirst = false, dropout = 0, bidirectional = false, projSize = 0 } = options
    const name = `nn.${this.constructor.name}`
    if (!Number.isInteger(numLayers) || numLayers < 1)
      throw new ValueError(`${name}: numLayers must be a whole number of at least 1, got ${numLayers}`)
    if (!(dropout >= 0 && dropout <= 1))
      throw new ValueError(`${name}: dropout is a probability between 0 and 1, got ${dropout}`)
    if (projSize < 0 || projSize >= hiddenSize)
      throw new ValueError(
        `${name}: projSize must be at least 0 and smaller than hiddenSize, got ${projSize} and ${hiddenSize}`,
      )
    this.inputSize = inputSize
    this.hiddenSize = hiddenSize
    this.numLayers = numLayers
    this.bias = bias
    this.batchFirst = batchFirst
    this.dropout = dropout
    this.bidirectional = bidirectional
    this.projSize = projSize

    const rows = gates * hiddenSize
    for (let layer = 0; layer < numLayers; layer++) {
      for (const direction of this.directions) {
        const columns = layer === 0 ? inputSize : this.outSize * this.directions.length
        const add = (part: Part, ...shape: number[]): void => {
          const field = fieldOf(part, layer, direction)
          RNNBase.stateKeys[field] = keyOf(field)
          this.registerParameter(field, new Parameter(Tensor.empty(shape)))
        }
        add('weightIh', rows, columns)
        add('weightHh', rows, this.outSize)
        if (bias) add('biasIh', rows)
        if (bias) add('biasHh', rows)
        if (projSize > 0) add('weightHr', projSize, hiddenSize)
      }
    }
    this.resetParameters()
  }

  private get directions(): readonly Direction[] {
    return this.bidirectional ? ['', 'Reverse'] : ['']
  }
  /** Columns of one direction's output. */
  private get outSize(): number {
    return this.projSize > 0 ? this.projSize : this.hiddenSize
  }
  /** Columns of the states: h, and of an LSTM c. */
  protected get stateSizes(): readonly number[] {
    return [this.outSize]
  }

  /** Draws all parameters anew, as the constructor does. */
  resetParameters(): void {
    resetRecurrent(this, this.hiddenSize)
  }
  /** The parameters of each layer and direction. */
  get allWeights(): Parameter[][] {
    return Array.from({ length: this.numLayers }, (_, layer) =>
      this.directions.map((direction) => parts.flatMap((part) => this.parameter(part, layer, direction) ?? [])),
    ).flat()
  }
  private parameter(part: Part, layer: number, direction: Direction): Parameter | null {
    return (this as unknown as Record<string, Parameter>)[fieldOf(part, layer, direction)] ?? null
  }

  /** Output and last states of an input and initial states (zeros where there are none). */
  protected run(
    kind: RecurrentKind,
    input: Tensor | PackedSequence,
    states: readonly Tensor[] | null,
  ): { output: Tensor | PackedSequence; states: Tensor[] } {
    const count = this.stateSizes.length
    if (states !== null && (!Array.isArray(states) || states.length !== count))
      throw new ValueError(
        `nn.${this.constructor.name}: expected initial states as a list of ${count} tensors, got ${Array.isArray(states) ? `a list of ${states.length}` : 'something else'}`,
      )
    return input instanceof Tensor ? this.runTensor(kind, input, states) : this.runPacked(kind, input, states)
  }

  private runTensor(
    kind: RecurrentKind,
    input: Tensor,
    states: readonly Tensor[] | null,
  ): { output: Tensor; states: Tensor[] } {
    const name = `nn.${this.constructor.name}`
    const { ndim } = input
    if (ndim !== 2 && ndim !== 3)
      throw new ShapeError(
        `${name}: expected an input of 2 dimensions, or 3 with a batch, got ${formatShape(input.shape)}`,
      )
    const batched = ndim === 3
    const timeFirst = batched ? (this.batchFirst ? input.transpose(0, 1) : input) : input.unsqueeze(1)
    this.checkFeatures(timeFirst, input)
    for (const state of states ?? []) {
      if (state.ndim !== ndim)
        throw new ShapeError(
          `${name}: an input of ${ndim} dimensions needs states of ${ndim} dimensions, got ${formatShape(state.shape)}`,
        )
    }
    const [length, batch] = timeFirst.shape
    if (length === 0)
      throw new ShapeError(`${name}: the sequence has no steps: the input has shape ${formatShape(input.shape)}`)
    const rows = timeFirst.reshape(length * batch, this.inputSize)
    const given = states && states.map((state) => (batched ? state : state.unsqueeze(1)))
    const result = this.stacked(kind, rows, new Array<number>(length).fill(batch), given)
    const output = result.output.reshape(length, batch, result.output.shape[1])
    if (!batched) return { output: output.squeeze(1), states: result.states.map((state) => state.squeeze(1)) }
    return { output: this.batchFirst ? output.transpose(0, 1) : output, states: result.states }
  }

  private runPacked(
    kind: RecurrentKind,
    input: PackedSequence,
    states: readonly Tensor[] | null,
  ): { output: PackedSequence; states: Tensor[] } {
    const { data, batchSizes, sortedIndices, unsortedIndices } = input
    if (data.ndim !== 2)
      throw new ShapeError(
        `nn.${this.constructor.name}: expected packed rows of 2 dimensions, got ${formatShape(data.shape)}`,
      )
    this.checkFeatures(data, data)
    const reordered = (list: readonly Tensor[], order: Tensor | null): Tensor[] =>
      list.map((state) => (order ? indexSelect(state, 1, order) : state))
    const given = states && reordered(states, sortedIndices)
    const result = this.stacked(kind, data, batchSizes.numbers(), given)
    return {
      output: { data: result.output, batchSizes, sortedIndices, unsortedIndices },
      states: reordered(result.states, unsortedIndices),
    }
  }

  private checkFeatures(rows: Tensor, input: Tensor): void {
    if (rows.shape[rows.ndim - 1] === this.inputSize) return
    throw new ShapeError(
      `nn.${this.constructor.name}: the last dimension of the input must have inputSize ${this.inputSize}, got ${formatShape(input.shape)}`,
    )
  }

  /** All layers over rows [N, inputSize]; states [layers * directions, batch, size]. */
  private stacked(
    kind: RecurrentKind,
    rows: Tensor,
    sizes: readonly number[],
    given: readonly Tensor[] | null,
  ): { output: Tensor; states: Tensor[] } {
    const { numLayers, directions } = this
    const shapes = this.stateSizes.map((size) => [numLayers * directions.length, sizes[0], size])
    given?.forEach((state, k) => {
      if (!sameShape(state.shape, shapes[k]))
        throw new ShapeError(
          `nn.${this.constructor.name}: expected ${shapes.length === 1 ? 'a hidden state' : ['a hidden state', 'a cell state'][k]} of shape ${formatShape(shapes[k])}, got ${formatShape(state.shape)}`,
        )
    })
    const zeros = given === null ? shapes.map((shape) => zerosOf(shape.slice(1), rows)) : []
    const last: Tensor[][] = shapes.map(() => [])
    let output = rows
    for (let layer = 0; layer < numLayers; layer++) {
      const sides = directions.map((direction) => {
        const [weightIh, weightHh, biasIh, biasHh, weightHr] = parts.map((part) =>
          this.parameter(part, layer, direction),
        )
        const weights = {
          ih: weightIh as Parameter,
          hh: weightHh as Parameter,
          biases: biasIh && biasHh && ([biasIh, biasHh] as const),
          hr: weightHr,
        }
        const states = given ? given.map((state) => state.select(0, last[0].length)) : zeros
        const [side, ...ends] = recurrent(kind, output, sizes, states, weights, direction === 'Reverse')
        ends.forEach((end, k) => last[k].push(end))
        return side
      })
      output = sides.length === 1 ? sides[0] : cat(sides, 1)
      if (layer < numLayers - 1) output = dropout(output, { p: this.dropout, training: this.training })
    }
    return { output, states: last.map((ends) => stack(ends)) }
  }

  override extraRepr(): string {
    const said = [`${this.inputSize}, ${this.hiddenSize}`]
    if (this.projSize !== 0) said.push(`proj_size=${this.projSize}`)
    if (this.numLayers !== 1) said.push(`num_layers=${this.numLayers}`)
    if (!this.bias) said.push(`bias=${pythonBool(this.bias)}`)
    if (this.batchFirst) said.push(`batch_first=${pythonBool(this.batchFirst)}`)
    if (this.dropout !== 0) said.push(`dropout=${pythonFloat(this.dropout)}`)
    if (this.bidirectional) said.push(`bidirectional=${pythonBool(this.bidirectional)}`)
    return said.join(', ')
  }
}

export interface RNNOptions extends RecurrentOptions {
  /** Default 'tanh'. */
  nonlinearity?: 'tanh' | 'relu'
}
export const plainKind = (op: string, nonlinearity: 'tanh' | 'relu'): RecurrentKind => {
  if (nonlinearity === 'tanh') return 'rnnTanh'
  if (nonlinearity === 'relu') return 'rnnRelu'
  throw new ValueError(`${op}: nonlinearity must be 'tanh' or 'relu', got '${nonlinearity}'`)
}

/** Layers with one state. Calls give the output [time, batch, directions * hiddenSize] and the last states [layers * directions, batch, hiddenSize]. */
export interface OneStateLayer {
  (input: Tensor, h0?: Tensor | null): [output: Tensor, hN: Tensor]
  (input: PackedSequence, h0?: Tensor | null): [output: PackedSequence, hN: Tensor]
}
abstract class OneState extends RNNBase {
  protected abstract readonly kind: RecurrentKind
  override forward(
    input: Tensor | PackedSequence,
    h0: Tensor | null = null,
  ): [output: Tensor | PackedSequence, hN: Tensor] {
    const { output, states } = this.run(this.kind, input, h0 && [h0])
    return [output, states[0]]
  }
}

/**
 * h' = tanh(x W_ih^T + b_ih + h W_hh^T + b_hh), or relu. Inputs [time, batch, inputSize], [time, inputSize] or packed. Throws ShapeError for sizes that
 * do not fit, ValueError for options that make no sense. Elman 1990. Source: `torch.nn.RNN`.
 */
export class RNN extends OneState {
  readonly nonlinearity: 'tanh' | 'relu'
  constructor(inputSize: number, hiddenSize: number, { nonlinearity = 'tanh', ...options }: RNNOptions = {}) {
    const kind = plainKind('nn.RNN', nonlinearity)
    super(inputSize, hiddenSize, options, gateCounts[kind])
    this.nonlinearity = nonlinearity
  }
  protected get kind(): RecurrentKind {
    return plainKind('nn.RNN', this.nonlinearity)
  }
}
export interface RNN extends OneStateLayer {}

/** Gated recurrent units; inputs and outputs as those of `RNN`. Cho et al. 2014. Source: `torch.nn.GRU`. */
export class GRU extends OneState {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    super(inputSize, hiddenSize, options, gateCounts.gru)
  }
  protected get kind(): RecurrentKind {
    return 'gru'
  }
}
export interface GRU extends OneStateLayer {}

export interface LSTMOptions extends RecurrentOptions {
  /** Columns to which the hidden state is projected; default 0: none. */
  projSize?: number
}
/**
 * Long short-term memory: two states, h and c. With `projSize` the outputs and h have that many columns. Hochreiter & Schmidhuber 1997;
 * projections: Sak et al. 2014. Source: `torch.nn.LSTM`.
 */
export class LSTM extends RNNBase {
  constructor(inputSize: number, hiddenSize: number, options: LSTMOptions = {}) {
    super(inputSize, hiddenSize, options, gateCounts.lstm)
  }
  protected override get stateSizes(): readonly number[] {
    return [...super.stateSizes, this.hiddenSize]
  }
  override forward(
    input: Tensor | PackedSequence,
    states: readonly [h0: Tensor, c0: Tensor] | null = null,
  ): [output: Tensor | PackedSequence, [hN: Tensor, cN: Tensor]] {
    const { output, states: last } = this.run('lstm', input, states)
    return [output, last as [Tensor, Tensor]]
  }
}
/** Calls give the output [time, batch, directions * hiddenSize] and the last h and c [layers * directions, batch, hiddenSize]. */
export interface LSTM {
  (input: Tensor, states?: readonly [h0: Tensor, c0: Tensor] | null): [output: Tensor, [hN: Tensor, cN: Tensor]]
  (
    input: PackedSequence,
    states?: readonly [h0: Tensor, c0: Tensor] | null,
  ): [output: PackedSequence, [hN: Tensor, cN: Tensor]]
}
