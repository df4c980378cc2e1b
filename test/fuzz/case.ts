// What one case is: an operator with operands and arguments as plain data, so that it can be run on any device, shrunk and printed as a line of code.
import { bytesOf, type DType, dtypes, isFloating } from '../../src/base/dtype.ts'
import { halfFormatOf } from '../../src/base/half.ts'
import { contiguousStrides, numelOf, sameShape } from '../../src/base/shape.ts'
import type { DeviceName } from '../../src/runtime/backend.ts'
import { Storage } from '../../src/runtime/storage.ts'
import { backend } from '../../src/runtime/device.ts'
import { Tensor } from '../../src/tensor/tensor.ts'

/** A tensor to be made: the elements of its storage and the view of them. */
export class Operand {
  readonly dtype: DType
  readonly values: readonly (number | bigint)[]
  readonly shape: readonly number[]
  readonly strides: readonly number[]
  readonly offset: number
  /** Whether its gradient is asked for. */
  readonly grad: boolean

  constructor(from: Pick<Operand, 'dtype' | 'values' | 'shape'> & Partial<Operand>) {
    this.dtype = from.dtype
    this.values = from.values
    this.shape = from.shape
    this.strides = from.strides ?? contiguousStrides(from.shape)
    this.offset = from.offset ?? 0
    this.grad = from.grad ?? false
  }

  with(changes: Partial<Operand>): Operand {
    return new Operand({ ...this, ...changes })
  }

  /** Whether it shows its whole storage in order. */
  get plain(): boolean {
    return (
      this.offset === 0 &&
      this.values.length === numelOf(this.shape) &&
      sameShape(this.strides, contiguousStrides(this.shape))
    )
  }
}

export type Argument =
  | Operand
  | number
  | bigint
  | string
  | boolean
  | null
  | undefined
  | readonly Argument[]
  | { readonly [name: string]: Argument }

export interface Case {
  readonly family: string
  readonly seed: number
  readonly number: number
  /** As in `torch`: `sum`, `F.relu`; a name that is no function is a method. */
  readonly op: string
  /** In place: the method with an underscore, on a view of a copy of the first operand's storage. */
  readonly inPlace: boolean
  readonly args: readonly Argument[]
  /** How often to differentiate. */
  readonly order: 0 | 1 | 2
  /** Gradients that arrive, drawn from this seed. */
  readonly cotangents: number
  readonly rule: Rule
}

/** How results are compared. */
export interface Rule {
  /** Results are operands' elements, moved: equal bit for bit. */
  readonly exact?: true
  /** Elements are computed one by one, so that each is exact for itself, however large its neighbours are. */
  readonly strict?: true
  /** An absolute error of so much times the largest result is as it should be, and why. */
  readonly ofLargest?: readonly [number, string]
  /** So many roundings of the largest element are let pass. Default 8. */
  readonly roundings?: number
  /** Half a unit of the coarsest dtype that results pass through. */
  readonly coarsest?: number
  /** It may write to its operands: what they hold afterwards is compared, too. */
  readonly writes?: true
  /** Why PyTorch is not asked. */
  readonly own?: string
}

export const isOptions = (x: unknown): x is { readonly [name: string]: Argument } =>
  typeof x === 'object' && x !== null && !Array.isArray(x) && !(x instanceof Operand)

/** The argument with every operand in it replaced. */
export function mapOperands<T>(arg: Argument, f: (operand: Operand) => T): unknown {
  if (arg instanceof Operand) return f(arg)
  if (Array.isArray(arg)) return arg.map((x) => mapOperands(x as Argument, f))
  if (isOptions(arg)) return Object.fromEntries(Object.entries(arg).map(([k, x]) => [k, mapOperands(x, f)]))
  return arg
}

export function operandsOf(args: readonly Argument[]): Operand[] {
  const found: Operand[] = []
  mapOperands(args, (x) => found.push(x))
  return found
}

const stored = (dtype: DType, x: number | bigint): never =>
  (halfFormatOf(dtype)?.toBits(Number(x)) ?? (dtype === 'int64' ? BigInt(x) : Number(x))) as never

/** The bytes of an operand's storage. */
export function bytesFor({ dtype, values }: Pick<Operand, 'dtype' | 'values'>): Uint8Array {
  const data = new dtypes[dtype].array(new ArrayBuffer(values.length * bytesOf(dtype)))
  for (let i = 0; i < values.length; i++) data[i] = stored(dtype, values[i])
  return new Uint8Array(data.buffer)
}

