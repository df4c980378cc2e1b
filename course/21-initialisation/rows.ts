import { atMost, close, equal, holds, type Row, within } from 'kindling/notebook'

const ratio = (name: string, got: number, wanted: number, off: number) =>
  within(name, got / wanted, [1 / (1 + off), 1 + off])

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 33,
    en: "Xavier's rule: mean zero, variance 2 / (fan in + fan out)",
    zh: 'Xavier 规则：均值为零，方差为 2 /（输入数 + 输出数）',
    check: ({ bound, uniform, normal, wanted, linear: [usual, xavier, large], depth }) => [
      close('wanted variance', wanted, 1 / 300, 1e-12),
      close('bound of the uniform numbers', bound, 0.1, 1e-12),
      within('largest uniform number', uniform.abs().max().item(), [0.0999, 0.1000001]),
      ratio('variance of the uniform numbers', uniform.var().item(), wanted, 0.02),
      ratio('variance of the normal numbers', normal.var().item(), wanted, 0.02),
      close('mean of the uniform numbers', uniform.mean().item(), 0, 1e-3),
      close('mean of the normal numbers', normal.mean().item(), 0, 1e-3),
      ratio('Xavier: variance of the output', xavier[0][depth], 1, 1),
      ratio('Xavier: variance of the gradient', xavier[1][0], 1, 1),
      ratio('default: output', usual[0][depth], 3 ** -12, 1),
      ratio('default: gradient', usual[1][0], 3 ** -12, 1),
      ratio('deviation 0.1: output', large[0][depth], 2.56 ** 12, 1),
      ratio('deviation 0.1: gradient', large[1][0], 2.56 ** 12, 1),
    ],
  },
  {
    row: 34,
    en: 'an activation alpha x + beta keeps mean and variance only with alpha 1 and beta 0',
    zh: '激活函数 alpha x + beta 只有在 alpha = 1、beta = 0 时才保持均值和方差',
    check: ({ found }) => [
      ...found.flatMap(({ alpha, beta, mean, factor, last, expected }) => [
        close(`alpha ${alpha}, beta ${beta}: mean`, mean, beta, 0.03),
        ratio(`alpha ${alpha}, beta ${beta}: factor of the variance`, factor, alpha ** 2, 0.05),
        ratio(`alpha ${alpha}, beta ${beta}: variance after 12 layers`, last, expected, 1),
      ]),
      equal(
        'who keeps both',
        found.filter((f) => Math.abs(f.mean) < 0.03 && f.last > 0.5 && f.last < 2).map((f) => [f.alpha, f.beta]),
        [[1, 0]],
      ),
    ],
  },
  {
    row: 35,
    en: 'near zero tanh, relu and 4 sigmoid - 2 are close to x; the sigmoid is not',
    zh: '在零附近，tanh、relu 和 4 sigmoid - 2 接近 x，sigmoid 不接近',
    check: ({ atZero, x, curves: [tanh, relu, , scaled], spreads, kaimingOut, kaimingGrad, depth }) => {
      const near = x.abs().le(0.101)
      const gap = (y: typeof x): number => y.sub(x).at(near).abs().max().item()
      return [
        close('series of tanh', atZero[0], [0, 1, 0, -1 / 3], 1e-9),
        close('series of the sigmoid', atZero[1], [1 / 2, 1 / 4, 0, -1 / 48], 1e-9),
        close('series of 4 sigmoid - 2', atZero[2], [0, 1, 0, -1 / 12], 1e-9),
        within('tanh and x within 0.1 of zero', gap(tanh), [1e-4, 4e-4]),
        within('4 sigmoid - 2 and x within 0.1 of zero', gap(scaled), [5e-5, 1e-4]),
        holds('relu is x where x is positive', relu.at(x.ge(0)).equal(x.at(x.ge(0)))),
        within('tanh: variance of the gradient', spreads[0][1][0], [0.01, 0.3]),
        ratio('relu: variance of the gradient', spreads[1][1][0], 2 ** -12, 1),
        atMost('sigmoid: variance of the gradient', spreads[2][1][0], 1e-13),
        within('4 sigmoid - 2: variance of the gradient', spreads[3][1][0], [0.05, 0.8]),
        within('relu by Kaiming: output', kaimingOut[depth], [0.3, 4]),
        within('relu by Kaiming: gradient', kaimingGrad[0], [0.3, 4]),
      ]
    },
  },
]
