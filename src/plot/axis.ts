// An axis: the range that it shows, its marks, and how numbers are written on it. SVG and text use the same.
import { ValueError } from '../base/errors.ts'

export type ScaleName = 'linear' | 'log'
export type Limits = readonly [low: number, high: number]

export interface Axis {
  readonly label: string
  readonly scale: ScaleName
  /** First and last value; the first may be the greater one. */
  readonly domain: Limits
  readonly ticks: readonly number[]
  format(value: number): string
  /** Where a value lies: 0 at the start, 1 at the end. */
  place(value: number): number
}

export interface AxesOptions {
  /** Name and unit: `time, s`. */
  xlabel?: string
  /** The same for the vertical axis. */
  ylabel?: string
  /** What the horizontal axis shows. Default: the extent of the values. */
  xlim?: Limits
  /** What the vertical axis shows. Default: the extent of the values. */
  ylim?: Limits
  /** Default 'linear'. */
  xscale?: ScaleName
  /** Default 'linear'. */
  yscale?: ScaleName
}

interface NumberAxis {
  label?: string
  scale?: ScaleName
  /** What to show exactly; without it, the extent of the values and a little more. */
  limits?: Limits
  /** Share of the range that is added at both ends. */
  pad?: number
  /** About how many ticks. */
  count: number
  /** Ticks at whole numbers only. */
  whole?: boolean
}

/** An axis for numbers from `low` to `high`. Infinite ones mean that there are none. */
export function numberAxis(op: string, [low, high]: Limits, options: NumberAxis): Axis {
  const { label = '', scale = 'linear', limits, pad = 0.04, count, whole = false } = options
  if (scale !== 'linear' && scale !== 'log')
    throw new ValueError(`${op}: no scale '${String(scale)}': 'linear' or 'log'`)
  if (limits && !(limits[0] < limits[1] && limits.every(Number.isFinite)))
    throw new ValueError(`${op}: the limits of an axis must be two numbers, the lower first: ${limits.join(' and ')}`)
  if (limits && scale === 'log' && limits[0] <= 0)
    throw new ValueError(`${op}: a log axis begins above 0, not at ${limits[0]}`)
  const found: Limits = low <= high ? [low, high] : [scale === 'log' ? 0.1 : 0, 1]
  const domain = limits ?? padded(found, scale, pad)
  const [ticks, format] = scale === 'log' ? logTicks(domain, count) : linearTicks(domain, count, whole)
  const position = scale === 'log' ? Math.log : (value: number) => value
  const [start, end] = domain.map(position)
  return { label, scale, domain, ticks, format, place: (value) => (position(value) - start) / (end - start) }
}

/** An axis for things with names, in order: the i-th lies at i. */
export function nameAxis(names: readonly string[], label = '', reversed = false): Axis {
  const ticks = names.map((_, i) => i)
  return bandAxis(names.length, label, reversed, ticks, (i) => names[i])
}

/** An axis for things that are counted from 0. */
export function countAxis(length: number, count: number, label = '', reversed = false): Axis {
  const [ticks, format] = linearTicks([0, length - 1], count, true)
  return bandAxis(length, label, reversed, ticks, format)
}

function bandAxis(
  length: number,
  label: string,
  reversed: boolean,
  ticks: number[],
  format: (i: number) => string,
): Axis {
  const domain: Limits = reversed ? [length - 0.5, -0.5] : [-0.5, length - 0.5]
  const place = (i: number): number => (reversed ? length - 0.5 - i : i + 0.5) / length
  return { label, scale: 'linear', domain, ticks, format, place }
}

function padded([low, high]: Limits, scale: ScaleName, pad: number): Limits {
  if (scale === 'log') {
    const more = low === high ? 2 : (high / low) ** pad
    return [low / more, high * more]
  }
  if (low === high) return [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2]
  return [low - pad * (high - low), high + pad * (high - low)]
}

/** Multiples of 1, 2 or 5 times a power of ten. */
function linearTicks([low, high]: Limits, count: number, whole: boolean): [number[], (value: number) => string] {
  const rough = (high - low) / Math.max(1, count)
  const power = 10 ** Math.floor(Math.log10(rough))
  // The nearest of the steps, measured by ratios.
  const lean = rough / power
  const step = power * (lean >= Math.sqrt(50) ? 10 : lean >= Math.sqrt(10) ? 5 : lean >= Math.SQRT2 ? 2 : 1)
  const used = whole ? Math.max(1, step) : step
  const first = Math.ceil(low / used - 1e-9)
  const last = Math.floor(high / used + 1e-9)
  const ticks = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * used)
  const decimals = Math.max(0, -Math.floor(Math.log10(used) + 1e-9))
  const largest = Math.max(Math.abs(low), Math.abs(high))
  if (decimals > 5 || largest >= 1e6) return [ticks, formatNumber]
  return [ticks, (value) => grouped((Math.abs(value) < used / 1e6 ? 0 : value).toFixed(decimals))]
}

/** Powers of ten; where the axis shows less than two of them, 1, 2 and 5 times a power. */
function logTicks([low, high]: Limits, count: number): [number[], (value: number) => string] {
  const first = Math.floor(Math.log10(low) + 1e-9)
  const last = Math.ceil(Math.log10(high) - 1e-9)
  const inside = (value: number): boolean => value >= low * 0.999 && value <= high * 1.001
  const powers = Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i))
  const every = Math.ceil(powers.filter(inside).length / Math.max(2, count))
  const thin = powers.filter((value, i) => i % every === 0 && inside(value))
  if (thin.length >= 2) return [thin, formatNumber]
  const finer = powers.flatMap((power) => [power, 2 * power, 5 * power]).filter(inside)
  return finer.length >= 2 ? [finer, formatNumber] : linearTicks([low, high], count, false)
}

/** Up to six figures, as short as they go: `0.05`, `12,800`, `3e-6`, `1.5e8`. */
export function formatNumber(value: number): string {
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size >= 1e-4 && size < 1e6) return grouped(String(Number(value.toPrecision(6))))
  const [mantissa, exponent] = value.toExponential(5).split('e')
  return `${Number(mantissa)}e${Number(exponent)}`
}

/** Commas between thousands, from 10,000 on. */
const grouped = (text: string): string =>
  /^-?\d{5}/.test(text) ? text.replace(/^-?\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ',')) : text
