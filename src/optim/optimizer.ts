// Optimizer: parameter groups, state per parameter, and one fused kernel per parameter and step.
import { enableGrad } from '../autograd/noGrad.ts'
import { withoutRecording } from '../autograd/record.ts'
import { computeType } from '../base/dtype.ts'
import { KindlingError, ValueError } from '../base/errors.ts'
import type { Expr } from '../base/expr.ts'
import { fullLike } from '../ops/creation.ts'
import { beforeReplay, isCapturing, recorderOf } from '../runtime/capture.ts'
import { launch } from '../runtime/launch.ts'
import { scoped } from '../runtime/scope.ts'
import { Tensor } from '../tensor/tensor.ts'

/** Parameters that share options; options left out take the optimizer's defaults. */
export type ParamGroup<O> = { params: Tensor[] } & O
/** Parameters, or groups of them with options of their own. */
export type Params<O> = Iterable<Tensor> | readonly (Partial<O> & { params: Iterable<Tensor> | Tensor })[]
type StateValue = Tensor | number | readonly (Tensor | number)[]
/** What an optimizer remembers of one parameter. */
export type ParamState = Record<string, StateValue>

export interface OptimizerStateDict {
  /** By the index of the parameter, counted over all groups. */
  state: Record<string, ParamState>
  /** Options of each group, and the indices of its parameters. */
  paramGroups: ({ params: number[] } & Record<string, unknown>)[]
}

/** Base of all optimizers. Source: `torch.optim.Optimizer`. */
export abstract class Optimizer<O extends { lr: number }> {
  readonly defaults: O
  readonly paramGroups: ParamGroup<O>[] = []
  readonly state = new Map<Tensor, ParamState>()

  constructor(params: Params<O>, defaults: O) {
    this.defaults = defaults
    const name = this.constructor.name
    if (params instanceof Tensor)
      throw new ValueError(`${name}: expected a list of tensors or groups, got one tensor`, 'write [tensor].')
    const list = [...(params as Iterable<unknown>)]
    if (list.length === 0)
      throw new ValueError(
        `${name}: got an empty parameter list`,
        'pass net.parameters(); a generator can be read only once.',
      )
    if (list.every((item) => item instanceof Tensor))
      this.addParamGroup({ params: list } as Partial<O> & { params: Tensor[] })
    else for (const group of list) this.addParamGroup(group as Partial<O> & { params: Iterable<Tensor> })
  }

  /** Adds parameters with options of their own. Throws ValueError for what is no leaf tensor, or is there already. */
  addParamGroup(group: Partial<O> & { params: Iterable<Tensor> | Tensor }): void {
    const name = this.constructor.name
    const params = group.params instanceof Tensor ? [group.params] : [...group.params]
    const known = new Set(this.paramGroups.flatMap((g) => g.params))
    for (const param of params) {
      if (!(param instanceof Tensor)) throw new ValueError(`${name}: a parameter must be a tensor, got ${typeof param}`)
      if (!param.isLeaf)
        throw new ValueError(
          `${name}: cannot optimize a tensor that has a history (${param.gradFn?.name})`,
          'only leaf tensors can be optimized; use detach() or make it a Parameter.',
        )
      if (known.has(param)) throw new ValueError(`${name}: a parameter appears twice, in one parameter group or in two`)
      known.add(param)
    }
    const full = { ...this.defaults, ...group, params } as ParamGroup<O>
    this.check(full)
    this.paramGroups.push(full)
  }

  /** Throws ValueError for an option that makes no sense. */
  protected check({ lr }: O): void {
    if (!(lr >= 0)) throw new ValueError(`${this.constructor.name}: lr must be a number >= 0, got ${lr}`)
  }
  /** Throws ValueError for an option below 0, or NaN. */
  protected checkNotNegative(options: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(options))
      if (!(value >= 0)) throw new ValueError(`${this.constructor.name}: ${name} must be >= 0, got ${value}`)
  }
  /** Throws ValueError unless both are in [0, 1). */
  protected checkBetas(betas: readonly [number, number]): void {
    betas.forEach((beta, i) => {
      if (!(beta >= 0 && beta < 1))
        throw new ValueError(`${this.constructor.name}: betas[${i}] must be at least 0 and below 1, got ${beta}`)
    })
  }

  /** Changes the parameters by their gradients. `closure` computes the loss, with gradients, and its value is returned. */
  abstract step<T>(closure?: () => T): T | undefined

  /** Clears the gradients: frees them (the default), or fills them with zeros. */
  zeroGrad({ setToNone = true }: { setToNone?: boolean } = {}): void {
    for (const { params } of this.paramGroups) {
      for (const param of params) {
        if (setToNone) param.grad = null
        else param.grad?.zero_()
      }
    }
  }

  /** State and options, by parameter index. Tensors are shared with the optimizer. */
  stateDict(): OptimizerStateDict {
    const index = new Map(this.paramGroups.flatMap((group) => group.params).map((param, i) => [param, i]))
    const state: Record<string, ParamState> = {}
    for (const [param, values] of this.state) state[String(index.get(param))] = { ...values }
    const paramGroups = this.paramGroups.map(({ params, ...options }) => ({
      ...options,
      params: params.map((param) => index.get(param) as number),
    }))
    return { state, paramGroups }
  }

  /** Takes over what `stateDict` gave, copying the tensors. Throws KindlingError when the groups differ in size. */
  loadStateDict({ state, paramGroups }: OptimizerStateDict): void {
    const sizes = (groups: readonly { params: readonly unknown[] }[]): string =>
      groups.map((group) => group.params.length).join(', ')
    if (sizes(paramGroups) !== sizes(this.paramGroups)) {
      throw new KindlingError(
        `${this.constructor.name}.loadStateDict: the saved parameter groups have sizes [${sizes(paramGroups)}], the optimizer's [${sizes(this.paramGroups)}]`,
      )
    }
    paramGroups.forEach(({ params: _, ...options }, i) => Object.assign(this.paramGroups[i], options))
    const params = this.paramGroups.flatMap((group) => group.params)
    this.state.clear()
    for (const [key, values] of Object.entries(state)) {
      const copied = Object.entries(values).map(([name, value]) => [name, copyOf(value)])
      this.state.set(params[Number(key)], Object.fromEntries(copied) as ParamState)
    }
  }
}

