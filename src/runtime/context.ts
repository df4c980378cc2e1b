// What the running code is inside of: the memory scope and the gradient mode. Follows `await` where the platform can.
import { contextSlot } from '#platform'
import type { Scope } from './scope.ts'

export { contextFollowsAsync } from '#platform'

export interface Context {
  readonly scope: Scope | null
  readonly gradEnabled: boolean
}

export const context = contextSlot<Context>({ scope: null, gradEnabled: true })

/** Whether operations of the running code are recorded. Source: `torch.is_grad_enabled`. */
export const isGradEnabled = (): boolean => context.get().gradEnabled
