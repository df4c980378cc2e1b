// L-BFGS: Newton's method with a Hessian estimated from the last steps, over all parameters as one vector. Liu & Nocedal 1989.
import { enableGrad } from '../autograd/noGrad.ts'
import { withoutRecording } from '../autograd/record.ts'
import { ValueError } from '../base/errors.ts'
import { cat } from '../ops/join.ts'
import { scoped } from '../runtime/scope.ts'
import { Tensor } from '../tensor/tensor.ts'
import { type Point, strongWolfe } from './lineSearch.ts'
import { Optimizer, type Params, type ParamState } from './optimizer.ts'

export interface LBFGSOptions {
  /** Learning rate: factor of a step. Default 1. */
  lr: number
  /** Steps of the method in one call of `step`. */
  maxIter: number
  /** Calls of the closure in one call of `step`. Default: 1.25 times `maxIter`. */
  maxEval: number
  /** Ends where no element of the gradient is larger. */
  toleranceGrad: number
  /** Ends where neither parameters nor loss change by more. */
  toleranceChange: number
  /** How many steps are remembered. */
  historySize: number
  /** 'strongWolfe' looks for a good length of each step; null takes `lr`. */
  lineSearchFn: 'strongWolfe' | null
}

/** What is kept from one call of `step` to the next, besides the counts. */
interface Memory {
  readonly direction: Tensor
  t: number
  /** Differences of gradients and of parameters, and 1 / (their product). */
  readonly changes: Tensor[]
  readonly moves: Tensor[]
  readonly ro: number[]
  /** First estimate of the inverse Hessian. */
  readonly scale: number
  readonly grad: Tensor
  readonly loss: number
}

interface Evaluation {
  readonly loss: number
  readonly grad: Tensor
}

const largest = (x: Tensor): number => x.abs().max().item()
const valueOf = (loss: unknown): number => (loss instanceof Tensor ? loss.item() : Number(loss))

/**
 * `step(closure)` calls the closure several times; it clears the gradients, computes the loss, calls `backward()` and returns the loss.
 * Throws ValueError for several parameter groups, or without a closure. Source: `torch.optim.LBFGS`.
 */
export class LBFGS extends Optimizer<LBFGSOptions> {
  constructor(params: Params<LBFGSOptions>, options: Partial<LBFGSOptions> = {}) {
    const { maxIter = 20 } = options
    super(params, {
      lr: 1,
      maxIter,
      maxEval: Math.floor((maxIter * 5) / 4),
      toleranceGrad: 1e-7,
      toleranceChange: 1e-9,
      historySize: 100,
      lineSearchFn: null,
      ...options,
    })
    if (this.paramGroups.length !== 1)
      throw new ValueError(`LBFGS: there can be only one parameter group, got ${this.paramGroups.length}`)
  }
  protected override check(options: LBFGSOptions): void {
    super.check(options)
    const { lineSearchFn } = options
    if (lineSearchFn !== null && lineSearchFn !== 'strongWolfe')
      throw new ValueError(`LBFGS: lineSearchFn must be 'strongWolfe' or null, got '${lineSearchFn}'`)
  }

  private get params(): Tensor[] {
    return this.paramGroups[0].params
  }

  private flatGrad(): Tensor {
    return cat(this.params.map((p) => (p.grad ?? p.newZeros(p.shape)).reshape(-1)))
  }
  /** Moves all parameters by `t` times the direction. */
  private move(t: number, direction: Tensor): void {
    let start = 0
    for (const p of this.params) {
      p.add_(direction.narrow(0, start, p.numel()).reshape(p.shape), { alpha: t })
      start += p.numel()
    }
  }

  override step<T>(closure?: () => T): T {
    if (closure === undefined)
      throw new ValueError(
        'LBFGS: step needs a closure',
        'pass a function that computes the loss and calls backward().',
      )
    const state = this.state.get(this.params[0]) ?? { func_evals: 0, n_iter: 0 }
    this.state.set(this.params[0], state)
    return withoutRecording(() => scoped(() => this.iterate(closure, state)))
  }

  private iterate<T>(closure: () => T, state: ParamState): T {
    const { maxIter, maxEval, toleranceGrad, toleranceChange } = this.paramGroups[0]
    const first = enableGrad(closure)
    const evaluate = (): Evaluation => scoped(() => ({ loss: valueOf(enableGrad(closure)), grad: this.flatGrad() }))
    const count = (name: 'n_iter' | 'func_evals', more: number): void => {
      state[name] = (state[name] as number) + more
    }
    let here: Evaluation = { loss: valueOf(first), grad: this.flatGrad() }
    let evaluations = 1
    count('func_evals', 1)
    if (largest(here.grad) <= toleranceGrad) return first

    const old = readMemory(state)
    let memory = old
    for (let iteration = 1; iteration <= maxIter; iteration++) {
      count('n_iter', 1)
      // What a step makes on the way goes at its end.
      const step = scoped(() => this.advance(memory, here, evaluate, iteration === maxIter))
      memory = step.memory
      if (step.next === null) break
      const { loss } = here
      here = step.next
      evaluations += step.calls
      count('func_evals', step.calls)
      if (iteration === maxIter || evaluations >= maxEval || largest(here.grad) <= toleranceGrad) break
      if (largest(memory.direction) * Math.abs(memory.t) <= toleranceChange) break
      if (Math.abs(here.loss - loss) < toleranceChange) break
    }
    if (memory !== null) writeMemory(state, memory, old)
    return first
  }

