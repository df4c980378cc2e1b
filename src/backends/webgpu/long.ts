// 64-bit integers as pairs of words, low first: WGSL has none. Results wrap; dividing by zero gives zero.
const twoWords = 'vec2<u32>'

const raw: Readonly<Record<string, string>> = {
  long_neg: 'fn long_neg(a: L) -> L { return long_add(~a, L(1u, 0u)); }',
  long_abs: 'fn long_abs(a: L) -> L { if (long_negative(a)) { return long_neg(a); } return a; }',
  long_negative: 'fn long_negative(a: L) -> bool { return (a.y >> 31u) != 0u; }',
  long_sign: `fn long_sign(a: L) -> L {
  if (long_negative(a)) { return L(0xffffffffu, 0xffffffffu); }
  return L(select(0u, 1u, any(a != L())), 0u);
}`,
  long_add:
    'fn long_add(a: L, b: L) -> L { let low = a.x + b.x; return L(low, a.y + b.y + select(0u, 1u, low < a.x)); }',
  long_sub: 'fn long_sub(a: L, b: L) -> L { return L(a.x - b.x, a.y - b.y - select(0u, 1u, a.x < b.x)); }',
  // All 64 bits of a product of words, by halves.
  words_mul: `fn words_mul(a: u32, b: u32) -> L {
  let a0 = a & 0xffffu; let a1 = a >> 16u; let b0 = b & 0xffffu; let b1 = b >> 16u;
  let p0 = a0 * b0; let p1 = a1 * b0; let p2 = a0 * b1;
  let middle = (p0 >> 16u) + (p1 & 0xffffu) + (p2 & 0xffffu);
  return L((middle << 16u) | (p0 & 0xffffu), a1 * b1 + (p1 >> 16u) + (p2 >> 16u) + (middle >> 16u));
}`,
  long_mul: `fn long_mul(a: L, b: L) -> L {
  let low = words_mul(a.x, b.x);
  return L(low.x, low.y + a.x * b.y + a.y * b.x);
}`,
  long_fma: 'fn long_fma(a: L, b: L, c: L) -> L { return long_add(long_mul(a, b), c); }',
  long_below: 'fn long_below(a: L, b: L) -> bool { return a.y < b.y || (a.y == b.y && a.x < b.x); }',
  long_lt: 'fn long_lt(a: L, b: L) -> bool { return long_below(a ^ L(0u, 0x80000000u), b ^ L(0u, 0x80000000u)); }',
  long_le: 'fn long_le(a: L, b: L) -> bool { return !long_lt(b, a); }',
  long_eq: 'fn long_eq(a: L, b: L) -> bool { return all(a == b); }',
  long_min: 'fn long_min(a: L, b: L) -> L { return select(b, a, long_lt(a, b)); }',
  long_max: 'fn long_max(a: L, b: L) -> L { return select(b, a, long_lt(b, a)); }',
  long_shift: 'fn long_shift(a: L) -> L { return L(a.x << 1u, (a.y << 1u) | (a.x >> 31u)); }',
  // Schoolbook division of magnitudes, bit by bit: [quotient, remainder].
  long_divide: `fn long_divide(a: L, b: L) -> vec4<u32> {
  if (a.y == 0u && b.y == 0u) { return vec4<u32>(a.x / b.x, 0u, a.x % b.x, 0u); }
  var quotient = L(); var rest = L();
  for (var k = 63; k >= 0; k--) {
    let bit = select(a.x >> u32(k), a.y >> u32(k - 32), k >= 32) & 1u;
    let carried = rest.y >> 31u;
    rest = long_shift(rest) | L(bit, 0u);
    quotient = long_shift(quotient);
    if (carried != 0u || !long_below(rest, b)) { rest = long_sub(rest, b); quotient.x |= 1u; }
  }
  return vec4<u32>(quotient, rest);
}`,
  long_div: `fn long_div(a: L, b: L) -> L {
  if (all(b == L())) { return L(); }
  let result = long_divide(long_abs(a), long_abs(b)).xy;
  if (long_negative(a) != long_negative(b)) { return long_neg(result); }
  return result;
}`,
  long_rem: `fn long_rem(a: L, b: L) -> L {
  if (all(b == L())) { return L(); }
  let result = long_divide(long_abs(a), long_abs(b)).zw;
  if (long_negative(a)) { return long_neg(result); }
  return result;
}`,
  long_pow: `fn long_pow(base: L, power: L) -> L {
  if (long_negative(power)) {
    if (all(base == L(1u, 0u))) { return base; }
    if (all(base == L(0xffffffffu, 0xffffffffu))) { if ((power.x & 1u) != 0u) { return base; } return L(1u, 0u); }
    return L();
  }
  var result = L(1u, 0u); var square = base; var left = power;
  while (any(left != L())) {
    if ((left.x & 1u) != 0u) { result = long_mul(result, square); }
    square = long_mul(square, square);
    left = L((left.x >> 1u) | (left.y << 31u), left.y >> 1u);
  }
  return result;
}`,
  // The two words are rounded to float32 once: sums of their parts would round twice.
  long_to_real: `fn long_to_real(a: L) -> f32 {
  let size = long_abs(a);
  if (size.y == 0u) { let x = f32(size.x); return select(x, -x, long_negative(a)); }
  let shift = 32u - countLeadingZeros(size.y);
  let kept = (size.y << (32u - shift)) | select(size.x >> shift, 0u, shift == 32u);
  let lost = select(size.x << (32u - shift), size.x, shift == 32u) != 0u;
  let x = ldexp(f32(kept | select(0u, 1u, lost)), i32(shift));
  return select(x, -x, long_negative(a));
}`,
  real_to_long: `fn real_to_long(x: f32) -> L {
  if (is_nan(x)) { return L(); }
  if (x >= 9223372036854775808.0) { return L(0xffffffffu, 0x7fffffffu); }
  if (x <= -9223372036854775808.0) { return L(0u, 0x80000000u); }
  let size = floor(abs(x));
  let high = floor(size / 4294967296.0);
  let magnitude = L(u32(size - high * 4294967296.0), u32(high));
  if (x < 0.0) { return long_neg(magnitude); }
  return magnitude;
}`,
}

/** By name; the type is written out. */
export const long: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(raw).map(([name, text]) => [name, text.replace(/\bL\b/g, twoWords)]),
)
