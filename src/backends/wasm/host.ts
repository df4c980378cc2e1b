// The JavaScript functions that kernels may call (`m.host(name)`), for what is rare or hard to do in WebAssembly: f64 in, f64 out.
// `hostMath` is also turned to text for the workers, so it must not use anything from outside itself.

/** The functions by name. Special functions: about 1e-14 relative, away from their zeros. */
export function hostMath() {
  const { exp, log, abs, floor, PI, sqrt, sin, tan } = Math

  /** Lanczos' approximation with g = 7, nine coefficients (Godfrey). */
  const lanczos = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
  ]
  function lgamma(x: number): number {
    if (Number.isNaN(x)) return x
    if (x <= 0 && floor(x) === x) return Infinity
    if (abs(x) === Infinity) return Infinity
    if (x < 0.5) return log(PI / abs(sin(PI * (x - 2 * floor(x / 2))))) - lgamma(1 - x)
    if (x === 1 || x === 2) return 0
    const z = x - 1
    let sum = lanczos[0]
    for (let k = 1; k < 9; k++) sum += lanczos[k] / (z + k)
    const t = z + 7.5
    return 0.5 * log(2 * PI) + (z + 0.5) * log(t) - t + log(sum)
  }

  function digamma(x: number): number {
    if (x === 0) return Object.is(x, -0) ? Infinity : -Infinity
    if (x < 0) return floor(x) === x ? NaN : digamma(1 - x) - PI / tan(PI * (x - floor(x)))
    let sum = 0
    for (; x < 10; x++) sum -= 1 / x
    if (x === Infinity) return x
    const y = 1 / (x * x)
    const tail =
      y * (1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y * (1 / 132 - y * (691 / 32760 - y / 12))))))
    return sum + log(x) - 0.5 / x - tail
  }

  function trigamma(x: number): number {
    if (x <= 0) {
      if (floor(x) === x) return Infinity
      const s = sin(PI * (x - floor(x)))
      return (PI * PI) / (s * s) - trigamma(1 - x)
    }
    let sum = 0
    for (; x < 15; x++) sum += 1 / (x * x)
    const y = 1 / (x * x)
    const tail = 1 / 6 - y * (1 / 30 - y * (1 / 42 - y * (1 / 30 - y * (5 / 66 - y * (691 / 2730 - (y * 7) / 6)))))
    return sum + 1 / x + y / 2 + (y / x) * tail
  }

  /** Maclaurin series: every term has the sign of x, so nothing cancels. */
  function erfSeries(x: number): number {
    let term = x
    let sum = x
    for (let n = 1; abs(term) > abs(sum) * 1e-17; n++) {
      term *= (2 * x * x) / (2 * n + 1)
      sum += term
    }
    return (2 / sqrt(PI)) * exp(-x * x) * sum
  }
  /** Continued fraction of erfc for x >= 2, from the back. */
  function erfcFraction(x: number): number {
    let t = x
    for (let k = 60; k > 0; k--) t = x + k / 2 / t
    // exp(-x^2) with x^2 in two parts: its rounding error would be multiplied by x^2.
    const head = Math.fround(x)
    return (exp(-head * head) * exp((head - x) * (head + x))) / (sqrt(PI) * t)
  }
  function erfc(x: number): number {
    if (Number.isNaN(x)) return x
    return x < 0 ? 2 - erfc(-x) : x > 30 ? 0 : x < 1 ? 1 - erfSeries(x) : x < 2 ? erfcMiddle(x) : erfcFraction(x)
  }
  /** 1 .. 2: the fraction still converges, only slower. */
  function erfcMiddle(x: number): number {
    let t = x
    for (let k = 400; k > 0; k--) t = x + k / 2 / t
    return exp(-x * x) / (sqrt(PI) * t)
  }
  function erf(x: number): number {
    return Number.isNaN(x) || x === 0 ? x : abs(x) < 2 ? erfSeries(x) : x > 0 ? 1 - erfc(x) : erfc(-x) - 1
  }
  /** Giles' first guess, then two of Newton's steps, on erfc in the tails. */
  function erfinv(y: number): number {
    if (!(abs(y) < 1)) return abs(y) === 1 ? y * Infinity : NaN
    if (y === 0) return y
    const w = -log((1 - y) * (1 + y))
    const a = 0.147
    const b = 2 / (PI * a) - w / 2
    let x = sqrt(sqrt(b * b + w / a) - b)
    const target = abs(y)
    for (let k = 0; k < 4; k++) {
      const error = target < 0.5 ? erf(x) - target : 1 - target - erfc(x)
      const step = error / ((2 / sqrt(PI)) * exp(-x * x))
      x -= step / (1 + x * step)
    }
    return y < 0 ? -x : x
  }

  const {
    exp: e,
    expm1,
    log: l,
    log1p,
    log2,
    log10,
    cos,
    asin,
    acos,
    atan,
    sinh,
    cosh,
    tanh,
    asinh,
    acosh,
    atanh,
    atan2,
  } = Math
  return {
    exp: e,
    log: l,
    expm1,
    log1p,
    log2,
    log10,
    sin,
    cos,
    tan,
    asin,
    acos,
    atan,
    sinh,
    cosh,
    tanh,
    asinh,
    acosh,
    atanh,
    atan2,
    exp2: (x: number): number => 2 ** x,
    // C's pow: pow(1, y) and pow(-1, +-inf) are 1, which JavaScript makes NaN.
    pow: (x: number, y: number): number => (x === 1 || (x === -1 && abs(y) === Infinity) ? 1 : x ** y),
    fmod: (x: number, y: number): number => x % y,
    erf,
    erfc,
    erfinv,
    lgamma,
    digamma,
    trigamma,
  }
}

export type HostName = keyof ReturnType<typeof hostMath>
const twoArguments: readonly HostName[] = ['pow', 'atan2', 'fmod']
export const hostArity = (name: HostName): number => (twoArguments.includes(name) ? 2 : 1)
