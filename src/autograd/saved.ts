// A tensor kept for the backward pass: its memory is held, its version remembered, its place in the graph restored on use.
import { AutogradError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import type { Storage } from '../runtime/storage.ts'
import type { Edge } from '../tensor/graph.ts'
import { Tensor } from '../tensor/tensor.ts'
import type { Node } from './node.ts'

/** What a node holds for each value that its backward wants. */
export interface SavedValue {
  /** A fresh handle on the value. Throws AutogradError where it cannot be had any more. */
  unpack(node: Node): Tensor
  /** `pending` collects nodes to release, so that chains are let go in a loop. */
  release(pending?: Node[]): void
}

/** Decides how values are saved. */
export interface Keeper {
  /** `edge`: the place of `tensor` in the graph; `output` k: it is output k of the node that saves it. */
  save(tensor: Tensor, edge: Edge | null, output: number): SavedValue
  /** Sees the operands of each operation that is recorded. */
  meet(operands: readonly Tensor[]): void
}
let keeper: Keeper | null = null

export const meet = (operands: readonly Tensor[]): void => keeper?.meet(operands)

/** Saves a value for the backward pass: the value itself, or what the keeper around puts in its place. */
export const save = (tensor: Tensor, edge: Edge | null, output = -1): SavedValue =>
  keeper === null ? new Saved(tensor, edge, output) : keeper.save(tensor, edge, output)

/** Lets `inner` decide how values are saved while `body`, which must not be async, runs. */
export function savingWith<T>(inner: Keeper, body: () => T): T {
  const before = keeper
  keeper = inner
  try {
    return body()
  } finally {
    keeper = before
  }
}

export class Saved implements SavedValue {
  private storage: Storage | null
  private readonly view: Pick<Tensor, 'dtype' | 'shape' | 'strides' | 'offset'>
  private readonly version: number
  private readonly madeBy: string
  /** Null: no gradient; `output` k: output k of the very node that saves it, which must not hold on to itself. */
  private edge: Edge | null = null
  private readonly output: number

  constructor(tensor: Tensor, edge: Edge | null, output = -1) {
    this.storage = tensor.storage.retain()
    this.view = { dtype: tensor.dtype, shape: tensor.shape, strides: tensor.strides, offset: tensor.offset }
    this.version = tensor.storage.version
    this.output = output
    this.edge = edge
    edge?.node.retain()
    this.madeBy =
      output >= 0
        ? 'the output of this operation'
        : edge === null
          ? 'a tensor without gradient'
          : edge.node.accumulates
            ? 'a leaf'
            : `output ${edge.index} of ${edge.node.name}`
  }

  /** A fresh handle on the saved value. Throws AutogradError if it was written since. */
  unpack(node: Node): Tensor {
    const { dtype, shape, strides, offset } = this.view
    if (this.storage === null) throw new AutogradError(`${node.name}: its saved values were already given back`)
    if (this.storage.version !== this.version) {
      throw new AutogradError(
        `backward: one of the variables needed for gradient computation has been modified by an in-place operation: ` +
          `${dtype} ${formatShape(shape)}, saved by ${node.name} as ${this.madeBy}, is at version ${this.storage.version}; expected version ${this.version} instead`,
        'write y = y.op(...) instead of y.op_(...), or clone() the tensor before writing into it.',
      )
    }
    const handle = new Tensor(this.storage.retain(), dtype, shape, strides, offset)
    if (this.output >= 0) handle.edge = { node, index: this.output }
    else if (this.edge !== null) handle.edge = this.edge
    return handle
  }

  release(pending?: Node[]): void {
    this.storage?.release()
    this.storage = null
    if (this.edge !== null) {
      if (pending) pending.push(this.edge.node as Node)
      else this.edge.node.release()
      this.edge = null
    }
  }
}
