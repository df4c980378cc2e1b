// The backward sweep: gradients flow from the roots to the leaves, each node once, newest first.
import { AutogradError, ShapeError } from '../base/errors.ts'
import { constant } from '../base/expr.ts'
import { formatShape, sameShape } from '../base/shape.ts'
import { context } from '../runtime/context.ts'
import { launch } from '../runtime/launch.ts'
import { Scope, scoped } from '../runtime/scope.ts'
import type { Edge } from '../tensor/graph.ts'
import { Tensor } from '../tensor/tensor.ts'
import { anomaly } from './anomaly.ts'
import { accumulate, cloneGradient, storeGradient } from './accumulate.ts'
import type { Node } from './node.ts'
import { gradientEdge } from './record.ts'

export interface BackwardOptions {
  /** Keep what the graph saved, to go through it again. Default: the value of `createGraph`. */
  retainGraph?: boolean
  /** Record the gradient computation itself, for gradients of gradients. Default false. */
  createGraph?: boolean
}

type Gradients = (Tensor | null)[]

/**
 * `torch.autograd.backward`: adds the gradient of sum(roots * gradients) to `grad` of every leaf.
 * A missing gradient counts as 1 for a root with one element. Throws AutogradError without a graph, or through one already used up.
 */
export function backward(
  roots: readonly Tensor[],
  gradients: readonly (Tensor | null | undefined)[],
  options: BackwardOptions = {},
): void {
  sweep(roots, gradients, options, null, (node, [grad]) => {
    const leaf = node.leaf
    if (leaf !== null && grad) storeGradient(leaf, grad, options.createGraph ?? false)
  })
}

export interface GradOptions extends BackwardOptions {
  /** Gradients that arrive at the outputs, of their shapes; null and none: 1 for an output of one element. */
  gradOutputs?: readonly (Tensor | null)[]
  /** Give null for an input to which no gradient flows, instead of throwing AutogradError. */
  allowUnused?: boolean
}

/** `torch.autograd.grad`: the gradients of `inputs`, without touching any `grad`. */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options?: GradOptions & { allowUnused?: false },
): Tensor[]
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions,
): (Tensor | null)[]
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions = {},
): (Tensor | null)[] {
  const wanted = toList(inputs).map((x) => gradientEdge(x))
  if (wanted.includes(null)) throw new AutogradError('grad: one of the inputs does not require grad')
  const found = gradAt(toList(outputs), wanted as Edge[], options)
  if (!options.allowUnused && found.includes(null)) {
    throw new AutogradError(
      'grad: one of the inputs was not used to compute the outputs',
      'pass { allowUnused: true } to get null for it.',
    )
  }
  return found
}

/** The gradients that arrive at places in the graph; null where none does. */
export function gradAt(
  roots: readonly Tensor[],
  wanted: readonly Edge[],
  { gradOutputs = [], ...options }: GradOptions,
): (Tensor | null)[] {
  const found: Gradients = wanted.map(() => null)
  sweep(roots, gradOutputs, options, new Set(wanted.map(({ node }) => node as Node)), (node, grads) => {
    wanted.forEach((edge, i) => {
      if (edge.node !== node) return
      const value = grads[edge.index]
      found[i] = value ? cloneGradient(value, options.createGraph ?? false) : null
    })
  })
  return found
}

const toList = (x: Tensor | readonly Tensor[]): readonly Tensor[] => (x instanceof Tensor ? [x] : x)

/**
 * Visits every node that a gradient reaches, or only those on the way to `targets`; `arrive` sees it with its gradients (after hooks), before the
 * node runs.
 */
function sweep(
  roots: readonly Tensor[],
  gradients: readonly (Tensor | null | undefined)[],
  { createGraph = false, retainGraph = createGraph }: BackwardOptions,
  targets: ReadonlySet<Node> | null,
  arrive: (node: Node, grads: Gradients) => void,
): void {
  const outside = context.get()
  scoped(() => {
    // Gradients on their way belong to the scope around; what a node makes while it computes them, to `work`.
    const work = new Scope(context.get().scope)
    const buffers = new Buffers(work, createGraph)
    const visit = (node: Node, wanted: ReadonlySet<Node> | null): void => {
      const { edges } = node
      const grads = buffers.take(node)
      const needs = new Array<boolean>(edges.length)
      for (let i = 0; i < edges.length; i++)
        needs[i] = edges[i] !== null && (wanted === null || wanted.has(edges[i]?.node as Node))
      const runs = needs.includes(true)
      if (node.consumed && runs)
        throw new AutogradError(secondTime, 'pass { retainGraph: true } to the first backward.')
      runHooks(node, grads)
      if (targets === null ? node.accumulates : targets.has(node)) {
        context.runSync({ scope: outside.scope, gradEnabled: createGraph, autocast: null }, () => arrive(node, grads))
      }
      if (runs && grads.some((g) => g !== null && g !== undefined)) propagate(node, grads, needs, buffers)
      if (runs && !retainGraph) node.consume()
      if (!createGraph) for (let i = 0; i < grads.length; i++) grads[i]?.dispose()
      work.drain()
    }
    try {
      // Without autocast: gradients have the dtypes that the operations had.
      context.runSync({ scope: work, gradEnabled: createGraph, autocast: null }, () => {
        const order = newestFirst(roots.map((root, i) => seed(buffers, root, gradients[i])))
        const wanted = targets === null ? null : leadingTo(targets, order)
        for (const node of order) if (wanted === null || wanted.has(node)) visit(node, wanted)
      })
    } finally {
      work.end()
    }
  })
}

