// The one way of every elementwise op: a row (name, expression, optional gradient) becomes a function on tensors.
// Broadcasting, dtype promotion, plain numbers as operands, in-place forms and gradients to any order follow from the row.
import { needsGraph, record } from '../autograd/record.ts'
import { type ComputeType, computeType, type DType, dtypes, isFloating, type Operand, resultType } from '../base/dtype.ts'
import { derivative } from '../base/derivative.ts'
import { DTypeError, ShapeError } from '../base/errors.ts'
import * as E from '../base/expr.ts'
import type { Expr } from '../base/expr.ts'
import { broadcastShapes, broadcastStrides, formatShape, sameShape } from '../base/shape.ts'
import { launch } from '../runtime/launch.ts'
import type { View } from '../runtime/spec.ts'
import { Tensor } from '../tensor/tensor.ts'
import { writeInPlace } from './inPlace.ts'
import { sumTo } from './sumTo.ts'

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
  /** Gradient of operand k in terms of operands, `y` and `g`; null: none flows. Default: derived from `expr`. Give it where y or fewer operations help, or where PyTorch defines another value. */
  readonly grad?: readonly (Expr | null)[]
  /** Which operands' dtypes decide the result (default all): the mask of `where` does not. */
  readonly promoted?: readonly number[]
}

interface Form {
  /** The expression over the tensors that are really passed: operand k of the row may have become a scalar. */
  readonly expr: Expr
  readonly operands: readonly number[]
}

const forms = new Map<string, Form>()

/** The expression with operands renumbered: tensors densely from 0, numbers as scalars after the row's own. */
function formOf(expr: Expr, isTensor: (operand: number) => boolean, scalarCount: number, key: string): Form {
  const cacheKey = `${expr.id} ${key}`
  let form = forms.get(cacheKey)
  if (form === undefined) {
    const operands = [...E.inputsOf(expr)].filter(isTensor).sort((a, b) => b - a)
    const numbers: number[] = [...E.inputsOf(expr)].filter((k) => !isTensor(k)).sort((a, b) => a - b)
    const renamed = E.substitute(expr, (leaf) =>
      leaf.op !== 'input' ? undefined : isTensor(leaf.value) ? E.input(operands.indexOf(leaf.value)) : E.scalar(scalarCount + numbers.indexOf(leaf.value)),
    )
    form = { expr: renamed, operands }
    forms.set(cacheKey, form)
  }
  return form
}

const viewAs = (x: View, shape: readonly number[]): View =>
  sameShape(x.shape, shape)
    ? x
    : { storage: x.storage, dtype: x.dtype, offset: x.offset, shape, strides: broadcastStrides(x.shape, x.strides, shape) }

/** Launches one map kernel that writes `expr` of the operands into `out`. */
function compute(expr: Expr, operands: ReadonlyMap<number, TensorOrNumber>, scalars: readonly number[], type: ComputeType, out: Tensor): void {
  let key = ''
  for (const [k, x] of operands) if (!(x instanceof Tensor)) key += ` ${k}`
  const form = formOf(expr, (k) => operands.get(k) instanceof Tensor, scalars.length, `${scalars.length}:${key}`)
  const values: number[] = [...scalars]
  const numbers = [...operands].filter(([k, x]) => !(x instanceof Tensor) && E.inputsOf(expr).has(k)).sort(([a], [b]) => a - b)
  for (const [, x] of numbers) values.push(Number(x))
  launch({
    kind: 'map',
    exprs: [form.expr],
    compute: type,
    inputs: form.operands.map((k) => viewAs(operands.get(k) as Tensor, out.shape)),
    outputs: [out],
    scalars: values,
  })
}

/** Float types stay, integers and bool become float32: PyTorch's rule for functions with real values. */
export const floatOf = (dtype: DType): DType => (isFloating(dtype) ? dtype : 'float32')

function resultDType(row: PointwiseRow, operands: readonly TensorOrNumber[]): { result: DType; compute: ComputeType } {
  const deciding: Operand[] = row.promoted ? row.promoted.map((k) => operands[k]) : [...operands]
  const promoted = resultType(...deciding)
  const kind = row.dtype ?? 'promote'
  if (kind === 'promote') return { result: promoted, compute: computeType(promoted) }
  if (kind === 'float') return { result: floatOf(promoted), compute: computeType(floatOf(promoted)) }
  if (kind === 'first') return { result: (operands[0] as Tensor).dtype, compute: computeType(promoted) }
  return { result: kind, compute: computeType(promoted) }
}

const shapeOf = (x: TensorOrNumber): readonly number[] => (x instanceof Tensor ? x.shape : [])
const opName = (row: PointwiseRow): string => row.name.charAt(0).toLowerCase() + row.name.slice(1)

/** Applies a row. At least one operand is a tensor. `scalars` are the values of the row's `E.scalar(k)`. Throws ShapeError where shapes do not broadcast. */
export function pointwise(row: PointwiseRow, operands: readonly TensorOrNumber[], scalars: readonly number[] = []): Tensor {
  const shape = broadcastShapes(opName(row), ...operands.map(shapeOf))
  const first = operands.find((x) => x instanceof Tensor) as Tensor
  const { result, compute: type } = resultDType(row, operands)
  const out = Tensor.empty(shape, result, first.device)
  compute(row.expr, new Map(operands.map((x, k) => [k, x])), scalars, type, out)
  return recordRow(row, operands, scalars, out)
}

