// Batches of sequences of different lengths: padded to one length, or packed, step after step without the padding. Source: `torch.nn.utils.rnn`.
import { ShapeError, ValueError } from '../base/errors.ts'
import { formatShape, numelOf } from '../base/shape.ts'
import { full } from '../ops/creation.ts'
import { indexSelect } from '../ops/gather.ts'
import { cat } from '../ops/join.ts'
import { sort } from '../ops/sort.ts'
import { tensor } from '../ops/tensorOf.ts'
import { Tensor } from '../tensor/tensor.ts'

/** Made by `packPaddedSequence` and `packSequence`; recurrent layers take and give it. */
export interface PackedSequence {
  /** Of shape [sum of all lengths, ...]: the first step of all sequences, longest first, then the second step of those that have one, and so on. */
  readonly data: Tensor
  /** int64: how many sequences have that step. */
  readonly batchSizes: Tensor
  /** int64: where the sequences, longest first, stood in the batch; null where they came in that order. */
  readonly sortedIndices: Tensor | null
  /** The way back; null where `sortedIndices` is. */
  readonly unsortedIndices: Tensor | null
}

export interface PadOptions {
  /** [batch, time, ...] instead of [time, batch, ...]. Default false. */
  batchFirst?: boolean
  /** What fills the end of shorter sequences. Default 0. */
  paddingValue?: number
}
export interface PackOptions {
  /** The sequences must come longest first; false sorts them. Default true. */
  enforceSorted?: boolean
}

const int64 = (values: readonly number[]): Tensor => tensor([...values], { dtype: 'int64' })
const timeAndBatch = (x: Tensor, batchFirst: boolean): Tensor => (batchFirst ? x.transpose(0, 1) : x)

/** The order that undoes an order. */
export function invertPermutation(permutation: Tensor): Tensor {
  return sort(permutation).indices
}

/** Positions of the rows of a packed batch in a padded one of `batch` columns: by step, then by sequence. */
function positions(batchSizes: readonly number[], batch: number): number[] {
  return batchSizes.flatMap((size, t) => Array.from({ length: size }, (_, b) => t * batch + b))
}
/** How many of the lengths, longest first, reach each step. */
function sizesOf(lengths: readonly number[]): number[] {
  return Array.from({ length: lengths[0] }, (_, t) => lengths.filter((length) => length > t).length)
}

/**
 * Packs a padded batch [time, batch, ...] whose sequences have `lengths` (numbers, or a 1-d tensor). Throws ShapeError where lengths and batch differ in
 * number or a length exceeds the time, ValueError for a length below 1, and for unsorted lengths unless `enforceSorted: false`.
 */
export function packPaddedSequence(
  input: Tensor,
  lengths: readonly number[] | Tensor,
  { batchFirst = false, enforceSorted = true }: PackOptions & Pick<PadOptions, 'batchFirst'> = {},
): PackedSequence {
  const op = 'packPaddedSequence'
  if (input.ndim < 2)
    throw new ShapeError(`${op}: expected at least 2 dimensions, time and batch, got ${formatShape(input.shape)}`)
  const padded = timeAndBatch(input, batchFirst)
  const [time, batch] = padded.shape
  const given = lengths instanceof Tensor ? lengths.numbers() : [...lengths]
  if (given.length !== batch)
    throw new ShapeError(`${op}: expected a length for each of ${batch} sequences, got ${given.length} lengths`)
  if (batch === 0) throw new ShapeError(`${op}: cannot pack an empty batch`)
  const order = given.map((_, b) => b)
  if (!enforceSorted) order.sort((a, b) => given[b] - given[a])
  const sorted = order.map((b) => given[b])
  const rising = sorted.findIndex((length, b) => b > 0 && length > sorted[b - 1])
  if (rising > 0)
    throw new ValueError(
      `${op}: lengths must not increase: ${sorted[rising - 1]}, then ${sorted[rising]}`,
      'pass { enforceSorted: false } to have the sequences sorted.',
    )
  const shortest = sorted[batch - 1]
  if (!(shortest > 0)) throw new ValueError(`${op}: every length must be greater than 0, got ${shortest}`)
  if (sorted[0] > time) throw new ShapeError(`${op}: a length of ${sorted[0]} exceeds the ${time} steps of the input`)
  const sizes = sizesOf(sorted)
  const rows = padded.reshape([time * batch, ...padded.shape.slice(2)])
  const sources = positions(sizes, batch).map((at) => at - (at % batch) + order[at % batch])
  const sortedIndices = enforceSorted ? null : int64(order)
  return {
    data: indexSelect(rows, 0, int64(sources)),
    batchSizes: int64(sizes),
    sortedIndices,
    unsortedIndices: sortedIndices && invertPermutation(sortedIndices),
  }
}

