// WebAssembly opcodes by their names in the specification: runs of names with consecutive codes; arithmetic of bytes and of pairs of bytes, which no kernel
// has, is left out. Only asm.ts reads it.

const intCompare = 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u'
const floatCompare = 'eq ne lt gt le ge'
const intArithmetic = 'clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr'
const floatArithmetic = 'abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign'

/** [prefix byte or 0, first code, type in front of each name, names]; `-` leaves a code out. */
type Run = readonly [prefix: number, code: number, type: string, names: string]

const plain: Run[] = [
  [0, 0x00, '', 'unreachable nop'],
  [0, 0x1a, '', 'drop select'],
  [0, 0x45, 'i32', `eqz ${intCompare}`],
  [0, 0x50, 'i64', `eqz ${intCompare}`],
  [0, 0x5b, 'f32', floatCompare],
  [0, 0x61, 'f64', floatCompare],
  [0, 0x67, 'i32', intArithmetic],
  [0, 0x79, 'i64', intArithmetic],
  [0, 0x8b, 'f32', floatArithmetic],
  [0, 0x99, 'f64', floatArithmetic],
  [0, 0xa7, 'i32', 'wrap_i64 trunc_f32_s trunc_f32_u trunc_f64_s trunc_f64_u'],
  [0, 0xac, 'i64', 'extend_i32_s extend_i32_u trunc_f32_s trunc_f32_u trunc_f64_s trunc_f64_u'],
  [0, 0xb2, 'f32', 'convert_i32_s convert_i32_u convert_i64_s convert_i64_u demote_f64'],
  [0, 0xb7, 'f64', 'convert_i32_s convert_i32_u convert_i64_s convert_i64_u promote_f32'],
  [0, 0xbc, '', 'i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64'],
  [0, 0xc0, '', 'i32.extend8_s i32.extend16_s i64.extend8_s i64.extend16_s i64.extend32_s'],
  [0xfc, 0, 'i32', 'trunc_sat_f32_s trunc_sat_f32_u trunc_sat_f64_s trunc_sat_f64_u'],
  [0xfc, 4, 'i64', 'trunc_sat_f32_s trunc_sat_f32_u trunc_sat_f64_s trunc_sat_f64_u'],
  [0xfd, 15, '', 'i8x16.splat i16x8.splat i32x4.splat i64x2.splat f32x4.splat f64x2.splat'],
  [0xfd, 55, 'i32x4', intCompare],
  [0xfd, 65, 'f32x4', floatCompare],
  [0xfd, 71, 'f64x2', floatCompare],
  [0xfd, 77, 'v128', 'not and andnot or xor bitselect any_true'],
  [0xfd, 94, '', 'f32x4.demote_f64x2_zero f64x2.promote_low_f32x4'],
  [0xfd, 101, 'i8x16', 'narrow_i16x8_s narrow_i16x8_u'],
  [0xfd, 103, 'f32x4', 'ceil floor trunc nearest'],
  [0xfd, 116, 'f64x2', 'ceil floor'],
  [0xfd, 122, '', 'f64x2.trunc'],
  [0xfd, 133, 'i16x8', 'narrow_i32x4_s narrow_i32x4_u'],
  [0xfd, 135, 'i16x8', 'extend_low_i8x16_s extend_high_i8x16_s extend_low_i8x16_u extend_high_i8x16_u'],
  [0xfd, 148, 'f64x2', 'nearest'],
  [0xfd, 160, 'i32x4', 'abs neg - all_true bitmask'],
  [0xfd, 167, 'i32x4', 'extend_low_i16x8_s extend_high_i16x8_s extend_low_i16x8_u extend_high_i16x8_u'],
  [0xfd, 171, 'i32x4', 'shl shr_s shr_u add - - sub - - - mul min_s min_u max_s max_u'],
  [0xfd, 192, 'i64x2', 'abs neg - all_true bitmask'],
  [0xfd, 199, 'i64x2', 'extend_low_i32x4_s extend_high_i32x4_s extend_low_i32x4_u extend_high_i32x4_u'],
  [0xfd, 203, 'i64x2', 'shl shr_s shr_u add - - sub - - - mul eq ne lt_s gt_s le_s ge_s'],
  [0xfd, 224, 'f32x4', 'abs neg - sqrt add sub mul div min max pmin pmax'],
  [0xfd, 236, 'f64x2', 'abs neg - sqrt add sub mul div min max pmin pmax'],
  [0xfd, 248, '', 'i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u f32x4.convert_i32x4_s f32x4.convert_i32x4_u'],
  [0xfd, 252, '', 'i32x4.trunc_sat_f64x2_s_zero i32x4.trunc_sat_f64x2_u_zero'],
  [0xfd, 254, '', 'f64x2.convert_low_i32x4_s f64x2.convert_low_i32x4_u'],
  // relaxed SIMD
  [0xfd, 261, '', 'f32x4.relaxed_madd f32x4.relaxed_nmadd f64x2.relaxed_madd f64x2.relaxed_nmadd'],
  [
    0xfd,
    265,
    '',
    'i8x16.relaxed_laneselect i16x8.relaxed_laneselect i32x4.relaxed_laneselect i64x2.relaxed_laneselect',
  ],
]

