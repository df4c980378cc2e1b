// The kernels of recurrent layers: one step forward and one step back for the gates of RNN, LSTM and GRU, and the sweeps over all steps.
// The input's products of all steps are one gemm; a step adds one gemm with the state and one kernel for all gates. `recurrent.ts` calls it.
import { computeType } from '../base/dtype.ts'
import * as E from '../base/expr.ts'
import type { Expr } from '../base/expr.ts'
import { launch } from '../runtime/launch.ts'
import type { View } from '../runtime/spec.ts'
import { Tensor } from '../tensor/tensor.ts'
import { linear, mm } from './matmul.ts'
import { sumTo } from './sumTo.ts'
import { cloneOf, zerosOf } from './view.ts'

/** Weights of one direction of one layer, in PyTorch's layout: blocks of H rows, one for each gate. */
export interface RecurrentWeights {
  /** [gates * H, in]. */
  readonly ih: Tensor
  /** [gates * H, H], or [gates * H, P] with a projection. */
  readonly hh: Tensor
  /** Both [gates * H], or none. */
  readonly biases: readonly [ih: Tensor, hh: Tensor] | null
  /** LSTM: projection [P, H] of what a step gives out. */
  readonly hr: Tensor | null
}

/** Rows that belong to one step, and the first of them. */
export interface Step {
  readonly start: number
  readonly size: number
}

/** The steps one after the other as rows [N, in]; `steps` in the order in which they are taken. A step of fewer rows leaves the last states alone. */
export interface Sequence {
  readonly rows: Tensor
  readonly steps: readonly Step[]
  /** h [B, H] (or [B, P]), and of an LSTM c [B, H]. */
  readonly states: readonly Tensor[]
  readonly weights: RecurrentWeights
}

interface Cell {
  /** Blocks of rows in the weights. */
  readonly gates: number
  /** The state's products are not just added to the input's: they have rows of their own. */
  readonly separate: boolean
  /** What the gates become, and what else the gradient reads. Operands: gates, the state's products where separate, c where there is one, h. */
  readonly activated: readonly Expr[]
  readonly extra: readonly Expr[]
  readonly hidden: Expr
  readonly cell: readonly Expr[]
  readonly previous: Expr
  /**
   * Gradients of the gates (then of the state's products where separate), and of the state that came in: of c, or the direct part of that of h.
   * Operands: activated gates, `extra`, h before the step where separate, gradients of output, h and c.
   */
  readonly backward: readonly Expr[]
}

const [i0, i1, i2, i3, i4, i5, i6, i7] = Array.from({ length: 8 }, (_, k) => E.input(k))
/** Derivatives in terms of the value. */
const ofSigmoid = (y: Expr): Expr => E.mul(y, E.sub(1, y))
const ofTanh = (y: Expr): Expr => E.sub(1, E.mul(y, y))
const product = (...factors: Expr[]): Expr => factors.reduce((a, b) => E.mul(a, b))

function plain(activate: (x: Expr) => Expr, derivative: (y: Expr, g: Expr) => Expr): Cell {
  const hidden = activate(i0)
  return {
    gates: 1,
    separate: false,
    activated: [hidden],
    extra: [],
    hidden,
    cell: [],
    previous: i1,
    backward: [derivative(i0, E.add(i1, i2))],
  }
}

function lstm(): Cell {
  const [i, f, g, o] = [E.sigmoid(i0), E.sigmoid(i1), E.tanh(i2), E.sigmoid(i3)]
  const c = E.fma(f, i4, E.mul(i, g))
  // Backward the gates are activated already.
  const tanhC = E.tanh(E.fma(i1, i4, E.mul(i0, i2)))
  const dHidden = E.add(i5, i6)
  const dCell = E.fma(E.mul(dHidden, i3), ofTanh(tanhC), i7)
  return {
    gates: 4,
    separate: false,
    activated: [i, f, g, o],
    extra: [i4],
    hidden: E.mul(o, E.tanh(c)),
    cell: [c],
    previous: i5,
    backward: [
      product(dCell, i2, ofSigmoid(i0)),
      product(dCell, i4, ofSigmoid(i1)),
      product(dCell, i0, ofTanh(i2)),
      product(dHidden, tanhC, ofSigmoid(i3)),
      E.mul(dCell, i1),
    ],
  }
}

function gru(): Cell {
  const [r, z] = [E.sigmoid(E.add(i0, i3)), E.sigmoid(E.add(i1, i4))]
  const n = E.tanh(E.fma(r, i5, i2))
  const dHidden = E.add(i5, i6)
  const dNew = product(dHidden, E.sub(1, i1), ofTanh(i2))
  const dReset = product(dNew, i3, ofSigmoid(i0))
  const dUpdate = product(dHidden, E.sub(i4, i2), ofSigmoid(i1))
  return {
    gates: 3,
    separate: true,
    activated: [r, z, n],
    extra: [i5],
    hidden: E.fma(z, E.sub(i6, n), n),
    cell: [],
    previous: i6,
    backward: [dReset, dUpdate, dNew, dReset, dUpdate, E.mul(dNew, i0), E.mul(dHidden, i1)],
  }
}

