// The text around every kernel: buffers, parameters, and how elements of each dtype are read and written.
// All buffers are arrays of 32-bit words, so that one buffer can hold any dtype and be input and output at once.
import type { ComputeType, DType } from '../../base/dtype.ts'
import { DTypeError } from '../../base/errors.ts'
import type { View } from '../../runtime/spec.ts'
import { library } from './library.ts'
import type { Block } from './memory.ts'

/** The buffers of some views, each once: WebGPU does not let two bindings of a kernel show the same one. */
export interface Binding {
  readonly blocks: readonly Block[]
  /** By view: which buffer. */
  readonly slots: readonly number[]
}

export function bind(views: readonly View[]): Binding {
  const blocks: Block[] = []
  const slots = views.map((view) => {
    if (view.dtype === 'float64') {
      throw new DTypeError('webgpu: GPUs have no float64', 'use float32, or keep the tensor on the device wasm.')
    }
    const block = view.storage.handle as Block
    const found = blocks.indexOf(block)
    return found >= 0 ? found : blocks.push(block) - 1
  })
  return { blocks, slots }
}

/** An operand as the code sees it. */
export interface Operand {
  readonly slot: number
  readonly dtype: DType
  /** Its buffer is declared as atomic words. */
  readonly atomic: boolean
  /** Its buffer is declared as float16. */
  readonly half?: boolean
}

const narrow = (dtype: DType): boolean => dtype !== 'float32' && dtype !== 'int32' && dtype !== 'int64'

/**
 * Operands by view, the first `written` of them outputs. A buffer is atomic where elements smaller than a word are written,
 * because neighbours in a word are written by different threads, and where `atomics` says so. With `halves`, where the GPU has float16, buffers of which
 * nothing else is seen are arrays of that.
 */
export function operandsOf(
  views: readonly { readonly dtype: DType }[],
  { slots }: Binding,
  written: number,
  { atomics = false, halves = false } = {},
): Operand[] {
  const atomic = new Set<number>()
  const words = new Set(slots.filter((_, k) => !halves || views[k].dtype !== 'float16'))
  for (let k = 0; k < written; k++) if (words.has(slots[k]) && (atomics || narrow(views[k].dtype))) atomic.add(slots[k])
  return views.map(({ dtype }, k) => ({
    ...{ slot: slots[k], dtype, atomic: atomic.has(slots[k]), half: !words.has(slots[k]) },
  }))
}

/** What of the operands is in the code. */
export const keyOf = (operands: readonly Operand[]): string =>
  operands.map(({ slot, dtype, atomic, half }) => `${slot}${atomic ? '!' : half ? '=' : ':'}${dtype}`).join(' ')

/** Parameter `k` of the kernel: a word as unsigned, signed or real. */
export const word = (k: number): string => `p[${k >> 2}].${'xyzw'[k & 3]}`
export const int = (k: number): string => `bitcast<i32>(${word(k)})`
export const real = (k: number): string => `bitcast<f32>(${word(k)})`
/** The bits of a number, as a word. */
export function floatBits(x: number): number {
  scratch[0] = x
  return scratchBits[0]
}
const scratch = new Float32Array(1)
const scratchBits = new Uint32Array(scratch.buffer)

/** A scalar of a kernel as two words in its compute type, and the WGSL that reads them from parameter `k` on. */
export function scalarWords(x: number, compute: ComputeType): [number, number] {
  if (compute === 'int64') {
    const whole = Number.isNaN(x)
      ? 0n
      : x >= 2 ** 63
        ? 2n ** 63n - 1n
        : x <= -(2 ** 63)
          ? -(2n ** 63n)
          : BigInt(Math.trunc(x))
    return [Number(whole & 0xffffffffn), Number((whole >> 32n) & 0xffffffffn)]
  }
  return compute === 'int32' ? [Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(x))) >>> 0, 0] : [floatBits(x), 0]
}
export function scalarAt(k: number, compute: ComputeType): string {
  if (compute === 'int64') return `vec2<u32>(${word(k)}, ${word(k + 1)})`
  return compute === 'int32' ? int(k) : real(k)
}

/** A complete module: buffers, parameters, the functions of the library that are used, and `body`. */
export function shader(operands: readonly Operand[], body: string, { flags = false } = {}): string {
  const slots = Math.max(-1, ...operands.map(({ slot }) => slot)) + 1
  const lines = Array.from({ length: slots }, (_, slot) => {
    const { atomic, half } = operands.find((operand) => operand.slot === slot) as Operand
    const type = half ? 'f16' : atomic ? 'atomic<u32>' : 'u32'
    return `@group(0) @binding(${slot}) var<storage, read_write> b${slot}: array<${type}>;`
  })
  if (flags) lines.push(`@group(0) @binding(${slots}) var<storage, read_write> flags: array<atomic<i32>>;`)
  lines.push(`@group(0) @binding(${slots + (flags ? 1 : 0)}) var<uniform> p: array<vec4<u32>, 64>;`)
  const code = `${lines.join('\n')}\n${library(body)}\n${body}`
  return directives(code) + code
}

/** What of WGSL a module has to ask for. */
const directives = (code: string): string =>
  (/\bf16\b/.test(code) ? 'enable f16;\n' : '') +
  (code.includes('subgroup_id') ? 'enable subgroups;\nrequires subgroup_id;\n' : '')

/** The WGSL type of a compute type. float64 is computed in float32: GPUs have nothing longer. */
export const computeTypes: Readonly<Record<ComputeType, string>> = {
  float32: 'f32',
  float64: 'f32',
  int32: 'i32',
  int64: 'vec2<u32>',
}

