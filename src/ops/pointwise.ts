// The one way of every elementwise op: a row (name, expression, optional gradient) becomes a function on tensors.
// Broadcasting, dtype promotion, plain numbers as operands, in-place forms and gradients to any order follow from the row.
import { mayOverwrite, needsGraph, record } from '../autograd/record.ts'
import { computeType, type DType, dtypes, isFloating, type Operand, resultType } from '../base/dtype.ts'
import { derivative } from '../base/derivative.ts'
import { DTypeError, ShapeError, ValueError } from '../base/errors.ts'
import * as E from '../base/expr.ts'
import type { Expr } from '../base/expr.ts'
import { broadcastShapes, broadcastStrides, formatShape, sameShape } from '../base/shape.ts'
import { launch } from '../runtime/launch.ts'
import type { View } from '../runtime/spec.ts'
import { Tensor } from '../tensor/tensor.ts'
import { writeInPlace } from './inPlace.ts'
import { sumTo } from './sumTo.ts'
import { zerosOf } from './view.ts'

/** An operand of a pointwise op: a tensor, or a number that takes part in promotion as PyTorch's Python numbers do. */
export type TensorOrNumber = Tensor | number | boolean

/** In rows: operand k is `E.input(k)`, run-time option k is `E.scalar(k)`; in gradients also the output and the gradient that arrives. */
export const y = E.input(-1)
export const g = E.input(-2)

export interface PointwiseRow {
  /** PyTorch's name of the gradient node without `Backward0`: `Sin`. */
  readonly name: string
  readonly expr: Expr
  /**
   * Result dtype: `promote` of the operands (default); `float` the same, with integers lifted to float32; `bool`; a fixed dtype;
   * `first`: the dtype of operand 0.
   */
  readonly dtype?: 'promote' | 'float' | 'first' | DType
  /**
   * Gradient of operand k in terms of operands, `y` and `g`; null: none flows; a constant: zeros. Default: derived from `expr`.
   * Give it where y or fewer operations help, or where PyTorch defines another value.
   */
  readonly grad?: readonly (Expr | null)[]
  /** Which operands' dtypes decide the result (default all): the mask of `where` does not. */
  readonly promoted?: readonly number[]
  /** PyTorch has no such operation on bool. */
  readonly notBool?: true
  /** PyTorch has it on floating dtypes only. */
  readonly floating?: true
  /** Which of PyTorch's overloads the operands choose: the number at the end of the node's name. Default 0. */
  readonly overload?: (operands: readonly TensorOrNumber[]) => number
}

/** For `overload`: PyTorch numbers the form with a number and the form with a tensor as operand k apart. */
export const byOperand =
  (k: number, ofNumber: number, ofTensor: number) =>
  (operands: readonly TensorOrNumber[]): number =>
    operands[k] instanceof Tensor ? ofTensor : ofNumber

/** A row made ready for one pattern of tensors and numbers among the operands. */
interface Form {
  /** Inputs are the tensors in `tensors`, scalars the row's own and then the numbers in `numbers`. */
  readonly exprs: readonly [Expr]
  readonly tensors: readonly number[]
  readonly numbers: readonly number[]
}

/** How the gradient of one operand is computed: not at all, as zeros, by handing on the one that arrives, or by a row over `keys`. */
type GradientPlan =
  | { readonly kind: 'none' | 'zero' | 'pass' }
  | { readonly kind: 'row'; readonly row: PointwiseRow; readonly keys: readonly number[] }

interface Prepared {
  /** By pattern: bit k is set where operand k is a tensor. */
  readonly forms: Form[]
  readonly plans: GradientPlan[]
}
const prepared = new WeakMap<PointwiseRow, Prepared>()

function prepare(row: PointwiseRow): Prepared {
  let found = prepared.get(row)
  if (found === undefined) {
    found = { forms: [], plans: [] }
    prepared.set(row, found)
  }
  return found
}