export const cells = {
  rnnTanh: plain(E.tanh, (y, g) => E.mul(g, ofTanh(y))),
  rnnRelu: plain(
    (x) => E.max(x, 0),
    (y, g) => E.where(E.le(y, 0), 0, g),
  ),
  lstm: lstm(),
  gru: gru(),
}
export type RecurrentKind = keyof typeof cells

/** The memory of `x` with another shape and other strides. */
const seen = (
  { storage, dtype, offset }: View,
  shape: readonly number[],
  strides: readonly number[],
  skip: number = 0,
): View => ({ storage, dtype, shape, strides, offset: offset + skip })
/** Rows of a matrix, and some of its columns. */
const part = (x: View, { start, size }: Step, column: number = 0, width: number = x.shape[1]): View =>
  seen(x, [size, width], x.strides, start * x.strides[0] + column * x.strides[1])
/** The blocks of columns that belong to the gates. */
const blocks = (x: View, step: Step, count: number): View[] => {
  const width = x.shape[1] / count
  return Array.from({ length: count }, (_, k) => part(x, step, k * width, width))
}
const first = ({ size }: Step): Step => ({ start: 0, size })

function map(exprs: readonly Expr[], inputs: readonly View[], outputs: readonly View[]): void {
  launch({ kind: 'map', exprs, compute: computeType(outputs[0].dtype), inputs, outputs, scalars: [] })
}

/** A matrix as a batch of one, or of panels that share it. */
const batch = (x: View, count: number): View => seen(x, [count, ...x.shape], [0, ...x.strides])

const panelWidth = 16
/**
 * A weight [K, N] as a batch of panels [N / 16, K, 16] that lie whole in memory: products take such panels as they are, where they would first gather
 * the columns of a matrix, and every step reads all of the weight. A batch of one where steps are few or columns left over.
 */
function panelsOf(w: View, steps: number): View {
  const [k, n] = w.shape
  if (steps < 4 || n % panelWidth !== 0) return batch(w, 1)
  const shape = [n / panelWidth, k, panelWidth]
  const out = Tensor.empty(shape, w.dtype, w.storage.backend.name)
  launch({ kind: 'copy', x: seen(w, shape, [panelWidth * w.strides[1], w.strides[0], w.strides[1]]), out })
  return out
}

/** c = a @ w + beta * c, plus the bias; `w` from `panelsOf`. */
function multiply(a: View, w: View, c: View, beta: 0 | 1, bias: View | null = null): void {
  const [count, , width] = w.shape
  const shape = [count, c.shape[0], width]
  const columns = (x: View, row: number, column: number): View => seen(x, shape, [width * column, row, column])
  launch({
    kind: 'gemm',
    a: batch(a, count),
    b: w,
    c: columns(c, c.strides[0], c.strides[1]),
    alpha: 1,
    beta,
    bias: bias && columns(bias, 0, bias.strides[0]),
  })
}

const weightGrad = (g: Tensor, x: Tensor): Tensor => mm(g.t(), x)

/** What the gradient needs of the forward sweep: gates [N, gates * H], h before each step, the cell's extra values; with a projection its input. */
export interface Kept {
  readonly gates: Tensor
  readonly previous: Tensor
  readonly extra: readonly Tensor[]
  readonly raw: Tensor | null
}

