// One direction of one recurrent layer over a whole sequence, as one node of the graph. `nn/recurrent.ts` stacks them; a cell is a sequence of one step.
// Gradients of gradients, and half precision, go through the same equations written with ordinary operations.
import { isHalf } from '../base/dtype.ts'
import { grad } from '../autograd/backward.ts'
import { needsGraph, recordMany, withoutRecording } from '../autograd/record.ts'
import { isGradEnabled } from '../runtime/context.ts'
import { scoped } from '../runtime/scope.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { cat } from './join.ts'
import { isAutocastEnabled } from './autocast.ts'
import { linear, sameDType } from './matmul.ts'
import {
  type Kept,
  type RecurrentKind,
  type RecurrentWeights,
  type Sequence,
  type Step,
  sweepBackward,
  sweepForward,
} from './recurrentKernels.ts'
import { requireFloating } from './reduce.ts'
import { narrow } from './slice.ts'
import { chunk } from './split.ts'
import { expand } from './view.ts'

export type { RecurrentKind, RecurrentWeights } from './recurrentKernels.ts'

const names: Readonly<Record<RecurrentKind, string>> = {
  rnnTanh: 'RnnTanhBackward0',
  rnnRelu: 'RnnReluBackward0',
  lstm: 'LstmBackward0',
  gru: 'GruBackward0',
}

function stepsOf(sizes: readonly number[], reverse: boolean): Step[] {
  let start = 0
  const steps = sizes.map((size) => {
    start += size
    return { start: start - size, size }
  })
  return reverse ? steps.reverse() : steps
}

const operandsOf = ({ rows, states, weights: { ih, hh, biases, hr } }: Sequence): Tensor[] => [
  rows,
  ...states,
  ih,
  hh,
  ...(biases ?? []),
  ...(hr ? [hr] : []),
]
/** Which operands there are. */
interface Form {
  readonly states: number
  readonly biased: boolean
  readonly projected: boolean
}
/** The sequence with operands in the order of `operandsOf`. */
function sequenceOf(steps: readonly Step[], form: Form, operands: readonly Tensor[]): Sequence {
  const rest = [...operands]
  const next = (): Tensor => rest.shift() as Tensor
  return {
    steps,
    rows: next(),
    states: Array.from({ length: form.states }, next),
    weights: {
      ih: next(),
      hh: next(),
      biases: form.biased ? [next(), next()] : null,
      hr: form.projected ? next() : null,
    },
  }
}

/** One step: from the input's and the state's products and c, the hidden state (before a projection) and c. */
type Equations = (x: Tensor, s: Tensor, h: Tensor, c: Tensor | undefined) => readonly [Tensor, ...Tensor[]]
const equations: Readonly<Record<RecurrentKind, Equations>> = {
  rnnTanh: (x, s) => [x.add(s).tanh()],
  rnnRelu: (x, s) => [x.add(s).clamp({ min: 0 })],
  lstm: (x, s, _h, c) => {
    const [i, f, g, o] = chunk(x.add(s), 4, 1)
    const cell = f
      .sigmoid()
      .mul(c as Tensor)
      .add(i.sigmoid().mul(g.tanh()))
    return [o.sigmoid().mul(cell.tanh()), cell]
  },
  gru: (x, s, h) => {
    const [xr, xz, xn] = chunk(x, 3, 1)
    const [sr, sz, sn] = chunk(s, 3, 1)
    const fresh = xn.add(xr.add(sr).sigmoid().mul(sn)).tanh()
    return [xz.add(sz).sigmoid().mul(h.sub(fresh)).add(fresh)]
  },
}

