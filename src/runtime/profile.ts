// Sums of what kernels took, by kind and by shape, against what the machine can do: `torch.profiler`, and the end of a run with KINDLING_DEBUG=2.
import type { Backend, Peak } from './backend.ts'
import { type Launch } from './launch.ts'
import { type ProfileRow, type TableOptions, tableOf } from './profileTable.ts'
import { type Work, workOf } from './work.ts'

export type { ProfileRow, TableOptions } from './profileTable.ts'

interface Sum {
  readonly device: Backend
  readonly work: Work
  calls: number
  ms: number
}

/** Rows, the most expensive first, and the same as text. */
export class Averages {
  readonly rows: readonly ProfileRow[]
  constructor(rows: readonly ProfileRow[]) {
    this.rows = rows
  }
  /** The rows as text, at most `rowLimit` of them (100). */
  table({ rowLimit = 100 }: TableOptions = {}): string {
    return tableOf(this.rows, rowLimit)
  }
}

/** What a device does at best; null where there is no measure. */
export type PeakOf = (device: Backend) => Peak | null

/** What kernels took, summed by kind and shape: the result of `profile`. Source: `torch.profiler.profile`. */
export class Profile {
  private readonly sums = new Map<string, Sum>()
  private readonly peakOf: PeakOf

  constructor(peakOf: PeakOf) {
    this.peakOf = peakOf
  }

  /** Counts one kernel. */
  add({ spec, device, ms }: Launch): void {
    const work = workOf(spec)
    const key = `${device.name} ${work.name} ${work.shape} ${work.floatOps} ${work.bytes}`
    const sum = this.sums.get(key)
    if (sum === undefined) this.sums.set(key, { device, work, calls: 1, ms })
    else {
      sum.calls++
      sum.ms += ms
    }
  }

  /** Kernels summed by name or, with `groupByInputShape`, by name and shape. Source: `profile.key_averages`. */
  keyAverages({ groupByInputShape = false }: { groupByInputShape?: boolean } = {}): Averages {
    const groups = Map.groupBy(
      this.sums.values(),
      ({ device, work }) => `${device.name} ${work.name} ${groupByInputShape ? work.shape : ''}`,
    )
    const all = [...this.sums.values()].reduce((total, { ms }) => total + ms, 0)
    const rows = [...groups.values()].map((sums) => this.rowOf(sums, groupByInputShape, all))
    return new Averages(rows.sort((a, b) => b.total - a.total))
  }
  /** By name and shape, the most expensive first. */
  get rows(): readonly ProfileRow[] {
    return this.keyAverages({ groupByInputShape: true }).rows
  }
  /** The rows by name and shape as text. */
  table(options: TableOptions = {}): string {
    return this.keyAverages({ groupByInputShape: true }).table(options)
  }
  /** The tables by name and by shape. */
  summary(options: TableOptions = {}): string {
    return `${this.keyAverages().table(options)}\n\n${this.table(options)}`
  }

  private rowOf(sums: readonly Sum[], byShape: boolean, all: number): ProfileRow {
    const [{ device, work }] = sums
    const total = (of: (sum: Sum) => number): number => sums.reduce((result, sum) => result + of(sum), 0)
    const ms = total((sum) => sum.ms)
    const peak = this.peakOf(device)
    const atPeak = (one: Work): number =>
      peak === null ? 0 : one.flops > 0 ? one.floatOps / peak.flops : one.bytes / peak.bandwidth
    return {
      device: device.name,
      name: work.name,
      shape: byShape ? work.shape : '',
      calls: total((sum) => sum.calls),
      total: ms,
      share: all > 0 ? ms / all : 0,
      flops: total((sum) => sum.calls * sum.work.flops),
      bytes: total((sum) => sum.calls * sum.work.bytes),
      ofPeak: peak === null || ms === 0 ? null : (1000 * total((sum) => sum.calls * atPeak(sum.work))) / ms,
    }
  }
}