/** Output rows [N, H or P] in the order of the rows, the states after the last step, and what the gradient needs where `keep` asks for it. */
export function sweepForward(
  kind: RecurrentKind,
  { rows, steps, states, weights: { ih, hh, biases, hr } }: Sequence,
  keep: boolean,
): { output: Tensor; states: Tensor[]; kept: Kept | null } {
  const cell = cells[kind]
  const { dtype, device } = rows
  const total = rows.shape[0]
  const size = hh.shape[0] / cell.gates
  const empty = (count: number, width: number): Tensor => Tensor.empty([count, width], dtype, device)

  const bias = biases && (cell.separate ? biases[0] : biases[0].add(biases[1]))
  const gates = linear(rows, ih, bias)
  const panelsHh = panelsOf(hh.t(), steps.length)
  const panelsHr = hr && panelsOf(hr.t(), steps.length)
  const [h, ...c] = states.map(cloneOf)
  const output = empty(total, hh.shape[1])
  const raw = hr ? empty(total, size) : output
  const own = cell.separate ? empty(h.shape[0], hh.shape[0]) : null
  const kept = keep && {
    gates,
    previous: empty(total, hh.shape[1]),
    extra: cell.extra.map(() => empty(total, size)),
    raw: hr && raw,
  }

  const exprs = [cell.hidden, ...cell.cell]
  if (kept) exprs.push(...cell.activated, ...cell.extra)
  // A projected state is narrower than what the kernel works on.
  if (hr === null) exprs.push(cell.hidden)
  if (hr === null && kept) exprs.push(cell.previous)

  for (const step of steps) {
    const state = part(h, first(step))
    const before = kept && part(kept.previous, step)
    const cs = c.map((one) => part(one, first(step)))
    const products = own ? part(own, first(step)) : part(gates, step)
    multiply(state, panelsHh, products, own ? 0 : 1, own && biases && biases[1])
    const inputs = [...blocks(gates, step, cell.gates), ...(own ? blocks(own, first(step), cell.gates) : []), ...cs]
    const outputs = [part(raw, step), ...cs]
    if (kept) outputs.push(...blocks(gates, step, cell.gates), ...kept.extra.map((one) => part(one, step)))
    if (panelsHr) {
      if (before) launch({ kind: 'copy', x: state, out: before })
      map(exprs, inputs, outputs)
      multiply(part(raw, step), panelsHr, state, 0)
      launch({ kind: 'copy', x: state, out: part(output, step) })
    } else {
      map(exprs, [...inputs, state], [...outputs, state, ...(before ? [before] : [])])
    }
  }
  return { output, states: [h, ...c], kept: kept || null }
}

/** Gradients of rows, states and weights (ih, hh, both biases, hr), from those of the output and of the last states. */
export function sweepBackward(
  kind: RecurrentKind,
  { rows, steps, states, weights: { ih, hh, biases, hr } }: Sequence,
  { gates, previous, extra, raw }: Kept,
  [gOutput, ...gStates]: readonly (Tensor | null)[],
  needs: readonly boolean[],
): (Tensor | null)[] {
  const cell = cells[kind]
  const { dtype, device } = rows
  const empty = (count: number, width: number): Tensor => Tensor.empty([count, width], dtype, device)
  const total = rows.shape[0]
  const size = hh.shape[0] / cell.gates
  const panelsHh = panelsOf(hh, steps.length)
  const panelsHr = hr && panelsOf(hr, steps.length)
  const zero = zerosOf([], rows)
  const zeros = (shape: readonly number[]): View => seen(zero, shape, [0, 0])

  const [dh, ...dc] = states.map((state, k) => (gStates[k] ? cloneOf(gStates[k]) : zerosOf(state.shape, state)))
  const dOutput = gOutput ?? zeros([total, hh.shape[1]])
  const dGates = empty(total, hh.shape[0])
  const dProducts = cell.separate ? empty(total, hh.shape[0]) : dGates
  // With a projection: gradients of what it gives and of what it takes.
  const dProjected = hr && empty(total, hr.shape[0])
  const dRaw = hr && empty(dh.shape[0], size)

  for (let k = steps.length - 1; k >= 0; k--) {
    const step = steps[k]
    const state = part(dh, first(step))
    const cs = dc.map((one) => part(one, first(step)))
    let incoming = [part(dOutput, step), state]
    if (panelsHr && dProjected && dRaw) {
      map([E.add(i0, i1)], incoming, [part(dProjected, step)])
      incoming = [part(dRaw, first(step)), zeros([step.size, size])]
      multiply(part(dProjected, step), panelsHr, incoming[0], 0)
    }
    const inputs = [...blocks(gates, step, cell.gates), ...extra.map((one) => part(one, step))]
    if (cell.separate) inputs.push(part(previous, step))
    const outputs = blocks(dGates, step, cell.gates)
    if (cell.separate) outputs.push(...blocks(dProducts, step, cell.gates), state)
    map(cell.backward, [...inputs, ...incoming, ...cs], [...outputs, ...cs])
    // Behind the first step there is only the gradient of the state that was given.
    if (k > 0 || needs[1]) multiply(part(dProducts, step), panelsHh, state, cell.separate ? 1 : 0)
  }

  const at = 1 + states.length
  const wanted = (index: number, compute: () => Tensor): Tensor | null => (needs[index] ? compute() : null)
  const width = [hh.shape[0]]
  const grads: (Tensor | null)[] = [wanted(0, () => mm(dGates, ih)), dh, ...dc]
  grads.push(
    wanted(at, () => weightGrad(dGates, rows)),
    wanted(at + 1, () => weightGrad(dProducts, previous)),
  )
  if (biases) {
    const ofInput = needs[at + 2] || needs[at + 3] ? sumTo(dGates, width) : null
    grads.push(ofInput, cell.separate ? wanted(at + 3, () => sumTo(dProducts, width)) : ofInput)
  }
  if (dProjected && raw) grads.push(wanted(at + (biases ? 4 : 2), () => weightGrad(dProjected, raw)))
  return grads
}
