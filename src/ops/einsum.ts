// Einstein summation: every operand is laid out over all labels, and pairs are contracted by batched matrix products, left to right.
import { ShapeError, ValueError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { matmul } from './matmul.ts'

/** Labels of each operand and of the result. Dimensions under `...` get labels of their own, counted from the right. */
function parse(equation: string, operands: readonly Tensor[]): { inputs: string[][]; output: string[] } {
  const compact = equation.replace(/\s+/g, '')
  const [left, right, ...more] = compact.split('->')
  const terms = left.split(',')
  const form = /^[a-zA-Z]*(\.\.\.)?[a-zA-Z]*$/
  if (more.length > 0 || ![...terms, right ?? ''].every((term) => form.test(term)))
    throw new ValueError(`einsum: malformed equation '${equation}'`)
  if (terms.length !== operands.length)
    throw new ValueError(
      `einsum: the equation '${equation}' has ${terms.length} operands, ${operands.length} were given`,
    )
  let widest = 0
  const inputs = terms.map((term, k) => {
    const letters = term.replace('...', '').length
    const rest = operands[k].ndim - letters
    if (rest < 0 || (rest > 0 && !term.includes('...'))) {
      throw new ShapeError(
        `einsum: '${term}' names ${letters} dimensions, operand ${k} has shape ${formatShape(operands[k].shape)}`,
      )
    }
    widest = Math.max(widest, rest)
    return spell(term, rest)
  })
  const free = (labels: string[]): string[] =>
    labels.filter((label) => inputs.flat().filter((other) => other === label).length === 1).sort()
  const dots = Array.from({ length: widest }, (_, i) => `.${widest - 1 - i}`)
  const letters = [...new Set(inputs.flat().filter((label) => !label.startsWith('.')))]
  const output = right === undefined ? [...dots, ...free(letters)] : spell(right, widest)
  output.forEach((label, i) => {
    if (output.indexOf(label) !== i || !inputs.flat().includes(label))
      throw new ValueError(`einsum: label '${label}' of the result appears twice or in no operand: '${equation}'`)
  })
  return { inputs, output }
}

function spell(term: string, ellipsis: number): string[] {
  const [before, after] = term.includes('...') ? term.split('...') : [term, null]
  const dots = after === null ? [] : Array.from({ length: ellipsis }, (_, i) => `.${ellipsis - 1 - i}`)
  return [...before, ...dots, ...(after ?? '')]
}

/** A tensor whose dimensions have names, each once. */
interface Labelled {
  readonly x: Tensor
  readonly labels: readonly string[]
}

/** Repeated labels become diagonals. */
function withoutRepeats(x: Tensor, labels: readonly string[]): Labelled {
  const names = [...labels]
  let view = x
  for (let d = 0; d < names.length; d++) {
    const again = names.indexOf(names[d], d + 1)
    if (again < 0) continue
    if (view.shape[d] !== view.shape[again])
      throw new ShapeError(`einsum: label '${names[d]}' has sizes ${view.shape[d]} and ${view.shape[again]}`)
    view = view.diagonal({ dim1: d, dim2: again }).movedim(-1, d)
    names.splice(again, 1)
    d--
  }
  return { x: view, labels: names }
}

/** Sums the dimensions whose labels are not in `keep`. */
function summed({ x, labels }: Labelled, keep: ReadonlySet<string>): Labelled {
  const dims = labels.flatMap((label, d) => (keep.has(label) ? [] : [d]))
  return dims.length === 0 ? { x, labels } : { x: x.sum(dims), labels: labels.filter((label) => keep.has(label)) }
}

/** Both operands as [batch, rows, k] @ [batch, k, columns]; size 1 broadcasts. */
function contract(a: Labelled, b: Labelled, keep: ReadonlySet<string>): Labelled {
  const sizeOf = ({ x, labels }: Labelled, label: string): number => x.shape[labels.indexOf(label)]
  const both = a.labels.filter((label) => b.labels.includes(label))
  for (const label of both) {
    const [m, n] = [sizeOf(a, label), sizeOf(b, label)]
    if (m !== n && m !== 1 && n !== 1) throw new ShapeError(`einsum: label '${label}' has sizes ${m} and ${n}`)
  }
  const batch = both.filter((label) => keep.has(label))
  // A label of size 1 on one side only is broadcast: it is summed where it is long, before the product.
  const shared = both.filter((label) => !keep.has(label) && sizeOf(a, label) === sizeOf(b, label))
  const gone = both.filter((label) => !keep.has(label) && !shared.includes(label))
  const [left, right] = [a, b].map((side) =>
    summed(side, new Set(side.labels.filter((label) => !gone.includes(label)))),
  )
  const rows = left.labels.filter((label) => !both.includes(label))
  const columns = right.labels.filter((label) => !both.includes(label))
  const product = (sizes: readonly number[]): number => sizes.reduce((n, size) => n * size, 1)
  const sizes = (side: Labelled, labels: readonly string[]): number[] => labels.map((label) => sizeOf(side, label))
  const ordered = (side: Labelled, order: readonly string[]): Tensor =>
    side.x.permute(order.map((label) => side.labels.indexOf(label)))
  const k = product(sizes(left, shared))
  const p = ordered(left, [...batch, ...rows, ...shared]).reshape([
    ...sizes(left, batch),
    product(sizes(left, rows)),
    k,
  ])
  const q = ordered(right, [...batch, ...shared, ...columns]).reshape([
    ...sizes(right, batch),
    k,
    product(sizes(right, columns)),
  ])
  const out = matmul(p, q)
  return {
    x: out.reshape([...out.shape.slice(0, batch.length), ...sizes(left, rows), ...sizes(right, columns)]),
    labels: [...batch, ...rows, ...columns],
  }
}

/**
 * Sums products over the labels that the result does not have: `einsum('bij,bjk->bik', a, b)`. A repeated label takes the diagonal, `...` broadcasts;
 * without `->` the result has the labels that occur once, in alphabetical order. Throws ValueError, ShapeError. Source: `torch.einsum`.
 */
export function einsum(equation: string, ...operands: Tensor[] | [readonly Tensor[]]): Tensor {
  const list = (Array.isArray(operands[0]) ? operands[0] : operands) as readonly Tensor[]
  if (list.length === 0) throw new ValueError('einsum: at least one operand is needed')
  const { inputs, output } = parse(equation, list)
  const needed = (from: number): Set<string> => new Set([...output, ...inputs.slice(from).flat()])
  let result = summed(withoutRepeats(list[0], inputs[0]), needed(1))
  for (let k = 1; k < list.length; k++) {
    const keep = needed(k + 1)
    const next = summed(withoutRepeats(list[k], inputs[k]), new Set([...keep, ...result.labels]))
    const left = summed(result, new Set([...keep, ...next.labels]))
    result = contract(left, next, keep)
  }
  const final = summed(result, new Set(output))
  const wide = output.filter((label) => final.labels.includes(label))
  return final.x.permute(wide.map((label) => final.labels.indexOf(label)))
}
