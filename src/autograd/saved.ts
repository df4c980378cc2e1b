// A tensor kept for the backward pass: its memory is held, its version remembered, its place in the graph restored on use.
import { AutogradError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import type { Storage } from '../runtime/storage.ts'
import type { Edge } from '../tensor/graph.ts'
import { Tensor } from '../tensor/tensor.ts'
import type { Node } from './node.ts'

export class Saved {
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

  /** `pending` collects nodes to release, so that chains are let go in a loop. */
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
