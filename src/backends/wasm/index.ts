// The WebAssembly device: one engine per process, one kernel generator per kind.
import type { Backend, DeviceInfo, Handle, MemoryStats, Peak } from '../../runtime/backend.ts'
import type { Recorder } from '../../runtime/capture.ts'
import type { KernelKind, Kernels, KernelSpec } from '../../runtime/spec.ts'
import { Engine } from './engine.ts'
import { revecObstacle } from './features.ts'
import { bernoulli } from './kernels/bernoulli.ts'
import { conv } from './kernels/conv.ts'
import { copy } from './kernels/copy.ts'
import { crossEntropy } from './kernels/crossEntropy.ts'
import { gather } from './kernels/gather.ts'
import { gemm } from './kernels/gemm.ts'
import { mapKernel } from './kernels/map.ts'
import { pool } from './kernels/pool.ts'
import { reduceKernel } from './kernels/reduce.ts'
import { scanKernel } from './kernels/scan.ts'
import { scatter } from './kernels/scatter.ts'
import { softmax } from './kernels/softmax.ts'
import { sort } from './kernels/sort.ts'
import { measurePeak } from './peak.ts'
import { settings } from './settings.ts'

type Factories = { readonly [K in KernelKind]: (engine: Engine) => Kernels[K] }
const factories: Factories = {
  map: mapKernel,
  reduce: reduceKernel,
  scan: scanKernel,
  sort,
  gemm,
  conv,
  pool,
  softmax,
  crossEntropy,
  gather,
  scatter,
  copy,
  bernoulli,
}

/** Every kind of kernel, made when it is first run, inside the engine's session of one spec. */
function kernelsOf(engine: Engine): Kernels {
  const entries = Object.entries(factories).map(([kind, factory]) => {
    let kernel: ((spec: KernelSpec) => void) | null = null
    const run = (spec: KernelSpec): void => {
      kernel ??= factory(engine) as (spec: KernelSpec) => void
      const made = kernel
      engine.session(() => made(spec))
    }
    return [kind, run]
  })
  return Object.fromEntries(entries) as Kernels
}

export class WasmBackend implements Backend {
  readonly name = 'wasm'
  readonly live = true
  readonly engine: Engine
  readonly kernels: Kernels
  private measured: Peak | null = null

  constructor(engine: Engine = new Engine()) {
    this.engine = engine
    this.kernels = kernelsOf(engine)
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
  peak(): Peak {
    this.measured ??= measurePeak(this.engine)
    return this.measured
  }
}

let instance: WasmBackend | null = null

/** The process's device; made, with its memory, at the first call. */
export function wasmBackend(): WasmBackend {
  instance ??= new WasmBackend()
  return instance
}