/** `filling` of `shape`, with the rows of `data` at `places` of the first `count` dimensions, merged. */
function placed(data: Tensor, places: readonly number[], lead: readonly number[], filling: number): Tensor {
  const rest = data.shape.slice(1)
  const empty = full([numelOf(lead), ...rest], filling, { dtype: data.dtype, device: data.device })
  return empty.indexCopy(0, int64(places), data).reshape([...lead, ...rest])
}

/**
 * The padded batch [time, batch, ...] of a packed one, in the order in which the sequences came, and their lengths [batch] (int64).
 * `totalLength` pads to more steps than the longest sequence has. Throws ValueError where that has more.
 */
export function padPackedSequence(
  { data, batchSizes, unsortedIndices }: PackedSequence,
  { batchFirst = false, paddingValue = 0, totalLength }: PadOptions & { totalLength?: number } = {},
): [padded: Tensor, lengths: Tensor] {
  const sizes = batchSizes.numbers()
  if (totalLength !== undefined && totalLength < sizes.length)
    throw new ValueError(
      `padPackedSequence: totalLength must be at least the length of the longest sequence: ${totalLength} and ${sizes.length}`,
    )
  const batch = sizes[0]
  const lengths = Array.from({ length: batch }, (_, b) => sizes.filter((size) => size > b).length)
  const order = unsortedIndices?.numbers() ?? lengths.map((_, b) => b)
  const back = new Map(order.map((from, b) => [from, b]))
  const places = positions(sizes, batch).map((at) => at - (at % batch) + (back.get(at % batch) as number))
  const padded = placed(data, places, [totalLength ?? sizes.length, batch], paddingValue)
  return [timeAndBatch(padded, batchFirst), int64(order.map((from) => lengths[from]))]
}

/** Sequences [length, ...], whose other sizes are equal, padded to [time, batch, ...]. Throws ValueError for an empty list, ShapeError where sizes differ. */
export function padSequence(
  sequences: readonly Tensor[],
  { batchFirst = false, paddingValue = 0 }: PadOptions = {},
): Tensor {
  if (sequences.length === 0) throw new ValueError('padSequence: the list of sequences is empty')
  const lengths = sequences.map((one) => one.shape[0])
  const [time, batch] = [Math.max(0, ...lengths), sequences.length]
  const places = lengths.flatMap((length, b) =>
    Array.from({ length }, (_, t) => (batchFirst ? b * time + t : t * batch + b)),
  )
  return placed(cat(sequences), places, batchFirst ? [batch, time] : [time, batch], paddingValue)
}

/** The sequences of a padded batch. */
export function unpadSequence(
  padded: Tensor,
  lengths: readonly number[] | Tensor,
  { batchFirst = false }: Pick<PadOptions, 'batchFirst'> = {},
): Tensor[] {
  const list = lengths instanceof Tensor ? lengths.numbers() : lengths
  return list.map((length, b) => padded.select(batchFirst ? 0 : 1, b).narrow(0, 0, length))
}

/** `padSequence`, packed. */
export function packSequence(sequences: readonly Tensor[], options: PackOptions = {}): PackedSequence {
  const lengths = sequences.map((one) => one.shape[0])
  return packPaddedSequence(padSequence(sequences), lengths, options)
}
/** The sequences of a packed batch, in the order in which they came. */
export function unpackSequence(packed: PackedSequence): Tensor[] {
  const [padded, lengths] = padPackedSequence(packed)
  return unpadSequence(padded, lengths)
}
