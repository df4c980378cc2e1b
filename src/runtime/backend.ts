// What a device is. Backends implement it, `launch` and `Storage` are its only callers.
import type { DType } from '../base/dtype.ts'
import type { Recorder } from './capture.ts'
import type { Kernels, OptionalKernel, OptionalKind } from './spec.ts'

export type DeviceName = 'wasm' | 'reference' | 'webgpu'

/** A device's own name for a block of memory: an address on wasm, a buffer elsewhere. */
export type Handle = unknown

export interface MemoryStats {
  /** Bytes in use now. */
  readonly used: number
  /** Most bytes that were ever taken from the device: constant in a steady training loop. */
  readonly highWater: number
  /** Storages alive. */
  readonly storages: number
}

/** By name, camelCase; sizes in bytes. */
export type DeviceInfo = Readonly<Record<string, string | number | boolean>>

/** What a device does at best, on all its threads. */
export interface Peak {
  /** Multiplications and additions of float32 a second. */
  readonly flops: number
  /** Bytes a second, read and written, of a copy from memory to memory. */
  readonly bandwidth: number
}

export interface Backend {
  readonly name: DeviceName
  readonly kernels: Omit<Kernels, OptionalKind> & Partial<Kernels>
  /** Takes over the kernel of a kind that it lacks; for devices that lack some. */
  add?(kernel: OptionalKernel<OptionalKind>): void
  /** Floats of 16 bits that products and convolutions take and give as they are, summing in float32; of others the op makes float32 copies. Default: none. */
  readonly narrow?: readonly DType[]
  /** Memory that holds anything; at least 16-byte aligned. Throws DeviceError when there is none left. */
  alloc(bytes: number): Handle
  free(handle: Handle, bytes: number): void
  /** Whether `bytes` are the memory itself, so that writing to them counts; else they are a copy. */
  readonly live: boolean
  /** The bytes, to read at once; valid until the next call into the device. Throws DeviceError on a device that cannot. */
  bytes(handle: Handle, offset: number, length: number): Uint8Array
  /** A copy of the bytes, on every device. */
  read(handle: Handle, offset: number, length: number): Promise<Uint8Array>
  write(handle: Handle, offset: number, data: Uint8Array): void
  stats(): MemoryStats
  /** Begins to note kernels and writes, which run as always. A device without it cannot capture. */
  record?(): Recorder
  /** Facts about the device for people to read: threads, instructions, memory. */
  info?(): DeviceInfo
}
