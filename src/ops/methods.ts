// Installs functions `(x, ...rest)` as methods `x.name(...rest)`; called by `install.ts`. Each family declares its methods' types beside its functions.
import { Tensor } from '../tensor/tensor.ts'

/** The type of the method that a function on tensors becomes: its first parameter is `this`. */
// The first parameter is a Tensor; naming it here would make Tensor's own type circular.
export type Method<F> = F extends (x: any, ...rest: infer R) => infer O ? (...rest: R) => O : never
export type Methods<T> = { [K in keyof T]: Method<T[K]> }

/** Any function whose first parameter is a Tensor. */
type TensorFunction = (x: any, ...rest: any[]) => unknown

/** Called once per family. */
export function installMethods(functions: Readonly<Record<string | symbol, TensorFunction>>): void {
  for (const name of Reflect.ownKeys(functions)) {
    const f = functions[name]
    Object.defineProperty(Tensor.prototype, name, {
      configurable: true,
      writable: true,
      value(this: Tensor, ...rest: unknown[]) {
        return f(this, ...rest)
      },
    })
  }
}

/** Functions of one tensor as properties: `x.T`. */
export function installGetters(functions: Readonly<Record<string, (x: Tensor) => Tensor>>): void {
  for (const [name, f] of Object.entries(functions)) {
    Object.defineProperty(Tensor.prototype, name, {
      configurable: true,
      get(this: Tensor) {
        return f(this)
      },
    })
  }
}
