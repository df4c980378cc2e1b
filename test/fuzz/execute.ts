// Runs one case on one device and reads everything back: results, gradients, gradients of gradients, what happened to the inputs and to the memory.
// Values are read by `read()`, which works on devices without synchronous reads, too.
import { halfFormatOf } from '../../src/base/half.ts'
import { bytesOf, type DType, isFloating } from '../../src/base/dtype.ts'
import { KindlingError } from '../../src/base/errors.ts'
import { grad as gradientsOf, manualSeed, noGrad, scope, setDefaultDevice, type DeviceName } from '../../src/index.ts'
import { backend } from '../../src/runtime/device.ts'
import { Tensor } from '../../src/tensor/tensor.ts'
import { lookup, outputsOf } from '../conformance/kindling.ts'
import { bytesFor, type Case, leafOf, mapOperands, type Operand, wholeOf } from './case.ts'
import { Draw } from './draw.ts'

/** A tensor that was read, half precision as numbers; or a plain result. */
export type Value =
  | { readonly dtype: DType; readonly shape: readonly number[]; readonly data: ArrayLike<number | bigint> }
  | Plain
export type Plain = { readonly plain: unknown }

/** Gradients that arrive at the results, and at the gradients. */
export interface Cotangents {
  readonly first: readonly (Operand | null)[]
  readonly second: readonly (Operand | null)[]
}

export interface Outcome {
  /** What was thrown; `trap`: by something else than Kindling on purpose. */
  readonly error: { readonly name: string; readonly message: string; readonly trap: boolean } | null
  readonly outputs: readonly Value[]
  readonly gradients: readonly (Value | null)[]
  readonly second: readonly (Value | null)[]
  readonly cotangents: Cotangents
  /** The operand (as in the printed line) that is not as it was, or null. */
  readonly changed: string | null
  /** Storages that are left over. */
  readonly leaked: number
}

/** What is read after the case ran. */
interface Made {
  readonly outputs: readonly unknown[]
  readonly gradients: readonly (Tensor | null)[]
  readonly second: readonly (Tensor | null)[]
  readonly leaves: readonly Tensor[]
}

const isTensor = (x: unknown): x is Tensor => x instanceof Tensor
const flows = (x: unknown): x is Tensor => isTensor(x) && x.requiresGrad && isFloating(x.dtype)

/** Kindling's function of a case, or null where it is a method. */
export const functionOf = (op: string): ((...args: unknown[]) => unknown) | null => {
  const found = lookup(op)
  return typeof found === 'function' ? (found as (...args: unknown[]) => unknown) : null
}

function callOp(one: Case, args: readonly unknown[]): unknown {
  const f = functionOf(one.op)
  if (f !== null) return f(...args)
  const [x, ...rest] = args as [never, ...unknown[]]
  return (x[one.op] as (...args: unknown[]) => unknown).apply(x, rest)
}

function callInPlace(one: Case, args: readonly unknown[], target: Operand): unknown {
  const [whole, ...rest] = args as [Tensor, ...unknown[]]
  const y = whole.clone()
  const part = y.asStrided(target.shape, target.strides, target.offset)
  const methods = part as unknown as Record<string, (...args: unknown[]) => unknown>
  const method = methods[`${one.op}_`] ?? methods[one.op]
  const returned = method.apply(part, rest)
  if (returned !== part) throw new Error(`${one.op}_ does not return its tensor`)
  return y
}

