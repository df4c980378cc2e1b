import { atLeast, atMost, close, equal, holds, type Row, within } from 'kindling/notebook'

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 29,
    en: 'gradients explode and vanish because they are products of many factors',
    zh: '梯度爆炸和消失，是因为它是许多因子的乘积',
    check: ({ M, largest, slope }) => [
      // The digits are PyTorch 1.13.1's after the same seed.
      close('first entry of the product, in units of 1e24', M.at(0, 0).item() / 1e24, -8.3012, 1e-3),
      close('largest entry after 101 factors, as a power of ten', Math.log10(M.abs().max().item()), 25.344, 1e-3),
      close(
        'largest entries for three deviations, as powers of ten',
        largest.map((sizes) => Math.log10(sizes[100])),
        [22.41, 1.38, -35.54],
        0.01,
      ),
      equal('largest slope of the sigmoid', slope.max().item(), 0.25),
      equal('where it is', slope.argmax().item(), 80),
    ],
  },
  {
    row: 30,
    en: 'values leave the range of 16 bits, and deep networks bear few learning rates',
    zh: '数值超出 16 位的范围；深的网络只容得下少数学习率',
    check: ({ high, low, square, gap, shares, softmax, many, wide, coarse, losses: [shallow, deep] }) => [
      equal('at the upper end of float16', high.tolist(), [65504, 65504, Infinity, -Infinity]),
      equal('at its lower end', low.tolist(), [2 ** -14, 2 ** -24, 0]),
      equal('300 squared', square.item(), Infinity),
      equal('infinity minus infinity', square.sub(square).item(), NaN),
      equal('2048 + 1', gap.item(), 2048),
      equal('quotients of exponentials in float16', shares.tolist(), [NaN, 0, 0]),
      // PyTorch 1.13.1 has no softmax of float16 on the CPU: these are 0.66524, 0.24473 and 0.09003, rounded.
      close('softmax in float16', softmax.tolist(), [0.66524, 0.24473, 0.09003], 2 ** -11),
      equal('sum and mean of 700 hundreds', [many.sum().item(), many.mean().item()], [Infinity, 100]),
      // Digits of PyTorch 1.13.1.
      equal('the same range in bfloat16 as in float32', wide.tolist(), [65536, 9.969209968386869e37, 2 ** -25]),
      equal('256 + 1 in bfloat16', coarse.item(), 256),
      holds(
        'one hidden layer: a larger rate is better',
        shallow.every((l, i) => i === 0 || l < shallow[i - 1]),
        shallow,
      ),
      atMost('one hidden layer at rate 1', shallow[5], 0.1),
      within('ten hidden layers at rate 0.1', deep[3], [0.5, 1.4]),
      atLeast('ten hidden layers at rate 1', deep[5], 1.8),
      holds('ten hidden layers at rate 3 do not learn', !(deep[6] < 1.8), deep[6]),
    ],
  },
  {
    row: 31,
    en: 'vanishing gradients: only the layers next to the loss learn',
    zh: '梯度消失：只有靠近损失的层在学习',
    check: ({ norms, changes }) => [
      close(
        'norms in layers 1, 11 and 21, as powers of ten',
        [0, 10, 20].map((i) => Math.log10(norms[i])),
        [-17.248, -8.753, -0.4535],
        0.01,
      ),
      holds(
        'each norm is smaller than the one above',
        norms.every((norm, i) => i === 0 || norm > norms[i - 1]),
        norms,
      ),
      within('layers that did not change at all', changes.filter((change) => change === 0).length, [7, 11]),
      within('change of the last layer', changes[20], [0.1, 0.4]),
      atMost('change of layer 15', changes[14], 1e-5),
    ],
  },
  {
    row: null,
    en: 'gradients that are zero in float16 come back by loss scaling, and are there in bfloat16',
    zh: '在 float16 里变成零的梯度，放大损失就能找回来；bfloat16 里则一直都在',
    check: ({ ways: { float32, float16, scaled, bfloat16 }, factors }) => [
      equal(
        'zeros among the gradients of the first layer',
        [float32, float16, scaled, bfloat16].map(({ zeros }) => zeros),
        [0, 150, 0, 0],
      ),
      equal('the first layer in float16', float16.change, 0),
      within('its change by scaling, against float32', scaled.change / float32.change, [0.99, 1.01]),
      within('its change in bfloat16, against float32', bfloat16.change / float32.change, [0.97, 1.03]),
      equal('the factor that stays', float16.factors.length === 5 && scaled.factors, new Array(5).fill(2 ** 16)),
      holds(
        'a factor that is too large is halved until it fits',
        factors[0] === 2 ** 23 && factors.every((factor, i) => i === 0 || factor <= factors[i - 1]),
        factors,
      ),
    ],
  },
]
