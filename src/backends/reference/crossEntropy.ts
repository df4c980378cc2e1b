// Cross-entropy of rows of logits with class indices: loss = logSumExp(x) - x[target], and its gradient.
import { IndexError } from '../../base/errors.ts'
import type { CrossEntropySpec } from '../../runtime/spec.ts'
import { logSumExp } from './softmax.ts'
import { Elements } from './values.ts'

export function crossEntropy(spec: CrossEntropySpec): void {
  const [x, target, lse] = [spec.x, spec.target, spec.lse].map((view) => new Elements(view))
  const [rows, classes] = spec.x.shape
  const labels = Array.from({ length: rows }, (_, n) => Number(target.get(n)))
  for (const label of labels) {
    if (label === spec.ignoreIndex || (label >= 0 && label < classes)) continue
    throw new IndexError(`crossEntropy: target ${label} is out of range for ${classes} classes`)
  }

  if (spec.pass === 'forward') {
    const loss = new Elements(spec.loss)
    for (let n = 0; n < rows; n++) {
      const row = Array.from({ length: classes }, (_, c) => x.get(n, c) as number)
      const sum = logSumExp(row)
      lse.set(sum, n)
      loss.set(labels[n] === spec.ignoreIndex ? 0 : sum - row[labels[n]], n)
    }
  } else {
    const [g, out] = [new Elements(spec.g), new Elements(spec.out)]
    for (let n = 0; n < rows; n++) {
      for (let c = 0; c < classes; c++) {
        const probability = Math.exp((x.get(n, c) as number) - (lse.get(n) as number))
        const gradient = (g.get(n) as number) * (probability - (c === labels[n] ? 1 : 0))
        out.set(labels[n] === spec.ignoreIndex ? 0 : gradient, n, c)
      }
    }
  }
}
