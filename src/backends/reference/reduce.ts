// Reductions: one set of accumulators per output, one step per reduced element, in row-major order.
// float32 is computed in double and rounded once at the end: an oracle must not add rounding errors of its own.
import type { ReduceSpec } from '../../runtime/spec.ts'
import { compile } from './expression.ts'
import { Elements, positions, positionsAlong, toCompute, type Value } from './values.ts'

export function reduce(spec: ReduceSpec): void {
  const { reduction, axes } = spec
  const compute = spec.compute === 'float32' ? 'float64' : spec.compute
  const convert = toCompute[compute]
  const step = compile(reduction.step, compute)
  const finish = compile(reduction.finish, compute)
  const scalars = spec.scalars.map(convert)
  const init = reduction.init.map((x, k) => (reduction.accTypes[k] === 'i' ? x : convert(x)))

  const inputs = spec.inputs.map((view) => ({
    elements: new Elements(view),
    start: positions(view, axes),
    along: positionsAlong(view, axes),
  }))
  const outputs = spec.outputs.map((view) => ({ elements: new Elements(view), at: positions(view) }))
  const rows = outputs[0].at.length
  const length = axes.reduce((n, d) => n * spec.inputs[0].shape[d], 1)

  for (let row = 0; row < rows; row++) {
    let acc: Value[] = init
    for (let position = 0; position < length; position++) {
      const values = inputs.map(({ elements, start, along }) => convert(elements.read(start[row] + along[position])))
      acc = step({ inputs: values, scalars, acc, other: [], position }) as Value[]
    }
    const results = finish({ inputs: [], scalars, acc, other: [], position: 0 })
    outputs.forEach(({ elements, at }, k) => {
      elements.write(at[row], results[k] as Value)
    })
  }
}
