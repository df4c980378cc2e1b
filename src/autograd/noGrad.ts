// The gradient mode: whether operations are recorded. It belongs to the running code, so tasks that wait do not disturb each other.
import { AutogradError } from '../base/errors.ts'
import { type Context, context, contextFollowsAsync, isGradEnabled } from '../runtime/context.ts'
import { isThenable } from '../runtime/scope.ts'

export { isGradEnabled }

/** Runs `body`, which may be async, without recording; its result is returned. Source: `torch.no_grad`. */
export function noGrad<T>(body: () => T): T {
  return withMode('noGrad', false, body)
}

/** Runs `body` with recording, inside `noGrad` too. Source: `torch.enable_grad`. */
export function enableGrad<T>(body: () => T): T {
  return withMode('enableGrad', true, body)
}

/** `noGrad`: Kindling has no cheaper mode. Source: `torch.inference_mode`. */
export function inferenceMode<T>(body: () => T): T {
  return withMode('inferenceMode', false, body)
}

/** Switches recording on or off: for `body` where one is given, else for the rest of the running code. Source: `torch.set_grad_enabled`. */
export function setGradEnabled(mode: boolean): void
export function setGradEnabled<T>(mode: boolean, body: () => T): T
export function setGradEnabled<T>(mode: boolean, body?: () => T): T | void {
  if (body !== undefined) return withMode('setGradEnabled', mode, body)
  context.enter({ ...context.get(), gradEnabled: mode })
}

const withMode = <T>(name: string, gradEnabled: boolean, body: () => T): T => runIn(name, { gradEnabled }, body)

/** Runs `body` in a changed context; `name` is the function that asks for it. Throws AutogradError for an async body where the platform cannot follow. */
export function runIn<T>(name: string, change: Partial<Context>, body: () => T): T {
  if (!contextFollowsAsync && body.constructor.name === 'AsyncFunction') throw cannotFollow(name)
  const value = context.run({ ...context.get(), ...change }, body)
  if (contextFollowsAsync || !isThenable(value)) return value
  value.catch(() => {})
  throw cannotFollow(name)
}

const cannotFollow = (name: string): AutogradError =>
  new AutogradError(
    `${name}: this platform cannot keep the mode across await, so the function must not be async`,
    `await the data first and call ${name}(() => ...) around the computation, in every turn of the loop.`,
  )
