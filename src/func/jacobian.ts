// Derivatives of many outputs at once: Jacobians row by row, Hessians as Jacobians of Jacobians, and products with Hessians without making them.
import { noGrad } from '../autograd/noGrad.ts'
import { fill_ } from '../ops/fill.ts'
import { stack } from '../ops/join.ts'
import { zeros } from '../ops/creation.ts'
import { reshape } from '../ops/reshape.ts'
import { narrow } from '../ops/slice.ts'
import { scoped } from '../runtime/scope.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { type Argnums, Trace } from './trace.ts'
import { type Chosen, gradAndValue, jvp, type Like, type TransformOptions } from './transforms.ts'
import { mapTensors, tensorsOf } from './tree.ts'

/** For each tensor of `R` the structure `S`. */
export type Jacobian<R, S> = R extends Tensor
  ? S
  : R extends object
    ? { -readonly [K in keyof R]: Jacobian<R[K], S> }
    : R

/**
 * The function that computes the Jacobian of `f`: for an output [*out] and an argument [*in] a tensor [*out, *in], in the structure of the output,
 * and there in that of the arguments. One backward pass for each element of the output. With `hasAux`: [Jacobian, aux]. Source: `functorch.jacrev`.
 */
export function jacrev<A extends unknown[], R, const N extends Argnums = 0>(
  f: (...args: A) => R,
  options?: TransformOptions<N> & { hasAux?: false },
): (...args: A) => Jacobian<R, Chosen<A, N>>
export function jacrev<A extends unknown[], R, X, const N extends Argnums = 0>(
  f: (...args: A) => readonly [R, X],
  options: TransformOptions<N> & { hasAux: true },
): (...args: A) => [Jacobian<R, Chosen<A, N>>, X]
export function jacrev(
  f: (...args: any[]) => unknown,
  { argnums = 0, hasAux = false }: { argnums?: Argnums; hasAux?: boolean } = {},
) {
  return (...args: unknown[]) =>
    scoped(() => {
      const run = new Trace('jacrev', f, args, argnums, hasAux)
      const jacobian = mapTensors(run.value, (y) => run.arrange(rowsOf(run, y)))
      return hasAux ? [jacobian, run.outward(run.aux)] : jacobian
    })
}

/** The derivatives of one output by all inputs. */
function rowsOf(run: Trace, y: Tensor): Tensor[] {
  const rows = Array.from({ length: y.numel() }, (_, i) => {
    const one = zeros([y.numel()], { dtype: y.dtype, device: y.device })
    fill_(narrow(one, 0, i, 1), 1)
    return run.pull([y], [reshape(one, y.shape)], true)
  })
  return run.inputs.map(({ shape, dtype, device }, k) => {
    const sizes = [...y.shape, ...shape]
    return rows.length === 0 ? zeros(sizes, { dtype, device }) : reshape(stack(rows.map((row) => row[k])), sizes)
  })
}

/**
 * The function that computes the second derivatives of `f`, which returns a tensor: [*out, *in, *in]; for a list `argnums`, lists of lists.
 * Source: `functorch.hessian`; both derivatives are taken in reverse.
 */
export function hessian<A extends unknown[], const N extends Argnums = 0>(
  f: (...args: A) => Tensor,
  options: TransformOptions<N> = {},
): (...args: A) => Jacobian<Chosen<A, N>, Chosen<A, N>> {
  return jacrev(jacrev(f, options) as (...args: A) => Chosen<A, N>, options)
}

export interface FunctionalOptions {
  /** Record the computation, so that gradients flow through the result. Default false. */
  createGraph?: boolean
}
type Inputs = Tensor | readonly Tensor[]
// The functions of `torch.autograd.functional` take one tensor or a list of them.
type OfInputs<I extends Inputs, R> = (...inputs: I extends readonly Tensor[] ? I : [I]) => R

const listOf = (inputs: Inputs): Tensor[] => tensorsOf(inputs)
/** One tensor or a list, as the inputs were. */
const alike = <I extends Inputs>(inputs: I, results: readonly Tensor[]): Like<I> =>
  (Array.isArray(inputs) ? results : results[0]) as Like<I>
const recorded = <T>(createGraph: boolean | undefined, body: () => T): T => (createGraph ? body() : noGrad(body))

/** The Jacobian of `f` at `inputs`, one tensor or a list, as `jacrev` gives it. Source: `torch.autograd.functional.jacobian`. */
export function jacobian<const I extends Inputs, R>(
  f: OfInputs<I, R>,
  inputs: I,
  { createGraph }: FunctionalOptions = {},
): Jacobian<R, Like<I>> {
  const all = listOf(inputs)
  const argnums = Array.isArray(inputs) ? all.map((_, i) => i) : 0
  return recorded(createGraph, () => jacrev(f as (...args: Tensor[]) => R, { argnums })(...all)) as Jacobian<R, Like<I>>
}

/** `f` as [gradients by all arguments, value]. */
const slopes = <I extends Inputs>(f: OfInputs<I, Tensor>, inputs: I) =>
  gradAndValue(f as (...args: Tensor[]) => Tensor, { argnums: listOf(inputs).map((_, i) => i) })

/**
 * [f(inputs), H v] for the Hessian H of a scalar function, without making H: `v` is like the inputs. Forward over reverse.
 * Source: `torch.autograd.functional.hvp`.
 */
export function hvp<const I extends Inputs>(
  f: OfInputs<I, Tensor>,
  inputs: I,
  v: Like<I>,
  { createGraph }: FunctionalOptions = {},
): [Tensor, Like<I>] {
  return recorded(createGraph, () => {
    const [, product, value] = jvp(slopes(f, inputs), listOf(inputs), listOf(v as Inputs), { hasAux: true })
    return [value, alike(inputs, product)]
  })
}

/** Gives [f(inputs), v H]: the same numbers where second derivatives are continuous, faster than `hvp`. Source: `torch.autograd.functional.vhp`. */
export function vhp<const I extends Inputs>(
  f: OfInputs<I, Tensor>,
  inputs: I,
  v: Like<I>,
  { createGraph }: FunctionalOptions = {},
): [Tensor, Like<I>] {
  return recorded(createGraph, () =>
    scoped(() => {
      const all = listOf(inputs)
      const run = new Trace(
        'vhp',
        slopes(f, inputs),
        all,
        all.map((_, i) => i),
        true,
      )
      const product = run.pull(run.outputs, listOf(v as Inputs), false)
      return [run.outward(run.aux) as Tensor, alike(inputs, product)] as [Tensor, Like<I>]
    }),
  )
}
