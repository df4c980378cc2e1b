// The networks that the bench trains: batch, image side, learning rate, and how many steps make one turn. The table itself is
// networks.json, so that the programs in Python read the same one.
import table from './networks.json' with { type: 'json' }

export interface Network {
  /** For tables and charts. */
  readonly title: string
  /** The function of `kindling/models`, and its options; for sequences that of sequences.ts. */
  readonly model: string
  readonly options?: Readonly<Record<string, unknown>>
  readonly batch: number
  /** Images are [1, side, side]. Not there for sequences. */
  readonly side?: number
  /** Sequences: the shape of the whole batch, features last. Every position has a label of its own. */
  readonly input?: readonly number[]
  readonly lr: number
  /** Steps of one turn, about one second of work, and of one turn with --quick. */
  readonly steps: number
  readonly quick: number
}

export const networks: Readonly<Record<string, Network>> = table

export const networkNames: readonly string[] = Object.keys(networks)

/** The shape of a network's batch: images [batch, 1, side, side], or sequences. */
export const inputShape = ({ batch, side = 0, input }: Network): readonly number[] => input ?? [batch, 1, side, side]

/** The row of the table. Throws an error that lists the names where there is none. */
export function networkOf(name: string): Network {
  if (Object.hasOwn(networks, name)) return networks[name]
  throw new Error(`no network '${name}': known are ${networkNames.join(', ')}`)
}
