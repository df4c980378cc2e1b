// Does a tensor say what PyTorch said? Shape and dtype exactly, integers exactly, floats within PyTorch's own tolerances, NaN equal to NaN.
import { halfFormatOf } from '../../src/base/half.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'
import type { StoredTensor } from '../support/safetensors.ts'

export interface Tolerance {
  readonly rtol: number
  readonly atol: number
}

/** `torch.testing.assert_close` by dtype; what is not here is compared exactly. */
const defaults: Readonly<Record<string, Tolerance>> = {
  float16: { rtol: 1e-3, atol: 1e-5 },
  bfloat16: { rtol: 1.6e-2, atol: 1e-5 },
  float32: { rtol: 1.3e-6, atol: 1e-5 },
  float64: { rtol: 1e-7, atol: 1e-7 },
}

/**
 * GPUs have other functions of their own and fuse products and sums as they like; beside poles (the gradients of asin and atanh) that is felt most. On an
 * NVIDIA H200 the worst relative error was 2.9e-5, the worst of numbers near 0 1.9e-5.
 */
export const gpuTolerance: Tolerance = { rtol: 5e-5, atol: 2e-5 }
/** Of modules there: many kernels one after another. */
export const gpuModuleTolerance: Tolerance = { rtol: 3e-4, atol: 2e-5 }
let onGpu = false
export const comparesOnGpu = (): boolean => onGpu
export function compareOnGpu(on: boolean): void {
  onGpu = on
}

/** The larger of both. */
const wider = (a: Tolerance, b: Tolerance): Tolerance => ({
  rtol: Math.max(a.rtol, b.rtol),
  atol: Math.max(a.atol, b.atol),
})

const numberAt = (values: StoredTensor, i: number): number =>
  halfFormatOf(values.dtype)?.toNumber(Number(values.data[i])) ?? Number(values.data[i])

/** What is wrong with `actual`, or null. `loose` replaces the tolerance of floats. */
export function mismatch(actual: Tensor, expected: StoredTensor, loose?: Tolerance): string | null {
  if (actual.shape.join() !== expected.shape.join()) return `shape [${actual.shape}], PyTorch [${expected.shape}]`
  if (actual.dtype !== expected.dtype) return `dtype ${actual.dtype}, PyTorch ${expected.dtype}`
  const usual = expected.dtype in defaults ? (loose ?? defaults[expected.dtype]) : { rtol: 0, atol: 0 }
  const tolerance = onGpu && expected.dtype === 'float32' ? wider(usual, gpuTolerance) : usual
  const got: StoredTensor = { dtype: actual.dtype, shape: actual.shape, data: actual.data() }
  let first = -1
  let wrong = 0
  let maxError = 0
  for (let i = 0; i < expected.data.length; i++) {
    if (got.data[i] === expected.data[i]) continue
    const a = numberAt(got, i)
    const b = numberAt(expected, i)
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue
    const error = Math.abs(a - b)
    // Written so that NaN against a number fails.
    if (error <= tolerance.atol + tolerance.rtol * Math.abs(b) && Number.isFinite(error)) continue
    if (first < 0) first = i
    wrong++
    maxError = Math.max(maxError, Number.isNaN(error) ? Infinity : error)
  }
  if (first < 0) return null
  const place = indexOf(first, expected.shape)
  const values = `${numberAt(got, first)}, PyTorch ${numberAt(expected, first)}`
  return `at [${place}]: ${values} (${wrong} of ${expected.data.length} differ, max error ${maxError.toPrecision(3)})`
}

function indexOf(flat: number, shape: readonly number[]): number[] {
  const place: number[] = []
  for (let d = shape.length - 1, rest = flat; d >= 0; d--) {
    place.unshift(rest % shape[d])
    rest = Math.floor(rest / shape[d])
  }
  return place
}
