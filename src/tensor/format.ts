// The text of a tensor as PyTorch 1.13 prints it (source of the rules: torch/_tensor_str.py). Called by `Tensor.toString`.
// One formatter is chosen for all shown elements, then the nested brackets are written; a summarised tensor is read only at its edges.
import { fixed, scientific, signed } from '../base/decimal.ts'
import { type DType, isFloating } from '../base/dtype.ts'
import { DeviceError, ValueError } from '../base/errors.ts'
import { halfFormatOf } from '../base/half.ts'
import { numelOf, type Shape, type Strides } from '../base/shape.ts'
import type { Tensor } from './tensor.ts'

/** How tensors print; the defaults are PyTorch's. */
export interface PrintOptions {
  /** Digits after the point (4). */
  precision?: number
  /** Most elements that are printed in full (1000). */
  threshold?: number
  /** Items at each end of a summarised dimension (3). */
  edgeitems?: number
  /** Characters in a line (80). */
  linewidth?: number
  /** Scientific notation always or never; null (the default, and the value where it is left out): where the values ask for it. */
  sciMode?: boolean | null
  /** A set of values that the other options then override. */
  profile?: 'default' | 'short' | 'full'
}

const profiles = {
  default: { precision: 4, threshold: 1000, edgeitems: 3, linewidth: 80 },
  short: { precision: 2, threshold: 1000, edgeitems: 2, linewidth: 80 },
  full: { precision: 4, threshold: Number.POSITIVE_INFINITY, edgeitems: 3, linewidth: 80 },
} as const

interface Settings {
  precision: number
  threshold: number
  edgeitems: number
  linewidth: number
  sciMode: boolean | null
}
let settings: Settings = { ...profiles.default, sciMode: null }

/** `torch.set_printoptions`: changes what is given; `sciMode` returns to automatic where it is left out. Throws ValueError for an unknown profile. */
export function setPrintoptions({ profile, sciMode, ...changes }: PrintOptions = {}): void {
  if (profile !== undefined && !Object.hasOwn(profiles, profile)) {
    throw new ValueError(`setPrintoptions: unknown profile: '${profile}'`, 'profiles are default, short and full.')
  }
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
  settings = { ...settings, ...(profile && profiles[profile]), ...given, sciMode: sciMode ?? null }
}

// --- numbers ----------------------------------------------------------------------------------------------------------

const whole = (value: number): string => signed(value, 0, fixed) + (Number.isFinite(value) ? '.' : '')

interface Formatter {
  readonly width: number
  readonly format: (value: number | bigint) => string
}

const widest = (texts: string[]): number => texts.reduce((width, text) => Math.max(width, text.length), 1)

function floatFormatter(values: number[]): Formatter {
  const { precision } = settings
  const finite = values.filter((value) => Number.isFinite(value) && value !== 0)
  if (finite.length === 0) return { width: 1, format: (value) => whole(Number(value)) }
  let min = Number.POSITIVE_INFINITY
  let max = 0
  for (const value of finite) {
    min = Math.min(min, Math.abs(value))
    max = Math.max(max, Math.abs(value))
  }
  const allWhole = finite.every(Number.isInteger)
  const wide = max / min > 1000 || max > 1e8 || (!allWhole && min < 1e-4)
  const decimal = (value: number) => (allWhole ? whole(value) : signed(value, precision, fixed))
  const exponential = (value: number) => signed(value, precision, scientific)
  const format = (settings.sciMode ?? wide) ? exponential : decimal
  // As in PyTorch the width follows the values, even where sciMode asks for the other form.
  return { width: widest(finite.map(wide ? exponential : decimal)), format: (value) => format(Number(value)) }
}

function formatterOf(dtype: DType, values: (number | bigint)[]): Formatter {
  if (isFloating(dtype)) return floatFormatter(values.map(Number))
  const format = dtype === 'bool' ? (value: number | bigint) => (value ? 'True' : 'False') : String
  return { width: widest(values.map(format)), format }
}

// --- brackets ---------------------------------------------------------------------------------------------------------

/** Elements by their offset from the first one. */
type Reader = (offset: number) => number | bigint

/** Positions shown along a dimension: all, or both ends. */
function positions(size: number, summarized: boolean): { head: number[]; tail: number[] } {
  const all = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
  const { edgeitems } = settings
  if (!summarized || size <= 2 * edgeitems) return { head: all(0, size), tail: [] }
  return { head: all(0, edgeitems), tail: all(size - edgeitems, size) }
}

