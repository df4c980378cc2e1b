import { expect, test } from 'vitest'
import { ReferenceBackend } from '../../src/backends/reference/index.ts'
import { add, input } from '../../src/base/expr.ts'
import type { Backend } from '../../src/runtime/backend.ts'
import { backend, defaultDevice, setBackendFactory, setDefaultDevice } from '../../src/runtime/device.ts'
import { describeLaunch, launch, onLaunch, specViews } from '../../src/runtime/launch.ts'
import type { MapSpec, View } from '../../src/runtime/spec.ts'
import { Storage } from '../../src/runtime/storage.ts'

const device = new ReferenceBackend()
function vector(values: number[], on: Backend = device): View {
  const storage = new Storage(on, values.length * 4)
  on.write(storage.handle, 0, new Uint8Array(Float32Array.from(values).buffer))
  return { storage, dtype: 'float32', shape: [values.length], strides: [1], offset: 0 }
}
const valuesOf = ({ storage }: View): number[] => {
  const { buffer } = Uint8Array.from(storage.backend.bytes(storage.handle, 0, storage.bytes))
  return [...new Float32Array(buffer)]
}
const sum = (a: View, b: View, out: View): MapSpec => ({
  kind: 'map',
  exprs: [add(input(0), input(1))],
  compute: 'float32',
  inputs: [a, b],
  outputs: [out],
  scalars: [],
})

test('a spec runs on the device of its views', () => {
  const out = vector([0, 0])
  launch(sum(vector([1, 2]), vector([10, 20]), out))
  expect(valuesOf(out)).toEqual([11, 22])
})

test('views on two devices are a DeviceError with both names', () => {
  const other = Object.assign(new ReferenceBackend(), { name: 'webgpu' as const })
  const spec = sum(vector([1]), vector([1], other), vector([0]))
  expect(() => launch(spec)).toThrow('map: tensors live on different devices: reference and webgpu\n  help: ')
})

test('a listener hears of every kernel until it stops listening', () => {
  const heard: string[] = []
  const stop = onLaunch((event) => heard.push(describeLaunch(event)))
  const out = vector([0, 0])
  launch(sum(vector([1, 2]), vector([10, 20]), out))
  stop()
  launch(sum(vector([1, 2]), vector([10, 20]), out))
  expect(heard).toHaveLength(1)
  expect(heard[0]).toMatch(/^reference map \d+\.\d{3} ms {2}float32\[2\] float32\[2\] float32\[2\]$/)
})

test('an elementwise kernel over no elements is not run', () => {
  let runs = 0
  const stop = onLaunch(() => runs++)
  launch(sum(vector([]), vector([]), vector([])))
  stop()
  expect(runs).toBe(0)
})

test('the views of a spec leave out what is absent, outputs first', () => {
  const [a, b, c] = [vector([1]), vector([2]), vector([3])]
  expect(specViews({ kind: 'gemm', a, b, c, alpha: 1, beta: 0, bias: null })).toEqual([c, a, b])
})

test('a device is made when it is first asked for, once, and an unknown one is an error', () => {
  let made = 0
  setBackendFactory('reference', () => {
    made++
    return new ReferenceBackend()
  })
  expect(made).toBe(0)
  expect(backend('reference')).toBe(backend('reference'))
  expect(made).toBe(1)
  expect(() => backend('webgpu')).toThrow('there is no device webgpu here: known are reference')
  expect(defaultDevice()).toBe('wasm')
  expect(() => setDefaultDevice('webgpu')).toThrow('there is no device webgpu')
  setDefaultDevice('reference')
  expect(backend()).toBe(backend('reference'))
})
