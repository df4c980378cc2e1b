// Operations of one's own: forward and backward as two functions, which a context connects.
import { recordMany, withoutRecording } from '../autograd/record.ts'
import { isFloating } from '../base/dtype.ts'
import { AutogradError, KindlingError, ShapeError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import { detach } from '../ops/copy.ts'
import { zeros } from '../ops/creation.ts'
import { cast } from '../ops/pointwise.ts'
import { sumTo } from '../ops/sumTo.ts'
import { scoped } from '../runtime/scope.ts'
import { Tensor } from '../tensor/tensor.ts'

type MaybeTensor = Tensor | null | undefined
type Gradients = MaybeTensor | readonly MaybeTensor[]

/** What the methods of a context say to `apply`; hidden, so that any name is free for a field of one's own. */
interface Hidden {
  kept: readonly MaybeTensor[]
  nonDifferentiable: readonly Tensor[]
  materializes: boolean
  /** What was kept, while `backward` runs. */
  restored: readonly (Tensor | null)[] | null
}
const hidden = new WeakMap<FunctionCtx, Hidden>()
const stateOf = (ctx: FunctionCtx): Hidden => hidden.get(ctx) as Hidden

/** What `forward` leaves for `backward`. Other values than tensors go into fields of one's own: `ctx.scale = 2`. */
export class FunctionCtx {
  [field: string]: any
  /** For each argument of `forward`, whether its gradient is wanted. Source: `needs_input_grad`. */
  readonly needsInputGrad: readonly boolean[]

  constructor(needsInputGrad: readonly boolean[]) {
    this.needsInputGrad = needsInputGrad
    hidden.set(this, { kept: [], nonDifferentiable: [], materializes: true, restored: null })
  }
  /** In `forward`: keeps tensors, or nulls, for `backward`, which finds them in `savedTensors`. Source: `save_for_backward`. */
  saveForBackward(...tensors: MaybeTensor[]): void {
    stateOf(this).kept = tensors
  }
  /** What was saved. Throws AutogradError outside of `backward`; `backward` is not called where one was written to since. Source: `saved_tensors`. */
  get savedTensors(): readonly any[] {
    const { restored } = stateOf(this)
    if (restored === null) throw new AutogradError('savedTensors: they are there only while backward runs')
    return restored
  }
  /** In `forward`: no gradients flow back from these outputs. Source: `mark_non_differentiable`. */
  markNonDifferentiable(...outputs: Tensor[]): void {
    stateOf(this).nonDifferentiable = outputs
  }
  /** In `forward`: whether `backward` gets zeros (the default) or null from outputs to which no gradient flowed. Source: `set_materialize_grads`. */
  setMaterializeGrads(value: boolean): void {
    stateOf(this).materializes = value
  }
}

/** A subclass of `Function`, as `apply` needs it. */
export interface FunctionClass<A extends unknown[], R> {
  /** Name of the class, for the graph and for errors. */
  readonly name: string
  /** The computation, not recorded. */
  forward(ctx: FunctionCtx, ...args: A): R
  /** The gradients of the arguments. */
  backward(ctx: FunctionCtx, ...grads: any[]): Gradients
}

/**
 * Base of operations with a gradient of their own: a subclass defines `static forward` and `static backward`, and is called by
 * `Operation.apply(...args)`. Source: `torch.autograd.Function`.
 */
export class Function {
  /** The computation, which is not recorded: one tensor or a list of them. Arguments may be anything. */
  static forward(_ctx: FunctionCtx, ..._args: any[]): Tensor | readonly Tensor[] {
    throw new KindlingError(`${this.name}: forward is not defined`, 'add static forward(ctx, ...args).')
  }
  /**
   * The gradients of the arguments, in their order, from those of the outputs: null for what has none, as every argument that is no tensor.
   * Where it uses ordinary operations, it has gradients itself.
   */
  static backward(_ctx: FunctionCtx, ..._grads: any[]): Gradients {
    throw new KindlingError(`${this.name}: backward is not defined`, 'add static backward(ctx, ...grads).')
  }

  /**
   * Calls `forward` and records it. A gradient larger than its argument is summed to its shape, as after broadcasting. The backward pass throws AutogradError
   * for too few gradients or one too many, ShapeError for a shape that does not fit.
   */
  static apply<A extends unknown[], R extends Tensor | readonly Tensor[]>(this: FunctionClass<A, R>, ...args: A): R {
    return scoped(() => {
      const ctx = new FunctionCtx(args.map((arg) => arg instanceof Tensor && arg.requiresGrad))
      const result = withoutRecording(() => this.forward(ctx, ...args))
      const state = stateOf(ctx)
      const made: readonly Tensor[] = result instanceof Tensor ? [result] : result
      // What has a place in the graph already is given out as another handle.
      const outputs = made.map((x) => (args.includes(x) || x.requiresGrad ? detach(x) : x))
      const carriers = outputs.filter((x, k) => isFloating(x.dtype) && !state.nonDifferentiable.includes(made[k]))
      const places = outputs.map((x) => ({ at: carriers.indexOf(x), shape: x.shape, dtype: x.dtype, device: x.device }))
      const saved = state.kept.filter((x) => x instanceof Tensor)
      const savedAt = state.kept.map((x) => (x instanceof Tensor ? saved.indexOf(x) : -1))
      const kinds = args.map((arg) => (arg instanceof Tensor ? { shape: arg.shape, dtype: arg.dtype } : null))
      const inputs = args.filter((arg) => arg instanceof Tensor)
      // Handles must not outlive this call: the graph keeps what was saved.
      state.kept = []
      state.nonDifferentiable = []
      recordMany(`${this.name}Backward`, inputs, carriers, saved, (grads, values) => {
        const given = places.map(({ at, shape, dtype, device }) => {
          const grad = at < 0 ? null : grads[at]
          return grad ?? (state.materializes ? zeros(shape, { dtype, device }) : null)
        })
        state.restored = savedAt.map((at) => (at < 0 ? null : values[at]))
        try {
          return gradientsFor(this.name, kinds, [this.backward(ctx, ...given)].flat())
        } finally {
          state.restored = null
        }
      })
      return (result instanceof Tensor ? outputs[0] : outputs) as R
    })
  }
}

type Kind = Pick<Tensor, 'shape' | 'dtype'>

/** The gradients of the arguments that are tensors, checked and in their shapes and dtypes. */
function gradientsFor(
  op: string,
  kinds: readonly (Kind | null)[],
  returned: readonly MaybeTensor[],
): (Tensor | null)[] {
  if (returned.length < kinds.length || returned.slice(kinds.length).some((g) => g instanceof Tensor))
    throw new AutogradError(
      `${op}.backward: returned ${returned.length} gradients for ${kinds.length} arguments of forward`,
      'return one for each argument, null where there is none.',
    )
  return kinds.flatMap((kind, i) => {
    const grad = returned[i] ?? null
    if (kind === null) {
      if (grad === null) return []
      throw new AutogradError(
        `${op}.backward: returned a gradient for argument ${i}, which is no tensor`,
        'return null.',
      )
    }
    if (grad === null) return [null]
    const lead = grad.ndim - kind.shape.length
    if (lead < 0 || kind.shape.some((size, d) => size !== 1 && size !== grad.shape[d + lead]))
      throw new ShapeError(
        `${op}.backward: gradient ${i} has shape ${formatShape(grad.shape)}, its argument ${formatShape(kind.shape)}`,
      )
    return [cast(sumTo(grad, kind.shape), kind.dtype)]
  })
}
