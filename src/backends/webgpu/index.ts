// The WebGPU device: one engine for each connection to a GPU, one kernel generator per kind.
import { DeviceError } from '../../base/errors.ts'
import type { Backend, DeviceInfo, Handle, MemoryStats } from '../../runtime/backend.ts'
import type { KernelKind, Kernels, KernelSpec } from '../../runtime/spec.ts'
import { Engine } from './engine.ts'
import { copy } from './kernels/copy.ts'
import { map } from './kernels/map.ts'
import type { Block } from './memory.ts'

type Factories = { readonly [K in KernelKind]?: (engine: Engine) => Kernels[K] }
const factories: Factories = { map, copy }

function kernelsOf(engine: Engine): Kernels {
  return Object.fromEntries(
    Object.entries(factories).map(([kind, factory]) => [
      kind,
      (factory as (e: Engine) => (s: KernelSpec) => void)(engine),
    ]),
  ) as unknown as Kernels
}

export class WebGpuBackend implements Backend {
  readonly name = 'webgpu'
  readonly engine: Engine
  readonly kernels: Kernels

  constructor(engine: Engine) {
    this.engine = engine
    this.kernels = kernelsOf(engine)
  }

  static async open(gpu: GPU): Promise<WebGpuBackend> {
    return new WebGpuBackend(await Engine.open(gpu))
  }

  alloc(bytes: number): Block {
    this.engine.check()
    return this.engine.memory.alloc(bytes)
  }
  free(handle: Handle, _bytes: number): void {
    this.engine.memory.release(handle as Block)
  }
  bytes(_handle: Handle, _offset: number, _length: number): Uint8Array {
    throw new DeviceError(
      'webgpu: values on the GPU cannot be read at once',
      'await x.read() gives them; await x.toAsync("wasm") gives a tensor on the CPU.',
    )
  }
  read(handle: Handle, offset: number, length: number): Promise<Uint8Array> {
    return this.engine.read(handle as Block, offset, length)
  }
  /** Offsets are multiples of 4, and bytes are written in fours: what is written at once ends where the storage ends, or at a multiple of 4. */
  write(handle: Handle, offset: number, data: Uint8Array): void {
    this.engine.check()
    let whole = data
    if (data.length % 4 !== 0) {
      whole = new Uint8Array(Math.ceil(data.length / 4) * 4)
      whole.set(data)
    }
    this.engine.commands.write(handle as Block, offset, whole)
  }
  stats(): MemoryStats {
    return this.engine.memory.stats()
  }
  info(): DeviceInfo {
    const { adapter, device, pipelines } = this.engine
    const { vendor, architecture, device: model, description } = adapter.info
    return {
      vendor,
      architecture,
      device: model,
      description,
      f16: device.features.has('shader-f16'),
      subgroups: device.features.has('subgroups'),
      maxBufferSize: device.limits.maxBufferSize,
      kernelsCompiled: pipelines.count,
      memoryUsed: this.stats().used,
    }
  }
}
