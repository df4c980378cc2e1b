import * as torch from 'kindling'
import { atLeast, atMost, close, equal, holds, type Row } from 'kindling/notebook'

/** Largest distance between a curve and what the formula gives in double precision. */
const worst = (got: number[], xs: number[], formula: (x: number) => number): number =>
  Math.max(...got.map((y, i) => Math.abs(y - formula(xs[i]))))

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))
const formulas = {
  relu: [(x: number) => Math.max(x, 0), (x: number) => (x > 0 ? 1 : 0)],
  sigmoid: [sigmoid, (x: number) => sigmoid(x) * (1 - sigmoid(x))],
  tanh: [Math.tanh, (x: number) => 1 - Math.tanh(x) ** 2],
} as const

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 12,
    en: 'without an activation two linear layers are one; with ReLU they are not',
    zh: '没有激活函数，两个线性层等于一个；加上 ReLU 就不是了',
    check: ({ bent, difference, flat }) => [
      atMost('distance between two layers and the product of their weights', difference, 1e-6),
      atMost('bend of two layers', flat, 2e-6),
      atLeast('bend with ReLU between them', bent, 0.1),
    ],
  },
  {
    row: 13,
    en: 'sigmoid, ReLU and tanh, and their gradients',
    zh: 'sigmoid、ReLU、tanh 及其梯度',
    check({ curves, gradients, x }, { figures }) {
      const xs = x.tolist() as number[]
      const [relu, sigmoids, tanhs] = gradients.map((g) => g.tolist() as number[])
      return [
        equal('figures', figures.length, 2),
        equal(
          'points of a curve',
          curves.map((y) => y.shape),
          [[160], [160], [160]],
        ),
        ...Object.entries(formulas).flatMap(([name, [f, slope]], i) => [
          atMost(`error of ${name}`, worst(curves[i].tolist() as number[], xs, f), 1e-6),
          atMost(`error of its gradient`, worst(gradients[i].tolist() as number[], xs, slope), 1e-6),
        ]),
        equal('gradient of relu at 0', relu[80], 0),
        close('greatest gradient of sigmoid', Math.max(...sigmoids), 0.25, 1e-6),
        close('greatest gradient of tanh', Math.max(...tanhs), 1, 1e-6),
      ]
    },
  },
  {
    row: 14,
    en: 'ReLU needs no exponential: a table of times',
    zh: 'ReLU 不需要指数运算：用时表',
    check({ costs, functions }, { output }) {
      const lines = output('cost').split('\n').slice(1)
      const at = (name: keyof typeof functions): number[] =>
        functions[name](torch.tensor([-2.5, 0, 2.5])).tolist() as number[]
      return [
        equal(
          'measured',
          costs.map(({ name }) => name),
          ['copy', 'relu', 'sigmoid', 'tanh'],
        ),
        equal(
          'printed',
          lines.map((line) => line.split(/ +/)[0]),
          ['copy', 'relu', 'sigmoid', 'tanh'],
        ),
        holds(
          'every time is positive',
          costs.every(({ time }) => time > 0),
          costs.map(({ time }) => time),
        ),
        equal('relu of -2.5, 0 and 2.5', at('relu'), [0, 0, 2.5]),
        close('sigmoid: 1 / (1 + exp(-x))', at('sigmoid'), [-2.5, 0, 2.5].map(sigmoid), 1e-6),
        close(
          'tanh: 2 sigmoid(2x) - 1',
          at('tanh'),
          [-5, 0, 5].map((x) => 2 * sigmoid(x) - 1),
          1e-6,
        ),
      ]
    },
  },
]
