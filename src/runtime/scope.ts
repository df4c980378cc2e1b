// Scopes free what user code makes: a tensor belongs to the scope it was made in and goes when the scope ends,
// unless it is returned or kept. Loaders and module calls open scopes by themselves.
import { context } from './context.ts'

/** What a scope owns: a tensor. */
export interface Owned {
  /** The scope that will dispose it; null: nobody, it lives until `dispose()` or until it is garbage. */
  owner: Scope | null
  dispose(): void
  /** Called when the last scope lets it go alive. */
  guard(): void
  /** What goes where this goes: the gradient of a leaf. */
  readonly companion: Owned | null
}

/** Owner of the tensors made while it is the current scope. `using s = scope()`, or `scope(() => ...)`. */
export class Scope {
  readonly parent: Scope | null
  private owned: Owned[] = []
  /** How long `owned` may grow before what was disposed meanwhile is dropped from it. */
  private limit = 64
  private open = true
  private waiting = false

  constructor(parent: Scope | null) {
    this.parent = parent?.current ?? null
  }

  /** The innermost scope, from this one outwards, that takes what is made now. */
  get current(): Scope | null {
    let scope: Scope | null = this
    while (scope !== null && (!scope.open || scope.waiting)) scope = scope.parent
    return scope
  }

  /** Takes over what was made while this is the current scope; a scope that waits leaves it to the scope outside. */
  adopt(item: Owned): void {
    if (this.open && !this.waiting) this.take(item)
    else giveTo(this.current, item)
  }

  /** Takes the item over. A scope that has ended gives it to the scope outside. */
  take(item: Owned): void {
    if (!this.open) {
      giveTo(this.parent, item)
      return
    }
    item.owner = this
    if (this.owned.length >= this.limit) {
      this.owned = this.owned.filter((one) => one.owner === this)
      this.limit = 64 + 2 * this.owned.length
    }
    this.owned.push(item)
  }

  /**
   * While a scope waits, what is made belongs to the scope outside: a loop that awaits its next batch makes nothing itself, but code that
   * runs meanwhile may have inherited its context. The batch itself is taken.
   */
  wait(waiting: boolean): void {
    this.waiting = waiting
  }

  /** Hands every tensor found in `value` (arrays, maps, plain objects, tuples) to the scope outside. */
  release<T>(value: T): T {
    eachOwned(value, (item) => {
      for (let one: Owned | null = item; one !== null && one.owner === this; one = one.companion)
        giveTo(this.parent, one)
    })
    return value
  }

  /** Disposes what is still owned. Ending twice does nothing. */
  end(): void {
    if (!this.open) return
    this.open = false
    this.drain()
  }

  /** Disposes what is owned now; the scope stays open. */
  drain(): void {
    if (this.owned.length === 0) return
    const owned = this.owned
    this.owned = []
    for (let k = 0; k < owned.length; k++) if (owned[k].owner === this) owned[k].dispose()
  }

  /** Ends the scope: the end of a block with `using`. */
  [Symbol.dispose](): void {
    this.end()
    const now = context.get()
    if (now.scope === this) context.enter({ ...now, scope: this.parent })
  }
}

function giveTo(scope: Scope | null, item: Owned): void {
  if (scope !== null) scope.take(item)
  else {
    item.owner = null
    item.guard()
  }
}

const isOwned = (value: object): value is Owned => 'owner' in value && 'dispose' in value && 'companion' in value

/** Visits every tensor in arrays, maps, sets and plain objects. */
export function eachOwned(value: unknown, visit: (item: Owned) => void, depth = 0): void {
  if (typeof value !== 'object' || value === null || depth > 8) return
  if (isOwned(value)) visit(value)
  else if (Array.isArray(value)) for (const item of value) eachOwned(item, visit, depth + 1)
  else if (value instanceof Map || value instanceof Set)
    for (const item of value.values()) eachOwned(item, visit, depth + 1)
  else if (isPlain(value)) for (const item of Object.values(value)) eachOwned(item, visit, depth + 1)
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

export const isThenable = (value: unknown): value is Promise<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'

/**
 * Frees the tensors made inside, except those returned (in arrays, maps or plain objects too) and those kept by `x.keep()`.
 * `scope(() => value)` returns the value, and waits where it is a promise; `using s = scope()` lasts until the end of the block.
 */
export function scope(): Scope
export function scope<T>(body: () => T): T
export function scope<T>(body?: () => T): T | Scope {
  if (body !== undefined) return scoped(body, context.run)
  const outside = context.get()
  const inner = new Scope(outside.scope)
  context.enter({ ...outside, scope: inner })
  return inner
}

/** `scope(body)` inside the library: where `body` leaves nothing running, `run` is the context's `runSync`. */
export function scoped<T>(body: () => T, run: typeof context.run = context.runSync): T {
  const outside = context.get()
  const inner = new Scope(outside.scope)
  let pending = false
  try {
    const value = run({ ...outside, scope: inner }, body)
    if (!isThenable(value)) return inner.release(value)
    pending = true
    return value.then((done) => inner.release(done)).finally(() => inner.end()) as T
  } finally {
    if (!pending) inner.end()
  }
}
