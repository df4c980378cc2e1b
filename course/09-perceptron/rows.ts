import type { Tensor } from 'kindling'
import { atMost, equal, holds, type Row } from 'kindling/notebook'

const right = (guess: Tensor, label: Tensor): number => guess.eq(label).sum().item()

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 10,
    en: 'a perceptron is a linear function behind a threshold; its rule finds a line where there is one',
    zh: '感知机是阈值后的线性函数；只要有一条分界线，它的规则就能找到',
    check: ({ bound, mistakes, outputs, predict, scores, total, X, y }) => [
      equal('linear function', scores.tolist(), [1.5, -1.5, 3.5]),
      equal('behind the threshold', outputs.tolist(), [1, 0, 1]),
      equal('mistakes in the last pass', mistakes.at(-1), 0),
      atMost("mistakes in all, against Novikoff's bound", total, bound),
      equal('points on their side', right(predict(X), y), y.length),
    ],
  },
  {
    row: 11,
    en: 'no line solves XOR; a network with four hidden units does',
    zh: '没有直线能解决异或；有四个隐藏单元的网络可以',
    check: ({ attempt, best, fromLinear, fromMlp, xor }, { figures }) => [
      holds(
        'the rule makes mistakes in every pass',
        attempt.every((wrong) => wrong > 0),
        attempt,
      ),
      equal('corners right, best of 100,000 lines', best, 3),
      atMost('corners right, linear classifier', right(fromLinear.gt(0.5).to('float32'), xor), 3),
      equal('corners right, 2-4-1 network', right(fromMlp.gt(0.5).to('float32'), xor), 4),
      equal('figures', figures.length, 2),
    ],
  },
]
