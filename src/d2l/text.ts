// From a text to numbers: lines, tokens, a vocabulary. Chapter 8 of the book.
import { type TimeMachineOptions, timeMachine } from '../data/index.ts'
import { IndexError, ValueError } from '../index.ts'

/**
 * The lines of "The Time Machine", only letters a to z and single spaces, and what the text is: where it cannot be had it is one of our own.
 * Source: `d2l.read_time_machine`, section 8.2.
 */
export async function readTimeMachine(options: TimeMachineOptions = {}): Promise<[lines: string[], name: string]> {
  const { text, name } = await timeMachine(options)
  const lines = text.replace(/\n$/, '').split('\n')
  return [
    lines.map((line) =>
      line
        .replace(/[^A-Za-z]+/g, ' ')
        .trim()
        .toLowerCase(),
    ),
    name,
  ]
}

/** Each line as words or as characters. Source: `d2l.tokenize`. */
export function tokenize(lines: readonly string[], token: 'word' | 'char' = 'word'): string[][] {
  if (token === 'char') return lines.map((line) => [...line])
  if (token === 'word') return lines.map((line) => line.split(/\s+/).filter((word) => word !== ''))
  throw new ValueError(`tokenize: token must be 'word' or 'char', got '${token}'`)
}

export type Tokens = readonly string[] | readonly (readonly string[])[]

/** How often each token occurs, in the order of their first occurrence. Source: `d2l.count_corpus`. */
export function countCorpus(tokens: Tokens): Map<string, number> {
  const counts = new Map<string, number>()
  for (const token of tokens.flat()) counts.set(token, (counts.get(token) ?? 0) + 1)
  return counts
}

export interface VocabOptions {
  /** Tokens that occur less often are unknown. Default 0. */
  minFreq?: number
  /** Tokens with the numbers from 1 on, whether they occur or not. */
  reservedTokens?: readonly string[]
}

/** Numbers for tokens: 0 is `<unk>`, for all that are not known, then come the reserved ones, then the others, the most frequent first. Source: `d2l.Vocab`. */
export class Vocab {
  readonly idxToToken: readonly string[]
  readonly tokenToIdx: ReadonlyMap<string, number>
  /** All tokens with their counts, the most frequent first. */
  readonly tokenFreqs: readonly (readonly [token: string, count: number])[]
  readonly unk = 0

  constructor(tokens: Tokens = [], { minFreq = 0, reservedTokens = [] }: VocabOptions = {}) {
    this.tokenFreqs = [...countCorpus(tokens)].sort(([, a], [, b]) => b - a)
    const frequent = this.tokenFreqs.filter(([, count]) => count >= minFreq).map(([token]) => token)
    this.idxToToken = [...new Set(['<unk>', ...reservedTokens, ...frequent])]
    this.tokenToIdx = new Map(this.idxToToken.map((token, i) => [token, i]))
  }
  /** Number of tokens. */
  get length(): number {
    return this.idxToToken.length
  }
  /** The number of a token, or of each. */
  get(token: string): number
  get(tokens: readonly string[]): number[]
  get(tokens: string | readonly string[]): number | number[] {
    if (typeof tokens !== 'string') return tokens.map((token) => this.get(token))
    return this.tokenToIdx.get(tokens) ?? this.unk
  }
  /** The token with a number, or each of them. Throws IndexError where there is none. */
  toTokens(index: number): string
  toTokens(indices: readonly number[]): string[]
  toTokens(indices: number | readonly number[]): string | string[] {
    if (typeof indices !== 'number') return indices.map((index) => this.toTokens(index))
    const token = this.idxToToken[indices]
    if (token === undefined)
      throw new IndexError(`Vocab.toTokens: no token has the number ${indices}; there are ${this.length}`)
    return token
  }
}

export interface CorpusOptions extends TimeMachineOptions {
  /** Only the first so many tokens. Default: all. */
  maxTokens?: number
}

/** The text as numbers of characters, its vocabulary, and what the text is. Source: `d2l.load_corpus_time_machine`, section 8.2. */
export async function loadCorpusTimeMachine({
  maxTokens,
  ...options
}: CorpusOptions = {}): Promise<[corpus: number[], vocab: Vocab, name: string]> {
  const [lines, name] = await readTimeMachine(options)
  const tokens = tokenize(lines, 'char')
  const vocab = new Vocab(tokens)
  return [vocab.get(tokens.flat()).slice(0, maxTokens), vocab, name]
}
