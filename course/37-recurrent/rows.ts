import { atLeast, atMost, close, equal, holds, type Row, within } from 'kindling/notebook'

/**
 * Perplexities at the end. The Time Machine in full: the book's builds, which print 1.0, 1.3, 1.0 and 1.1. Otherwise what was measured here, and some room; our
 * own text has half as many batches in an epoch.
 */
const bands = {
  full: {
    'The Time Machine': { 'by hand': [1, 1.2], RNN: [1, 1.6], GRU: [1, 1.2], LSTM: [1, 1.4] },
    'a text of our own': { 'by hand': [1, 1.6], RNN: [1, 1.6], GRU: [1, 1.2], LSTM: [1, 1.4] },
  },
  quick: {
    'The Time Machine': { 'by hand': [3, 5], RNN: [3, 5], GRU: [1.25, 2], LSTM: [2, 3.3] },
    'a text of our own': { 'by hand': [2.4, 4], RNN: [2.4, 4], GRU: [1.15, 1.8], LSTM: [1.7, 3] },
  },
} as const

const texts = {
  'The Time Machine': { lines: 3221, words: '<unk> the i and of a to was in that', characters: 170580, byShare: 17.21 },
  'a text of our own': { lines: 92, words: '<unk> the it a and was that of is one', characters: 5506, byShare: 15.88 },
} as const

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: null,
    en: 'a text as numbers, its batches, and what guessing costs',
    zh: '把文本变成数、小批量、瞎猜的代价',
    check: ({ alike, before, byShare, corpus, lines, name, pieces: [X, Y, nextX, nextY], vocab, words }) => {
      const text = texts[name as keyof typeof texts]
      return [
        equal('lines', lines.length, text.lines),
        equal('the first words', words.slice(0, 10).join(' '), text.words),
        equal('characters and tokens', [corpus.length, vocab.length], [text.characters, 28]),
        holds('the labels are moved on by one', Y.startsWith(X.slice(1)) && nextY.startsWith(nextX.slice(1)), [X, Y]),
        equal('the next piece goes on where the last one stopped', Y.at(-1), nextX[0]),
        close('perplexity of guessing', [alike, byShare], [28, text.byShare], 0.01),
        equal('what an untrained network writes', [before.slice(0, 14), before.length], ['time traveller', 44]),
      ]
    },
  },
  {
    row: null,
    en: 'clipped gradients, and the perplexities of RNN, GRU and LSTM',
    zh: '梯度裁剪；RNN、GRU、LSTM 的困惑度',
    check: ({ name, reached, runs, steep: [clipped, free] }, { full }) => [
      atMost('loss with clipped gradients', clipped[11], 3),
      atLeast('largest loss without', Math.max(...free), 5),
      ...Object.entries(bands[full ? 'full' : 'quick'][name as keyof typeof texts]).flatMap(([net, band]) => [
        within(`${net}: perplexity after the first epoch`, runs[net].animator.points.train[0][1], [10, 30]),
        within(`${net}: perplexity at the end`, runs[net].perplexity, band),
      ]),
      ...['RNN', 'LSTM'].flatMap((net) => [
        atMost(`${net} before training: gradient 40 characters back`, reached[`${net} before`][39], 1e-6),
        atLeast(`${net} after training: gradient 40 characters back`, reached[`${net} after`][39], 0.003),
      ]),
    ],
  },
]
