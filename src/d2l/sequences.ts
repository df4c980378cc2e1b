// Batches of neighbouring pieces of a long sequence, with the next token as the label. Section 8.3 of the book.
import { DataLoader, type Dataset, TensorDataset } from '../data/index.ts'
import { randint, scope, Tensor, tensor, ValueError } from '../index.ts'
import { type CorpusOptions, loadCorpusTimeMachine, type Vocab } from './text.ts'

/** X and Y, both int64 [batchSize, numSteps]; Y is X moved on by one token. */
export type SequenceBatches = DataLoader<[X: Tensor, Y: Tensor]>

/**
 * Pieces of a random partition in random order: rows that follow one another in the text are not in neighbouring batches. For one pass; PyTorch's generator
 * draws where the partition begins, and the order. Throws ValueError where the corpus is too short. Source: `d2l.seq_data_iter_random`, section 8.3.
 */
export function seqDataIterRandom(
  corpus: Tensor | readonly number[],
  batchSize: number,
  numSteps: number,
): SequenceBatches {
  const tokens = asTensor(corpus)
  const start = below(numSteps)
  const pieces = Math.floor((tokens.length - start - 1) / numSteps)
  checkLength('seqDataIterRandom', tokens, batchSize, numSteps, pieces >= batchSize)
  const from = (first: number): Tensor => tokens.narrow(0, first, pieces * numSteps).reshape(pieces, numSteps)
  const data = new TensorDataset(from(start), from(start + 1))
  return new DataLoader(data, { batchSize, shuffle: true, dropLast: true })
}

/**
 * The text in `batchSize` columns, each read from its beginning to its end: row i of a batch goes on where row i of the last one stopped. For one pass;
 * PyTorch's generator draws where the text begins. Throws ValueError where the corpus is too short. Source: `d2l.seq_data_iter_sequential`, section 8.3.
 */
export function seqDataIterSequential(
  corpus: Tensor | readonly number[],
  batchSize: number,
  numSteps: number,
): SequenceBatches {
  const tokens = asTensor(corpus)
  const start = below(numSteps + 1)
  const rowLength = Math.floor((tokens.length - start - 1) / batchSize)
  const length = Math.floor(rowLength / numSteps)
  checkLength('seqDataIterSequential', tokens, batchSize, numSteps, length > 0)
  const from = (first: number): Tensor => tokens.narrow(0, first, batchSize * rowLength).reshape(batchSize, rowLength)
  const [Xs, Ys] = [from(start), from(start + 1)]
  const piece = (rows: Tensor, i: number): Tensor => rows.narrow(1, i * numSteps, numSteps)
  const data: Dataset<[Tensor, Tensor]> = { length, get: (i) => [piece(Xs, i), piece(Ys, i)] }
  // A sample is a whole batch already.
  return new DataLoader(data, { collate: ([batch]) => batch })
}

const asTensor = (corpus: Tensor | readonly number[]): Tensor => (corpus instanceof Tensor ? corpus : tensor(corpus))
const below = (count: number): number => scope(() => randint(0, count, [1]).item())

function checkLength(op: string, tokens: Tensor, batchSize: number, numSteps: number, enough: boolean): void {
  if (!enough)
    throw new ValueError(`${op}: ${tokens.length} tokens do not make one batch of ${batchSize} x ${numSteps}`)
}

export interface SeqDataOptions extends CorpusOptions {
  /** `seqDataIterRandom` in place of `seqDataIterSequential`. Default false. */
  useRandomIter?: boolean
}

/** Batches of a corpus, another partition at each pass. Source: `d2l.SeqDataLoader`, section 8.3. */
export class SeqDataLoader implements Iterable<[X: Tensor, Y: Tensor]>, AsyncIterable<[X: Tensor, Y: Tensor]> {
  /** The numbers of all tokens, int64. */
  readonly corpus: Tensor
  readonly vocab: Vocab
  readonly batchSize: number
  readonly numSteps: number
  readonly useRandomIter: boolean
  /** What the text is. */
  readonly name: string

  constructor(
    corpus: readonly number[],
    vocab: Vocab,
    batchSize: number,
    numSteps: number,
    { useRandomIter = false, name = '' }: { useRandomIter?: boolean; name?: string } = {},
  ) {
    this.corpus = tensor(corpus).keep()
    this.vocab = vocab
    this.batchSize = batchSize
    this.numSteps = numSteps
    this.useRandomIter = useRandomIter
    this.name = name
  }
  private pass(): SequenceBatches {
    const read = this.useRandomIter ? seqDataIterRandom : seqDataIterSequential
    return read(this.corpus, this.batchSize, this.numSteps)
  }
  /** One pass: batches X and Y of shape [batchSize, numSteps]. */
  [Symbol.iterator](): Iterator<[X: Tensor, Y: Tensor]> {
    return this.pass()[Symbol.iterator]()
  }
  /** The same for `for await`. */
  [Symbol.asyncIterator](): AsyncIterator<[X: Tensor, Y: Tensor]> {
    return this.pass()[Symbol.asyncIterator]()
  }
}

/**
 * Batches of the first `maxTokens` characters (default 10,000) of "The Time Machine", and the vocabulary of the whole text; `name` of the loader says which
 * text it is. Source: `d2l.load_data_time_machine`, section 8.3.
 */
export async function loadDataTimeMachine(
  batchSize: number,
  numSteps: number,
  { useRandomIter, maxTokens = 10000, ...options }: SeqDataOptions = {},
): Promise<[trainIter: SeqDataLoader, vocab: Vocab]> {
  const [corpus, vocab, name] = await loadCorpusTimeMachine({ maxTokens, ...options })
  return [new SeqDataLoader(corpus, vocab, batchSize, numSteps, { useRandomIter, name }), vocab]
}
