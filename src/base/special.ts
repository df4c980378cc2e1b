// Special functions that Math lacks, in double precision: about 1e-14 relative, away from the zeros of lgamma and digamma.
// Devices call them for what is too rare for vector code. `specialFunctions` uses nothing from outside itself,
// so that its text can be sent to a worker.

export function specialFunctions() {
  const { abs, exp, floor, fround, log, log1p, sign, sin, sqrt, tan, PI } = Math
  const TWO_OVER_ROOT_PI = 2 / sqrt(PI)
  const EULER = 0.5772156649015329

  // Error function. Series below 1.5, where erfc is still large enough for 1 - erf; continued fraction above.

  /** exp(-x * x) with x * x in two parts, because the rounding error of x * x would be multiplied by x * x. */
  function expMinusSquare(x: number): number {
    const head = fround(x)
    return exp(-head * head) * exp((head - x) * (head + x))
  }

  /** erf(x) = 2/sqrt(pi) exp(-x^2) (x + 2x^3/3 + 4x^5/15 + ...): all terms have one sign, so nothing cancels. */
  function erfSeries(x: number): number {
    let term = x
    let sum = x
    for (let n = 1; abs(term) > abs(sum) * 1e-17; n++) {
      term *= (2 * x * x) / (2 * n + 1)
      sum += term
    }
    return TWO_OVER_ROOT_PI * expMinusSquare(x) * sum
  }

  /** erfc(x) = exp(-x^2)/sqrt(pi) / (x + (1/2)/(x + 1/(x + (3/2)/(x + ...)))) for x >= 1.5, from the back. */
  function erfcFraction(x: number): number {
    let tail = x
    for (let k = x < 3 ? 130 : 40; k > 0; k--) tail = x + k / 2 / tail
    return expMinusSquare(x) / (sqrt(PI) * tail)
  }

  function erf(x: number): number {
    if (isNaN(x) || x === 0) return x
    return abs(x) < 1.5 ? erfSeries(x) : abs(x) > 6 ? sign(x) : sign(x) * (1 - erfcFraction(abs(x)))
  }

  function erfc(x: number): number {
    if (isNaN(x)) return x
    if (x < -1.5) return x < -6 ? 2 : 2 - erfcFraction(-x)
    return x < 1.5 ? 1 - erfSeries(x) : x > 28 ? 0 : erfcFraction(x)
  }

  /** Winitzki's closed form as a first guess, then Halley's steps; in the tails on erfc, which does not cancel. */
  function erfinv(y: number): number {
    const target = abs(y)
    if (!(target < 1)) return target === 1 ? y * Infinity : NaN
    if (y === 0) return y
    const a = 0.147
    const logarithm = log1p(-y * y)
    const b = 2 / (PI * a) + logarithm / 2
    let x = sqrt(sqrt(b * b - logarithm / a) - b)
    for (let k = 0; k < 3; k++) {
      const error = target < 0.5 ? erf(x) - target : 1 - target - erfc(x)
      const step = error / (TWO_OVER_ROOT_PI * expMinusSquare(x))
      x -= step / (1 + x * step)
    }
    return sign(y) * x
  }

  // Gamma function and its logarithmic derivatives.

  /** sin(pi x), exact in the reduction of x. */
  const sinPi = (x: number): number => sin(PI * (x - 2 * floor(x / 2 + 0.5)))
  /** 0, -1, -2, ...: where the gamma function has its poles. */
  const isPole = (x: number): boolean => x <= 0 && floor(x) === x

  /** zeta(k) - 1 for k >= 2, by Euler and Maclaurin's formula from n = 64. */
  function zetaMinusOne(k: number): number {
    const n = 64
    let sum = n ** (1 - k) / (k - 1) + n ** -k / 2 + (k / 12) * n ** (-k - 1)
    sum -= ((k * (k + 1) * (k + 2)) / 720) * n ** (-k - 3)
    sum += ((k * (k + 1) * (k + 2) * (k + 3) * (k + 4)) / 30240) * n ** (-k - 5)
    for (let m = n - 1; m > 1; m--) sum += m ** -k
    return sum
  }
  const zetas = Array.from({ length: 28 }, (_, k) => (k < 2 ? 0 : zetaMinusOne(k)))

  /** lgamma(2 + z) for |z| <= 1/2, by its Taylor series; exact near its zero. */
  function lgammaNearTwo(z: number): number {
    let sum = 0
    for (let k = 27; k >= 2; k--) sum = (k % 2 ? -zetas[k] : zetas[k]) / k + sum * z
    return z * (1 - EULER + z * sum)
  }

  function lgamma(x: number): number {
    if (isNaN(x)) return x
    if (isPole(x) || abs(x) === Infinity) return Infinity
    if (x < 0) return log(PI / abs(x * sinPi(x))) - lgamma(-x)
    if (x < 0.5) return lgammaNearTwo(x) - log1p(x) - log(x)
    if (x < 1.5) return lgammaNearTwo(x - 1) - log1p(x - 1)
    if (x < 10) {
      let product = 1
      while (x >= 2.5) product *= --x
      return lgammaNearTwo(x - 2) + log(product)
    }
    const y = 1 / (x * x)
    const series = 1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y * (1 / 1188 - (y * 691) / 360360))))
    return (x - 0.5) * log(x) - x + 0.5 * log(2 * PI) + series / x
  }

  /** Recurrence up to 10, then the asymptotic series; reflection for negative numbers. */
  function digamma(x: number): number {
    if (x === 0) return Object.is(x, -0) ? Infinity : -Infinity
    if (isPole(x)) return NaN
    if (x < 0) return digamma(1 - x) - PI / tan(PI * (x - floor(x + 0.5)))
    if (x === Infinity) return x
    let sum = 0
    for (; x < 10; x++) sum -= 1 / x
    const y = 1 / (x * x)
    const series = 1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y * (1 / 132 - y * (691 / 32760 - y / 12)))))
    return sum + log(x) - 0.5 / x - y * series
  }

  /** The derivative of digamma, likewise. */
  function trigamma(x: number): number {
    if (isPole(x)) return Infinity
    if (x < 0) return (PI / sinPi(x)) ** 2 - trigamma(1 - x)
    let sum = 0
    for (; x < 12; x++) sum += 1 / (x * x)
    const y = 1 / (x * x)
    const series = 1 / 6 - y * (1 / 30 - y * (1 / 42 - y * (1 / 30 - y * (5 / 66 - y * (691 / 2730 - (y * 7) / 6)))))
    return sum + 1 / x + y / 2 + (y / x) * series
  }

  return { erf, erfc, erfinv, lgamma, digamma, trigamma }
}

export const { erf, erfc, erfinv, lgamma, digamma, trigamma } = specialFunctions()
