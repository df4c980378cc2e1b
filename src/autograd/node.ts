// One recorded operation of the graph. Nodes are refcounted: when no tensor and no later node needs one,
// it gives back what it saved and lets go of the nodes before it, without waiting for the garbage collector.
import type { Edge, GraphNode } from '../tensor/graph.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { anomaly } from './anomaly.ts'
import type { Saved } from './saved.ts'

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
  readonly leaf: Tensor | null
  /** Functions that see, and may replace, the gradient of one output before the node uses it. */
  hooks: Map<number, Set<GradHook>> | null = null
  saved: readonly Saved[] = []
  /** Saved values were used up by a backward pass that did not retain the graph. */
  consumed = false
  /** Where the operation was called, under `detectAnomaly`. */
  readonly stack = anomaly.detecting() ? new Error().stack : undefined
  private readonly run: Backward
  private refs = 0

  constructor(name: string, edges: readonly (Edge | null)[], run: Backward, leaf: Tensor | null = null) {
    this.name = name
    this.edges = edges
    this.run = run
    this.leaf = leaf
    for (const edge of edges) edge?.node.retain()
  }

  apply(grads: readonly (Tensor | null)[]): readonly (Tensor | null)[] {
    const needs = this.edges.map((edge) => edge !== null)
    return this.run(
      grads,
      this.saved.map((s) => s.unpack(this)),
      needs,
    )
  }

  /** Gives the saved values back. */
  consume(): void {
    if (this.saved.length > 0) this.consumed = true
    for (const saved of this.saved) saved.release()
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
