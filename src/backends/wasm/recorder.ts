// The jobs of a captured step: kernels with their descriptors, and the few things that JavaScript does between them, in one list.
import type { Recorder, Recording } from '../../runtime/capture.ts'
import type { Engine, Kernel } from './engine.ts'

/** Descriptors are taken from pages of this size. */
const PAGE = 64 * 1024

interface Job {
  readonly kernel: Kernel
  readonly address: number
  readonly items: number
  readonly grain: number
}
interface Block {
  readonly address: number
  readonly bytes: number
}

export class WasmRecorder implements Recorder {
  private readonly engine: Engine
  private readonly jobs: (Job | (() => void))[] = []
  /** All memory of its own: descriptors, tables, scratch. */
  private readonly blocks: Block[] = []
  /** Scratch memory that later kernels may use again: they run one after another. */
  private spare: Block[] = []
  private top = 0
  private pageEnd = 0
  private lastScalars = 0

  constructor(engine: Engine) {
    this.engine = engine
  }

  get length(): number {
    return this.jobs.length
  }

  private take(bytes: number): number {
    const address = this.engine.permanent(bytes)
    this.blocks.push({ address, bytes })
    return address
  }

  /** Memory that keeps its content until the recording is released; 64-byte aligned. */
  keep(bytes: number): number {
    const size = (bytes + 63) & -64
    if (size > PAGE / 4) return this.take(bytes)
    if (this.top + size > this.pageEnd) {
      this.top = this.take(PAGE)
      this.pageEnd = this.top + PAGE
    }
    const address = this.top
    this.top += size
    return address
  }

  /** Memory whose content is undefined, until `reuse`. */
  scratch(bytes: number): number {
    const k = this.spare.findIndex((block) => block.bytes === bytes)
    return k < 0 ? this.take(bytes) : this.spare.splice(k, 1)[0].address
  }
  reuse(block: Block): void {
    this.spare.push(block)
  }

  job(kernel: Kernel, address: number, items: number, grain: number): void {
    this.jobs.push({ kernel, address, items, grain })
  }
  host(run: () => void): void {
    this.engine.recorder = null
    try {
      run()
    } finally {
      this.engine.recorder = this
    }
    this.jobs.push(run)
  }

  /** Where the numbers of the last map lie, as float64. */
  noteScalars(address: number): void {
    this.lastScalars = address
  }
  scalars(): (values: readonly number[]) => void {
    const { engine, lastScalars } = this
    return (values) => {
      for (let k = 0; k < values.length; k++) engine.f64[lastScalars / 8 + k] = values[k]
    }
  }

  end(): Recording {
    const { engine, jobs, blocks } = this
    engine.recorder = null
    return {
      replay() {
        for (const job of jobs) {
          if (typeof job === 'function') job()
          else engine.dispatch(job.kernel, job.address, job.items, job.grain)
        }
      },
      release() {
        for (const { address, bytes } of blocks.splice(0)) engine.allocator.give(address, bytes)
        jobs.length = 0
      },
    }
  }
}
