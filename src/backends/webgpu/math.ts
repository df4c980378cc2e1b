// Functions of real numbers that WGSL does not have, or not precisely enough. Each is within a few units in the last place of float32.
export const math: Readonly<Record<string, string>> = {
  // NaN if either is NaN, which WGSL leaves open.
  real_min:
    'fn real_min(a: f32, b: f32) -> f32 { if (is_nan(a)) { return a; } if (is_nan(b)) { return b; } return min(a, b); }',
  real_max:
    'fn real_max(a: f32, b: f32) -> f32 { if (is_nan(a)) { return a; } if (is_nan(b)) { return b; } return max(a, b); }',
  real_sigmoid: 'fn real_sigmoid(x: f32) -> f32 { return 1.0 / (1.0 + real_exp(-x)); }',
  // 2^k (1 + q), |log(1 + q)| <= log(2) / 2; the error of WGSL's own grows with |x|. 2^k in two factors: k goes from -150 to 128.
  power_of_two: 'fn power_of_two(k: i32) -> f32 { return bitcast<f32>(u32(k + 127) << 23u); }',
  exp_tail: `fn exp_tail(r: f32) -> f32 {
  let tail = fma(fma(fma(fma(0.0013950479, r, 0.008368884), r, 0.041666206), r, 0.16666519), r, 0.5);
  return fma(r * r, tail, r);
}`,
  real_exp: `fn real_exp(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let t = clamp(x, -104.0, 89.0);
  let n = round(t * 1.442695);
  let q = exp_tail(fma(n, 2.1219444e-4, fma(n, -0.693359375, t)));
  let k = i32(n);
  let first = power_of_two(k >> 1u);
  return fma(first, q, first) * power_of_two(k - (k >> 1u));
}`,
  // Cephes' logf, on sqrt(1/2) .. sqrt(2); numbers below the normal ones by their bits.
  log_tail: `fn log_tail(f: f32) -> f32 {
  var y = fma(7.0376836e-2, f, -1.151461e-1);
  y = fma(y, f, 1.1676999e-1); y = fma(y, f, -1.2420141e-1); y = fma(y, f, 1.4249323e-1);
  y = fma(y, f, -1.6668058e-1); y = fma(y, f, 2.0000715e-1); y = fma(y, f, -2.4999994e-1); y = fma(y, f, 3.3333331e-1);
  return y * f * f * f;
}`,
  real_log: `fn real_log(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if ((bits & 0x7fffffffu) == 0u) { return -bitcast<f32>(inf_bits); }
  if (bits > 0x80000000u) { return bitcast<f32>(nan_bits); }
  if (bits >= 0x7f800000u) { return x; }
  let tiny = bits < 0x00800000u;
  let offset = select(bitcast<i32>(bits), bitcast<i32>(f32(bits)), tiny) - 0x3f3504f3;
  let e = f32((offset >> 23u) - select(0, 149, tiny));
  let f = bitcast<f32>((offset & 0x7fffff) + 0x3f3504f3) - 1.0;
  let y = fma(f * f, -0.5, fma(e, -2.1219444e-4, log_tail(f)));
  return fma(e, 0.693359375, f + y);
}`,
}