function formOf(row: PointwiseRow, operands: readonly TensorOrNumber[], scalarCount: number): Form {
  let pattern = 0
  for (let k = 0; k < operands.length; k++) if (operands[k] instanceof Tensor) pattern |= 1 << k
  const { forms } = prepare(row)
  forms[pattern] ??= makeForm(row.expr, (k) => (pattern & (1 << k)) !== 0, scalarCount)
  return forms[pattern]
}

function makeForm(expr: Expr, isTensor: (operand: number) => boolean, scalarCount: number): Form {
  const used = [...E.inputsOf(expr)].sort((a, b) => a - b)
  const tensors = used.filter(isTensor)
  const numbers = used.filter((k) => !isTensor(k))
  const renamed = (k: number): Expr =>
    isTensor(k) ? E.input(tensors.indexOf(k)) : E.scalar(scalarCount + numbers.indexOf(k))
  return {
    exprs: [E.substitute(expr, (leaf) => (leaf.op === 'input' ? renamed(leaf.value) : undefined))],
    tensors,
    numbers,
  }
}

const viewAs = (x: View, shape: readonly number[]): View =>
  sameShape(x.shape, shape)
    ? x
    : {
        storage: x.storage,
        dtype: x.dtype,
        offset: x.offset,
        shape,
        strides: broadcastStrides(x.shape, x.strides, shape),
      }

/** Numbers beside uint8 become uint8 first, as in PyTorch: -1 is 255. */
const numberIn = (dtype: DType, value: number): number => (dtype === 'uint8' ? value & 255 : value)

/** Launches one map kernel that writes the row's values into `out`. */
function compute(
  row: PointwiseRow,
  operands: readonly TensorOrNumber[],
  scalars: readonly number[],
  promoted: DType,
  out: Tensor,
): void {
  const { exprs, tensors, numbers } = formOf(row, operands, scalars.length)
  launch({
    kind: 'map',
    exprs,
    compute: computeType(promoted),
    inputs: tensors.map((k) => viewAs(operands[k] as Tensor, out.shape)),
    outputs: [out],
    scalars:
      numbers.length === 0 ? scalars : [...scalars, ...numbers.map((k) => numberIn(promoted, Number(operands[k])))],
  })
}

/** Float types stay, integers and bool become float32: PyTorch's rule for functions with real values. */
export const floatOf = (dtype: DType): DType => (isFloating(dtype) ? dtype : 'float32')

/** The dtype that decides for the common cases: tensors of one dtype, with numbers that cannot lift it. */
function commonDType(operands: readonly TensorOrNumber[]): DType | null {
  let dtype: DType | null = null
  for (let k = 0; k < operands.length; k++) {
    const x = operands[k]
    if (!(x instanceof Tensor)) continue
    if (dtype !== null && x.dtype !== dtype) return null
    dtype = x.dtype
  }
  return dtype !== null && isFloating(dtype) ? dtype : null
}

function resultDType(row: PointwiseRow, operands: readonly TensorOrNumber[]): { result: DType; promoted: DType } {
  const deciding: readonly Operand[] = row.promoted ? row.promoted.map((k) => operands[k]) : operands
  const promoted = commonDType(deciding as readonly TensorOrNumber[]) ?? resultType(...deciding)
  if (row.notBool && promoted === 'bool')
    throw new DTypeError(`${opName(row)}: not defined for bool`, 'convert first: x.long().')
  if (row.floating && !isFloating(promoted))
    throw new DTypeError(`${opName(row)}: needs a floating-point dtype, got ${promoted}`, 'convert first: x.float().')
  const kind = row.dtype ?? 'promote'
  if (kind === 'promote') return { result: promoted, promoted }
  if (kind === 'float') return { result: floatOf(promoted), promoted: floatOf(promoted) }
  if (kind === 'first') return { result: (operands[0] as Tensor).dtype, promoted }
  return { result: kind, promoted }
}

