// Loss scaling: a factor that lifts small gradients into the range of float16, found by trial: it grows while all gradients are finite, and a step
// whose gradients overflow is left out. Called between backward and the optimizer.
import { withoutRecording } from '../autograd/record.ts'
import { KindlingError, ValueError } from '../base/errors.ts'
import { stack } from '../ops/join.ts'
import { full } from '../ops/creation.ts'
import { scoped } from '../runtime/scope.ts'
import { Tensor } from '../tensor/tensor.ts'

/** What the scaler needs of an optimizer. */
interface Stepped {
  readonly paramGroups: readonly { readonly params: readonly Tensor[] }[]
  step(): unknown
}
interface Progress {
  stage: 'ready' | 'unscaled' | 'stepped'
  /** Whether a gradient was infinite or NaN; null: there was none, or none was looked at. */
  foundInf: boolean | null
}

export interface GradScalerOptions {
  /** Factor to start with. Default 2 ** 16. */
  initScale?: number
  /** Times the factor after `growthInterval` steps without overflow. Default 2. */
  growthFactor?: number
  /** Times the factor after an overflow. Default 0.5. */
  backoffFactor?: number
  /** Steps without overflow before the factor grows. Default 2000. */
  growthInterval?: number
  /** False: `scale` changes nothing and `step` is the optimizer's. Default true. */
  enabled?: boolean
}

/** Keys as in PyTorch. */
export interface GradScalerState {
  /** The factor. */
  scale: number
  /** Times the factor when it grows. */
  growth_factor: number
  /** Times the factor after an overflow. */
  backoff_factor: number
  /** Steps without overflow before the factor grows. */
  growth_interval: number
  /** How many of them there were. */
  _growth_tracker: number
}

/** Tensors, or (nested) arrays of them. */
export type Scalable = Tensor | readonly Scalable[]

/**
 * Scales losses for training in float16: `scaler.scale(loss).backward()`, `scaler.step(optimizer)`, `scaler.update()`.
 * Micikevicius et al. 2018. Source: `torch.cuda.amp.GradScaler`.
 */
export class GradScaler {
  private readonly enabled: boolean
  private factor: number
  private growthFactor: number
  private backoffFactor: number
  private growthInterval: number
  /** Steps without overflow since the factor last changed. */
  private growthTracker = 0
  private used = false
  private readonly optimizers = new Map<Stepped, Progress>()

  constructor({
    initScale = 2 ** 16,
    growthFactor = 2,
    backoffFactor = 0.5,
    growthInterval = 2000,
    enabled = true,
  }: GradScalerOptions = {}) {
    if (enabled && !(growthFactor > 1))
      throw new ValueError(`GradScaler: growthFactor must be greater than 1, got ${growthFactor}`)
    if (enabled && !(backoffFactor < 1))
      throw new ValueError(`GradScaler: backoffFactor must be less than 1, got ${backoffFactor}`)
    this.enabled = enabled
    this.factor = Math.fround(initScale)
    this.growthFactor = growthFactor
    this.backoffFactor = backoffFactor
    this.growthInterval = growthInterval
  }

  /** The outputs times the factor, which is a float32 tensor [1]; arrays stay arrays. */
  scale<T extends Scalable>(outputs: T): T {
    if (!this.enabled) return outputs
    this.used = true
    const scaled = (x: Scalable): Scalable => {
      if (x instanceof Tensor) return x.mul(full([1], this.factor, { dtype: 'float32', device: x.device }))
      if (Array.isArray(x)) return x.map(scaled)
      throw new ValueError(`GradScaler.scale: expected a tensor or an array of tensors, got ${typeof x}`)
    }
    return scaled(outputs) as T
  }

  /**
   * Divides the gradients of the optimizer by the factor, in place: for what looks at them before the step, as clipping does. Throws KindlingError
   * where it was called before, ValueError for gradients in float16: parameters belong in float32.
   */
  unscale_(optimizer: Stepped): void {
    if (!this.enabled) return
    this.checkUsed('unscale_')
    const progress = this.progressOf(optimizer)
    if (progress.stage === 'unscaled')
      throw new KindlingError('unscale_: it was called on this optimizer already, since the last update()')
    if (progress.stage === 'stepped') throw new KindlingError('unscale_: it is called after step()')
    progress.foundInf = unscaleGradients(optimizer, Math.fround(1 / this.factor))
    progress.stage = 'unscaled'
  }

