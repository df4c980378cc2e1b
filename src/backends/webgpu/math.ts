// Exponentials, logarithms and their kin, which WGSL does not have or only roughly. Each is within a few units in the last place of float32.
// Method: reduce the argument exactly, then a polynomial (ours, or Cephes'). `trigonometry.ts`, `power.ts` and `special.ts` go on.
export const math: Readonly<Record<string, string>> = {
  is_finite: 'fn is_finite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u; }',
  /** The first with the sign of the second. */
  with_sign:
    'fn with_sign(size: f32, sign: f32) -> f32 { return bitcast<f32>((bitcast<u32>(size) & 0x7fffffffu) | (bitcast<u32>(sign) & 0x80000000u)); }',
  // NaN if either is NaN, which WGSL leaves open.
  real_min:
    'fn real_min(a: f32, b: f32) -> f32 { if (is_nan(a)) { return a; } if (is_nan(b)) { return b; } return min(a, b); }',
  real_max:
    'fn real_max(a: f32, b: f32) -> f32 { if (is_nan(a)) { return a; } if (is_nan(b)) { return b; } return max(a, b); }',
  real_sign: 'fn real_sign(x: f32) -> f32 { return select(select(0.0, -1.0, x < 0.0), 1.0, x > 0.0); }',

  power_of_two: 'fn power_of_two(k: i32) -> f32 { return bitcast<f32>(u32(k + 127) << 23u); }',
  // x 2^k for k from -252 to 254, in two factors: one of them alone may be out of range.
  times_power: `fn times_power(x: f32, k: i32) -> f32 {
  let half = k >> 1u;
  return x * power_of_two(half) * power_of_two(k - half);
}`,
  // exp(x) = 2^k (1 + q), |log(1 + q)| <= log(2) / 2. WGSL's own may be wrong by |x| units in the last place.
  exp_tail: `fn exp_tail(r: f32) -> f32 {
  let tail = fma(fma(fma(fma(0.0013950479, r, 0.008368884), r, 0.041666206), r, 0.16666519), r, 0.5);
  return fma(r * r, tail, r);
}`,
  // x - n log(2), log(2) in two parts; n times the first is exact. The second multiplies 2n, made of integers: WGSL lets compilers add up the factors of one n.
  less_logs: `fn less_logs(x: f32, n: f32) -> f32 {
  return fma(f32(i32(n) << 1u), 1.0609722e-4, fma(n, -0.693359375, x));
}`,
  real_exp: `fn real_exp(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let t = clamp(x, -104.0, 89.0);
  let n = round(t * 1.442695);
  return times_power(1.0 + exp_tail(less_logs(t, n)), i32(n));
}`,
  real_exp2: `fn real_exp2(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let t = clamp(x, -151.0, 129.0);
  let n = round(t);
  return times_power(1.0 + exp_tail((t - n) * 0.6931472), i32(n));
}`,
  // 2 (h q + (h - 1/2)), h = 2^(k - 1): does not overflow before the result does.
  real_expm1: `fn real_expm1(x: f32) -> f32 {
  if (is_nan(x) || x == 0.0) { return x; }
  let t = clamp(x, -20.0, 89.0);
  let n = round(t * 1.442695);
  let q = exp_tail(less_logs(t, n));
  if (n == 0.0) { return q; }
  let h = power_of_two(i32(n) - 1);
  let half = fma(h, q, h - 0.5);
  return half + half;
}`,
  // exp(-|x|) does not overflow.
  real_sigmoid: `fn real_sigmoid(x: f32) -> f32 {
  let e = real_exp(-abs(x));
  return select(1.0, e, x < 0.0) / (1.0 + e);
}`,
  real_tanh: `fn real_tanh(x: f32) -> f32 {
  let a = abs(x);
  if (a < 0.625) {
    let z = x * x;
    let tail = fma(fma(fma(fma(-0.0056607805, z, 0.020602), z, -0.053729227), z, 0.13331329), z, -0.33333278);
    return fma(z * tail, x, x);
  }
  return with_sign(1.0 - 2.0 / (real_exp(a + a) + 1.0), x);
}`,
  // exp(x) / 2 for x >= 0: does not overflow before sinh and cosh do.
  half_exp: `fn half_exp(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let t = min(x, 90.0);
  let n = round(t * 1.442695);
  return times_power(1.0 + exp_tail(less_logs(t, n)), i32(n) - 1);
}`,
  real_sinh: `fn real_sinh(x: f32) -> f32 {
  let a = abs(x);
  if (a < 1.0) {
    let z = x * x;
    return fma(z * fma(fma(2.0372e-4, z, 8.3302838e-3), z, 0.16666716), x, x);
  }
  let h = half_exp(a);
  return with_sign(h - 0.25 / h, x);
}`,
  real_cosh: `fn real_cosh(x: f32) -> f32 {
  let h = half_exp(abs(x));
  return h + 0.25 / h;
}`,

  // Cephes' logf: x = 2^e (1 + f) with 1 + f in sqrt(1/2) .. sqrt(2). log(1 + f) = f + log_rest(f).
  log_rest: `fn log_rest(f: f32) -> f32 {
  var y = fma(7.0376836e-2, f, -1.151461e-1);
  y = fma(y, f, 1.1676999e-1); y = fma(y, f, -1.2420141e-1); y = fma(y, f, 1.4249323e-1);
  y = fma(y, f, -1.6668058e-1); y = fma(y, f, 2.0000715e-1); y = fma(y, f, -2.4999994e-1); y = fma(y, f, 3.3333331e-1);
  return fma(f * f, -0.5, y * f * f * f);
}`,
  // [f, e] of a positive finite number; those below the normal ones by their bits, which GPUs may take for 0.
  log_parts: `fn log_parts(x: f32) -> vec2<f32> {
  let bits = bitcast<u32>(x);
  let tiny = bits < 0x00800000u;
  let offset = select(bitcast<i32>(bits), bitcast<i32>(f32(bits)), tiny) - 0x3f3504f3;
  return vec2<f32>(bitcast<f32>((offset & 0x7fffff) + 0x3f3504f3) - 1.0, f32((offset >> 23u) - select(0, 149, tiny)));
}`,
  // Whether the logarithm is special, and then what it is.
  log_special: `fn log_special(x: f32) -> bool { let bits = bitcast<u32>(x); return bits == 0u || bits >= 0x7f800000u; }`,
  log_of_special: `fn log_of_special(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if ((bits & 0x7fffffffu) == 0u) { return -bitcast<f32>(inf_bits); }
  if (bits > 0x80000000u) { return bitcast<f32>(nan_bits); }
  return x;
}`,
  real_log: `fn real_log(x: f32) -> f32 {
  if (log_special(x)) { return log_of_special(x); }
  let parts = log_parts(x);
  let rest = fma(parts.y, -2.1219444e-4, log_rest(parts.x));
  return fma(parts.y, 0.693359375, parts.x + rest);
}`,
  real_log2: `fn real_log2(x: f32) -> f32 {
  if (log_special(x)) { return log_of_special(x); }
  let parts = log_parts(x);
  let y = parts.x + log_rest(parts.x);
  return parts.y + fma(y, 0.44269504, y);
}`,
  real_log10: `fn real_log10(x: f32) -> f32 {
  if (log_special(x)) { return log_of_special(x); }
  let parts = log_parts(x);
  let y = parts.x + log_rest(parts.x);
  return fma(parts.y, 0.30078125, fma(parts.y, 2.4874566e-4, y * 0.4342945));
}`,
  real_log1p: `fn real_log1p(x: f32) -> f32 {
  if (x > -0.2928 && x < 0.4142) { return x + log_rest(x); }
  return real_log(1.0 + x);
}`,
  log_add_exp: `fn log_add_exp(a: f32, b: f32) -> f32 {
  let high = real_max(a, b);
  if (!is_finite(high)) { return high; }
  return high + real_log1p(real_exp(min(a, b) - high));
}`,
  real_asinh: `fn real_asinh(x: f32) -> f32 {
  let a = abs(x);
  if (a > 4096.0) { return with_sign(real_log(a) + 0.6931472, x); }
  return with_sign(real_log1p(a + a * a / (1.0 + sqrt(a * a + 1.0))), x);
}`,
  real_acosh: `fn real_acosh(x: f32) -> f32 {
  if (x > 4096.0) { return real_log(x) + 0.6931472; }
  if (!(x >= 1.0)) { return bitcast<f32>(nan_bits); }
  let t = x - 1.0;
  return real_log1p(t + sqrt(t * (t + 2.0)));
}`,
  real_atanh: `fn real_atanh(x: f32) -> f32 {
  let a = abs(x);
  if (!(a <= 1.0)) { return bitcast<f32>(nan_bits); }
  if (a == 1.0) { return with_sign(bitcast<f32>(inf_bits), x); }
  return with_sign(0.5 * real_log1p(2.0 * a + select(2.0 * a * a / (1.0 - a), 2.0 * a / (1.0 - a) - 2.0 * a, a >= 0.5)), x);
}`,
}
