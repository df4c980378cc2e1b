// Mixed precision: inside `autocast`, products run in a float of 16 bits and what needs range or precision in float32. One table says which
// operation is which; each of them asks `underAutocast` for its operands, everything else follows from the dtypes that come out.
import { runIn } from '../autograd/noGrad.ts'
import type { HalfDType } from '../base/dtype.ts'
import { isHalf } from '../base/dtype.ts'
import { DTypeError } from '../base/errors.ts'
import { type Autocast, context, isGradEnabled } from '../runtime/context.ts'
import { isThenable } from '../runtime/scope.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { cast } from './pointwise.ts'

/**
 * PyTorch's lists for the CPU: `lower` casts float32 to the dtype of the context, `float32` the floats of 16 bits to float32, `widest` to float32 where
 * one operand is. float64 and integers stay as they are.
 */
const policies = {
  mm: 'lower',
  bmm: 'lower',
  matmul: 'lower',
  tensordot: 'lower',
  addmm: 'lower',
  addbmm: 'lower',
  baddbmm: 'lower',
  linear: 'lower',
  conv1d: 'lower',
  conv2d: 'lower',
  conv3d: 'lower',

  convTranspose1d: 'float32',
  convTranspose2d: 'float32',
  convTranspose3d: 'float32',
  avgPool3d: 'float32',
  maxPool3d: 'float32',
  adaptiveAvgPool3d: 'float32',
  adaptiveMaxPool3d: 'float32',
  pad: 'float32',
  prod: 'float32',
  quantile: 'float32',
  nanquantile: 'float32',
  trace: 'float32',
  /** Everything of `ops/linalg` but products and norms of vectors. */
  linalg: 'float32',
  cdist: 'float32',
  crossEntropy: 'float32',
  nllLoss: 'float32',
  mseLoss: 'float32',
  l1Loss: 'float32',
  smoothL1Loss: 'float32',
  huberLoss: 'float32',
  binaryCrossEntropy: 'float32',
  binaryCrossEntropyWithLogits: 'float32',
  klDiv: 'float32',
  poissonNllLoss: 'float32',
  softMarginLoss: 'float32',
  hingeEmbeddingLoss: 'float32',
  marginRankingLoss: 'float32',
  cosineEmbeddingLoss: 'float32',
  tripletMarginLoss: 'float32',
  multiMarginLoss: 'float32',
  multilabelMarginLoss: 'float32',

  indexCopy: 'widest',
} as const satisfies Readonly<Record<string, keyof typeof rules>>

type Operand = Tensor | null | undefined

const rules = {
  lower: (x: Tensor, mode: Autocast) => (x.dtype === 'float32' || isHalf(x.dtype) ? lowered(x, mode) : x),
  float32: (x: Tensor) => (isHalf(x.dtype) ? cast(x, 'float32') : x),
  widest: (x: Tensor, _mode: Autocast, operands: readonly Operand[]) =>
    isHalf(x.dtype) && operands.some((other) => other?.dtype === 'float32') ? cast(x, 'float32') : x,
}

/** The operands of an operation, cast where the context asks for it: the same ones outside of `autocast`. */
export function underAutocast<T extends readonly Operand[]>(op: string, ...operands: T): T {
  const mode = context.get().autocast
  if (mode === null || !mode.enabled || !Object.hasOwn(policies, op)) return operands
  const rule = rules[policies[op as keyof typeof policies]]
  return operands.map((x) => x && rule(x, mode, operands)) as unknown as T
}

/** A weight is cast once in a context: it is a leaf that gathers gradients, and every use of it adds to the same cast. */
function lowered(x: Tensor, { dtype, cacheEnabled, casts }: Autocast): Tensor {
  if (x.dtype === dtype) return x
  const isWeight = x.dtype === 'float32' && x.requiresGrad && x.isLeaf && x.base === null
  if (!isWeight || !cacheEnabled) return cast(x, dtype)
  const found = casts.get(x)
  const { version } = x.storage
  // A cast made under noGrad has no way back to the weight.
  if (found?.version === version && found.value.dtype === dtype && (found.value.requiresGrad || !isGradEnabled()))
    return found.value as Tensor
  found?.value.dispose()
  const value = cast(x, dtype).keep()
  casts.set(x, { value, version })
  return value
}

function release(casts: Autocast['casts']): void {
  for (const { value } of casts.values()) value.dispose()
  casts.clear()
}

export interface AutocastOptions {
  /** What products run in. Default: that of the context around, outside of any 'bfloat16'. */
  dtype?: HalfDType
  /** False: operations run in the dtypes of their operands, also inside another autocast. Default true. */
  enabled?: boolean
  /** Keep the casts of weights until the outermost context ends. Default true. */
  cacheEnabled?: boolean
}

/**
 * Runs `body`, which may be async, in mixed precision: matrix products and convolutions cast their operands to `dtype`, losses and what else needs
 * precision cast theirs to float32, everything else computes in what it is given. Parameters stay float32, and so do their gradients; call `backward`
 * and `optimizer.step` outside. In float16 small gradients become zero: see `torch.amp.GradScaler`. Source: `torch.autocast`.
 */
export function autocast<T>(body: () => T): T
export function autocast<T>(options: AutocastOptions, body: () => T): T
export function autocast<T>(...args: [() => T] | [AutocastOptions, () => T]): T {
  const [options, body] = args.length === 1 ? [{}, args[0]] : args
  const outer = context.get().autocast
  const { enabled = true, dtype = outer?.dtype ?? 'bfloat16', cacheEnabled = outer?.cacheEnabled ?? true } = options
  if (!isHalf(dtype)) throw new DTypeError(`autocast: dtype must be 'bfloat16' or 'float16', got '${String(dtype)}'`)
  const casts: Autocast['casts'] = outer?.casts ?? new Map()
  const end = (): void => {
    if (outer === null) release(casts)
  }
  let pending = false
  try {
    const value = runIn('autocast', { autocast: { enabled, dtype, cacheEnabled, casts } }, body)
    if (!isThenable(value)) return value
    pending = true
    return value.finally(end) as T
  } finally {
    if (!pending) end()
  }
}

/** Whether operations of the running code are cast. Source: `torch.is_autocast_enabled`. */
export function isAutocastEnabled(): boolean {
  return context.get().autocast?.enabled ?? false
}
/** The dtype of products inside `autocast`. Source: `torch.get_autocast_cpu_dtype`. */
export function getAutocastDtype(): HalfDType {
  return context.get().autocast?.dtype ?? 'bfloat16'
}
/** Gives the casts of weights back before the context ends. Source: `torch.clear_autocast_cache`. */
export function clearAutocastCache(): void {
  release(context.get().autocast?.casts ?? new Map())
}

/** Runs a function again later as it runs here: for what is computed again in the backward pass. */
export function autocastHere(): <T>(body: () => T) => T {
  const here = context.get().autocast
  if (here === null) return (body) => body()
  const { enabled, dtype, cacheEnabled } = here
  return (body) => autocast({ enabled, dtype, cacheEnabled }, body)
}