/** The operand's storage as a tensor [n]. */
export function wholeOf(operand: Operand, device: DeviceName): Tensor {
  const { dtype, values } = operand
  const home = backend(device)
  const storage = new Storage(home, values.length * bytesOf(dtype))
  if (values.length > 0) home.write(storage.handle, 0, bytesFor(operand))
  return new Tensor(storage, dtype, [values.length], [1])
}

/** The operand itself: a leaf. */
export function leafOf(operand: Operand, device: DeviceName): Tensor {
  const whole = wholeOf(operand, device)
  const view = new Tensor(whole.storage.retain(), operand.dtype, operand.shape, operand.strides, operand.offset)
  whole.dispose()
  return operand.grad && isFloating(operand.dtype) ? view.requiresGrad_() : view
}

// --- printing -----------------------------------------------------------------------------------------------------

const literal = (x: number | bigint): string =>
  typeof x === 'bigint'
    ? BigInt(Number(x)) === x && Math.abs(Number(x)) <= 2 ** 53
      ? `${x}`
      : `${x}n`
    : Object.is(x, -0)
      ? '-0'
      : `${x}`

const listed = (values: readonly (number | bigint)[]): string => `[${values.map(literal).join(', ')}]`

function operandText(operand: Operand, leaf = true): string {
  const { dtype, values, shape, strides, offset } = operand
  const same = values.length > 8 && values.every((x) => Object.is(x, values[0]))
  const made = same
    ? `torch.full([${values.length}], ${literal(values[0])}, { dtype: '${dtype}' })`
    : `torch.tensor(${listed(values)}, { dtype: '${dtype}' })`
  const whole = shape.length === 1 && operand.plain
  const view = whole ? made : `${made}.asStrided([${shape}], [${strides}], ${offset})`
  return leaf && operand.grad ? `${view}.requiresGrad_()` : view
}

function argumentText(arg: Argument, name: (operand: Operand) => string): string {
  if (arg instanceof Operand) return name(arg)
  if (Array.isArray(arg)) return `[${arg.map((x) => argumentText(x as Argument, name)).join(', ')}]`
  if (typeof arg === 'string') return `'${arg}'`
  if (typeof arg === 'number' || typeof arg === 'bigint') return typeof arg === 'bigint' ? `${arg}n` : literal(arg)
  if (isOptions(arg)) {
    const fields = Object.entries(arg).map(([k, x]) => `${k}: ${argumentText(x, name)}`)
    return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`
  }
  return String(arg)
}

/** The case as one line of TypeScript; `cotangents` where its gradients are meant. */
export function lineOf(one: Case, isFunction: boolean, cotangents: readonly (Operand | null)[] | null): string {
  const names = new Map<Operand, string>()
  const parts: string[] = []
  for (const operand of operandsOf(one.args)) {
    const name = String.fromCharCode(97 + names.size)
    const first = names.size === 0 && one.inPlace
    parts.push(`const ${name} = ${first ? wholeText(operand) : operandText(operand)}`)
    names.set(operand, name)
  }
  const [first, ...rest] = one.args.map((arg) => argumentText(arg, (operand) => names.get(operand) as string))
  const leaves = operandsOf(one.args).filter((x) => x.grad)
  if (one.inPlace) {
    const target = operandsOf(one.args)[0]
    parts.push(`const y = ${first}.clone()`)
    parts.push(
      `y.asStrided([${target.shape}], [${target.strides}], ${target.offset}).${one.op === 'set' ? 'set' : `${one.op}_`}(${rest.join(', ')})`,
    )
  } else {
    const call = isFunction
      ? `torch.${one.op}(${[first, ...rest].join(', ')})`
      : `${first}.${one.op}(${rest.join(', ')})`
    parts.push(`const y = ${call}`)
  }
  if (cotangents !== null && leaves.length > 0) {
    const of = leaves.map((x) => names.get(x)).join(', ')
    const outputs = cotangents.length === 1 ? 'y' : 'Object.values(y)'
    const given = cotangents.map((x) => (x === null ? 'null' : operandText(x, false))).join(', ')
    parts.push(`torch.grad(${outputs}, [${of}], { gradOutputs: [${given}], allowUnused: true })`)
  } else parts.push('y')
  const shown = parts.pop()
  return `${parts.join('; ')}; console.log(${shown})`
}

const wholeText = (operand: Operand): string =>
  operandText(operand.with({ shape: [operand.values.length], strides: [1], offset: 0 }))