const shapeOf = (x: TensorOrNumber): readonly number[] => (x instanceof Tensor ? x.shape : [])
const opName = (row: PointwiseRow): string => row.name.charAt(0).toLowerCase() + row.name.slice(1)

/** The shape to which all operands broadcast, and a tensor among them. */
function commonShape(
  name: () => string,
  operands: readonly TensorOrNumber[],
): { shape: readonly number[]; first: Tensor } {
  let first: Tensor | undefined
  let same = true
  for (let k = 0; k < operands.length; k++) {
    const x = operands[k]
    if (!(x instanceof Tensor)) continue
    if (first === undefined) first = x
    else if (!sameShape(first.shape, x.shape)) same = false
  }
  if (first === undefined) throw new ValueError(`${name()}: at least one operand must be a tensor`)
  return { shape: same ? first.shape : broadcastShapes(name(), ...operands.map(shapeOf)), first }
}

/**
 * Applies a row. At least one operand is a tensor. `scalars` are the values of the row's `E.scalar(k)`; the result is written over `into` where it fits.
 * Throws ShapeError where shapes do not broadcast.
 */
export function pointwise(
  row: PointwiseRow,
  operands: readonly TensorOrNumber[],
  scalars: readonly number[] = [],
  into: Tensor | null = null,
): Tensor {
  const { shape, first } = commonShape(() => opName(row), operands)
  const { result, promoted } = resultDType(row, operands)
  const fits = into !== null && into.dtype === result && sameShape(into.shape, shape)
  const out = fits ? into.aliasWithEdge() : Tensor.empty(shape, result, first.device)
  compute(row, operands, scalars, promoted, out)
  return recordRow(row, operands, scalars, out)
}

const none: GradientPlan = { kind: 'none' }

function planOf(row: PointwiseRow, k: number): GradientPlan {
  const { plans } = prepare(row)
  plans[k] ??= makePlan(row, k)
  return plans[k]
}

function makePlan(row: PointwiseRow, k: number): GradientPlan {
  const expr = row.grad ? row.grad[k] : E.mul(g, derivative(row.expr, E.input(k)))
  if (expr === null || expr === undefined) return none
  if (expr === g) return { kind: 'pass' }
  const keys = [...E.inputsOf(expr)].sort((a, b) => a - b)
  if (keys[0] !== -2) return { kind: 'zero' }
  const dense = E.substitute(expr, (leaf) => (leaf.op === 'input' ? E.input(keys.indexOf(leaf.value)) : undefined))
  return { kind: 'row', keys, row: { name: `${row.name}Grad`, expr: dense } }
}

function recordRow(
  row: PointwiseRow,
  operands: readonly TensorOrNumber[],
  scalars: readonly number[],
  out: Tensor,
): Tensor {
  if (!isFloating(out.dtype)) return out
  const tensors = operands.filter((x) => x instanceof Tensor)
  if (!needsGraph(tensors)) return out
  const plans: GradientPlan[] = []
  const shapes = tensors.map((x) => x.shape)
  const kinds = tensors.map((x) => x.dtype)
  /** Which operands (and -1, the output) the gradients read, and where each is found: among the saved tensors or the numbers. */
  const savedKeys: number[] = []
  operands.forEach((x, k) => {
    if (!(x instanceof Tensor)) return
    const plan = x.requiresGrad ? planOf(row, k) : none
    plans.push(plan)
    if (plan.kind !== 'row') return
    for (let i = 0; i < plan.keys.length; i++) {
      const key = plan.keys[i]
      if (key !== -2 && !savedKeys.includes(key) && (key === -1 || operands[key] instanceof Tensor)) savedKeys.push(key)
    }
  })
  const save = savedKeys.map((key) => (key === -1 ? out : (operands[key] as Tensor)))
  const numbers = operands.map((x) => (x instanceof Tensor ? Number.NaN : x))
  return record(`${row.name}Backward${row.overload?.(operands) ?? 0}`, tensors, out, save, (grad, saved, needs) => {
    const valueOf = (key: number): TensorOrNumber => {
      if (key === -2) return grad
      const at = savedKeys.indexOf(key)
      return at >= 0 ? saved[at] : numbers[key]
    }
    const readers = plans.filter((plan, i) => plan.kind !== 'none' && needs[i]).length
    const into = readers === 1 && mayOverwrite(grad) ? grad : null
    return plans.map((plan, i) => {
      if (plan.kind === 'none' || !needs[i]) return null
      if (plan.kind === 'zero') return cast(zerosOf(shapes[i], grad), kinds[i])
      const full = plan.kind === 'row' ? pointwise(plan.row, plan.keys.map(valueOf), scalars, into) : grad
      return cast(sumTo(full, shapes[i]), kinds[i])
    })
  })
}

