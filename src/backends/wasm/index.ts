// The WebAssembly device: one engine per process, one kernel generator per kind. Those of optional kinds come with the first launch.
import type { Backend, DeviceInfo, Handle, MemoryStats } from '../../runtime/backend.ts'
import type { Recorder } from '../../runtime/capture.ts'
import type { Kernels, KernelSpec, OptionalKernel, OptionalKind } from '../../runtime/spec.ts'
import { Engine } from './engine.ts'
import { revecObstacle } from '#revec'
import { copy } from './kernels/copy.ts'
import { gather } from './kernels/gather.ts'
import { gemm } from './kernels/gemm.ts'
import { mapKernel } from './kernels/map.ts'
import { reduceKernel } from './kernels/reduce.ts'
import { scanKernel } from './kernels/scan.ts'
import { scatter } from './kernels/scatter.ts'
import { softmax } from './kernels/softmax.ts'
import { sort } from './kernels/sort.ts'
import { settings } from './settings.ts'

type Own = Omit<Kernels, OptionalKind>
const factories: { readonly [K in keyof Own]: (engine: Engine) => Own[K] } = {
  map: mapKernel,
  reduce: reduceKernel,
  scan: scanKernel,
  sort,
  gemm,
  softmax,
  gather,
  scatter,
  copy,
}

/** A kernel that is made when it is first run, inside the engine's session of one spec. */
function kernelOf(engine: Engine, factory: (engine: Engine) => (spec: never) => void): (spec: KernelSpec) => void {
  let kernel: ((spec: KernelSpec) => void) | null = null
  return (spec) => {
    kernel ??= factory(engine) as (spec: KernelSpec) => void
    const made = kernel
    engine.session(() => made(spec))
  }
}

export class WasmBackend implements Backend {
  readonly name = 'wasm'
  readonly live = true
  readonly engine: Engine
  readonly kernels: Own & Partial<Kernels>

  constructor(engine: Engine = new Engine()) {
    this.engine = engine
    const made = Object.entries(factories).map(([kind, factory]) => [kind, kernelOf(engine, factory)])
    this.kernels = Object.fromEntries(made) as Own
  }

  add({ kind, wasm }: OptionalKernel<OptionalKind>): void {
    Object.assign(this.kernels, { [kind]: kernelOf(this.engine, wasm) })
  }

  alloc(bytes: number): number {
    return this.engine.alloc(bytes)
  }
  free(handle: Handle, bytes: number): void {
    this.engine.free(handle as number, bytes)
  }
  bytes(handle: Handle, offset: number, length: number): Uint8Array {
    const at = (handle as number) + offset
    return this.engine.u8.subarray(at, at + length)
  }
  async read(handle: Handle, offset: number, length: number): Promise<Uint8Array> {
    // A copy in memory of its own, which is not shared.
    return new Uint8Array(this.bytes(handle, offset, length))
  }
  write(handle: Handle, offset: number, data: Uint8Array): void {
    const { engine } = this
    // What is written again must not have changed meanwhile.
    const bytes = engine.recorder === null ? data : data.slice()
    engine.host(() => engine.u8.set(bytes, (handle as number) + offset))
  }
  record(): Recorder {
    return this.engine.record()
  }
  stats(): MemoryStats {
    return this.engine.allocator.stats()
  }
  info(): DeviceInfo {
    const { relaxedFma, revec, sharedMemory, threads } = this.engine.features
    const why = revecObstacle() ?? 'the self-test at start-up found no gain (no AVX2, or another V8)'
    return {
      threads,
      simd: true,
      relaxedFma,
      avx2: revec,
      ...(revec ? {} : { avx2Reason: why }),
      sharedMemory,
      winograd: settings.winograd,
      memoryReserved: this.engine.memory.buffer.byteLength,
      memoryUsed: this.stats().used,
    }
  }
}

let instance: WasmBackend | null = null

/** The process's device; made, with its memory, at the first call. */
export function wasmBackend(): WasmBackend {
  instance ??= new WasmBackend()
  return instance
}
