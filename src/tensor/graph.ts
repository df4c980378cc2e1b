// What a tensor knows of the gradient graph: the node that made it. `autograd/` builds and walks the nodes.
import type { Tensor } from './tensor.ts'

/** One recorded operation. */
export interface GraphNode {
  /** As PyTorch names it: `AddBackward0`. */
  readonly name: string
  /** Where the gradient of each input goes; null where none is needed. */
  readonly edges: readonly (Edge | null)[]
  /** Order of creation: a node comes after all nodes that it depends on. */
  readonly sequence: number
  /** The leaf whose `grad` this node adds to; null for an operation. */
  readonly leaf: Tensor | null
  retain(): void
  release(): void
}

/** Output `index` of `node`. */
export interface Edge {
  readonly node: GraphNode
  readonly index: number
}
