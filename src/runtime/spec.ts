// What a device can be asked to do: a closed union of kernel kinds. Ops fill a spec, `launch` hands it to a device.
// A spec is checked by the op that makes it; a device may trust it. Shapes and strides count elements.
import type { ComputeType, DType } from '../base/dtype.ts'
import type { Expr } from '../base/expr.ts'
import type { Generator } from '../base/mt19937.ts'
import type { Storage } from './storage.ts'

/** Elements of a storage seen through shape, strides and offset. A `Tensor` is one. */
export interface View {
  readonly storage: Storage
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly strides: readonly number[]
  readonly offset: number
}

/**
 * Elementwise: `outputs[k][i] = exprs[k](inputs[..][i], scalars)` for every index i of the common shape (inputs are broadcast already: stride 0).
 * Every input is converted to `compute` when read and every result to its output's dtype when stored (float to integer truncates, as C).
 * An output may be the same view as an input (in place); otherwise they do not overlap.
 */
export interface MapSpec {
  readonly kind: 'map'
  readonly exprs: readonly Expr[]
  readonly compute: ComputeType
  readonly inputs: readonly View[]
  readonly outputs: readonly View[]
  readonly scalars: readonly number[]
}

/**
 * A reduction as a table row. Accumulator k starts at `init[k]`; for each element `acc[k] = step[k](inputs, acc, position, scalars)`, all k at once;
 * partial results merge by `combine[k](acc, other)`, of which `init` is the identity; the results are `finish[j](acc, scalars)`.
 */
export interface Reduction {
  /** `v` value in the compute type, `i` int32 position. */
  readonly accTypes: readonly ('v' | 'i')[]
  readonly init: readonly number[]
  readonly step: readonly Expr[]
  readonly combine: readonly Expr[]
  readonly finish: readonly Expr[]
}

/** Reduces the dimensions `axes` of the common shape of `inputs`; outputs have that shape with the reduced dimensions of size 1. */
export interface ReduceSpec {
  readonly kind: 'reduce'
  readonly reduction: Reduction
  readonly compute: ComputeType
  readonly axes: readonly number[]
  readonly inputs: readonly View[]
  readonly outputs: readonly View[]
  readonly scalars: readonly number[]
}

/** Running sum, product, maximum, minimum or log-sum-exp along `axis`; `indices` (int64) for max and min: the last position that holds the value. */
export interface ScanSpec {
  readonly kind: 'scan'
  readonly op: 'sum' | 'prod' | 'max' | 'min' | 'logsumexp'
  readonly x: View
  readonly out: View
  readonly indices: View | null
  readonly axis: number
}

/** Stable sort along `axis`: sorted values and their positions (int64). NaN counts as the largest. */
export interface SortSpec {
  readonly kind: 'sort'
  readonly x: View
  readonly values: View
  readonly indices: View
  readonly axis: number
  readonly descending: boolean
}

/** `c[b] = alpha * a[b] @ b[b] + beta * c[b]`, plus `bias` (shape of c, broadcast by strides). Shapes [B, M, K], [B, K, N], [B, M, N]; any strides; beta 0 never reads c. */
export interface GemmSpec {
  readonly kind: 'gemm'
  readonly a: View
  readonly b: View
  readonly c: View
  readonly alpha: number
  readonly beta: number
  readonly bias: View | null
}

/**
 * 2-d convolution (cross-correlation) x [N, C, H, W], w [O, C / groups, KH, KW], y [N, O, OH, OW].
 * `pass` says which of the three is written, the other two are read: forward writes y (adding `bias` [O] if any), inputGrad writes x from y and w,
 * weightGrad writes w from x and y. Transposed convolution is inputGrad.
 */
export interface ConvSpec {
  readonly kind: 'conv'
  readonly pass: 'forward' | 'inputGrad' | 'weightGrad'
  readonly x: View
  readonly w: View
  readonly y: View
  readonly bias: View | null
  readonly stride: readonly [number, number]
  readonly padding: readonly [number, number]
  readonly dilation: readonly [number, number]
  readonly groups: number
}

/** Windows of a pooling along one dimension: `window` fixed with stride, padding and dilation, or `adaptive`: floor(i * in / out) to ceil((i + 1) * in / out). */
export type PoolWindows =
  | {
      readonly adaptive: false
      readonly size: number
      readonly stride: number
      readonly padding: number
      readonly dilation: number
    }
  | { readonly adaptive: true }

