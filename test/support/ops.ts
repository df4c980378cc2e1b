// What tests of ops need: the methods of tensors, both devices, and short ways to make tensors.
import '../../src/devices.ts'
import '../../src/ops/install.ts'
import { beforeAll, beforeEach, describe, expect } from 'vitest'
import type { DType } from '../../src/base/dtype.ts'
import { IndexError } from '../../src/base/errors.ts'
import { defaultDevice, setDefaultDevice } from '../../src/runtime/device.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'
import { arange } from '../../src/ops/ranges.ts'
import { tensor } from '../../src/ops/tensorOf.ts'
import { devicesUnderTest, needsFloat64, nowRuns } from './underTest.ts'

export { needsFloat64 } from './underTest.ts'

/** Runs the same tests on the oracle and on the WebAssembly device. */
export function onEachDevice(body: () => void): void {
  describe.each(devicesUnderTest)('on %s', (device) => {
    beforeAll(() => setDefaultDevice(device))
    beforeEach((test) => nowRuns(test))
    body()
  })
}

/** 0, 1, 2, ... in row-major order. */
export function counting(shape: readonly number[], dtype: DType = 'float32'): Tensor {
  return arange(
    shape.reduce((n, size) => n * size, 1),
    { dtype },
  ).reshape(shape)
}

/** Distinct float64 values without order, for gradcheck. */
export function leaf(shape: readonly number[], seed = 1): Tensor {
  needsFloat64()
  const count = shape.reduce((n, size) => n * size, 1)
  const values = Array.from({ length: count }, (_, i) => Math.sin(seed * 12.9898 + i * 78.233) * 2)
  return tensor(values, { dtype: 'float64' }).reshape(shape).detach().requiresGrad_()
}

/** A GPU finds an index out of range after the call: it throws at the latest when the result is read, and names only index and size. */
export function expectIndexError(run: () => Tensor, message: string | RegExp = 'out of range'): void {
  const onGpu = defaultDevice() === 'webgpu'
  expect(() => run().tolist()).toThrow(IndexError)
  expect(() => run().tolist()).toThrow(onGpu ? 'out of range' : message)
}

export const index = (values: Parameters<typeof tensor>[0]): Tensor => tensor(values, { dtype: 'int64' })
export const nameOf = (x: Tensor): string | undefined => x.gradFn?.name