/** Gradients that have arrived at nodes not yet visited: by node, then by output. */
class Buffers {
  private readonly byNode = new Map<Node, Gradients>()
  private readonly work: Scope
  private readonly createGraph: boolean

  constructor(work: Scope, createGraph: boolean) {
    this.work = work
    this.createGraph = createGraph
  }

  /** Adds to what is there. `grad` must be a handle of its own: it is taken over. */
  put({ node, index }: Edge, grad: Tensor): void {
    let slots = this.byNode.get(node as Node)
    if (slots === undefined) {
      slots = []
      this.byNode.set(node as Node, slots)
    }
    const before = slots[index]
    slots[index] = this.work.release(before ? accumulate(before, grad, this.createGraph) : grad)
  }

  take(node: Node): Gradients {
    const found = this.byNode.get(node) ?? []
    this.byNode.delete(node)
    return found
  }
}

const secondTime =
  'backward: trying to go through the graph a second time: the values it saved were given back after the first time'

function seed(buffers: Buffers, root: Tensor, gradient: Tensor | null | undefined): Node {
  const edge = gradientEdge(root)
  if (edge === null) {
    throw new AutogradError(
      'backward: the tensor does not require grad and has no gradFn',
      'nothing it was computed from has requiresGrad: true, or it was made under noGrad.',
    )
  }
  let start = gradient
  if (start === null || start === undefined) {
    if (root.numel() !== 1) {
      throw new AutogradError(
        `backward: a gradient can be created implicitly only for a tensor with one element, this one has shape ${formatShape(root.shape)}`,
        'call y.sum().backward(), or pass the gradient: y.backward(gradient).',
      )
    }
    start = Tensor.empty(root.shape, root.dtype, root.device)
    launch({
      kind: 'map',
      exprs: [constant(1)],
      compute: root.dtype === 'float64' ? 'float64' : 'float32',
      inputs: [],
      outputs: [start],
      scalars: [],
    })
  } else if (!sameShape(start.shape, root.shape)) {
    throw new ShapeError(
      `backward: the gradient has shape ${formatShape(start.shape)}, the tensor ${formatShape(root.shape)}`,
    )
  }
  // A leaf that has not been used yet gets its place in the graph now: the other handle would be another leaf.
  gradientEdge(start)
  buffers.put(edge, start.aliasWithEdge())
  return edge.node as Node
}

/** All nodes that can be reached, newest first: every node comes before those that it sends gradients to. */
function newestFirst(starts: readonly Node[]): Node[] {
  const seen = new Set<Node>(starts)
  const found = [...seen]
  for (let k = 0; k < found.length; k++) {
    const { edges } = found[k]
    for (let i = 0; i < edges.length; i++) {
      const next = edges[i]?.node as Node | undefined
      if (next === undefined || seen.has(next)) continue
      seen.add(next)
      found.push(next)
    }
  }
  return found.sort((a, b) => b.sequence - a.sequence)
}

/** The nodes from which a target can be reached, and the targets. */
function leadingTo(targets: ReadonlySet<Node>, order: readonly Node[]): ReadonlySet<Node> {
  const found = new Set(targets)
  for (const node of order.toReversed()) {
    if (node.edges.some((edge) => edge !== null && found.has(edge.node as Node))) found.add(node)
  }
  return found
}

function runHooks(node: Node, grads: Gradients): void {
  node.hooks?.forEach((hooks, index) => {
    for (const hook of hooks) {
      const grad = grads[index]
      // A handle of its own: the hook may keep it, while the sweep disposes what it is done with.
      if (grad) grads[index] = hook(grad.aliasWithEdge()) ?? grad
    }
  })
}

function propagate(node: Node, grads: Gradients, needs: readonly boolean[], buffers: Buffers): void {
  // A gradient that nobody sent arrives as null.
  for (let i = 0; i < grads.length; i++) grads[i] ??= null
  const made = node.apply(grads, needs)
  if (anomaly.detecting()) anomaly.check(node, made)
  for (let i = 0; i < node.edges.length; i++) {
    const edge = node.edges[i]
    const grad = made[i]
    // An op may send one tensor to two inputs, or hand on the gradient it got: each needs a handle of its own.
    if (edge !== null && needs[i] && grad) buffers.put(edge, grad.aliasWithEdge())
  }
}