  /** One step of the method from `here`; `next` is null where the direction leads no further down. */
  private advance(
    before: Memory | null,
    here: Evaluation,
    evaluate: () => Evaluation,
    isLast: boolean,
  ): { memory: Memory; next: Evaluation | null; calls: number } {
    const { lr, toleranceChange, lineSearchFn } = this.paramGroups[0]
    const memory = this.remembering(before, here)
    const { direction } = memory
    memory.t = before === null ? Math.min(1, 1 / here.grad.abs().sum().item()) * lr : lr
    const slope = here.grad.dot(direction).item()
    if (slope > -toleranceChange) return { memory, next: null, calls: 0 }
    if (lineSearchFn === null) {
      this.move(memory.t, direction)
      // Nobody would read the loss behind the last step.
      return isLast ? { memory, next: here, calls: 0 } : { memory, next: evaluate(), calls: 1 }
    }
    const begin = this.params.map((p) => p.clone())
    const at = (t: number): Point => {
      this.move(t, direction)
      const { loss, grad } = evaluate()
      this.params.forEach((p, i) => p.copy_(begin[i]))
      return { t, loss, grad, slope: grad.dot(direction).item() }
    }
    const start = { t: 0, loss: here.loss, grad: here.grad, slope }
    const { found, evaluations } = strongWolfe(at, memory.t, start, largest(direction), toleranceChange)
    memory.t = found.t
    this.move(found.t, direction)
    return { memory, next: { loss: found.loss, grad: found.grad }, calls: evaluations }
  }

  /** The memory with the step that led here, and the next direction. */
  private remembering(before: Memory | null, { loss, grad }: Evaluation): Memory {
    if (before === null) return { direction: grad.neg(), t: 0, changes: [], moves: [], ro: [], scale: 1, grad, loss }
    const [changes, moves, ro] = [[...before.changes], [...before.moves], [...before.ro]]
    let { scale } = before
    const change = grad.sub(before.grad)
    const move = before.direction.mul(before.t)
    const product = change.dot(move).item()
    if (product > 1e-10) {
      if (changes.length === this.paramGroups[0].historySize) for (const list of [changes, moves, ro]) list.shift()
      changes.push(change)
      moves.push(move)
      ro.push(1 / product)
      scale = product / change.dot(change).item()
    }
    // Two loops over the history give the estimated inverse Hessian times the gradient.
    const parts: number[] = []
    const direction = grad.neg()
    for (let i = changes.length - 1; i >= 0; i--) {
      parts[i] = moves[i].dot(direction).item() * ro[i]
      direction.add_(changes[i], { alpha: -parts[i] })
    }
    direction.mul_(scale)
    for (let i = 0; i < changes.length; i++) {
      const back = changes[i].dot(direction).item() * ro[i]
      direction.add_(moves[i], { alpha: parts[i] - back })
    }
    return { direction, t: 0, changes, moves, ro, scale, grad, loss }
  }
}

/** By PyTorch's names. */
function readMemory(state: ParamState): Memory | null {
  if (state.d === undefined) return null
  return {
    direction: state.d as Tensor,
    t: state.t as number,
    changes: [...(state.old_dirs as Tensor[])],
    moves: [...(state.old_stps as Tensor[])],
    ro: [...(state.ro as number[])],
    scale: state.H_diag as number,
    grad: state.prev_flat_grad as Tensor,
    loss: state.prev_loss as number,
  }
}
const tensorsIn = ({ direction, grad, changes, moves }: Memory): Tensor[] => [direction, grad, ...changes, ...moves]

/** Takes the memory out of the scope, and gives back what it no longer holds. */
function writeMemory(state: ParamState, memory: Memory, old: Memory | null): void {
  const now = new Set(tensorsIn(memory))
  for (const tensor of now) tensor.keep()
  if (old) for (const tensor of tensorsIn(old)) if (!now.has(tensor)) tensor.dispose()
  const { direction, t, changes, moves, ro, scale, grad, loss } = memory
  Object.assign(state, {
    d: direction,
    t,
    old_dirs: changes,
    old_stps: moves,
    ro,
    H_diag: scale,
    prev_flat_grad: grad,
    prev_loss: loss,
  })
}
