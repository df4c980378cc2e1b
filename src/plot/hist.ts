// How often values occur: `hist`.
import { ValueError } from '../base/errors.ts'
import { formatNumber, numberAxis } from './axis.ts'
import { type BarOptions, drawBars } from './bars.ts'
import type { Figure } from './figure.ts'
import { extent, type NumbersOrRows, readRows } from './numbers.ts'

export interface HistOptions extends BarOptions {
  /** How many intervals of one width, or their borders in order. Default 10. */
  bins?: number | readonly number[]
}

/**
 * How many values lie in each interval, of one series or of several side by side. An interval holds its lower border; the last one holds
 * both. NaN and null are not counted. Throws ValueError where there are no numbers. Source: `matplotlib.pyplot.hist`.
 */
export function hist(values: NumbersOrRows, options: HistOptions = {}): Figure {
  const series = readRows('hist', 'values', values)
  const edges = edgesOf(series, options.bins ?? 10)
  const counts = series.map((row) => count(row, edges))
  const places = edges.slice(1).map((end, i): [number, number] => [edges[i], end])
  const x = numberAxis('hist', [edges[0], edges[edges.length - 1]], {
    label: options.xlabel,
    pad: 0.02,
    count: (options.width ?? 480) / 80,
  })
  const names = places.map((borders) => borders.map((border) => nearly(border, places)).join(' to '))
  return drawBars('hist', 'Histogram', counts, places, x, names, { ylabel: 'count', ...options })
}

function edgesOf(series: readonly (readonly number[])[], bins: number | readonly number[]): readonly number[] {
  if (typeof bins !== 'number') {
    if (bins.length < 2 || bins.some((edge, i) => !Number.isFinite(edge) || (i > 0 && edge <= bins[i - 1])))
      throw new ValueError(`hist: the borders of bins must be two or more rising numbers, got ${bins.join(', ')}`)
    return bins
  }
  if (!Number.isInteger(bins) || bins < 1) throw new ValueError(`hist: bins must be 1 or more, got ${bins}`)
  let [low, high] = extent(series)
  if (low > high) throw new ValueError('hist: nothing to show: no value is finite')
  if (low === high) [low, high] = [low - 0.5, high + 0.5]
  return Array.from({ length: bins + 1 }, (_, i) => low + ((high - low) * i) / bins)
}

function count(values: readonly number[], edges: readonly number[]): number[] {
  const counts = new Array<number>(edges.length - 1).fill(0)
  for (const value of values) {
    if (!(value >= edges[0] && value <= edges[edges.length - 1])) continue
    // The last border that is not above the value, by halving.
    let [low, high] = [0, edges.length - 1]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (edges[middle] <= value) low = middle
      else high = middle
    }
    counts[low]++
  }
  return counts
}

/** A border with as many decimals as tell the bins apart. */
function nearly(border: number, places: readonly (readonly [number, number])[]): string {
  const narrowest = Math.min(...places.map(([low, high]) => high - low))
  const decimals = Math.min(100, Math.max(0, 1 - Math.floor(Math.log10(narrowest))))
  return formatNumber(Number(border.toFixed(decimals)))
}
