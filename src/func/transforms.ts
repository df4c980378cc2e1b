// Functions that differentiate functions: grad, gradAndValue, vjp, jvp. They nest, and gradients flow through their results.
// Arguments and results are tensors, alone or in arrays and plain objects; other arguments are passed on as they are.
import { gradAt } from '../autograd/backward.ts'
import { isGradEnabled } from '../autograd/noGrad.ts'
import { gradientEdge } from '../autograd/record.ts'
import { ShapeError, ValueError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import { onesLike, zerosLike } from '../ops/creation.ts'
import { scoped } from '../runtime/scope.ts'
import type { Edge } from '../tensor/graph.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { type Argnums, checkLike, Trace } from './trace.ts'
import { tensorsOf, withTensors } from './tree.ts'

/** The structure of `T` with plain tensors in it. */
export type Like<T> = T extends Tensor ? Tensor : T extends object ? { -readonly [K in keyof T]: Like<T[K]> } : T
/** The arguments of the list `A` that `N` names. */
export type Chosen<A extends readonly unknown[], N extends Argnums> = N extends number
  ? Like<A[N]>
  : { -readonly [K in keyof N]: Like<A[N[K] & number]> }

export interface TransformOptions<N extends Argnums = Argnums> {
  /** The argument, or the list of arguments, to differentiate with respect to; negative counts from the end. Default 0. */
  argnums?: N
}
interface Plain {
  /** The function returns [output, aux], and aux is handed on. Default false. */
  hasAux?: false
}
interface WithAux {
  hasAux: true
}

/**
 * The function that computes the gradient of `f`, which returns a tensor with one element: of the argument `argnums`, in its structure. With
 * `hasAux`: [gradient, aux]. Throws ShapeError for a larger result. Source: `functorch.grad` (`torch.func.grad` since 2.0).
 */
export function grad<A extends unknown[], const N extends Argnums = 0>(
  f: (...args: A) => Tensor,
  options?: TransformOptions<N> & Plain,
): (...args: A) => Chosen<A, N>
export function grad<A extends unknown[], X, const N extends Argnums = 0>(
  f: (...args: A) => readonly [Tensor, X],
  options: TransformOptions<N> & WithAux,
): (...args: A) => [Chosen<A, N>, X]
export function grad(f: (...args: any[]) => unknown, { argnums = 0, hasAux = false }: AnyOptions = {}) {
  return (...args: unknown[]) =>
    scoped(() => {
      const run = new Trace('grad', f, args, argnums, hasAux)
      const gradient = gradientOf(run)
      return hasAux ? [gradient, run.outward(run.aux)] : gradient
    })
}
interface AnyOptions {
  argnums?: Argnums
  hasAux?: boolean
}

/** `grad`, and the value: [gradient, value]; with `hasAux` [gradient, [value, aux]]. Source: `functorch.grad_and_value`. */
export function gradAndValue<A extends unknown[], const N extends Argnums = 0>(
  f: (...args: A) => Tensor,
  options?: TransformOptions<N> & Plain,
): (...args: A) => [Chosen<A, N>, Tensor]
export function gradAndValue<A extends unknown[], X, const N extends Argnums = 0>(
  f: (...args: A) => readonly [Tensor, X],
  options: TransformOptions<N> & WithAux,
): (...args: A) => [Chosen<A, N>, [Tensor, X]]
export function gradAndValue(f: (...args: any[]) => unknown, { argnums = 0, hasAux = false }: AnyOptions = {}) {
  return (...args: unknown[]) =>
    scoped(() => {
      const run = new Trace('gradAndValue', f, args, argnums, hasAux)
      return [gradientOf(run), run.outward(hasAux ? [run.value, run.aux] : run.value)]
    })
}

function gradientOf(run: Trace): unknown {
  const [output, ...rest] = run.outputs
  if (rest.length > 0) throw new ValueError(`${run.op}: the function must return one tensor, got ${rest.length + 1}`)
  if (output.numel() !== 1 || output.ndim > 0)
    throw new ShapeError(
      `${run.op}: the function must return a scalar, got shape ${formatShape(output.shape)}`,
      'sum it, or use vjp or jacrev.',
    )
  return run.arrange(run.pull([output], [onesLike(output)], false))
}

/**
 * Gives [f(...primals), vjpFn]: vjpFn(cotangents), in the structure of the output, gives the list of the primals' gradients, as often as it is called.
 * It needs the graph, which goes with the scope in which `vjp` was called. Source: `functorch.vjp`.
 */
export function vjp<A extends unknown[], R>(
  f: (...primals: A) => R,
  ...primals: A
): [R, (cotangents: Like<R>) => Like<A>] {
  const all = primals.map((_, i) => i)
  const [run] = scoped(() => {
    const inner = new Trace('vjp', f, primals, all)
    return [inner, inner.outputs] as const
  })
  const pull = (cotangents: Like<R>): Like<A> =>
    scoped(() => run.arrange(run.pull(run.outputs, tensorsOf(cotangents), true)) as Like<A>)
  return [run.outward(run.value) as R, pull]
}

/**
 * [f(...primals), its derivative in the direction of `tangents`], which have the primals' structure; with `hasAux` [output, derivative, aux].
 * Forward mode by two backward passes: a vector-Jacobian product is linear in its vector, and its gradient there is the product with the tangent.
 * Source: `functorch.jvp`, computed as `torch.autograd.functional.jvp` does.
 */
export function jvp<A extends unknown[], R>(
  f: (...primals: A) => R,
  primals: A,
  tangents: Like<A>,
  options?: Plain,
): [R, Like<R>]
export function jvp<A extends unknown[], R, X>(
  f: (...primals: A) => readonly [R, X],
  primals: A,
  tangents: Like<A>,
  options: WithAux,
): [R, Like<R>, X]
export function jvp(
  f: (...primals: any[]) => unknown,
  primals: unknown[],
  tangents: unknown,
  { hasAux = false }: { hasAux?: boolean } = {},
): unknown[] {
  return scoped(() => {
    const all = primals.map((_, i) => i)
    const run = new Trace('jvp', f, primals, all, hasAux)
    const directions = tensorsOf(tangents)
    checkLike('jvp', 'tangent', 'primal', directions, run.inputs)
    const cotangents = run.outputs.map((y) => zerosLike(y).requiresGrad_())
    const pulled = run.pull(run.outputs, cotangents, true, true)
    const live = pulled.map((_, i) => i).filter((i) => pulled[i].requiresGrad)
    const found = gradAt(
      live.map((i) => pulled[i]),
      cotangents.map((v) => gradientEdge(v) as Edge),
      {
        gradOutputs: live.map((i) => directions[i]),
        createGraph: isGradEnabled() && (run.watched || directions.some((v) => v.requiresGrad)),
        retainGraph: run.watched,
      },
    )
    const derivative = withTensors(
      run.value,
      found.map((g, i) => g ?? zerosLike(run.outputs[i])),
    )
    const results = [run.outward(run.value), derivative]
    return hasAux ? [...results, run.outward(run.aux)] : results
  })
}
