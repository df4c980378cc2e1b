// What a tensor knows of the gradient graph: the node that made it. `autograd/` builds and walks the nodes.

/** One recorded operation. */
export interface GraphNode {
  /** As PyTorch names it: `AddBackward0`. */
  readonly name: string
  /** Where the gradient of each input goes; null where none is needed. */
  readonly edges: readonly (Edge | null)[]
  /** Order of creation: a node comes after all nodes that it depends on. */
  readonly sequence: number
  /** It adds to the `grad` of a leaf, instead of being an operation. */
  readonly accumulates: boolean
  retain(): void
  release(): void
}

/** Output `index` of `node`. */
export interface Edge {
  readonly node: GraphNode
  readonly index: number
}
