// Where cells run: they call the host of the moment. A lesson that is run alone (`node cells.ts`) has the plain one below.
import type { Figure } from '../plot/index.ts'

export interface Host {
  /** Whether the long form of the lesson was asked for. */
  readonly full: boolean
  begin(cell: string): void
  figure(figure: Figure, caption: string): void
}

const plain: Host = {
  full: process.argv.includes('--full'),
  begin: (cell) => console.log(`── ${cell}`),
  figure: (figure, caption) => console.log(`${figure.toText()}\n${caption}`),
}

let current: Host = plain
export const host = (): Host => current

/** Runs `work` with another host; nothing else may run cells meanwhile. */
export async function withHost<T>(other: Host, work: () => Promise<T>): Promise<T> {
  current = other
  try {
    return await work()
  } finally {
    current = plain
  }
}
