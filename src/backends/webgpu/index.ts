// The WebGPU device: one engine for each connection to a GPU, one kernel generator per kind.
import type { DType } from '../../base/dtype.ts'
import type { Backend, DeviceInfo, Handle, MemoryStats } from '../../runtime/backend.ts'
import type { Recorder } from '../../runtime/capture.ts'
import type { KernelKind, Kernels, KernelSpec } from '../../runtime/spec.ts'
import { Engine } from './engine.ts'
import { conv } from './kernels/conv.ts'
import { copy } from './kernels/copy.ts'
import { crossEntropy } from './kernels/crossEntropy.ts'
import { gather } from './kernels/gather.ts'
import { gemm } from './kernels/gemm.ts'
import { map } from './kernels/map.ts'
import { pool } from './kernels/pool.ts'
import { reduce } from './kernels/reduce.ts'
import { scan } from './kernels/scan.ts'
import { scatter } from './kernels/scatter.ts'
import { softmax } from './kernels/softmax.ts'
import { sort } from './kernels/sort.ts'
import type { Link } from './link.ts'
import type { Block } from './memory.ts'

export { directLink, threadLink } from './link.ts'

/** What some GPUs have and kernels use where it is there. */
export type Feature = 'f16' | 'subgroups'

type Factories = { readonly [K in KernelKind]?: (engine: Engine) => Kernels[K] }
const factories: Factories = { map, reduce, scan, sort, gemm, conv, pool, softmax, crossEntropy, gather, scatter, copy }

function kernelsOf(engine: Engine): Kernels {
  return Object.fromEntries(
    Object.entries(factories).map(([kind, factory]) => [
      kind,
      (factory as (engine: Engine) => (spec: KernelSpec) => void)(engine),
    ]),
  ) as unknown as Kernels
}

export class WebGpuBackend implements Backend {
  readonly name = 'webgpu'
  readonly live = false
  readonly engine: Engine
  readonly kernels: Kernels
  readonly narrow: readonly DType[]

  /** `without`: features that are left alone though the GPU has them. */
  constructor(link: Link, without: readonly Feature[] = []) {
    const facts = { ...link.facts, ...Object.fromEntries(without.map((feature) => [feature, false])) }
    this.engine = new Engine({ ...link, facts })
    this.kernels = kernelsOf(this.engine)
    this.narrow = facts.f16 ? ['float16'] : []
  }

  alloc(bytes: number): Block {
    this.engine.check()
    return this.engine.alloc(bytes)
  }
  free(handle: Handle, _bytes: number): void {
    this.engine.release(handle as Block)
  }
  /** A copy: writing to it changes nothing. */
  bytes(handle: Handle, offset: number, length: number): Uint8Array {
    return this.engine.readNow(handle as Block, offset, length)
  }
  read(handle: Handle, offset: number, length: number): Promise<Uint8Array> {
    return this.engine.read(handle as Block, offset, length)
  }
  /** Offsets are multiples of 4, and bytes are written in fours: what is written at once ends where the storage ends, or at a multiple of 4. */
  write(handle: Handle, offset: number, data: Uint8Array): void {
    let whole = data
    if (data.length % 4 !== 0) {
      whole = new Uint8Array(Math.ceil(data.length / 4) * 4)
      whole.set(data)
    }
    this.engine.write(handle as Block, offset, whole)
  }
  record(): Recorder {
    return this.engine.record()
  }
  stats(): MemoryStats {
    return this.engine.memory.stats()
  }
  info(): DeviceInfo {
    const { facts, compiled, readsNow } = this.engine
    return { ...facts, readsNow, kernelsCompiled: compiled, memoryUsed: this.stats().used }
  }
}
