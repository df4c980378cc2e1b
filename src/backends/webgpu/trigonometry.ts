// Trigonometric functions and their inverses. WGSL's own are good to an absolute error only, and for small arguments.
export const trigonometry: Readonly<Record<string, string>> = {
  // 2 / pi in 32-bit words, after 34 zero bits.
  two_over_pi: `var<private> two_over_pi: array<u32, 8> = array<u32, 8>(0u, 0x28be60dbu, 0x9391054au, 0x7f09d5f4u, 0x7d4d3770u, 0x36d8a566u, 0x4f10e410u, 0x7f9458eau);`,
  // |x| = quadrant * pi / 2 + rest, |rest| <= pi / 4, by whole numbers (Payne and Hanek): right for every x. Gives [rest, quadrant].
  quadrant: `fn quadrant(x: f32) -> vec2<f32> {
  let bits = bitcast<u32>(x) & 0x7fffffffu;
  if (bits <= 0x3f490fdau) { return vec2<f32>(bitcast<f32>(bits), 0.0); }
  let mantissa = ((bits & 0x7fffffu) | 0x800000u) << 8u;
  let exponent = (bits >> 23u) - 126u;
  let first = exponent >> 5u; let shift = exponent & 31u;
  var high = two_over_pi[first]; var middle = two_over_pi[first + 1u]; var low = two_over_pi[first + 2u];
  if (shift != 0u) {
    high = (high << shift) | (middle >> (32u - shift));
    middle = (middle << shift) | (low >> (32u - shift));
    low = (low << shift) | (two_over_pi[first + 3u] >> (32u - shift));
  }
  let product = long_add(words_mul(mantissa, middle), vec2<u32>(words_mul(mantissa, low).y, 0u)) + vec2<u32>(0u, mantissa * high);
  var whole = product.y >> 30u;
  var part = vec2<u32>(product.x, product.y & 0x3fffffffu);
  if ((part.y & 0x20000000u) != 0u) { part.y |= 0xc0000000u; whole += 1u; }
  let rest = long_to_real(part) * 2.168404345e-19;
  return vec2<f32>(fma(rest, 1.5707963, rest * -4.371139e-8), f32(whole & 3u));
}`,
  sin_near_zero: `fn sin_near_zero(x: f32) -> f32 {
  let z = x * x;
  return fma(z * fma(fma(-1.9515296e-4, z, 8.332161e-3), z, -0.16666655), x, x);
}`,
  cos_near_zero: `fn cos_near_zero(x: f32) -> f32 {
  let z = x * x;
  return fma(z * z, fma(fma(2.4433157e-5, z, -1.3887316e-3), z, 4.1666646e-2), fma(z, -0.5, 1.0));
}`,
  real_sin: `fn real_sin(x: f32) -> f32 {
  if (!is_finite(x)) { return bitcast<f32>(nan_bits); }
  let q = quadrant(x);
  let turned = u32(q.y) & 1u;
  let size = select(sin_near_zero(q.x), cos_near_zero(q.x), turned == 1u);
  let flipped = (u32(q.y) & 2u) << 30u;
  return bitcast<f32>(bitcast<u32>(size) ^ flipped ^ (bitcast<u32>(x) & 0x80000000u));
}`,
  real_cos: `fn real_cos(x: f32) -> f32 {
  if (!is_finite(x)) { return bitcast<f32>(nan_bits); }
  let q = quadrant(x);
  let quarter = u32(q.y);
  let size = select(cos_near_zero(q.x), sin_near_zero(q.x), (quarter & 1u) == 1u);
  return bitcast<f32>(bitcast<u32>(size) ^ (((quarter + 1u) & 2u) << 30u));
}`,
  real_tan: `fn real_tan(x: f32) -> f32 {
  if (!is_finite(x)) { return bitcast<f32>(nan_bits); }
  let q = quadrant(x);
  let z = q.x * q.x;
  var y = fma(9.385402e-3, z, 3.119923e-3);
  y = fma(y, z, 2.4430135e-2); y = fma(y, z, 5.3411281e-2); y = fma(y, z, 0.133387994); y = fma(y, z, 0.33333157);
  y = fma(y * z, q.x, q.x);
  if ((u32(q.y) & 1u) == 1u) { y = -1.0 / y; }
  return bitcast<f32>(bitcast<u32>(y) ^ (bitcast<u32>(x) & 0x80000000u));
}`,
  // asin(x) - x over x, by z = x^2 <= 1/4.
  asin_tail: `fn asin_tail(z: f32) -> f32 {
  return z * fma(fma(fma(fma(4.2163199e-2, z, 2.4181311e-2), z, 4.5470026e-2), z, 7.4953003e-2), z, 0.16666752);
}`,
  real_asin: `fn real_asin(x: f32) -> f32 {
  let a = abs(x);
  if (!(a <= 1.0)) { return bitcast<f32>(nan_bits); }
  if (a <= 0.5) { return fma(asin_tail(a * a), x, x); }
  let z = 0.5 * (1.0 - a);
  let root = sqrt(z);
  return with_sign(1.5707963 - 2.0 * fma(asin_tail(z), root, root), x);
}`,
  real_acos: `fn real_acos(x: f32) -> f32 {
  let a = abs(x);
  if (!(a <= 1.0)) { return bitcast<f32>(nan_bits); }
  if (a <= 0.5) { return 1.5707963 - (fma(asin_tail(a * a), x, x) + 4.371139e-8); }
  let z = 0.5 * (1.0 - a);
  let root = sqrt(z);
  let half = fma(asin_tail(z), root, root);
  return select(2.0 * half, 3.1415927 - 2.0 * half, x < 0.0);
}`,
  real_atan: `fn real_atan(x: f32) -> f32 {
  let a = abs(x);
  var t = a; var start = 0.0;
  if (a > 2.4142136) { t = -1.0 / a; start = 1.5707963; } else if (a > 0.41421357) { t = (a - 1.0) / (a + 1.0); start = 0.7853982; }
  let z = t * t;
  let tail = z * fma(fma(fma(8.0537446e-2, z, -0.13877685), z, 0.19977711), z, -0.3333295);
  return with_sign(start + fma(tail, t, t), x);
}`,
  real_atan2: `fn real_atan2(y: f32, x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (is_nan(y)) { return y; }
  let a = abs(y); let b = abs(x);
  var angle = 0.0;
  if (!is_finite(a) && !is_finite(b)) { angle = 0.7853982; }
  else if (!is_finite(b) || a == 0.0) { angle = 0.0; }
  else if (!is_finite(a) || b == 0.0) { angle = 1.5707963; }
  else if (a > b) { angle = 1.5707963 - real_atan(scaled_ratio(b, a)); }
  else { angle = real_atan(scaled_ratio(a, b)); }
  if ((bitcast<u32>(x) >> 31u) != 0u) { angle = 3.1415927 - angle; }
  return with_sign(angle, y);
}`,
  // a / b <= 1; divisors beyond 2^126 may be taken for infinite.
  scaled_ratio: `fn scaled_ratio(a: f32, b: f32) -> f32 {
  let k = select(1.0, 0.0625, b > 1e37);
  return (a * k) / (b * k);
}`,
}