function run(one: Case, device: DeviceName, given: Cotangents | null): { made: Made; cotangents: Cotangents } {
  const leaves: Tensor[] = []
  const args = one.args.map((arg, i) =>
    mapOperands(arg, (operand) => {
      // In place, the leaf is the whole storage of the target.
      const whole = one.inPlace && i === 0
      const leaf = whole ? wholeOf(operand, device) : leafOf(operand, device)
      if (whole && operand.grad) leaf.requiresGrad_()
      leaves.push(leaf)
      return leaf
    }),
  )
  const call = (): unknown => (one.inPlace ? callInPlace(one, args, one.args[0] as Operand) : callOp(one, args))
  const outputs = outputsOf(one.order === 0 ? noGrad(call) : call())
  const random = new Draw(one.cotangents)
  random.wantsGrad = false
  const arriving = (to: readonly unknown[], known: readonly (Operand | null)[] | undefined): (Operand | null)[] =>
    to.map((y, i) => (flows(y) ? (known?.[i] ?? random.tensor(y.shape, { dtype: y.dtype, values: 'small' })) : null))
  const none: Made = { outputs, gradients: [], second: [], leaves }
  if (one.order === 0 || !outputs.some(flows)) return { made: none, cotangents: { first: [], second: [] } }

  const differentiate = (of: readonly unknown[], by: readonly (Operand | null)[], createGraph: boolean) => {
    const kept = of.map((y, i) => [y, by[i]] as const).filter(([y]) => flows(y))
    const wanted = leaves.filter((x) => x.requiresGrad)
    const found = gradientsOf(
      kept.map(([y]) => y as Tensor),
      wanted,
      { gradOutputs: kept.map(([, g]) => leafOf(g as Operand, device)), allowUnused: true, createGraph },
    )
    return leaves.map((x) => (x.requiresGrad ? found[wanted.indexOf(x)] : null))
  }
  const first = arriving(outputs, given?.first)
  const gradients = differentiate(outputs, first, one.order === 2)
  const made = { outputs, gradients, second: [] as (Tensor | null)[], leaves }
  if (one.order < 2 || !gradients.some(flows)) return { made, cotangents: { first, second: [] } }
  const second = arriving(gradients, given?.second)
  return { made: { ...made, second: differentiate(gradients, second, false) }, cotangents: { first, second } }
}

async function valueOf(x: unknown): Promise<Value> {
  if (!isTensor(x)) return { plain: x }
  const data = await x.read()
  const half = halfFormatOf(x.dtype)
  const numbers = half === null ? data : Float64Array.from(data as Uint16Array, half.toNumber)
  return { dtype: x.dtype, shape: x.shape, data: numbers }
}

const readAll = (list: readonly (Tensor | null)[]): Promise<(Value | null)[]> =>
  Promise.all(list.map((x) => (x === null ? null : valueOf(x))))

/** The first leaf whose storage no longer holds what it was made with. */
async function changedLeaf(one: Case, leaves: readonly Tensor[]): Promise<string | null> {
  const operands: Operand[] = []
  mapOperands(one.args as never, (x) => operands.push(x))
  for (const [i, operand] of operands.entries()) {
    const { storage } = leaves[i]
    const size = operand.values.length * bytesOf(operand.dtype)
    const now = await storage.backend.read(storage.handle, 0, size)
    const before = bytesFor(operand)
    if (now.some((byte, k) => byte !== before[k])) return `operand ${i}`
  }
  return null
}

function disposeAll(x: unknown): void {
  for (const one of outputsOf(x)) if (isTensor(one)) one.dispose()
}

/** Runs `one` on `device`; `given`: gradients that arrive, instead of the case's own. */
export async function execute(one: Case, device: DeviceName, given: Cotangents | null = null): Promise<Outcome> {
  setDefaultDevice(device)
  manualSeed(one.seed)
  const home = backend(device)
  const before = home.stats().storages
  const nothing = { outputs: [], gradients: [], second: [], cotangents: { first: [], second: [] }, changed: null }
  let result: { made: Made; cotangents: Cotangents }
  try {
    result = scope(() => run(one, device, given))
  } catch (thrown) {
    const { name, message, stack } = thrown as Error
    const trap = !(thrown instanceof KindlingError)
    const error = { name, message: trap ? `${stack}`.split('\n').slice(0, 4).join('\n') : message, trap }
    return { ...nothing, error, leaked: home.stats().storages - before }
  }
  const { made, cotangents } = result
  const outputs = await Promise.all(made.outputs.map(valueOf))
  const gradients = await readAll(made.gradients)
  const second = await readAll(made.second)
  const changed = one.rule.writes ? null : await changedLeaf(one, made.leaves)
  if (one.rule.writes) for (const leaf of made.leaves) if (!leaf.requiresGrad) outputs.push(await valueOf(leaf))
  disposeAll(made)
  return { error: null, outputs, gradients, second, cotangents, changed, leaked: home.stats().storages - before }
}