/** Output rows and last states by ordinary operations, each recorded. */
function composed(kind: RecurrentKind, { rows, steps, states, weights }: Sequence): Tensor[] {
  const { ih, hh, biases, hr } = weights
  const products = linear(rows, ih, biases?.[0])
  const outputs: Tensor[] = []
  let last = [...states]
  for (const { start, size } of steps) {
    const [h, c] = last.map((state) => narrow(state, 0, 0, size))
    const x = narrow(products, 0, start, size)
    const [y, ...cell] = equations[kind](x, linear(h, hh, biases?.[1]), h, c)
    const now = [hr ? linear(y, hr) : y, ...cell]
    outputs.push(now[0])
    last = last.map((state, k) => {
      const rest = state.shape[0] - size
      return rest === 0 ? now[k] : cat([now[k], narrow(state, 0, size, rest)])
    })
  }
  if (steps.length > 1 && steps[0].start > 0) outputs.reverse()
  return [cat(outputs), ...last]
}

/** The gradients, as part of the graph; `again` makes the sequence of other operands. */
function recordedGrads(
  kind: RecurrentKind,
  operands: readonly Tensor[],
  again: (operands: readonly Tensor[]) => Sequence,
  grads: readonly (Tensor | null)[],
  needs: readonly boolean[],
): (Tensor | null)[] {
  // Nodes of their own: one operand may have been made from another, and its gradient must not contain the other's.
  const twins = operands.map((x) => expand(x, x.shape))
  const outputs = composed(kind, again(twins))
  const sent = grads.map((_, k) => k).filter((k) => grads[k] !== null)
  const found = grad(
    sent.map((k) => outputs[k]),
    twins.filter((_, k) => needs[k]),
    { gradOutputs: sent.map((k) => grads[k]), createGraph: true, allowUnused: true },
  )
  return needs.map((need) => (need ? (found.shift() ?? null) : null))
}

/**
 * Runs over `rows` [N, in], of which step t has the next `sizes[t]` (never more than the step before), from the states h [B, H] (of an LSTM also
 * c [B, H]) on; `reverse` begins with the last step. Gives the output rows [N, H] and the last state of each of the B sequences. With a projection, h and
 * the output have P columns. Throws DTypeError for what is not floating or not of one dtype. Source: `torch.rnn_tanh`, `torch.rnn_relu`, `torch.lstm`,
 * `torch.gru`; Elman 1990, Hochreiter & Schmidhuber 1997, Cho et al. 2014, Sak et al. 2014 (projections).
 */
export function recurrent(
  kind: RecurrentKind,
  rows: Tensor,
  sizes: readonly number[],
  states: readonly Tensor[],
  weights: RecurrentWeights,
  reverse: boolean = false,
): readonly [output: Tensor, ...states: Tensor[]] {
  const steps = stepsOf(sizes, reverse)
  const sequence: Sequence = { rows, steps, states, weights }
  const operands = operandsOf(sequence)
  requireFloating(kind, rows)
  // Under autocast the products are cast, and the states promote with what comes out.
  if (isAutocastEnabled() || isHalf(sameDType(kind, ...operands)))
    return composed(kind, sequence) as [Tensor, ...Tensor[]]
  const keep = needsGraph(operands)
  const { output, states: last, kept } = withoutRecording(() => scoped(() => sweepForward(kind, sequence, keep)))
  const outputs = [output, ...last] as const
  if (kept === null) return outputs

  const { gates, previous, extra, raw } = kept
  const form = { states: states.length, biased: weights.biases !== null, projected: raw !== null }
  const [count, extras] = [operands.length, extra.length]
  const save = [...operands, gates, previous, ...extra, ...(raw ? [raw] : [])]
  return recordMany(names[kind], operands, outputs, save, (grads, saved, needs) => {
    const again = (tensors: readonly Tensor[]): Sequence => sequenceOf(steps, form, tensors)
    const given = saved.slice(0, count)
    if (isGradEnabled()) return recordedGrads(kind, given, again, grads, needs)
    const [savedGates, savedPrevious, ...rest] = saved.slice(count)
    const values: Kept = {
      gates: savedGates,
      previous: savedPrevious,
      extra: rest.slice(0, extras),
      raw: rest[extras] ?? null,
    }
    return sweepBackward(kind, again(given), values, grads, needs)
  })
}
