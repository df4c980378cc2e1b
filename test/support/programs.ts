// Runs the programs of scripts/oracle/programs.py and tells the first thing that is not as PyTorch recorded it.
import * as torch from '../../src/index.ts'
import type { Tensor } from '../../src/index.ts'

type Plain = number | boolean | string
type Argument = Plain | null | Argument[] | { [key: string]: Argument }
export interface Program {
  steps: [string, ...Argument[]][]
  seen: (string[] | 'E' | number | boolean | null)[]
  end: [Plain[], Plain[] | null][]
  text: string
}
type Callable = (...args: unknown[]) => unknown

const named: Record<string, number> = { inf: Infinity, '-inf': -Infinity, nan: Number.NaN, '-0': -0 }
const numberOf = (value: Plain): number => (typeof value === 'string' ? named[value] : Number(value))

/** What differs in `program`, or null. */
export function firstDifference({ steps, seen, end, text }: Program): string | null {
  const tensors: Tensor[] = []
  const resolve = (x: Argument): unknown =>
    typeof x === 'string' && x.startsWith('$') ? tensors[Number(x.slice(1))] : Array.isArray(x) ? x.map(resolve) : x

  for (const [k, [name, ...given]] of steps.entries()) {
    const expected = seen[k]
    const where = `step ${k} ${name}(${given.map((x) => JSON.stringify(x)).join(', ')})`
    let result: unknown
    try {
      result = call(name, given.map(resolve))
    } catch (error) {
      if (!(error instanceof torch.KindlingError)) return `${where} throws ${(error as Error).stack}`
      if (expected !== 'E') return `${where} throws ${error.message}, expected ${JSON.stringify(expected)}`
      continue
    }
    if (expected === null) continue
    if (expected === 'E') return `${where} is no error`
    const got = Array.isArray(expected) ? outputsOf(result).map((x) => described(x, tensors)) : result
    if (JSON.stringify(got) !== JSON.stringify(expected))
      return `${where} gives ${JSON.stringify(got)}, expected ${JSON.stringify(expected)}`
  }
  const tolerance = tensors.some((x) => x.dtype === 'float32') ? 2e-6 : 1e-12
  for (const [k, [values, grad]] of end.entries()) {
    const x = tensors[k]
    const difference = compare(x, values, tolerance)
    if (difference !== null) return `tensor ${k}: ${difference}`
    const got = x.isLeaf || x.grad !== null ? x.grad : null
    if ((got === null) !== (grad === null)) return `tensor ${k}: grad is ${got}, expected ${JSON.stringify(grad)}`
    const unlike = got === null ? null : compare(got, grad as Plain[], tolerance)
    if (unlike !== null) return `grad of tensor ${k}: ${unlike}`
  }
  const printed = String(tensors.at(-1))
  return printed === text ? null : `prints\n${printed}\nexpected\n${text}`
}

function call(name: string, given: unknown[]): unknown {
  const [x, ...rest] = given as [Tensor, ...unknown[]]
  if (name === 'torch.tensor') {
    const [values, shape, options] = given as [Plain[], number[], { dtype: torch.DType; requiresGrad?: boolean }]
    const made = torch.tensor(values.map(numberOf), { dtype: options.dtype }).reshape(shape).clone()
    return options.requiresGrad ? made.requiresGrad_() : made
  }
  if (name === 'set') return x.set(rest[0] as never, rest[1] as never)
  if (name === 'hook') return x.registerHook((grad) => grad.mul(2))
  if (name.startsWith('noGrad:')) return torch.noGrad(() => call(name.slice(7), given))
  const args = given.map((arg) => (arg === null && name !== 'at' ? undefined : arg))
  const [space, member] = name.split('.')
  if (member !== undefined) return (torch as unknown as Record<string, Callable>)[member](...args)
  const method = (x as unknown as Record<string, Callable>)[space]
  return method.apply(x, args.slice(1))
}

const outputsOf = (result: unknown): Tensor[] => (Array.isArray(result) ? result : [result]) as Tensor[]

function described(x: Tensor, tensors: Tensor[]): string {
  const history = x.gradFn !== null ? ` ${x.gradFn.name}` : x.requiresGrad ? ' leaf' : ''
  const text = `${x.dtype}[${x.shape}]`
  const same = tensors.indexOf(x)
  if (same >= 0) return `${text}=${same}${history}`
  const shared = x.numel() === 0 ? -1 : tensors.findIndex((other) => other.storage === x.storage)
  tensors.push(x)
  const strides = x.strides.filter((_, d) => x.shape[d] > 1)
  return shared < 0 ? text + history : `${text}~${shared}(${strides})+${x.offset}${history}`
}

/** Integers and special values are equal, floats within rounding of the largest. */
function compare(x: Tensor, expected: Plain[], tolerance: number): string | null {
  const got = x.numbers()
  const wanted = expected.map(numberOf)
  const finite = wanted.filter(Number.isFinite).map(Math.abs)
  const allowed = x.isFloatingPoint() ? tolerance * Math.max(0, ...finite) : 0
  const equal =
    got.length === wanted.length && got.every((v, i) => Object.is(v, wanted[i]) || Math.abs(v - wanted[i]) <= allowed)
  return equal ? null : `is ${got.map((v) => (Object.is(v, -0) ? '-0' : v)).join(' ')}, expected ${expected.join(' ')}`
}
