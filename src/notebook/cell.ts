// What the cells of a lesson call. A lesson is a plain module; these functions only say where a cell begins and what to show.
import type { Figure } from '../plot/index.ts'
import { host } from './host.ts'
import { ProgressBar } from './progress.ts'

/** Begins a cell: what follows, up to the next call, is its code, and what is printed is its output. */
export function cell(name: string): void {
  host().begin(name)
}

/** Shows a figure under the cell. The caption says what there is to see. */
export function show(figure: Figure, caption = ''): void {
  host().figure(figure, caption)
}

export interface Preset<Quick, Full> {
  /** Seconds, also on a small machine. */
  quick: Quick
  /** The book's own setting. */
  full: Full
}

/** One of two values: `--quick`, the default, or `--full`. */
export function preset<Quick, Full = Quick>({ quick, full }: Preset<Quick, Full>): Quick | Full {
  return host().full ? full : quick
}

/** A bar for long work, in a terminal only: `const bar = progress('epoch', 10); bar.update(3, 'loss 0.41'); bar.done()`. */
export function progress(title: string, total: number): ProgressBar {
  return new ProgressBar(title, total)
}