const memory: Run[] = [
  [0, 0x28, '', 'i32.load i64.load f32.load f64.load'],
  [0, 0x2c, 'i32', 'load8_s load8_u load16_s load16_u'],
  [0, 0x30, 'i64', 'load8_s load8_u load16_s load16_u load32_s load32_u'],
  [0, 0x36, '', 'i32.store i64.store f32.store f64.store i32.store8 i32.store16 i64.store8 i64.store16 i64.store32'],
  [0xfd, 0, 'v128', 'load load8x8_s load8x8_u load16x4_s load16x4_u load32x2_s load32x2_u'],
  [0xfd, 7, 'v128', 'load8_splat load16_splat load32_splat load64_splat store'],
  [0xfd, 92, 'v128', 'load32_zero load64_zero'],
]

/** Memory accesses that name a lane. */
const memoryLane: Run[] = [
  [0xfd, 84, 'v128', 'load8_lane load16_lane load32_lane load64_lane'],
  [0xfd, 88, 'v128', 'store8_lane store16_lane store32_lane store64_lane'],
]

const lane: Run[] = [
  [0xfd, 21, 'i8x16', 'extract_lane_s extract_lane_u replace_lane'],
  [0xfd, 24, 'i16x8', 'extract_lane_s extract_lane_u replace_lane'],
  [0xfd, 27, '', 'i32x4.extract_lane i32x4.replace_lane i64x2.extract_lane i64x2.replace_lane'],
  [0xfd, 31, '', 'f32x4.extract_lane f32x4.replace_lane f64x2.extract_lane f64x2.replace_lane'],
]

/** Atomic accesses to aligned 32-bit words; the name of a wait or a notify has no width to align to but this one. */
const atomic: Run[] = [
  [0xfe, 0x00, '', 'memory.atomic.notify memory.atomic.wait32'],
  [0xfe, 0x10, '', 'i32.atomic.load'],
  [0xfe, 0x17, '', 'i32.atomic.store'],
  [0xfe, 0x1e, '', 'i32.atomic.rmw.add'],
  [0xfe, 0x41, '', 'i32.atomic.rmw.xchg'],
  [0xfe, 0x48, '', 'i32.atomic.rmw.cmpxchg'],
]

/** Unsigned LEB128. */
export function leb(n: number): number[] {
  const out: number[] = []
  for (; n >= 0x80; n = Math.floor(n / 128)) out.push((n % 128) | 0x80)
  out.push(n)
  return out
}

function encode(runs: readonly Run[]): Map<string, readonly number[]> {
  const table = new Map<string, readonly number[]>()
  for (const [prefix, first, type, names] of runs) {
    names.split(' ').forEach((name, k) => {
      if (name !== '-') table.set(type ? `${type}.${name}` : name, prefix ? [prefix, ...leb(first + k)] : [first + k])
    })
  }
  return table
}

export const opcodes = {
  plain: encode(plain)
    .set('memory.copy', [0xfc, 10, 0, 0])
    .set('memory.fill', [0xfc, 11, 0])
    .set('atomic.fence', [0xfe, 3, 0]),
  memory: encode(memory),
  memoryLane: encode(memoryLane),
  lane: encode(lane),
  atomic: encode(atomic),
} as const