function shownElements(shape: Shape, strides: Strides, read: Reader, summarized: boolean): (number | bigint)[] {
  let offsets = [0]
  for (let d = 0; d < shape.length; d++) {
    const { head, tail } = positions(shape[d], summarized)
    offsets = offsets.flatMap((offset) => [...head, ...tail].map((i) => offset + i * strides[d]))
  }
  return offsets.map(read)
}

/** The elements of a tensor that is not empty, without `tensor(` and `)`; `indent` counts the characters to the left of the first bracket. */
function formatElements(dtype: DType, shape: Shape, strides: Strides, read: Reader, indent: number): string {
  const summarized = numelOf(shape) > settings.threshold
  const { width, format } = formatterOf(dtype, shownElements(shape, strides, read, summarized))
  const element = (offset: number) => format(read(offset)).padStart(width)

  const vector = (offset: number, d: number, left: number): string => {
    const { head, tail } = positions(shape[d], summarized)
    const items = (list: number[]) => list.map((i) => element(offset + i * strides[d]))
    const texts = [...items(head), ...(tail.length > 0 ? [' ...'] : []), ...items(tail)]
    const perLine = Math.max(1, Math.floor((settings.linewidth - left) / (width + 2)))
    const lines: string[] = []
    for (let i = 0; i < texts.length; i += perLine) lines.push(texts.slice(i, i + perLine).join(', '))
    return `[${lines.join(`,\n${' '.repeat(left + 1)}`)}]`
  }
  const block = (offset: number, d: number, left: number): string => {
    if (d === shape.length) return element(offset)
    if (d === shape.length - 1) return vector(offset, d, left)
    const { head, tail } = positions(shape[d], summarized)
    const items = (list: number[]) => list.map((i) => block(offset + i * strides[d], d + 1, left + 1))
    const texts = [...items(head), ...(tail.length > 0 ? ['...'] : []), ...items(tail)]
    return `[${texts.join(`,${'\n'.repeat(shape.length - d - 1)}${' '.repeat(left + 1)}`)}]`
  }
  return block(0, 0, indent)
}

// --- the whole --------------------------------------------------------------------------------------------------------

const prefix = 'tensor('
const shownWithoutName: readonly DType[] = ['float32', 'int64', 'bool']
const tuple = (shape: Shape): string => (shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`)

function addSuffixes(text: string, suffixes: string[]): string {
  let out = text
  let lastLine = text.length - text.lastIndexOf('\n') + 1
  for (const suffix of suffixes) {
    if (lastLine + suffix.length + 2 > settings.linewidth) {
      out += `,\n${' '.repeat(prefix.length)}${suffix}`
      lastLine = prefix.length + suffix.length
    } else {
      out += `, ${suffix}`
      lastLine += suffix.length + 2
    }
  }
  return `${out})`
}

/** The elements, or null on a device whose memory cannot be read at once. */
function elementsOf(t: Tensor): string | null {
  try {
    const values = t.hostView()
    const half = halfFormatOf(t.dtype)
    const read: Reader = half === null ? (offset) => values[offset] : (offset) => half.toNumber(Number(values[offset]))
    return formatElements(t.dtype, t.shape, t.strides, read, prefix.length)
  } catch (error) {
    if (error instanceof DeviceError) return null
    throw error
  }
}

/** `tensor([1., 2.], requires_grad=True)`. On a device without synchronous reads the shape stands for the elements. */
export function formatTensor(t: Tensor): string {
  const empty = t.numel() === 0
  const elements = empty ? '[]' : elementsOf(t)
  const suffixes: string[] = []
  if (t.device === 'webgpu') suffixes.push(`device='${t.device}'`)
  if (elements === null || (empty && t.shape.length !== 1)) suffixes.push(`size=${tuple(t.shape)}`)
  if (empty ? t.dtype !== 'float32' : !shownWithoutName.includes(t.dtype)) suffixes.push(`dtype=torch.${t.dtype}`)
  if (t.gradFn !== null) suffixes.push(`grad_fn=<${t.gradFn.name}>`)
  else if (t.requiresGrad) suffixes.push('requires_grad=True')
  return addSuffixes(prefix + (elements ?? '...'), suffixes)
}