/**
 * 2-d pooling over the last two dimensions of x [N, C, H, W] -> y [N, C, OH, OW].
 * max: `indices` (int64 or int32, flat position in the H x W plane, first maximum, of NaN the last; null: not asked for); backward adds y into x at the
 * indices. `forward` writes y (and indices), `backward` reads y as the gradient of the output and writes x, the gradient of the input.
 * avg: the divisor is `divisor` if given, else the number of elements of the window inside the padded input (`countIncludePad`) or inside the input.
 */
export interface PoolSpec {
  readonly kind: 'pool'
  readonly op: 'max' | 'avg'
  readonly pass: 'forward' | 'backward'
  readonly x: View
  readonly y: View
  readonly indices: View | null
  readonly windows: readonly [PoolWindows, PoolWindows]
  readonly countIncludePad: boolean
  readonly divisor: number | null
}

/**
 * Along `axis`, floating dtypes, all views of one shape.
 * softmax, logSoftmax: out from x. softmaxGrad: out = y * (g - sum(g * y)); logSoftmaxGrad: out = g - exp(y) * sum(g).
 */
export type SoftmaxSpec = { readonly kind: 'softmax'; readonly axis: number; readonly out: View } & (
  | { readonly op: 'softmax' | 'logSoftmax'; readonly x: View }
  | { readonly op: 'softmaxGrad' | 'logSoftmaxGrad'; readonly y: View; readonly g: View }
)

/**
 * Fused cross-entropy with class indices. x [N, C] floating, target [N] int64 (0 .. C-1, or `ignoreIndex`: loss and gradient 0).
 * forward: loss[n] = lse[n] - x[n, target[n]], lse[n] = log(sum(exp(x[n]))). backward: out[n, c] = g[n] * (exp(x[n, c] - lse[n]) - (c == target[n])).
 */
export type CrossEntropySpec = {
  readonly kind: 'crossEntropy'
  readonly x: View
  readonly target: View
  readonly lse: View
  readonly ignoreIndex: number
} & (
  | { readonly pass: 'forward'; readonly loss: View }
  | { readonly pass: 'backward'; readonly g: View; readonly out: View }
)

/** One index operand of gather and scatter: where index i of the common shape lands along one dimension of the source. */
export interface IndexOperand {
  /** int64, broadcast to the common shape. Values are checked: -size .. size-1. */
  readonly index: View
  /** Elements between neighbours of the indexed dimension. */
  readonly stride: number
  readonly size: number
}

/** `out[i] = x[i * strides + sum over k of index_k[i] * stride_k]`: x's view has the shape of out, with stride 0 where a dimension is indexed. An index out of range throws IndexError. */
export interface GatherSpec {
  readonly kind: 'gather'
  readonly x: View
  readonly indices: readonly IndexOperand[]
  readonly out: View
}

/** The same addressing, written: `out[...] = x[i]` or `+=`, `*=`, max, min, in row-major order of i. x has the common shape; out's view has stride 0 where indexed. */
export interface ScatterSpec {
  readonly kind: 'scatter'
  readonly op: 'set' | 'add' | 'mul' | 'max' | 'min'
  readonly x: View
  readonly indices: readonly IndexOperand[]
  readonly out: View
}

/** `out[i] = x[i]` with any strides and dtypes (float to integer truncates; to bool: not zero). */
export interface CopySpec {
  readonly kind: 'copy'
  readonly x: View
  readonly out: View
}

/**
 * The next numbers of a generator's stream, two words each: `out[i] = value` where the number of [0, 1) with 53 bits is below `p`, else 0. `out` is float32 and
 * contiguous; the generator moves on.
 */
export interface BernoulliSpec {
  readonly kind: 'bernoulli'
  readonly out: View
  readonly generator: Generator
  readonly p: number
  readonly value: number
}

export type KernelSpec =
  | MapSpec
  | ReduceSpec
  | ScanSpec
  | SortSpec
  | GemmSpec
  | ConvSpec
  | PoolSpec
  | SoftmaxSpec
  | CrossEntropySpec
  | GatherSpec
  | ScatterSpec
  | CopySpec
  | BernoulliSpec
export type KernelKind = KernelSpec['kind']

/** One function per kind: a device that misses one does not compile. */
export type Kernels = { readonly [K in KernelKind]: (spec: Extract<KernelSpec, { kind: K }>) => void }

/** Kinds that only some programs use: their generators come with the ops that launch them (`src/kinds.ts`), where a device does not have them anyway. */
export type OptionalKind = 'conv' | 'pool' | 'crossEntropy' | 'bernoulli'
/** How a device that lacks the kind gets it: from the device's own engine, by the device's name. */
export interface OptionalKernel<K extends OptionalKind> {
  readonly kind: K
  // Each device knows what its engine is.
  readonly wasm: (engine: any) => Kernels[K]
}
