// From a text to tokens, numbers and batches. The network is left out: what the server sends is checked by hand.
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import * as torch from 'kindling'
import * as d2l from 'kindling/d2l'

const home = mkdtempSync(join(tmpdir(), 'kindling-text-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))
const put = (folder: string, text: string): string => {
  mkdirSync(join(home, folder), { recursive: true })
  writeFileSync(join(home, folder, 'timemachine.txt'), text)
  return join(home, folder)
}

/** What a process of its own with this `KINDLING_HOME` prints. */
async function inHome(kindlingHome: string): Promise<string> {
  const program = `import * as d2l from 'kindling/d2l'
    const [lines, name] = await d2l.readTimeMachine({ download: false })
    const [corpus, vocab] = await d2l.loadCorpusTimeMachine({ download: false })
    console.log([name, lines.length, lines[0], corpus.length, vocab.length].join())`
  const env = { ...process.env, KINDLING_HOME: kindlingHome }
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { env })
  return stdout.trim()
}

describe('the text', () => {
  test('comes from the folder given, line by line, with letters and single spaces only', async () => {
    const root = put('own', "The Time--Machine, [1898]\r\n\n  I'm 3 a.m.\n_\nÉté!\n")
    expect(await d2l.readTimeMachine({ root })).toEqual([
      ['the time machine', '', 'i m a m', '', 't'],
      'The Time Machine',
    ])
  })
  test('that is not in the folder given is an error', async () => {
    await expect(d2l.readTimeMachine({ root: join(home, 'none') })).rejects.toThrow(
      /^timeMachine: timemachine\.txt is not in .*none$/,
    )
  })
  test('comes from the cache', async () => {
    put('cache/time-machine', 'ABC\nab\n')
    expect(await inHome(join(home, 'cache'))).toBe('The Time Machine,2,abc,5,4')
  })
  test('is one of our own with all letters where it cannot be had', async () => {
    expect(await inHome(join(home, 'empty'))).toBe('a text of our own,92,how a machine learns to read,5506,28')
  })
})

describe('tokens', () => {
  test('are words or characters', () => {
    const lines = ['the time  machine', '', 'by h g']
    expect(d2l.tokenize(lines)).toEqual([['the', 'time', 'machine'], [], ['by', 'h', 'g']])
    expect(d2l.tokenize(lines.slice(1), 'char')).toEqual([[], ['b', 'y', ' ', 'h', ' ', 'g']])
    expect(() => d2l.tokenize(lines, 'line' as 'word')).toThrow("tokenize: token must be 'word' or 'char', got 'line'")
  })
  test('are counted in lists and in lists of lists', () => {
    const counts = [...d2l.countCorpus(['b', 'a', 'b'])]
    expect(counts).toEqual([
      ['b', 2],
      ['a', 1],
    ])
    expect([...d2l.countCorpus([['b', 'a'], [], ['b']])]).toEqual(counts)
  })
})

describe('a vocabulary', () => {
  const tokens = d2l.tokenize(['to be or not to be', 'that is the question', 'to sleep'])
  test('has the unknown token first, then the others by frequency, equals in their order in the text', () => {
    const vocab = new d2l.Vocab(tokens)
    expect(vocab.idxToToken.join(' ')).toBe('<unk> to be or not that is the question sleep')
    expect([vocab.length, vocab.unk, vocab.tokenFreqs.slice(0, 3)]).toEqual([
      10,
      0,
      [
        ['to', 3],
        ['be', 2],
        ['or', 1],
      ],
    ])
  })
  test('gives numbers for tokens and tokens for numbers, one or many', () => {
    const vocab = new d2l.Vocab(tokens)
    expect([vocab.get('be'), vocab.get('nobody')]).toEqual([2, 0])
    expect(vocab.get(['be', 'sleep', 'nobody'])).toEqual([2, 9, 0])
    expect([vocab.toTokens(1), vocab.toTokens([9, 0])]).toEqual(['to', ['sleep', '<unk>']])
    expect(() => vocab.toTokens([10])).toThrow('Vocab.toTokens: no token has the number 10; there are 10')
  })
  test('leaves out rare tokens and reserves others', () => {
    const vocab = new d2l.Vocab(tokens, { minFreq: 2, reservedTokens: ['<pad>', 'be'] })
    expect(vocab.idxToToken).toEqual(['<unk>', '<pad>', 'be', 'to'])
    expect(new d2l.Vocab().idxToToken).toEqual(['<unk>'])
  })
  test('of the characters numbers a whole corpus', async () => {
    const root = put('corpus', 'Abba\nCab\n')
    const [corpus, vocab] = await d2l.loadCorpusTimeMachine({ root })
    expect([vocab.idxToToken.join(''), corpus]).toEqual(['<unk>abc', [1, 2, 2, 1, 3, 1, 2]])
    const [first, whole] = await d2l.loadCorpusTimeMachine({ root, maxTokens: 3 })
    expect([first, whole.length]).toEqual([[1, 2, 2], 4])
  })
})

type Pair = [X: number[][], Y: number[][]]
const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i)
/** The first ten seeds give different beginnings. */
const seeds = count(10)

