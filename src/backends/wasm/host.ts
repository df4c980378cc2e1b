// The JavaScript functions that kernels may call (`m.host(name)`), for what is rare or hard to do in WebAssembly: f64 in, f64 out.
import { specialFunctions } from '../../base/special.ts'

/** Turned to text for the workers, so it must not use anything from outside itself. */
function mathFunctions() {
  const { abs, exp, expm1, log, log1p, log2, log10, sin, cos, tan, asin, acos, atan, atan2 } = Math
  const { sinh, cosh, tanh, asinh, acosh, atanh } = Math
  const exp2 = (x: number): number => 2 ** x
  // C's pow: pow(1, y) and pow(-1, +-inf) are 1, which JavaScript makes NaN.
  const pow = (x: number, y: number): number => (x === 1 || (x === -1 && abs(y) === Infinity) ? 1 : x ** y)
  const fmod = (x: number, y: number): number => x % y
  return {
    ...{ exp, exp2, expm1, log, log1p, log2, log10, pow, fmod },
    ...{ sin, cos, tan, asin, acos, atan, atan2, sinh, cosh, tanh, asinh, acosh, atanh },
  }
}

export const hostMath = () => ({ ...mathFunctions(), ...specialFunctions() })
/** The same as the text of an expression. */
export const hostMathText = (): string => `({ ...(${mathFunctions})(), ...(${specialFunctions})() })`

export type HostName = keyof ReturnType<typeof hostMath>
const twoArguments: readonly HostName[] = ['pow', 'atan2', 'fmod']
export const hostArity = (name: HostName): number => (twoArguments.includes(name) ? 2 : 1)
