// The reference device: plain loops in the order of the formulas, one short function per kind of kernel.
// It is the oracle of the other devices' tests and the text to read first; it is not fast. A handle is an ArrayBuffer.
import type { Backend, Handle, MemoryStats } from '../../runtime/backend.ts'
import type { Kernels } from '../../runtime/spec.ts'
import { bernoulli } from './bernoulli.ts'
import { conv } from './conv.ts'
import { copy } from './copy.ts'
import { crossEntropy } from './crossEntropy.ts'
import { gather } from './gather.ts'
import { gemm } from './gemm.ts'
import { map } from './map.ts'
import { pool } from './pool.ts'
import { reduce } from './reduce.ts'
import { scan } from './scan.ts'
import { scatter } from './scatter.ts'
import { softmax } from './softmax.ts'
import { sort } from './sort.ts'

export class ReferenceBackend implements Backend {
  readonly name = 'reference'
  readonly live = true
  readonly kernels: Kernels = {
    map,
    reduce,
    scan,
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
  private used = 0
  private highWater = 0
  private storages = 0

  alloc(bytes: number): Handle {
    this.used += bytes
    this.storages++
    this.highWater = Math.max(this.highWater, this.used)
    // Whole elements of every dtype: typed arrays over the buffer need it.
    return new ArrayBuffer(Math.ceil(bytes / 8) * 8)
  }

  free(_handle: Handle, bytes: number): void {
    this.used -= bytes
    this.storages--
  }

  bytes(handle: Handle, offset: number, length: number): Uint8Array {
    return new Uint8Array(handle as ArrayBuffer, offset, length)
  }

  async read(handle: Handle, offset: number, length: number): Promise<Uint8Array> {
    return this.bytes(handle, offset, length).slice()
  }

  write(handle: Handle, offset: number, data: Uint8Array): void {
    this.bytes(handle, offset, data.length).set(data)
  }

  stats(): MemoryStats {
    return { used: this.used, highWater: this.highWater, storages: this.storages }
  }
}

export const referenceBackend = (): ReferenceBackend => new ReferenceBackend()
