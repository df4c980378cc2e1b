// The samples of PyTorch's operator tests: outputs and gradients of every operator that Kindling has.
import { scope } from '../../src/runtime/scope.ts'
import { Tensor } from '../../src/tensor/tensor.ts'
import type { Fixture, StoredTensor } from '../support/safetensors.ts'
import { bind, camelCase } from './bind.ts'
import { comparesOnGpu, mismatch } from './compare.ts'
import { type Described, decode, flatten, isTensorRef, summary, type TensorRef } from './described.ts'
import { functionAt, hasMethod, lookup, outputsOf, tensorFrom } from './kindling.ts'
import { type Callable, type Row, table } from './ops.ts'
import { type Line, Missing, runLine } from './report.ts'

export interface Sample {
  readonly sample: number
  readonly args: readonly Described[]
  readonly kwargs: Readonly<Record<string, Described>>
  readonly out: Described
  readonly cotangents?: readonly (TensorRef | null)[]
  readonly grads?: Readonly<Record<string, TensorRef | null>>
}
export interface Operator {
  readonly op: string
  readonly variant: string
  readonly samples: readonly Sample[]
}
export type Operators = Readonly<Record<string, Operator>>

/** How an operator is called; null where the table does not have it. */
export function rowOf(name: string): Row | null {
  const entry = table[name]
  return entry === undefined ? null : typeof entry === 'string' ? { parameters: entry } : entry
}

/** Kindling's function for an operator: exported, or the method called on the first argument, or one of `F`. Throws Missing. */
export function find(operator: string, row: Row): { readonly path: string; readonly f: Callable } {
  const at = (path: string) => ({ path, f: functionAt(path) })
  if (row.needs !== undefined) functionAt(row.needs)
  if (row.property !== undefined) {
    const property = row.property
    if (!hasMethod(property)) throw new Missing(`no ${property}`)
    return { path: `x.${property}`, f: (x) => x[property] }
  }
  const parts = operator.split('.')
  const name = camelCase(parts.at(-1) as string)
  if (row.as?.includes('.')) return at(row.as)
  if (operator.startsWith('nn.functional.')) return at(row.as ?? `F.${name}`)
  if (operator.startsWith('linalg.')) return at(row.as ?? `linalg.${name}`)
  const own = row.as ?? name
  if (typeof lookup(own) === 'function') return at(own)
  if (hasMethod(own)) return { path: `x.${own}`, f: (x, ...rest) => x[own](...rest) }
  return at(`F.${own}`)
}

export async function checkOperator(
  name: string,
  operator: Operator,
  tensors: Fixture<Operators>['tensors'],
): Promise<Line> {
  const row = rowOf(name)
  if (row === null) return { name, passed: 0, failures: [], skipped: operator.samples.length, why: 'not in the table' }
  const stored = (ref: TensorRef): StoredTensor => {
    const found = tensors.get(`${name}/${ref.tensor}`)
    if (found === undefined) throw new Error(`the fixture has no tensor ${name}/${ref.tensor}`)
    return found
  }
  const label = (sample: Sample) => `sample ${sample.sample} (${describe(sample, stored)})`
  return runLine(name, operator.samples, label, (sample) => {
    const { f } = find(operator.op, row)
    return scope(() => checkSample(f, row, sample, stored))
  })
}

