// One run of a function on stand-ins for its arguments, and the gradients at these: what all transforms of `torch.func` are made of.
import { gradAt } from '../autograd/backward.ts'
import { enableGrad, isGradEnabled } from '../autograd/noGrad.ts'
import { reachesLeaves } from '../autograd/reach.ts'
import { gradientEdge } from '../autograd/record.ts'
import { DTypeError, IndexError, ValueError } from '../base/errors.ts'
import { isFloating } from '../base/dtype.ts'
import { formatShape, sameShape } from '../base/shape.ts'
import { detach } from '../ops/copy.ts'
import { zeros } from '../ops/creation.ts'
import { expand } from '../ops/view.ts'
import type { Edge } from '../tensor/graph.ts'
import { Tensor } from '../tensor/tensor.ts'
import { mapTensors, tensorsOf, withTensors } from './tree.ts'

export type Argnums = number | readonly number[]
// Any function: the transforms' own signatures say more.
export type AnyFunction = (...args: any[]) => unknown

/** What a tensor is apart from its memory, which may be gone when a gradient of its shape is asked for. */
type Like = Pick<Tensor, 'shape' | 'dtype' | 'device'>
const zerosAs = ({ shape, dtype, device }: Like): Tensor => zeros(shape, { dtype, device })

export class Trace {
  /** The name of the transform, for errors. */
  readonly op: string
  /** What the function returned, on the graph of this run; with `hasAux`, the first part of it. */
  readonly value: unknown
  readonly aux: unknown
  readonly outputs: readonly Tensor[]
  /** Whether somebody outside can ask for gradients of what the transform returns. */
  readonly watched: boolean
  /** What the tensors of the differentiated arguments are like. */
  readonly inputs: readonly Like[]
  private readonly edges: readonly Edge[]
  /** The arguments that are differentiated, for their structure: one, or a list where `argnums` is one. */
  private readonly chosen: unknown

  /** Runs `f` with recording, whatever the mode around, which decides whether the result is recorded for those outside. */
  constructor(op: string, f: AnyFunction, args: readonly unknown[], argnums: Argnums, hasAux = false) {
    this.op = op
    const recorded = isGradEnabled()
    const places = [argnums].flat().map((place) => {
      const index = place < 0 ? place + args.length : place
      if (index in args) return index
      throw new IndexError(`${op}: argnums names argument ${place}, the function was given ${args.length}`)
    })
    if (new Set(places).size < places.length)
      throw new ValueError(`${op}: argnums names an argument twice: ${formatShape([argnums].flat())}`)
    this.chosen = typeof argnums === 'number' ? args[places[0]] : places.map((place) => args[place])
    const standIns: Tensor[] = []
    const standIn = (x: Tensor): Tensor => {
      if (!isFloating(x.dtype)) throw new DTypeError(`${op}: there are no gradients of ${x.dtype} tensors`)
      // A view has a place of its own in the graph: gradients that reach the argument on other ways do not count.
      const own = recorded && x.requiresGrad ? expand(x, x.shape) : detach(x).requiresGrad_()
      standIns.push(own)
      return own
    }
    const result = enableGrad(() => {
      const own = new Map(places.map((place) => [place, mapTensors(args[place], standIn)]))
      return f(...args.map((arg, i) => (own.has(i) ? own.get(i) : arg)))
    })
    // In the order of `argnums`, which is that in which the map was filled.
    this.edges = standIns.map((x) => gradientEdge(x) as Edge)
    this.inputs = standIns.map(({ shape, dtype, device }) => ({ shape, dtype, device }))
    if (hasAux && !(Array.isArray(result) && result.length === 2))
      throw new ValueError(`${op}: with hasAux the function returns [output, aux]`)
    const [value, aux] = hasAux ? (result as unknown[]) : [result]
    this.value = value
    this.aux = aux
    this.outputs = tensorsOf(value)
    if (this.outputs.length === 0)
      throw new ValueError(
        `${op}: the function returns no tensor`,
        'return a tensor, or an array or object of tensors.',
      )
    this.watched = recorded && reachesLeaves(this.outputs, new Set(this.edges.map(({ node }) => node)))
  }

  /** The sum of the outputs' gradients, weighted by `cotangents`, at each tensor of the arguments. The graph stays, where `retain` is true. */
  pull(outputs: readonly Tensor[], cotangents: readonly Tensor[], retain: boolean, createGraph?: boolean): Tensor[] {
    const create = createGraph ?? (isGradEnabled() && (this.watched || cotangents.some((v) => v.requiresGrad)))
    checkLike(this.op, 'cotangent', 'output', cotangents, outputs)
    // Throws where the graph went with its scope.
    for (const output of outputs) void output.storage
    const live = outputs.map((_, i) => i).filter((i) => outputs[i].requiresGrad)
    const found = gradAt(
      live.map((i) => outputs[i]),
      this.edges,
      { gradOutputs: live.map((i) => cotangents[i]), createGraph: create, retainGraph: retain || create },
    )
    return this.inputs.map((like, i) => found[i] ?? zerosAs(like))
  }

  /** One tensor for each of the arguments' tensors, in the arguments' structure. */
  arrange(tensors: readonly Tensor[]): unknown {
    return withTensors(this.chosen, tensors)
  }

  /** A result as those outside may have it: without the history that only this run needs. */
  outward(result: unknown): unknown {
    return mapTensors(result, (x) => (this.watched || !x.requiresGrad ? x : detach(x)))
  }
}

/** Throws ValueError unless each of `given` has the shape and dtype of its counterpart. */
export function checkLike(
  op: string,
  a: string,
  b: string,
  given: readonly Tensor[],
  wanted: readonly Omit<Like, 'device'>[],
): void {
  if (given.length !== wanted.length)
    throw new ValueError(`${op}: needs one ${a} for each ${b}: got ${given.length} for ${wanted.length}`)
  given.forEach((v, i) => {
    if (sameShape(v.shape, wanted[i].shape) && v.dtype === wanted[i].dtype) return
    const text = ({ shape, dtype }: Omit<Like, 'device'>): string => `${dtype} ${formatShape(shape)}`
    throw new ValueError(`${op}: ${a} ${i} is ${text(v)}, its ${b} ${text(wanted[i])}`)
  })
}
