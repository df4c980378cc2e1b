import { atLeast, atMost, close, equal, holds, type Row, within } from 'kindling/notebook'

const falls = (values: readonly number[]): boolean => values.every((value, i) => i === 0 || value < values[i - 1])

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 22,
    en: 'a hard limit on the norm of the weights',
    zh: '对权重的范数加硬性限制',
    check: ({ hard }) => [
      equal('steps', hard.norms.length, 400),
      atMost('largest norm after a step', Math.max(...hard.norms), 1 + 1e-6),
      atLeast('the limit was reached', Math.max(...hard.norms), 1 - 1e-6),
      atMost('test loss', hard.test, 2),
    ],
  },
  {
    row: 23,
    en: 'a soft limit: a penalty, by hand and in SGD',
    zh: '柔性限制：惩罚项，手写与 SGD 自带',
    check: ({ free, held, sweep }) => [
      within('norm by hand, lambda 0', free.norm, [11.4, 15.3]),
      within('norm by hand, lambda 3', held.norm, [0.32, 0.47]),
      within('norm with SGD, lambda 0', sweep[0].norm, [11.4, 15.5]),
      within('norm with SGD, lambda 3', sweep[6].norm, [0.334, 0.51]),
      atMost('training loss, lambda 0', free.train, 1e-4),
      atLeast('test loss, lambda 0', free.test, 10),
      atMost('test loss, lambda 3', held.test, 0.5),
    ],
  },
  {
    row: 24,
    en: 'why decay: the weights are first multiplied by 1 - eta lambda',
    zh: '为什么叫衰减：权重先乘以 1 - ηλ',
    check: ({ before, byHand, decayed, p }) => [
      close('the decayed weights', decayed.tolist(), before.mul(0.95).tolist(), 1e-12),
      close("SGD's step", p.tolist(), byHand.tolist(), 1e-7),
      holds('the gradient changed them too', !byHand.equal(decayed)),
    ],
  },
  {
    row: 25,
    en: 'what decay restricts is the range of the weights',
    zh: '权重衰退限制的是权重的范围',
    check: ({ norms, sweep, tests }) => [
      holds('the norm falls with lambda', falls(norms), norms),
      holds('so does the test loss', falls(tests), tests),
      within('norms of lambda 3 and 0 against 0.991^400', norms[6] / norms[0] / 0.991 ** 400, [0.9, 1.5]),
      atMost('largest weight, lambda 3', sweep[6].weights.abs().max().item(), 0.25),
      atLeast('largest weight, lambda 0', sweep[0].weights.abs().max().item(), 1.5),
    ],
  },
  {
    row: 26,
    en: 'the usual 0.001, and a problem that needs 3',
    zh: '常用值 0.001，以及需要 3 的问题',
    check: ({ lambdas, tests }, { output }) => [
      equal('values of lambda', lambdas, [0, 1e-4, 1e-3, 1e-2, 0.1, 1, 3]),
      equal('lines of the table', output('sweep').split('\n').length, 8),
      within('test loss with 0.001 against 0', tests[2] / tests[0], [0.98, 1]),
      atMost('test loss with 3 against 0', tests[6] / tests[0], 0.01),
    ],
  },
]
