// What PyTorch's operator and module tests hold, and what of it Kindling has. Read from the fixtures and the tables; nothing is run.
import { readFixture } from '../support/safetensors.ts'
import { bind } from './bind.ts'
import { decode, flatten, isTensorRef, type TensorRef } from './described.ts'
import { lookup } from './kindling.ts'
import type { Case } from './layers.ts'
import { find, hasGradients, type Operator, type Operators, rowOf, type Sample } from './operators.ts'
import type { Row } from './ops.ts'
import { Missing } from './report.ts'

/** One operator or module class of PyTorch's tests. */
export interface Entry {
  readonly name: string
  /** Kindling's name; null where there is no such thing. */
  readonly path: string | null
  readonly samples: number
  /** Samples of which gradients are compared, too. */
  readonly gradients: number
  /** Samples that ask for float64 or give it, which GPUs do not have. */
  readonly float64: number
  /** A wider tolerance than PyTorch's, and why. */
  readonly loose?: Row['loose']
  readonly looseOnGpu?: Row['looseOnGpu']
  /** Some samples have outputs whose values mean nothing. */
  readonly shapesOnly?: boolean
}

export interface Entries {
  readonly operators: readonly Entry[]
  readonly modules: readonly Entry[]
}

export function entries(): Entries {
  const { json: operators, tensors } = readFixture<Operators>('ops')
  const modules = Map.groupBy(readFixture<readonly Case[]>('goldens/modules').json, (c) => c.module)
  return {
    operators: Object.entries(operators).map(([name, operator]) =>
      operatorEntry(name, operator, (ref) => tensors.get(`${name}/${ref.tensor}`)?.dtype),
    ),
    modules: [...modules].sort().map(([name, cases]) => ({
      name,
      path: lookup(name) === undefined ? null : name,
      samples: cases.length,
      float64: 0,
      gradients: cases.filter((c) => [...Object.values(c.param_grads), ...c.input_grads].some(isTensorRef)).length,
    })),
  }
}

function operatorEntry(
  name: string,
  { op, samples }: Operator,
  dtypeOf: (ref: TensorRef) => string | undefined,
): Entry {
  const row = rowOf(name)
  const shapesOnly = (sample: Sample): boolean => {
    if (typeof row?.shapesOnly !== 'function') return row?.shapesOnly ?? false
    const args = sample.args.map((value) => decode(value, () => 'a tensor'))
    const kwargs = Object.entries(sample.kwargs).map(([key, value]) => [key, decode(value, () => 'a tensor')])
    return row.shapesOnly(bind(row.parameters, args, Object.fromEntries(kwargs)))
  }
  return {
    name,
    path: row === null ? null : pathOf(op, row),
    samples: samples.length,
    gradients: samples.filter((sample) => hasGradients(sample) && !shapesOnly(sample)).length,
    float64: samples.filter((sample) => !shapesOnly(sample) && hasFloat64(sample, dtypeOf)).length,
    loose: row?.loose,
    looseOnGpu: row?.looseOnGpu,
    shapesOnly: samples.some(shapesOnly),
  }
}

function hasFloat64({ args, kwargs, out }: Sample, dtypeOf: (ref: TensorRef) => string | undefined): boolean {
  const values = flatten([...args, ...Object.values(kwargs), out])
  return values.some((value) => decode(value, dtypeOf) === 'float64')
}

function pathOf(op: string, row: Row): string | null {
  try {
    return find(op, row).path
  } catch (error) {
    if (error instanceof Missing) return null
    throw error
  }
}
