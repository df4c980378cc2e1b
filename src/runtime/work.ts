// What a kernel has to do, whatever the device: useful operations, bytes, and the sizes by which tables name it.
import { bytesOf, isFloating } from '../base/dtype.ts'
import type { Expr } from '../base/expr.ts'
import { exprLines } from '../base/exprText.ts'
import { kernelName, specViews } from './launch.ts'
import type { ConvSpec, GemmSpec, KernelKind, KernelSpec, View } from './spec.ts'

export interface Work {
  /** `gemm`, `conv forward`, `pool max backward`. */
  readonly name: string
  /** Sizes, for people; of map and reduce also the expression. */
  readonly shape: string
  /**
   * Multiplications and additions of matrix products and convolutions, 0 of others. Counted by the plain algorithm, so that a convolution
   * by Winograd's points may seem to do more than the machine can.
   */
  readonly flops: number
  /** The same counted double where the numbers are float64: half as many fit a register. */
  readonly floatOps: number
  /** Bytes read and written, each element of a view once. */
  readonly bytes: number
}

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1)
const sizes = (shape: readonly number[]): string => shape.join('x') || 'scalar'
const both = ([a, b]: readonly number[]): string => (a === b ? String(a) : `${a}x${b}`)

/** Bytes of the elements that are there: a broadcast dimension counts once. */
const bytesIn = ({ shape, strides, dtype }: View): number =>
  product(shape.map((size, d) => (strides[d] === 0 ? Math.min(size, 1) : size))) * bytesOf(dtype)

function flopsOf(spec: KernelSpec): number {
  // Every element of y takes a whole kernel, in all three passes.
  if (spec.kind === 'conv') return 2 * product(spec.y.shape) * product(spec.w.shape.slice(1))
  return spec.kind === 'gemm' ? 2 * product(spec.a.shape) * spec.b.shape[2] : 0
}

function bytesMoved(spec: KernelSpec): number {
  const all = specViews(spec).reduce((sum, view) => sum + bytesIn(view), 0)
  if (spec.kind === 'gemm') return all + (spec.beta === 0 ? 0 : bytesIn(spec.c))
  if (spec.kind !== 'gather' && spec.kind !== 'scatter') return all
  // Indexed dimensions of the view have stride 0, but one element is read or written for each index.
  const indices = spec.indices.reduce((sum, { index }) => sum + bytesIn(index), 0)
  const [moved, indexed] = spec.kind === 'gather' ? [spec.out, spec.x] : [spec.x, spec.out]
  const times = spec.kind === 'scatter' && spec.op !== 'set' ? 2 : 1
  return indices + bytesIn(moved) + times * product(moved.shape) * bytesOf(indexed.dtype)
}

function convShape({ x, w, y, stride, dilation, groups }: ConvSpec): string {
  const options = [
    stride.some((s) => s > 1) ? ` / ${both(stride)}` : '',
    dilation.some((d) => d > 1) ? `, dilation ${both(dilation)}` : '',
    groups > 1 ? `, ${groups} groups` : '',
  ]
  return `${sizes(x.shape)} -> ${sizes(y.shape)}, ${w.shape[2]}x${w.shape[3]}${options.join('')}`
}

function gemmShape({ a, b }: GemmSpec): string {
  const [batches, m, k] = a.shape
  return `${batches > 1 ? `${batches} of ` : ''}${m}x${k} @ ${k}x${b.shape[2]}`
}

const texts = new WeakMap<Expr, string>()
/** An expression in few words. */
function inShort(e: Expr): string {
  let text = texts.get(e)
  if (text === undefined) {
    const [all] = [
      exprLines([['', e]])
        .join('; ')
        .replaceAll(/(^|; ) = /g, '$1'),
    ]
    text = all.length > 40 ? `${all.slice(0, 37)}...` : all
    texts.set(e, text)
  }
  return text
}

const fromTo = (from: View, to: View): string => `${sizes(from.shape)} -> ${sizes(to.shape)}`
const shapeOf: Partial<{ [K in KernelKind]: (spec: Extract<KernelSpec, { kind: K }>) => string }> = {
  gemm: gemmShape,
  conv: convShape,
  pool: (s) => fromTo(s.x, s.y),
  map: (s) => `${sizes(s.outputs[0].shape)}: ${s.exprs.map(inShort).join(', ')}`,
  reduce: (s) => `${fromTo(s.inputs[0], s.outputs[0])}: ${s.reduction.step.map(inShort).join(', ')}`,
  gather: (s) => fromTo(s.x, s.out),
  scatter: (s) => fromTo(s.x, s.out),
}

export function workOf(spec: KernelSpec): Work {
  const describe = shapeOf[spec.kind] as ((spec: KernelSpec) => string) | undefined
  const flops = flopsOf(spec)
  const { dtype, shape } = specViews(spec)[0]
  return {
    name: kernelName(spec),
    shape: describe?.(spec) ?? sizes(shape),
    flops: isFloating(dtype) ? flops : 0,
    floatOps: isFloating(dtype) ? flops * (dtype === 'float64' ? 2 : 1) : 0,
    bytes: bytesMoved(spec),
  }
}
