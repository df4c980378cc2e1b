// Elementwise kernels: every output is an expression of the inputs at the same index.
import type { MapSpec } from '../../runtime/spec.ts'
import { compile } from './expression.ts'
import { Elements, positions, toCompute, type Value } from './values.ts'

export function map(spec: MapSpec): void {
  const run = compile(spec.exprs, spec.compute)
  const convert = toCompute[spec.compute]
  const inputs = spec.inputs.map((view) => ({ elements: new Elements(view), at: positions(view) }))
  const outputs = spec.outputs.map((view) => ({ elements: new Elements(view), at: positions(view) }))
  const scalars = spec.scalars.map(convert)
  const count = outputs[0]?.at.length ?? 0
  for (let i = 0; i < count; i++) {
    const values = inputs.map(({ elements, at }) => convert(elements.read(at[i])))
    const results = run({ inputs: values, scalars, acc: [], other: [], position: 0 })
    outputs.forEach(({ elements, at }, k) => {
      elements.write(at[i], results[k] as Value)
    })
  }
}
