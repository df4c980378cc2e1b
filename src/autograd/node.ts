// One recorded operation of the graph. Nodes are refcounted: when no tensor and no later node needs one,
// it gives back what it saved and lets go of the nodes before it, without waiting for the garbage collector.
import type { Edge, GraphNode } from '../tensor/graph.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { anomaly } from './anomaly.ts'
import type { SavedValue } from './saved.ts'

/** Gradients of the outputs in, gradients of the inputs out; null means zero. */
export type Backward = (
  grads: readonly (Tensor | null)[],
  saved: readonly Tensor[],
  needs: readonly boolean[],
) => readonly (Tensor | null)[]

export type GradHook = (grad: Tensor) => Tensor | null | undefined | void

let created = 0

export class Node implements GraphNode {
  readonly name: string
  readonly edges: readonly (Edge | null)[]
  readonly sequence = created++
  readonly accumulates: boolean
  /** Functions that see, and may replace, the gradient of one output before the node uses it. */
  hooks: Map<number, Set<GradHook>> | null = null
  saved: readonly SavedValue[] = []
  /** Saved values were used up by a backward pass that did not retain the graph. */
  consumed = false
  /** Where the operation was called, under `detectAnomaly`. */
  readonly stack = anomaly.detecting() ? new Error().stack : undefined
  /** Weak: a leaf holds its node, and must not be kept alive by it when nobody else can see it. */
  private readonly leafRef: WeakRef<Tensor> | null
  private readonly run: Backward
  private refs = 0

  constructor(name: string, edges: readonly (Edge | null)[], run: Backward, leaf: Tensor | null = null) {
    this.name = name
    this.edges = edges
    this.run = run
    this.accumulates = leaf !== null
    this.leafRef = leaf === null ? null : new WeakRef(leaf)
    for (let k = 0; k < edges.length; k++) edges[k]?.node.retain()
  }

  /** The leaf whose `grad` this node adds to, while somebody can see it. */
  get leaf(): Tensor | null {
    const leaf = this.leafRef?.deref()
    return leaf === undefined || leaf.disposed ? null : leaf
  }

  /** `needs`: which inputs' gradients are asked for. */
  apply(grads: readonly (Tensor | null)[], needs: readonly boolean[]): readonly (Tensor | null)[] {
    return this.run(
      grads,
      this.saved.map((s) => s.unpack(this)),
      needs,
    )
  }

  /** Gives the saved values back. */
  consume(): void {
    if (this.saved.length > 0) this.consumed = true
    for (let k = 0; k < this.saved.length; k++) this.saved[k].release()
    this.saved = []
  }

  retain(): void {
    this.refs++
  }

  release(): void {
    // A loop, not recursion: a graph of an unrolled recurrent net is thousands of nodes deep.
    const pending: Node[] = [this]
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      node.refs--
      if (node.refs > 0) continue
      for (const saved of node.saved) saved.release(pending)
      node.saved = []
      for (const edge of node.edges) if (edge !== null) pending.push(edge.node as Node)
    }
  }
}
