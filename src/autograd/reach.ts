// Who would see a gradient: transforms that nest ask it, to record their own gradients only where somebody can use them.
import type { GraphNode } from '../tensor/graph.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Node } from './node.ts'
import { gradientEdge } from './record.ts'

/** Whether a gradient sent from `outputs` arrives at a leaf that is still alive and not one of `own`. */
export function reachesLeaves(outputs: readonly Tensor[], own: ReadonlySet<GraphNode>): boolean {
  const seen = new Set<GraphNode>()
  for (const output of outputs) {
    const edge = gradientEdge(output)
    if (edge !== null) seen.add(edge.node)
  }
  // A set gives what is added to it while it is walked.
  for (const node of seen) {
    if (node.accumulates && !own.has(node) && (node as Node).leaf !== null) return true
    for (const edge of node.edges) if (edge !== null) seen.add(edge.node)
  }
  return false
}
