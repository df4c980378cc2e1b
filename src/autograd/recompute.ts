// Values that are computed again in the backward pass instead of being kept: the graph is the usual one, only what its nodes saved comes from a second run.
import { AutogradError } from '../base/errors.ts'
import { formatShape, sameShape } from '../base/shape.ts'
import type { Edge } from '../tensor/graph.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Node } from './node.ts'
import { gradientEdge } from './record.ts'
import { type Keeper, save, Saved, type SavedValue, savingWith } from './saved.ts'

/** One value that a node of the first run wanted to save. It holds no memory until the second run. */
class Recomputed implements SavedValue {
  private readonly owner: Recomputation
  private readonly like: Pick<Tensor, 'shape' | 'dtype'>
  private edge: Edge | null
  private readonly output: number
  private value: Saved | null = null
  private released = false

  constructor(owner: Recomputation, { shape, dtype }: Tensor, edge: Edge | null, output: number) {
    this.owner = owner
    this.like = { shape, dtype }
    this.edge = edge
    this.output = output
    edge?.node.retain()
  }

  /** Takes the value of the second run, at the place in the graph of the first. */
  fill(x: Tensor): void {
    const { shape, dtype } = this.like
    if (!sameShape(x.shape, shape) || x.dtype !== dtype)
      throw differs(
        `saved ${dtype} ${formatShape(shape)} at first and ${x.dtype} ${formatShape(x.shape)} the second time`,
      )
    if (this.released) return
    this.value?.release()
    this.value = new Saved(x, this.edge, this.output)
  }

  unpack(node: Node): Tensor {
    if (this.value === null) this.owner.runAgain(node)
    if (this.value === null) throw new AutogradError(`${node.name}: its saved values were already given back`)
    return (this.value as Saved).unpack(node)
  }

  release(pending?: Node[]): void {
    if (this.released) return
    this.released = true
    this.value?.release(pending)
    this.value = null
    if (this.edge !== null) {
      if (pending) pending.push(this.edge.node as Node)
      else this.edge.node.release()
      this.edge = null
    }
    this.owner.letGo(pending)
  }
}

const differs = (what: string): AutogradError =>
  new AutogradError(
    `checkpoint: the function ${what}`,
    'it must compute the same from the same inputs and random numbers each time.',
  )

export class Recomputation {
  private readonly inputs: readonly SavedValue[]
  private readonly again: (inputs: Tensor[]) => void
  private readonly values: Recomputed[] = []
  /** The leaves that were used: if one changed since, the second run would not be the first one. */
  private readonly leaves = new Map<Tensor, Saved>()
  /** Values not yet released, and one more during the first run. */
  private alive = 1

  /** `again` does what `record` will do, from handles on the same inputs without their history. */
  constructor(inputs: readonly Tensor[], again: (inputs: Tensor[]) => void) {
    this.inputs = inputs.map((x) => save(x, null))
    this.again = again
  }

  /** Runs `body`, which must not be async, keeping nothing of what its operations save. */
  record<T>(body: () => T): T {
    const keeper: Keeper = {
      save: (x, edge, output) => {
        const value = new Recomputed(this, x, edge, output)
        this.values.push(value)
        this.alive++
        return value
      },
      meet: (operands) => {
        for (const x of operands)
          if (x.requiresGrad && x.isLeaf && !this.leaves.has(x)) this.leaves.set(x, new Saved(x, gradientEdge(x)))
      },
    }
    try {
      return savingWith(keeper, body)
    } finally {
      this.letGo()
    }
  }

  /** Fills all values that somebody still wants. */
  runAgain(node: Node): void {
    for (const leaf of this.leaves.values()) leaf.unpack(node).dispose()
    const inputs = this.inputs.map((x) => x.unpack(node))
    let count = 0
    const keeper: Keeper = {
      save: (x, edge, output) => {
        if (count === this.values.length) throw differs('saved more values the second time')
        this.values[count++].fill(x)
        return new Saved(x, edge, output)
      },
      meet: () => {},
    }
    savingWith(keeper, () => this.again(inputs))
    if (count < this.values.length)
      throw differs(`saved ${this.values.length} values at first and ${count} the second time`)
  }

  letGo(pending?: Node[]): void {
    this.alive--
    if (this.alive > 0) return
    for (const held of [...this.inputs, ...this.leaves.values()]) held.release(pending)
    this.leaves.clear()
  }
}