/** Base of the optimizers that look at each parameter by itself: a subclass says how one changes. */
export abstract class ParameterwiseOptimizer<O extends { lr: number }> extends Optimizer<O> {
  /** Changes `param` by its gradient. */
  protected abstract update(param: Tensor, grad: Tensor, group: ParamGroup<O>, state: ParamState): void

  /** One step for all parameters that have a gradient. `closure` recomputes the loss first, and its value is returned. */
  override step<T>(closure?: () => T): T | undefined {
    const loss = closure && enableGrad(closure)
    if (isCapturing()) this.captureUpdates()
    else this.updateAll()
    return loss
  }

  private updateAll(): void {
    withoutRecording(() =>
      scoped(() => {
        for (const group of this.paramGroups) {
          for (const param of group.params) {
            if (param.grad === null) continue
            let state = this.state.get(param)
            if (state === undefined) {
              state = {}
              this.state.set(param, state)
            }
            this.update(param, param.grad, group, state)
          }
        }
      }),
    )
  }

  /** Before each replay the updates are gone through once more, for their numbers: steps are counted, and a scheduler may have changed the rate. */
  private captureUpdates(): void {
    const noted: Noted[] = []
    within({ noted, next: -1 }, () => this.updateAll())
    beforeReplay(() => {
      const replayed = { noted, next: 0 }
      within(replayed, () => this.updateAll())
      if (replayed.next !== noted.length) throw changed(this.constructor.name)
    })
  }

  /** A tensor like `param`, filled with `value` at first, that lives as long as the optimizer's state. */
  protected slot(param: Tensor, state: ParamState, name: string, value: number = 0): Tensor {
    const found = state[name]
    if (found instanceof Tensor) return found
    const made = fullLike(param, value).keep()
    state[name] = made
    return made
  }
  /** Counts the steps of one parameter: 1 at the first. */
  protected count(state: ParamState): number {
    const step = ((state.step as number | undefined) ?? 0) + 1
    state.step = step
    return step
  }
}

function copyOf(value: StateValue): StateValue {
  if (value instanceof Tensor) return value.detach().clone().keep()
  return typeof value === 'number' ? value : value.map((item) => copyOf(item) as Tensor | number)
}

/** A kernel of a captured step, and how its numbers are changed. */
interface Noted {
  readonly exprs: readonly Expr[]
  readonly output: Tensor
  readonly change: (scalars: readonly number[]) => void
}
/** While a step is captured: `next` -1. Before a replay: the kernel whose numbers come next. */
let captured: { readonly noted: Noted[]; next: number } | null = null

function within(state: typeof captured, run: () => void): void {
  captured = state
  try {
    run()
  } finally {
    captured = null
  }
}

const changed = (name: string): KindlingError =>
  new KindlingError(
    `${name}: this step updates in another way than the captured one`,
    'take a step or two before capturing, and capture again when parameters or gradients come or go.',
  )

/** Writes `exprs[k]` into `outputs[k]`, all in one pass over memory. */
export function fused(
  exprs: readonly Expr[],
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  scalars: readonly number[],
): void {
  if (outputs[0].numel() === 0) return
  if (captured !== null && captured.next >= 0) {
    const noted = captured.noted[captured.next++]
    if (noted?.exprs !== exprs || noted.output !== outputs[0]) throw changed('optimizer')
    noted.change(scalars)
    return
  }
  launch({ kind: 'map', exprs, compute: computeType(outputs[0].dtype), inputs, outputs, scalars })
  const recorder = recorderOf(outputs[0].storage.backend)
  if (recorder !== undefined) captured?.noted.push({ exprs, output: outputs[0], change: recorder.scalars() })
  for (const output of outputs) output.storage.version++
}
