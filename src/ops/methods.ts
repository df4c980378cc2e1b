// Installs functions `(x, ...rest)` as methods `x.name(...rest)`. Each family declares its methods' types beside its functions.
import { Tensor } from '../tensor/tensor.ts'

/** The type of the method that a function on tensors becomes: its first parameter is `this`. */
// The first parameter is a Tensor; naming it here would make Tensor's own type circular.
export type Method<F> = F extends (x: any, ...rest: infer R) => infer O ? (...rest: R) => O : never
export type Methods<T> = { [K in keyof T]: Method<T[K]> }

/** Any function whose first parameter is a Tensor. */
type TensorFunction = (x: any, ...rest: any[]) => unknown

/** Called once per family when its module loads. */
export function installMethods(functions: Readonly<Record<string, TensorFunction>>): void {
  for (const [name, f] of Object.entries(functions)) {
    Object.defineProperty(Tensor.prototype, name, {
      configurable: true,
      writable: true,
      value(this: Tensor, ...rest: unknown[]) {
        return f(this, ...rest)
      },
    })
  }
}