  /**
   * `unscale_`, unless it was called, then `optimizer.step()`, unless a gradient is infinite or NaN; gives what that gives. Throws KindlingError where it
   * was called since the last `update`, or where there are no gradients.
   */
  step<R>(optimizer: Stepped & { step(): R }): R | undefined
  step<R, A extends unknown[]>(optimizer: Omit<Stepped, 'step'> & { step(...args: A): R }, ...args: A): R | undefined
  step(optimizer: Stepped & { step(...args: unknown[]): unknown }, ...args: unknown[]): unknown {
    if (!this.enabled) return optimizer.step(...args)
    if (args.length > 0)
      throw new KindlingError('GradScaler.step: a closure cannot be used while the scaler is enabled')
    this.checkUsed('step')
    const progress = this.progressOf(optimizer)
    if (progress.stage === 'stepped')
      throw new KindlingError('GradScaler.step: it was called on this optimizer already, since the last update()')
    if (progress.stage === 'ready') this.unscale_(optimizer)
    if (progress.foundInf === null)
      throw new KindlingError(
        'GradScaler.step: no gradient of this optimizer was checked',
        'call scaler.scale(loss).backward() first.',
      )
    const result = progress.foundInf ? undefined : optimizer.step()
    progress.stage = 'stepped'
    return result
  }

  /** Ends an iteration: the factor grows, shrinks or stays, or becomes `newScale` (a number, or a tensor with one element). */
  update(newScale?: number | Tensor): void {
    if (!this.enabled) return
    this.checkUsed('update')
    if (newScale !== undefined) this.factor = Math.fround(newScale instanceof Tensor ? newScale.item() : newScale)
    else {
      const found = [...this.optimizers.values()].flatMap(({ foundInf }) => foundInf ?? [])
      if (found.length === 0)
        throw new KindlingError('GradScaler.update: no gradient was checked since the last update', 'call step first.')
      this.adapt(found.includes(true))
    }
    this.optimizers.clear()
  }

  private adapt(overflow: boolean): void {
    if (overflow) {
      this.factor = Math.fround(this.factor * this.backoffFactor)
      this.growthTracker = 0
      return
    }
    this.growthTracker++
    if (this.growthTracker !== this.growthInterval) return
    this.growthTracker = 0
    const grown = Math.fround(this.factor * this.growthFactor)
    if (Number.isFinite(grown)) this.factor = grown
  }

  /** The factor; 1 for a scaler that is not enabled. */
  getScale(): number {
    return this.enabled ? this.factor : 1
  }
  /** Times the factor when it grows. */
  getGrowthFactor(): number {
    return this.growthFactor
  }
  /** Sets what `getGrowthFactor` gives. */
  setGrowthFactor(value: number): void {
    this.growthFactor = value
  }
  /** Times the factor after an overflow. */
  getBackoffFactor(): number {
    return this.backoffFactor
  }
  /** Sets what `getBackoffFactor` gives. */
  setBackoffFactor(value: number): void {
    this.backoffFactor = value
  }
  /** Steps without overflow before the factor grows. */
  getGrowthInterval(): number {
    return this.growthInterval
  }
  /** Sets what `getGrowthInterval` gives. */
  setGrowthInterval(value: number): void {
    this.growthInterval = value
  }
  /** Whether it does anything. */
  isEnabled(): boolean {
    return this.enabled
  }

  /** Factor and options, to be saved after `update`; empty for a scaler that is not enabled. */
  stateDict(): GradScalerState | Record<string, never> {
    if (!this.enabled) return {}
    return {
      scale: this.factor,
      growth_factor: this.growthFactor,
      backoff_factor: this.backoffFactor,
      growth_interval: this.growthInterval,
      _growth_tracker: this.growthTracker,
    }
  }

  /** Takes over what `stateDict` gave. Throws KindlingError for the state of a scaler that was not enabled. */
  loadStateDict(state: GradScalerState | Record<string, never>): void {
    if (!this.enabled) return
    if (Object.keys(state).length === 0)
      throw new KindlingError(
        'GradScaler.loadStateDict: the state is empty: it comes from a scaler that is not enabled',
      )
    const { scale, growth_factor, backoff_factor, growth_interval, _growth_tracker } = state as GradScalerState
    this.factor = Math.fround(scale)
    this.growthFactor = growth_factor
    this.backoffFactor = backoff_factor
    this.growthInterval = growth_interval
    this.growthTracker = _growth_tracker
  }

  private progressOf(optimizer: Stepped): Progress {
    let found = this.optimizers.get(optimizer)
    if (found === undefined) {
      found = { stage: 'ready', foundInf: null }
      this.optimizers.set(optimizer, found)
    }
    return found
  }
  private checkUsed(name: string): void {
    if (this.used) return
    throw new KindlingError(`GradScaler.${name}: nothing was scaled yet`, 'call scaler.scale(loss).backward() first.')
  }
}

/** Multiplies the gradients by `factor`; whether one of them was not finite, null where there are none. */
function unscaleGradients({ paramGroups }: Stepped, factor: number): boolean | null {
  const grads = paramGroups.flatMap(({ params }) => params.flatMap(({ grad }) => grad ?? []))
  if (grads.some(({ dtype }) => dtype === 'float16'))
    throw new ValueError(
      'unscale_: gradients in float16 cannot be unscaled',
      'keep the parameters in float32 and run the forward pass under autocast.',
    )
  if (grads.length === 0) return null
  return withoutRecording(() =>
    scoped(() => {
      const finite = stack(grads.map((grad) => grad.isfinite().all())).all()
      for (const grad of grads) grad.mul_(factor)
      return finite.item() === 0
    }),
  )
}
