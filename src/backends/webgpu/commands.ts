// Kernels on their way to the GPU: gathered in one command buffer, handed over together. Nothing waits.
import { type Block, bufferUsage } from './memory.ts'

/** Kernels of one batch at most: the GPU begins while the next ones are being prepared. */
const BATCH = 128
/** Parameters of a kernel start at a multiple of this. */
const ALIGN = 256
const PARAMETER_BYTES = BATCH * 2 * ALIGN
/** Bytes of numbers that a kernel sees: its own and whatever follows. */
export const PARAMETER_WINDOW = 1024

export class Commands {
  private readonly device: GPUDevice
  /** The kernels' numbers, as the GPU sees them, and where they are gathered before. */
  readonly parameters: GPUBuffer
  private readonly gathered = new Uint32Array(PARAMETER_BYTES / 4)
  private filled = 0
  private encoder: GPUCommandEncoder | null = null
  private pass: GPUComputePassEncoder | null = null
  private kernels = 0
  /** Number of the batch that is being gathered. */
  batch = 0

  constructor(device: GPUDevice) {
    this.device = device
    const { uniform, copyDst } = bufferUsage
    this.parameters = device.createBuffer({ size: PARAMETER_BYTES + PARAMETER_WINDOW, usage: uniform | copyDst })
  }

  /** Adds a kernel; `words` are its numbers. */
  dispatch(
    pipeline: GPUComputePipeline,
    group: GPUBindGroup,
    blocks: readonly Block[],
    words: readonly number[],
    groups: readonly [number, number, number],
  ): void {
    const bytes = Math.ceil((words.length * 4) / ALIGN) * ALIGN
    if (this.filled + bytes > PARAMETER_BYTES) this.flush()
    this.gathered.set(words, this.filled / 4)
    for (const block of blocks) block.batch = this.batch
    this.pass ??= this.recording().beginComputePass()
    this.pass.setPipeline(pipeline)
    this.pass.setBindGroup(0, group, [this.filled])
    this.pass.dispatchWorkgroups(...groups)
    this.filled += bytes
    if (++this.kernels === BATCH) this.flush()
  }

  /** Adds a copy of bytes, in order with the kernels. Offsets and sizes are multiples of 4. */
  copy(from: GPUBuffer, fromOffset: number, to: GPUBuffer, toOffset: number, bytes: number): void {
    this.pass?.end()
    this.pass = null
    this.recording().copyBufferToBuffer(from, fromOffset, to, toOffset, bytes)
  }

  /** Writes bytes from outside, after all kernels that were added before. */
  write(block: Block, offset: number, data: Uint8Array): void {
    if (block.batch === this.batch) this.flush()
    this.device.queue.writeBuffer(block.buffer, offset, data as Uint8Array<ArrayBuffer>)
  }

  /** Hands over what was gathered. */
  flush(): void {
    if (this.encoder === null) return
    this.pass?.end()
    const { queue } = this.device
    if (this.filled > 0) queue.writeBuffer(this.parameters, 0, this.gathered, 0, this.filled / 4)
    queue.submit([this.encoder.finish()])
    this.encoder = null
    this.pass = null
    this.filled = 0
    this.kernels = 0
    this.batch++
  }

  private recording(): GPUCommandEncoder {
    this.encoder ??= this.device.createCommandEncoder()
    return this.encoder
  }
}