const castRow: PointwiseRow = { name: 'ToCopy', expr: E.input(0), grad: [g] }

/** The tensor in another dtype, recorded; itself when it has that dtype. Float to integer truncates; to bool: not zero. */
export function cast(x: Tensor, dtype: DType): Tensor {
  if (x.dtype === dtype) return x
  const out = Tensor.empty(x.shape, dtype, x.device)
  launch({ kind: 'copy', x, out })
  return recordRow(castRow, [x], [], out)
}

/** Runs an op of several steps so that a float of 16 bits is rounded once, at the end: `body` gets it, and its weights, in float32. */
export function throughFloat32<W extends readonly (Tensor | null | undefined)[]>(
  x: Tensor,
  weights: W,
  body: (x: Tensor, ...weights: W) => Tensor,
): Tensor {
  const wide = weights.map((w) => w && cast(w, 'float32')) as unknown as W
  return cast(body(cast(x, 'float32'), ...wide), x.dtype)
}

/** The in-place form: writes the result into operand 0. Throws where the result does not fit its shape or dtype, or autograd forbids it. */
export function pointwiseInPlace(
  row: PointwiseRow,
  operands: readonly [Tensor, ...TensorOrNumber[]],
  scalars: readonly number[] = [],
): Tensor {
  const x = operands[0]
  const name = `${opName(row)}_`
  const shape = broadcastShapes(name, ...operands.map(shapeOf))
  if (!sameShape(shape, x.shape)) {
    throw new ShapeError(
      `${name}: the result has shape ${formatShape(shape)}, which does not fit into ${formatShape(x.shape)}`,
    )
  }
  const { result, promoted } = resultDType(row, operands)
  const order = { bool: 0, integral: 1, floating: 2 }
  if (order[dtypes[result].category] > order[dtypes[x.dtype].category]) {
    throw new DTypeError(
      `${name}: the result is ${result}, which cannot be stored in ${x.dtype}`,
      `convert first: x.to('${result}').`,
    )
  }
  return writeInPlace(
    name,
    x,
    operands.slice(1).filter((o) => o instanceof Tensor),
    (self) =>
      cast(pointwise(result === x.dtype ? row : storedRow(row), [self, ...operands.slice(1)], scalars), x.dtype),
    // An operand that overlaps the target without being the same view must be read before the target is written.
    operands.slice(1).some((o) => o instanceof Tensor && o.storage === x.storage && !sameView(o, x))
      ? undefined
      : () => compute(row, operands, scalars, promoted, x),
  )
}

const storedRows = new WeakMap<PointwiseRow, PointwiseRow>()

/** The row whose values are rounded to the dtype of operand 0 in the same node. */
function storedRow(row: PointwiseRow): PointwiseRow {
  if (row.dtype === 'bool') return row
  let found = storedRows.get(row)
  if (found === undefined) {
    found = { ...row, dtype: 'first' }
    storedRows.set(row, found)
  }
  return found
}

const sameView = (a: Tensor, b: Tensor): boolean =>
  a.offset === b.offset && sameShape(a.shape, b.shape) && sameShape(a.strides, b.strides)
