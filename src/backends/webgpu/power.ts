// Powers and remainders. real_pow is fdlibm's e_powf: log2 of the base and the product with the exponent in two parts each, of which the high ones have
// few bits, so that their products are exact. The integer ones give 0 where they divide by 0.
export const power: Readonly<Record<string, string>> = {
  int_div: 'fn int_div(a: i32, b: i32) -> i32 { return select(a / b, 0, b == 0); }',
  int_rem: 'fn int_rem(a: i32, b: i32) -> i32 { return select(a % b, 0, b == 0); }',
  int_pow: `fn int_pow(base: i32, power: i32) -> i32 {
  if (power < 0) {
    if (base == 1) { return 1; }
    if (base == -1) { return select(1, -1, (power & 1) != 0); }
    return 0;
  }
  var result = 1; var square = base; var left = power;
  while (left != 0) {
    if ((left & 1) != 0) { result = result * square; }
    square = square * square;
    left = left >> 1u;
  }
  return result;
}`,
  // Whole numbers m 2^(e - 150) and long division of their mantissas, eight bits at a time: exact.
  real_rem: `fn real_rem(x: f32, y: f32) -> f32 {
  let a = bitcast<u32>(x) & 0x7fffffffu; let b = bitcast<u32>(y) & 0x7fffffffu;
  if (a >= 0x7f800000u || b > 0x7f800000u || b == 0u) { return bitcast<f32>(nan_bits); }
  if (a < b) { return x; }
  var ea = i32(a >> 23u); var eb = i32(b >> 23u);
  var m = a & 0x7fffffu; var n = b & 0x7fffffu;
  if (ea == 0) { ea = 1; } else { m |= 0x800000u; }
  if (eb == 0) { eb = 1; } else { n |= 0x800000u; }
  m = m % n;
  for (var left = ea - eb; left > 0; left -= 8) { m = (m << u32(min(left, 8))) % n; }
  if (m == 0u) { return bitcast<f32>(bitcast<u32>(x) & 0x80000000u); }
  let shift = min(i32(countLeadingZeros(m)) - 8, eb - 1);
  m = m << u32(shift);
  let e = u32(eb - shift);
  let size = select(m, (e << 23u) | (m & 0x7fffffu), m >= 0x800000u);
  return bitcast<f32>(size | (bitcast<u32>(x) & 0x80000000u));
}`,
  high_part: 'fn high_part(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u); }',
  // 0: not whole, 1: odd, 2: even.
  wholeness: `fn wholeness(y: f32) -> u32 {
  let a = abs(y);
  if (a >= 16777216.0) { return 2u; }
  if (floor(a) != a) { return 0u; }
  return 2u - (u32(a) & 1u);
}`,
  // log2 of a positive number, in two parts of which the first has 12 bits.
  log2_parts: `fn log2_parts(x: f32) -> vec2<f32> {
  var bits = bitcast<u32>(x);
  var n = 0;
  if (bits < 0x00800000u) { bits = bitcast<u32>(f32(bits)); n = -149; }
  n += i32(bits >> 23u) - 127;
  let j = bits & 0x7fffffu;
  var m = j | 0x3f800000u;
  var k = 0u;
  if (j > 0x1cc471u && j < 0x5db3d7u) { k = 1u; } else if (j >= 0x5db3d7u) { n += 1; m -= 0x800000u; }
  let ax = bitcast<f32>(m);
  let middle = select(1.0, 1.5, k == 1u);
  let u = ax - middle;
  let v = 1.0 / (ax + middle);
  let s = u * v;
  let sh = high_part(s);
  let dh = bitcast<f32>((((m >> 1u) & 0xfffff000u) | 0x20000000u) + 0x00400000u + (k << 21u));
  let dl = ax - (dh - middle);
  let sl = v * ((u - sh * dh) - sh * dl);
  let s2 = s * s;
  var r = s2 * s2 * fma(fma(fma(fma(fma(0.20697501, s2, 0.23066075), s2, 0.27272812), s2, 0.33333334), s2, 0.42857143), s2, 0.6);
  r += sl * (sh + s);
  let sh2 = sh * sh;
  let th = high_part(3.0 + sh2 + r);
  let tl = r - ((th - 3.0) - sh2);
  let main = sh * th;
  let more = sl * th + tl * s;
  let ph = high_part(main + more);
  let pl = more - (ph - main);
  let zh = 0.961914062 * ph;
  let zl = -1.1736857e-4 * ph + pl * 0.9617967 + select(0.0, 1.56322085e-6, k == 1u);
  let dp = select(0.0, 0.584960938, k == 1u);
  let t = f32(n);
  let high = high_part(((zh + zl) + dp) + t);
  return vec2<f32>(high, zl - (((high - t) - dp) - zh));
}`,
  real_pow: `fn real_pow(x: f32, y: f32) -> f32 {
  let a = abs(x);
  let bits = bitcast<u32>(x); let size = bits & 0x7fffffffu; let ysize = bitcast<u32>(y) & 0x7fffffffu;
  if (ysize == 0u || bits == 0x3f800000u) { return 1.0; }
  if (size > 0x7f800000u) { return x; }
  if (ysize > 0x7f800000u) { return y; }
  let infinite = bitcast<f32>(inf_bits);
  if (ysize == 0x7f800000u) {
    if (size == 0x3f800000u) { return 1.0; }
    return select(0.0, infinite, (size > 0x3f800000u) == (y > 0.0));
  }
  let whole = wholeness(y);
  let negative = (bits >> 31u) != 0u;
  let sign = select(1.0, -1.0, negative && whole == 1u);
  if (size == 0u || size == 0x7f800000u) { return sign * select(0.0, infinite, (size == 0u) == (y < 0.0)); }
  if (negative && whole == 0u) { return bitcast<f32>(nan_bits); }
  let held = clamp(y, -8589934592.0, 8589934592.0);
  let t = log2_parts(bitcast<f32>(size));
  let yh = high_part(held);
  let pl = (held - yh) * t.x + held * t.y;
  let ph = yh * t.x;
  let z = pl + ph;
  if (z >= 129.0) { return sign * infinite; }
  if (z <= -151.0) { return sign * 0.0; }
  let n = round(z);
  let rest = (ph - n) + pl;
  let lost = pl - (rest - (ph - n));
  return sign * times_power(1.0 + exp_tail(fma(rest, 0.6931472, lost * 0.6931472)), i32(n));
}`,
}
