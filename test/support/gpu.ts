// The WebGPU device for tests: a real GPU, or the software one that comes with Chromium; and any spec of the reference device run there as well.
import { existsSync } from 'node:fs'
import { DeviceError } from '../../src/base/errors.ts'
import { backend, webgpu } from '../../src/index.ts'
import type { Backend, DeviceName } from '../../src/runtime/backend.ts'
import { specViews } from '../../src/runtime/launch.ts'
import type { KernelSpec, View } from '../../src/runtime/spec.ts'
import { Storage } from '../../src/runtime/storage.ts'
import { ReferenceBackend } from '../../src/backends/reference/index.ts'
import { expectClose, toNumbers } from './views.ts'

const softwareGpus = [
  '/usr/lib/chromium/vk_swiftshader_icd.json',
  '/usr/lib/chromium-browser/vk_swiftshader_icd.json',
  '/opt/google/chrome/vk_swiftshader_icd.json',
]

export const noGpu =
  'no GPU for the WebGPU tests: install a Vulkan driver, or Chromium for its software GPU (Debian, Ubuntu: apt-get install chromium libvulkan1)'

/** Connects to a GPU; false where there is none. VK_ICD_FILENAMES, where it is set, decides. */
export async function openGpu(): Promise<boolean> {
  const software = softwareGpus.find((path) => existsSync(path))
  if (software !== undefined) process.env.VK_ICD_FILENAMES ??= software
  try {
    await webgpu.init()
    return true
  } catch (error) {
    if (error instanceof DeviceError) return false
    throw error
  }
}

/** The CPU, and the GPU where there is one; a run in a browser names its device (test/browser/harness). */
export async function cpuAndGpu(): Promise<readonly DeviceName[]> {
  const named = (globalThis as { devicesUnderTest?: readonly DeviceName[] }).devicesUnderTest
  return named ?? ((await openGpu()) ? ['wasm', 'webgpu'] : ['wasm'])
}

export const reference = new ReferenceBackend()

/** The spec with every storage copied to `device`, whole, each once. */
export function copiedTo<S extends KernelSpec>(device: Backend, spec: S): S {
  const copies = new Map<Storage, Storage>()
  const copyOf = (storage: Storage): Storage => {
    let copy = copies.get(storage)
    if (copy === undefined) {
      copy = new Storage(device, storage.bytes)
      device.write(copy.handle, 0, storage.backend.bytes(storage.handle, 0, storage.bytes))
      copies.set(storage, copy)
    }
    return copy
  }
  const walk = (value: unknown): unknown => {
    if (value instanceof Storage) return copyOf(value)
    if (Array.isArray(value)) return value.map(walk)
    if (typeof value !== 'object' || value === null) return value
    const view = value as Partial<View>
    // Expressions are compared by identity, and go deep.
    if (view.storage === undefined && !('index' in value)) return value
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, walk(part)]))
  }
  return Object.fromEntries(Object.entries(spec).map(([key, part]) => [key, walk(part)])) as S
}

/**
 * Runs a spec of the reference device there and on the GPU, and compares all that was written, gaps included: floats within `absolute + relative * |expected|`.
 * The storages are given back.
 */
export async function expectAgreement(spec: KernelSpec, relative = 0, absolute = 0, note = ''): Promise<void> {
  const device = backend('webgpu')
  const onGpu = copiedTo(device, spec)
  const run = (on: Backend, what: KernelSpec): void => (on.kernels[what.kind] as (spec: KernelSpec) => void)(what)
  run(device, onGpu)
  run(reference, spec)
  const [views, mirrored] = [specViews(spec), specViews(onGpu)]
  for (let k = 0; k < views.length; k++) {
    const { storage } = mirrored[k]
    const bytes = await device.read(storage.handle, 0, storage.bytes)
    const copy = new Storage(reference, storage.bytes)
    reference.write(copy.handle, 0, bytes)
    expectClose({ ...mirrored[k], storage: copy }, views[k], relative, absolute, note)
    copy.release()
  }
  for (const storage of new Set([...views, ...mirrored].map((view) => view.storage))) storage.release()
}

/** Runs copies of a spec of the reference device on devices, and gives all bytes that its views then lie in, by device. */
export async function bytesOn(devices: readonly Backend[], spec: KernelSpec): Promise<Uint8Array[][]> {
  const all: Uint8Array[][] = []
  for (const device of devices) {
    const copy = copiedTo(device, spec)
    ;(device.kernels[copy.kind] as (spec: KernelSpec) => void)(copy)
    const bytes: Uint8Array[] = []
    for (const { storage } of specViews(copy)) bytes.push(await device.read(storage.handle, 0, storage.bytes))
    for (const storage of new Set(specViews(copy).map((view) => view.storage))) storage.release()
    all.push(bytes)
  }
  for (const storage of new Set(specViews(spec).map((view) => view.storage))) storage.release()
  return all
}

/** Runs a spec of the reference device on the GPU alone, and gives the elements of some of its outputs, row-major. The storages are given back. */
export async function readBack(spec: KernelSpec, outputs: readonly number[]): Promise<number[][]> {
  const device = backend('webgpu')
  const onGpu = copiedTo(device, spec)
  ;(device.kernels[spec.kind] as (spec: KernelSpec) => void)(onGpu)
  const views = specViews(onGpu)
  const results: number[][] = []
  for (const k of outputs) {
    const { storage } = views[k]
    const copy = new Storage(reference, storage.bytes)
    reference.write(copy.handle, 0, await device.read(storage.handle, 0, storage.bytes))
    results.push(toNumbers({ ...views[k], storage: copy }))
    copy.release()
  }
  for (const storage of new Set([...views, ...specViews(spec)].map((view) => view.storage))) storage.release()
  return results
}
