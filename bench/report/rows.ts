// A row of the results: one quantity of Kindling, of a peer, and their ratio. Above 1 Kindling is better, whatever the quantity.
import { median, type Spread, spread } from '../statistics.ts'

export interface Row {
  /** The measurement that the row belongs to, as in --only. */
  readonly group: string
  readonly name: string
  /** With its unit: `ms per step`. */
  readonly metric: string
  readonly threads: number
  readonly avx2: boolean
  readonly kindling: number | null
  readonly peer: string | null
  readonly peerValue: number | null
  /** null where a side is missing, or where both do not compute the same: then the figures do not count. */
  readonly ratio: number | null
  readonly spread: { readonly kindling?: Spread; readonly peer?: Spread; readonly ratio?: Spread }
  readonly note?: string
}

/** What identifies a row, and which way is better. */
export interface RowHead {
  readonly group: string
  readonly name: string
  readonly metric: string
  readonly threads: number
  readonly avx2: boolean
  readonly better: 'lower' | 'higher'
}

/** A row from one value per round of each side; rounds that both have give the ratio, so that a change of the machine's load meets both. */
export function rowOf(
  { better, ...head }: RowHead,
  kindling: readonly number[],
  peer: { readonly name: string; readonly values: readonly number[] } | null,
  note?: string,
): Row {
  const value = (values: readonly number[]): number | null => (values.length > 0 ? median(values) : null)
  const range = (values: readonly number[]): Spread | undefined => (values.length > 0 ? spread(values) : undefined)
  const others = peer?.values ?? []
  const ratios = Array.from({ length: Math.min(kindling.length, others.length) }, (_, i) =>
    better === 'lower' ? others[i] / kindling[i] : kindling[i] / others[i],
  )
  return {
    ...head,
    kindling: value(kindling),
    peer: peer?.name ?? null,
    peerValue: value(others),
    ratio: value(ratios),
    spread: { kindling: range(kindling), peer: range(others), ratio: range(ratios) },
    ...(note ? { note } : {}),
  }
}