function checkSample(f: Callable, row: Row, sample: Sample, stored: (ref: TensorRef) => StoredTensor): string | null {
  const inputs = new Map<string, Tensor>()
  const input = (ref: TensorRef): Tensor => {
    const made = inputs.get(ref.tensor) ?? tensorFrom(stored(ref), ref.requires_grad ?? false)
    inputs.set(ref.tensor, made)
    return made
  }
  const args = sample.args.map((value) => decode(value, input))
  const kwargs = Object.fromEntries(Object.entries(sample.kwargs).map(([key, value]) => [key, decode(value, input)]))
  const bound = bind(row.parameters, args, kwargs)
  const actual = outputsOf(row.call === undefined ? f(...bound) : row.call(f, bound))
  const expected = flatten(sample.out)
  if (actual.length !== expected.length) return `${actual.length} outputs, PyTorch ${expected.length}`

  const shapesOnly = typeof row.shapesOnly === 'function' ? row.shapesOnly(bound) : (row.shapesOnly ?? false)
  const references = expected.map((want) => (isTensorRef(want) ? stored(want) : null))
  const tensors = references.filter((reference) => reference !== null)
  const arranged = row.rearrange && tensors.length === expected.length ? row.rearrange(bound, tensors) : references
  const usual = row.loose && { rtol: row.loose[0], atol: Math.max(row.loose[0] / 10, 1e-5) }
  const loose = comparesOnGpu() && row.looseOnGpu ? { rtol: 1e-4, atol: row.looseOnGpu[0] } : usual
  for (const [i, want] of expected.entries()) {
    const wrong = compareOutput(actual[i], want, arranged[i], shapesOnly, loose)
    if (wrong !== null) return `${expected.length > 1 ? `output ${i} ` : ''}${wrong}`
  }
  return shapesOnly ? null : checkGradients(actual, sample, inputs, stored, loose)
}

function compareOutput(
  actual: unknown,
  want: Described,
  reference: StoredTensor | null,
  shapesOnly: boolean,
  loose?: { rtol: number; atol: number },
): string | null {
  if (reference === null)
    return Object.is(
      actual,
      decode(want, () => null),
    )
      ? null
      : `${actual}, PyTorch ${JSON.stringify(want)}`
  if (!(actual instanceof Tensor)) return `${typeof actual} ${actual}, PyTorch a tensor`
  if (!shapesOnly) return mismatch(actual, reference, loose)
  return actual.shape.join() === reference.shape.join() ? null : `shape [${actual.shape}], PyTorch [${reference.shape}]`
}

/** Does a sample say gradients? */
export const hasGradients = (sample: Sample): sample is Required<Sample> =>
  sample.cotangents !== undefined && Object.values(sample.grads ?? {}).some((grad) => grad !== null)

/** Gradients of `sum(output * cotangent)` over all outputs. */
function checkGradients(
  actual: readonly unknown[],
  sample: Sample,
  inputs: ReadonlyMap<string, Tensor>,
  stored: (ref: TensorRef) => StoredTensor,
  loose?: { rtol: number; atol: number },
): string | null {
  if (!hasGradients(sample)) return null
  const { cotangents, grads } = sample
  const roots = cotangents.flatMap((cotangent, i) =>
    cotangent === null ? [] : [{ output: actual[i] as Tensor, cotangent: tensorFrom(stored(cotangent)) }],
  )
  roots.forEach(({ output, cotangent }, i) => {
    output.backward(cotangent, { retainGraph: i < roots.length - 1 })
  })
  for (const [key, want] of Object.entries(grads)) {
    const got = inputs.get(key)?.grad ?? null
    if (want === null) {
      if (got !== null && got.numbers().some((value) => value !== 0))
        return `gradient of ${key}: there is one, PyTorch has none`
      continue
    }
    const reference = stored(want)
    if (got === null) {
      if (reference.data.some((value: number | bigint) => Number(value) !== 0))
        return `gradient of ${key}: none, PyTorch has one`
      continue
    }
    const wrong = mismatch(got, reference, loose)
    if (wrong !== null) return `gradient of ${key} ${wrong}`
  }
  return null
}

function describe(sample: Sample, stored: (ref: TensorRef) => StoredTensor): string {
  const args = sample.args.map((value) => summary(value, stored))
  const kwargs = Object.entries(sample.kwargs)
    .filter(([name]) => name !== 'device')
    .map(([name, value]) => `${name}=${summary(value, stored)}`)
  return [...args, ...kwargs].join(', ')
}
