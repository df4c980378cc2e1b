// A spec in full, for people to read: every view with its strides, every option, every expression. For KINDLING_DEBUG=3.
import type { Expr } from '../base/expr.ts'
import { exprLines } from '../base/exprText.ts'
import { formatShape } from '../base/shape.ts'
import { kernelName } from './launch.ts'
import type { KernelSpec, Reduction, View } from './spec.ts'

const isView = (value: unknown): value is View => typeof value === 'object' && value !== null && 'storage' in value
const viewText = ({ dtype, shape, strides, offset }: View): string =>
  `${dtype}${formatShape(shape)} strides ${formatShape(strides)}${offset === 0 ? '' : ` offset ${offset}`}`

const numbered = (name: string, list: readonly Expr[]): (readonly [string, Expr])[] =>
  list.map((e, k) => [`${name}${k}`, e] as const)

function reductionLines({ accTypes, init, step, combine, finish }: Reduction): string[] {
  const types = accTypes.map((type) => (type === 'i' ? 'position' : 'value'))
  return [
    ...init.map((value, k) => `acc${k} starts at ${value} (${types[k]})`),
    ...exprLines(numbered('step: acc', step)),
    ...exprLines(numbered('combine: acc', combine)),
    ...exprLines(numbered('finish: y', finish)),
  ]
}

/** The lines of one field of a spec. */
function fieldLines(name: string, value: unknown): string[] {
  if (isView(value)) return [`${name}: ${viewText(value)}`]
  if (name === 'exprs') return exprLines(numbered('y', value as readonly Expr[]))
  if (name === 'reduction') return reductionLines(value as Reduction)
  if (name === 'scalars') return (value as readonly number[]).map((scalar, k) => `s${k} = ${scalar}`)
  if (Array.isArray(value) && value.length > 0 && value.every((one) => isView(one) || isView(one?.index)))
    return value.map((one, k) => {
      const place = `${{ inputs: 'x', outputs: 'y' }[name] ?? name}${k}`
      return isView(one)
        ? `${place}: ${viewText(one)}`
        : `${place}: ${viewText(one.index)}, ${one.size} of ${one.stride}`
    })
  return [`${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`]
}

/** Name and fields, a line each. */
export function describeSpec(spec: KernelSpec): string {
  const fields = Object.entries(spec).filter(([name]) => !['kind', 'op', 'pass', 'generator'].includes(name))
  const lines = fields.flatMap(([name, value]) => fieldLines(name, value))
  return [kernelName(spec), ...lines.map((line) => `  ${line}`)].join('\n')
}
