// Softmax, its logarithm, and their gradients, along one axis.
import type { SoftmaxSpec } from '../../runtime/spec.ts'
import { Elements, positions, positionsAlong } from './values.ts'

const sumOf = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0)
const largest = (x: readonly number[]): number => x.reduce((a, b) => Math.max(a, b), -Infinity)

/** log(sum(exp(x))), with the largest value taken out so that nothing overflows; NaN where that is infinite, as in PyTorch's losses. */
export function logSumExp(x: readonly number[]): number {
  const high = largest(x)
  return high + Math.log(sumOf(x.map((value) => Math.exp(value - high))))
}

export function softmax(spec: SoftmaxSpec): void {
  const lines = (view: typeof spec.out): { elements: Elements; start: number[]; along: number[] } => ({
    elements: new Elements(view),
    start: positions(view, [spec.axis]),
    along: positionsAlong(view, [spec.axis]),
  })
  const sources = ('x' in spec ? [spec.x] : [spec.y, spec.g]).map(lines)
  const out = lines(spec.out)

  for (let row = 0; row < out.start.length; row++) {
    const [a, g] = sources.map(({ elements, start, along }) => along.map((step) => elements.number(start[row] + step)))
    const results = {
      softmax: () => {
        const high = largest(a)
        const sum = sumOf(a.map((x) => Math.exp(x - high)))
        return a.map((x) => Math.exp(x - high) / sum)
      },
      logSoftmax: () => {
        const high = largest(a)
        const log = Math.log(sumOf(a.map((x) => Math.exp(x - high))))
        return a.map((x) => x - high - log)
      },
      softmaxGrad: () => {
        const dot = sumOf(a.map((y, i) => y * g[i]))
        return a.map((y, i) => y * (g[i] - dot))
      },
      logSoftmaxGrad: () => {
        const sum = sumOf(g)
        return a.map((y, i) => g[i] - Math.exp(y) * sum)
      },
    }[spec.op]()
    results.forEach((value, i) => {
      out.elements.write(out.start[row] + out.along[i], value)
    })
  }
}