type Kind = 'real' | 'int' | 'long'
const kinds: Readonly<Record<ComputeType, Kind>> = { float32: 'real', float64: 'real', int32: 'int', int64: 'long' }

/** From one type to another, as the reference device converts. */
const conversions: Readonly<Record<Kind, Readonly<Record<Kind, (x: string) => string>>>> = {
  real: { real: (x) => x, int: (x) => `real_to_int(${x})`, long: (x) => `real_to_long(${x})` },
  int: { real: (x) => `f32(${x})`, int: (x) => x, long: (x) => `int_to_long(${x})` },
  long: { real: (x) => `long_to_real(${x})`, int: (x) => `bitcast<i32>(${x}.x)`, long: (x) => x },
}
export const convert = (x: string, from: ComputeType, to: ComputeType): string => conversions[kinds[from]][kinds[to]](x)

interface Format {
  readonly natural: Kind
  /** The element at `index`, where `raw(i)` is word i of the buffer. */
  readonly load: (raw: (i: string) => string, index: string) => string
}
const byte = (raw: (i: string) => string, index: string): string =>
  `i32(extractBits(${raw(`(${index}) / 4u`)}, ((${index}) % 4u) * 8u, 8u))`
const half = (raw: (i: string) => string, index: string): string =>
  `extractBits(${raw(`(${index}) / 2u`)}, ((${index}) % 2u) * 16u, 16u)`

const formats: Readonly<Record<DType, Format>> = {
  float64: { natural: 'real', load: (raw, i) => `bitcast<f32>(${raw(i)})` },
  float32: { natural: 'real', load: (raw, i) => `bitcast<f32>(${raw(i)})` },
  float16: { natural: 'real', load: (raw, i) => `half_to_real(${half(raw, i)})` },
  bfloat16: { natural: 'real', load: (raw, i) => `bitcast<f32>(${half(raw, i)} << 16u)` },
  int32: { natural: 'int', load: (raw, i) => `bitcast<i32>(${raw(i)})` },
  int64: { natural: 'long', load: (raw, i) => `vec2<u32>(${raw(`2u * (${i})`)}, ${raw(`2u * (${i}) + 1u`)})` },
  uint8: { natural: 'int', load: byte },
  bool: { natural: 'int', load: byte },
}

const rawOf =
  ({ slot, atomic }: Operand) =>
  (i: string): string =>
    atomic ? `atomicLoad(&b${slot}[${i}])` : `b${slot}[${i}]`

/** The element at `index` (an u32, in elements from the start of the buffer), in the compute type. */
export function load(operand: Operand, index: string, compute: ComputeType): string {
  if (operand.half) return conversions.real[kinds[compute]](`f32(${loadHalf(operand, index)})`)
  const { natural, load: read } = formats[operand.dtype]
  return conversions[natural][kinds[compute]](read(rawOf(operand), index))
}

/** The element at `index` of a buffer of float16, as it is. */
export const loadHalf = ({ slot }: Operand, index: string): string => `b${slot}[${index}]`

/** A statement that writes a value of the compute type at `index`. */
export function store(operand: Operand, index: string, value: string, compute: ComputeType): string {
  const { slot, dtype, atomic, half } = operand
  const to = (kind: Kind): string => conversions[kinds[compute]][kind](value)
  const put = (i: string, bits: string): string =>
    atomic ? `atomicStore(&b${slot}[${i}], ${bits});` : `b${slot}[${i}] = ${bits};`
  /** Clears the bits, then sets them: other threads have the other bits of the word. The value may come from this very word, so it is taken before. */
  const part = (width: number, bits: string): string => {
    const per = 32 / width
    return `{ let at = ${index}; let shift = (at % ${per}u) * ${width}u; let bits = (${bits}) << shift;
      atomicAnd(&b${slot}[at / ${per}u], ~(${width === 8 ? '0xffu' : '0xffffu'} << shift)); atomicOr(&b${slot}[at / ${per}u], bits); }`
  }
  switch (dtype) {
    case 'float32':
    case 'float64':
      return put(index, `bitcast<u32>(${to('real')})`)
    case 'int32':
      return put(index, `bitcast<u32>(${to('int')})`)
    case 'int64':
      return `{ let at = 2u * (${index}); let value = ${to('long')}; ${put('at', 'value.x')} ${put('at + 1u', 'value.y')} }`
    case 'float16':
      // Rounded here: WGSL leaves the direction open.
      if (half) return `b${slot}[${index}] = bitcast<vec2<f16>>(real_to_half(${to('real')})).x;`
      return part(16, `real_to_half(${to('real')})`)
    case 'bfloat16':
      return part(16, `real_to_bfloat(${to('real')})`)
    case 'uint8':
      return part(8, `u32(${to('int')}) & 0xffu`)
    case 'bool':
      return part(8, `select(0u, 1u, ${isTrue(value, kinds[compute])})`)
  }
}

/** Not zero; NaN counts as true. */
function isTrue(value: string, kind: Kind): string {
  if (kind === 'long') return `any(${value} != vec2<u32>())`
  return kind === 'int' ? `${value} != 0` : `(bitcast<u32>(${value}) & 0x7fffffffu) != 0u`
}

/** Number of threads of a workgroup where nothing speaks for another one. */
export const THREADS = 256

/** An entry point in which \`i\` counts threads over all workgroups; \`body\` runs for those below parameter `count`. */
export const perThread = (count: number, body: string): string => `
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * ${THREADS}u + thread;
  if (i >= ${word(count)}) { return; }
${body}
}`
