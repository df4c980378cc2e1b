// What the running code is inside of: the memory scope, the gradient mode and mixed precision. Follows `await` where the platform can.
import { contextSlot } from '#platform'
import type { DType, HalfDType } from '../base/dtype.ts'
import type { Owned, Scope } from './scope.ts'

export { contextFollowsAsync } from '#platform'

/** Mixed precision: what `ops/autocast.ts` casts. */
export interface Autocast {
  readonly enabled: boolean
  readonly dtype: HalfDType
  readonly cacheEnabled: boolean
  /** Casts of weights, and the version of the weight that was cast; shared by nested contexts. */
  readonly casts: Map<object, { readonly value: Cast; readonly version: number }>
}
interface Cast extends Owned {
  readonly dtype: DType
  readonly requiresGrad: boolean
}

export interface Context {
  readonly scope: Scope | null
  readonly gradEnabled: boolean
  readonly autocast: Autocast | null
}

export const context = contextSlot<Context>({ scope: null, gradEnabled: true, autocast: null })

/** Whether operations of the running code are recorded. Source: `torch.is_grad_enabled`. */
export const isGradEnabled = (): boolean => context.get().gradEnabled