function gradRow(row: PointwiseRow, k: number): PointwiseRow | null {
  const expr = row.grad ? row.grad[k] : E.mul(g, derivative(row.expr, E.input(k)))
  if (expr === null || expr === undefined || (expr.op === 'const' && expr.value === 0)) return null
  return { name: `${row.name}Grad`, expr }
}

function recordRow(row: PointwiseRow, operands: readonly TensorOrNumber[], scalars: readonly number[], out: Tensor): Tensor {
  const tensors = operands.filter((x) => x instanceof Tensor)
  if (!isFloating(out.dtype) || !needsGraph(tensors)) return out
  const rows = operands.map((x, k) => (x instanceof Tensor && x.requiresGrad ? gradRow(row, k) : null))
  const used = new Set<number>()
  for (const r of rows) if (r !== null) for (const k of E.inputsOf(r.expr)) if (k !== -2) used.add(k)
  const saveKeys = [...used].filter((k) => k === -1 || operands[k] instanceof Tensor)
  const save = saveKeys.map((k) => (k === -1 ? out : (operands[k] as Tensor)))
  const shapes = tensors.map((x) => x.shape)
  const kinds = tensors.map((x) => x.dtype)
  const constants = operands.map((x) => (x instanceof Tensor ? null : x))
  const tensorRows = operands.flatMap((x, k) => (x instanceof Tensor ? [rows[k]] : []))
  return record(`${row.name}Backward0`, tensors, out, save, (grad, saved, needs) =>
    tensorRows.map((r, i) => {
      if (r === null || !needs[i]) return null
      const values = new Map<number, TensorOrNumber>([[-2, grad]])
      constants.forEach((value, k) => value !== null && values.set(k, value))
      saveKeys.forEach((k, j) => values.set(k, saved[j]))
      return toShapeAndDType(applyGrad(r, values, scalars), shapes[i], kinds[i])
    }),
  )
}

/** A gradient row over -2 (the gradient), -1 (the output) and the operands: again a pointwise op, so it has gradients too. */
function applyGrad(row: PointwiseRow, values: ReadonlyMap<number, TensorOrNumber>, scalars: readonly number[]): Tensor {
  const keys = [...E.inputsOf(row.expr)].sort((a, b) => a - b)
  const expr = denseGradient(row.expr, keys)
  if (expr === E.input(0) && keys[0] === -2) return values.get(-2) as Tensor
  const operands = keys.map((k) => values.get(k) as TensorOrNumber)
  if (!operands.some((x) => x instanceof Tensor)) {
    // The gradient does not depend on any tensor (g never appears): spread the constant over g's shape.
    const grad = values.get(-2) as Tensor
    return pointwise({ name: row.name, expr: E.add(E.mul(E.input(0), 0), expr) }, [grad, ...operands], scalars)
  }
  return pointwise({ name: row.name, expr }, operands, scalars)
}

const denseGradients = new Map<Expr, Expr>()
function denseGradient(expr: Expr, keys: readonly number[]): Expr {
  let dense = denseGradients.get(expr)
  if (dense === undefined) {
    dense = E.substitute(expr, (leaf) => (leaf.op === 'input' ? E.input(keys.indexOf(leaf.value)) : undefined))
    denseGradients.set(expr, dense)
  }
  return dense
}

const castRow: PointwiseRow = { name: 'ToCopy', expr: E.input(0), grad: [g] }

/** The tensor in another dtype, recorded; itself when it has that dtype. Float to integer truncates; to bool: not zero. */
export function cast(x: Tensor, dtype: DType): Tensor {
  if (x.dtype === dtype) return x
  const out = Tensor.empty(x.shape, dtype, x.device)
  launch({ kind: 'copy', x, out })
  return recordRow(castRow, [x], [], out)
}

function toShapeAndDType(grad: Tensor, shape: readonly number[], dtype: DType): Tensor {
  return cast(sumTo(grad, shape), dtype)
}

/** The in-place form: writes the result into operand 0. Throws where the result does not fit its shape or dtype, or autograd forbids it. */
export function pointwiseInPlace(row: PointwiseRow, operands: readonly [Tensor, ...TensorOrNumber[]], scalars: readonly number[] = []): Tensor {
  const x = operands[0]
  const name = `${opName(row)}_`
  const shape = broadcastShapes(name, ...operands.map(shapeOf))
  if (!sameShape(shape, x.shape)) {
    throw new ShapeError(`${name}: the result has shape ${formatShape(shape)}, which does not fit into ${formatShape(x.shape)}`)
  }
  const { result, compute: type } = resultDType(row, operands)
  const order = { bool: 0, integral: 1, floating: 2 }
  if (order[dtypes[result].category] > order[dtypes[x.dtype].category]) {
    throw new DTypeError(`${name}: the result is ${result}, which cannot be stored in ${x.dtype}`, `convert first: x.to('${result}').`)
  }
  return writeInPlace(
    name,
    x,
    operands.slice(1).filter((o) => o instanceof Tensor),
    (self) => pointwise(row, [self, ...operands.slice(1)], scalars),
    // An operand that overlaps the target without being the same view must be read before the target is written.
    operands.slice(1).some((o) => o instanceof Tensor && o.storage === x.storage && !sameView(o, x))
      ? undefined
      : () => compute(row.expr, new Map(operands.map((o, k) => [k, o])), scalars, type, x),
  )
}

const sameView = (a: Tensor, b: Tensor): boolean =>
  a.offset === b.offset && sameShape(a.shape, b.shape) && sameShape(a.strides, b.strides)

