// Inputs for gradient checks: leaves of float64 whose elements are all different and away from zero.
import * as torch from '../../src/ops/index.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'

/** Elements between -1.6 and 1.6, no two equal; `seed` gives others. */
export function wave(shape: readonly number[], seed = 0): Tensor {
  const count = shape.reduce((n, size) => n * size, 1)
  const values = Array.from(
    { length: count },
    (_, i) => 1.5 * Math.sin(12.9898 * (i + 1) + 4.1 * seed) + 0.01 * Math.cos(i),
  )
  return torch.tensor(values, { dtype: 'float64' }).reshape(shape).clone()
}
export const leaf = (shape: readonly number[], seed = 0): Tensor => wave(shape, seed).requiresGrad_()
/** Elements between 0.1 and 0.9. */
export const unitLeaf = (shape: readonly number[], seed = 0): Tensor =>
  wave(shape, seed).mul(0.25).add(0.5).detach().requiresGrad_()
