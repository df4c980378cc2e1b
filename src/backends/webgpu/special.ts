// Error functions and the gamma family; base/special.ts has the formulas in double precision.
const terms = (coefficients: readonly number[], x: string): string =>
  coefficients.reduceRight((sum, c) => (sum === '' ? `${c}` : `fma(${sum}, ${x}, ${c})`), '')

/** (-1)^k (zeta(k) - 1) / k for k = 2, 3, ...: lgamma(2 + z) = z (1 - gamma + z (c2 + z (c3 + ...))). */
const gammaNearTwo = [
  0.42278434, 0.32246703, -0.0673523, 0.020580808, -0.007385551, 0.0028905103, -0.0011927539, 0.00050966953,
  -0.00022315476, 9.945751e-5, -4.4926237e-5, 2.0507213e-5,
]
/** (1 + 2 x) exp(x^2) erfc(x) by (x - 2) / (x + 2) for 0 <= x <= 10.6 (after Shepherd and Laframboise, 1981). */
const erfcScaled = [
  1.2769784, -0.0927640015, -0.16603161, 0.164055729, -0.0542021968, -0.008061118, 0.00862378574, 0.00131229474,
  -0.00122049573, -0.00039500863,
]
/** As in wasm/math.ts. */
const erfSmall = [0.12837917, -0.37612632, 0.11283674, -0.026858186, 0.005197992, -0.0008108082, 0.00008223984]
/** erfinv(x) / x by w = -log(1 - x^2): of w - 2.5 below 5, of sqrt(w) - 3 above (Giles, 2010). */
const erfinvMiddle = [
  1.50140941, 0.246640727, -0.00417768164, -0.00125372503, 0.00021858087, -4.39150654e-6, -3.5233877e-6, 3.43273939e-7,
  2.81022636e-8,
]
const erfinvTail = [
  2.83297682, 1.00167406, 0.00943887047, -0.0076224613, 0.00573950773, -0.00367342844, 0.00134934322, 0.000100950558,
  -0.000200214257,
]

export const special: Readonly<Record<string, string>> = {
  // exp(-x^2), x^2 in two parts: its rounding error would be multiplied by it.
  exp_minus_square: `fn exp_minus_square(x: f32) -> f32 {
  let head = bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
  return real_exp(-head * head) * real_exp((head - x) * (head + x));
}`,
  erfc_positive: `fn erfc_positive(x: f32) -> f32 {
  if (x > 10.5) { return 0.0; }
  let q = (x - 2.0) / (x + 2.0);
  return exp_minus_square(x) * ${terms(erfcScaled, 'q')} / (1.0 + 2.0 * x);
}`,
  real_erf: `fn real_erf(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let a = abs(x);
  if (a < 1e-10) { return x * 1.1283792; }
  if (a < 0.93) { let z = x * x; return fma(${terms(erfSmall, 'z')}, x, x); }
  return with_sign(1.0 - erfc_positive(a), x);
}`,
  real_erfc: `fn real_erfc(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (x < 0.0) { return 1.0 + real_erf(-x); }
  return erfc_positive(x);
}`,
  real_erfinv: `fn real_erfinv(x: f32) -> f32 {
  let a = abs(x);
  if (!(a <= 1.0)) { return bitcast<f32>(nan_bits); }
  if (a == 1.0) { return with_sign(bitcast<f32>(inf_bits), x); }
  let w = -(real_log1p(-a) + real_log1p(a));
  if (w < 5.0) { let t = w - 2.5; return x * ${terms(erfinvMiddle, 't')}; }
  let t = sqrt(w) - 3.0;
  return x * ${terms(erfinvTail, 't')};
}`,
  // sin(pi x) without its sign; the reduction is exact.
  sin_pi: 'fn sin_pi(x: f32) -> f32 { return abs(real_sin(3.1415927 * (x - round(x)))); }',
  is_pole: 'fn is_pole(x: f32) -> bool { return x <= 0.0 && floor(x) == x; }',
  lgamma_near_two: `fn lgamma_near_two(z: f32) -> f32 { return z * ${terms(gammaNearTwo, 'z')}; }`,
  lgamma_positive: `fn lgamma_positive(x: f32) -> f32 {
  if (x < 0.5) { return lgamma_near_two(x) - real_log1p(x) - real_log(x); }
  if (x < 1.5) { return lgamma_near_two(x - 1.0) - real_log1p(x - 1.0); }
  if (x < 8.0) {
    var rest = x; var product = 1.0;
    while (rest >= 2.5) { rest -= 1.0; product *= rest; }
    return lgamma_near_two(rest - 2.0) + real_log(product);
  }
  let y = 1.0 / x;
  let z = y * y;
  let series = y * fma(fma(7.936508e-4, z, -2.7777778e-3), z, 8.3333336e-2);
  return (x - 0.5) * (real_log(x) - 1.0) + (0.41893853 + series);
}`,
  real_lgamma: `fn real_lgamma(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (!is_finite(x) || is_pole(x)) { return bitcast<f32>(inf_bits); }
  if (x > 0.0) { return lgamma_positive(x); }
  return real_log(3.1415927 / sin_pi(x)) - real_log(-x) - lgamma_positive(-x);
}`,
  digamma_positive: `fn digamma_positive(x: f32) -> f32 {
  var t = x; var sum = 0.0;
  while (t < 8.0) { sum -= 1.0 / t; t += 1.0; }
  let y = 1.0 / t;
  let z = y * y;
  let series = z * fma(fma(fma(-4.1666667e-3, z, 3.968254e-3), z, -8.333333e-3), z, 8.3333336e-2);
  return sum + (real_log(t) - 0.5 * y - series);
}`,
  real_digamma: `fn real_digamma(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (x == 0.0) { return with_sign(bitcast<f32>(inf_bits), -x); }
  if (x > 0.0) { if (!is_finite(x)) { return x; } return digamma_positive(x); }
  if (is_pole(x) || !is_finite(x)) { return bitcast<f32>(nan_bits); }
  return digamma_positive(1.0 - x) - 3.1415927 / real_tan(3.1415927 * (x - round(x)));
}`,
  trigamma_positive: `fn trigamma_positive(x: f32) -> f32 {
  var t = x; var sum = 0.0;
  while (t < 8.0) { sum += 1.0 / t / t; t += 1.0; }
  let y = 1.0 / t;
  let z = y * y;
  let series = y * z * fma(fma(fma(-3.3333335e-2, z, 2.3809524e-2), z, -3.3333335e-2), z, 0.16666667);
  return sum + (y + (0.5 * z + series));
}`,
  real_trigamma: `fn real_trigamma(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (is_pole(x)) { return bitcast<f32>(inf_bits); }
  if (x > 0.0) { return trigamma_positive(x); }
  let ratio = 3.1415927 / sin_pi(x);
  return ratio * ratio - trigamma_positive(1.0 - x);
}`,
}
