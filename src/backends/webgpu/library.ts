// Functions that kernels use and WGSL does not have, each as text; a kernel gets those that it names, and what these name.
import { long } from './long.ts'
import { math } from './math.ts'
import { power } from './power.ts'
import { special } from './special.ts'
import { trigonometry } from './trigonometry.ts'

const conversions: Readonly<Record<string, string>> = {
  half_to_real: 'fn half_to_real(bits: u32) -> f32 { return unpack2x16float(bits).x; }',
  // Round to nearest, ties to even, as in base/half.ts: WGSL leaves the direction of pack2x16float open.
  real_to_half: `fn real_to_half(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  let sign = (bits >> 16u) & 0x8000u;
  let magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) { return sign | 0x7e00u; }
  if (magnitude >= 0x477ff000u) { return sign | 0x7c00u; }
  if (magnitude < 0x38800000u) { return sign | u32(round(bitcast<f32>(magnitude) * 16777216.0)); }
  let rebased = magnitude - 0x38000000u;
  return sign | ((rebased + 0xfffu + ((rebased >> 13u) & 1u)) >> 13u);
}`,
  real_to_bfloat: `fn real_to_bfloat(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) { return (bits >> 16u) | 0x40u; }
  return (bits + 0x7fffu + ((bits >> 16u) & 1u)) >> 16u;
}`,
  is_nan: 'fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }',
  // Infinity and NaN may not be written as constants.
  inf_bits: 'var<private> inf_bits: u32 = 0x7f800000u;',
  nan_bits: 'var<private> nan_bits: u32 = 0x7fc00000u;',
  real_to_int: `fn real_to_int(x: f32) -> i32 {
  if (is_nan(x)) { return 0; }
  if (x >= 2147483648.0) { return 2147483647; }
  if (x <= -2147483648.0) { return -2147483647 - 1; }
  return i32(x);
}`,
  // Bits that compare as unsigned numbers: NaN after everything, both zeros the same.
  real_key: `fn real_key(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) { return 0xffffffffu; }
  if (bits == 0x80000000u) { return 0x80000000u; }
  return select(bits | 0x80000000u, ~bits, (bits >> 31u) != 0u);
}`,
  int_to_long: 'fn int_to_long(x: i32) -> vec2<u32> { return vec2<u32>(bitcast<u32>(x), bitcast<u32>(x >> 31u)); }',
}

const functions: Readonly<Record<string, string>> = {
  ...conversions,
  ...long,
  ...math,
  ...trigonometry,
  ...power,
  ...special,
}

/** What `code` names, directly or through others; WGSL does not mind the order. */
export function library(code: string): string {
  const used = new Set<string>()
  const look = (text: string): void => {
    for (const [name] of text.matchAll(/[a-z]\w*/g)) {
      if (!Object.hasOwn(functions, name) || used.has(name)) continue
      used.add(name)
      look(functions[name])
    }
  }
  look(code)
  return [...used].map((name) => functions[name]).join('\n')
}