describe('batches of a sequence', () => {
  test('in order go on row by row where the last ones stopped', () => {
    const starts = new Set<number>()
    for (const seed of seeds) {
      torch.manualSeed(seed)
      const batches: Pair[] = []
      for (const [X, Y] of d2l.seqDataIterSequential(count(35), 2, 5)) batches.push([X.tolist(), Y.tolist()] as Pair)
      const start = batches[0][0][0][0]
      starts.add(start)
      const rowLength = Math.floor((34 - start) / 2)
      expect(batches.length).toBe(Math.floor(rowLength / 5))
      for (const [i, [X, Y]] of batches.entries()) {
        const wanted = [start, start + rowLength].map((first) => count(5).map((k) => first + 5 * i + k))
        expect([X, Y]).toEqual([wanted, wanted.map((row) => row.map((value) => value + 1))])
      }
    }
    expect([Math.min(...starts) >= 0, Math.max(...starts) <= 5, starts.size > 2]).toEqual([true, true, true])
  })
  test('at random are the pieces of one partition, each once, in another order', () => {
    let shuffled = 0
    for (const seed of seeds) {
      torch.manualSeed(seed)
      const rows: number[][] = []
      for (const [X, Y] of d2l.seqDataIterRandom(torch.arange(35), 2, 5)) {
        expect([X.shape, Y.sub(X).tolist()]).toEqual([[2, 5], new Array(2).fill(new Array(5).fill(1))])
        rows.push(...(X.tolist() as number[][]))
      }
      const firsts = rows.map(([first]) => first)
      for (const row of rows) expect(row).toEqual(count(5).map((k) => row[0] + k))
      expect([rows.length, new Set(firsts).size, new Set(firsts.map((first) => first % 5)).size]).toEqual([6, 6, 1])
      if (firsts.some((first, i) => first < firsts[i - 1])) shuffled++
    }
    expect(shuffled).toBeGreaterThan(5)
  })
  test('of a corpus that is too short are an error', () => {
    torch.manualSeed(0)
    expect(() => d2l.seqDataIterSequential(count(10), 2, 5)).toThrow(
      'seqDataIterSequential: 10 tokens do not make one batch of 2 x 5',
    )
    expect(() => d2l.seqDataIterRandom(count(10), 2, 5)).toThrow(
      'seqDataIterRandom: 10 tokens do not make one batch of 2 x 5',
    )
  })
  test('of a loader begin elsewhere at each pass, also with for await', async () => {
    torch.manualSeed(0)
    const root = put('loader', 'abcdefghijklmnopqrstuvwxyz'.repeat(4))
    const [loader, vocab] = await d2l.loadDataTimeMachine(3, 4, { root, maxTokens: 60 })
    expect([loader.name, loader.corpus.shape, vocab.length]).toEqual(['The Time Machine', [60], 27])
    const starts = new Set<string>()
    for (const _ of seeds) {
      for (const [X] of loader) {
        starts.add(vocab.toTokens(X.at(0, 0).item()))
        break
      }
    }
    expect([...starts].sort()).toEqual(['a', 'b', 'c', 'd', 'e'])
    let batches = 0
    for await (const [X, Y] of loader) {
      expect(Y.sub(X).remainder(26).eq(1).all().item()).toBe(1)
      batches++
    }
    expect(batches).toBe(4)
  })
  test('of a loader are random pieces where that is asked for', async () => {
    torch.manualSeed(0)
    const root = put('random', 'abcdefghijk'.repeat(10))
    const [loader] = await d2l.loadDataTimeMachine(2, 5, { root, useRandomIter: true })
    const firsts: number[] = []
    for (const [X] of loader) firsts.push(...(X.at(':', 0).tolist() as number[]))
    expect(firsts.length).toBe(20)
    expect(firsts.every((first, i) => i === 0 || (first - firsts[i - 1] + 11) % 11 === 5)).toBe(false)
  })
})
