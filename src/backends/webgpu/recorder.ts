// The commands of a captured step: the server keeps them as recordings, between which JavaScript brings its values.
import type { Recorder, Recording } from '../../runtime/capture.ts'
import type { Engine, Job } from './engine.ts'
import type { Block } from './memory.ts'
import { type Batch, ops } from './server.ts'

/** Parameters of a kernel start at a multiple of this. */
const ALIGN = 256

/** Commands in the making, with their numbers and data. */
export class Draft {
  readonly commands: number[] = []
  private readonly data: Uint8Array[] = []
  private dataBytes = 0
  private parameters = new Uint32Array(1024)
  /** Bytes of parameters. */
  filled = 0

  /** Adds a kernel; returns where its numbers begin, in bytes. */
  run(pipeline: number, [x, y, z]: readonly [number, number, number], { words, blocks }: Job): number {
    const start = this.filled
    this.filled += Math.ceil((words.length * 4) / ALIGN) * ALIGN
    if (this.filled > this.parameters.byteLength) {
      const larger = new Uint32Array((2 * this.filled) / 4)
      larger.set(this.parameters)
      this.parameters = larger
    }
    this.parameters.set(words, start / 4)
    this.commands.push(ops.run, pipeline, x, y, z, start, blocks.length)
    for (let k = 0; k < blocks.length; k++) this.commands.push(blocks[k].id)
    return start
  }
  /** Adds bytes to be written; they are copied. */
  write({ id }: Block, offset: number, data: Uint8Array): void {
    this.commands.push(ops.write, id, offset, this.add(data.slice()), data.length)
  }
  /** Adds a change of the numbers of a recording, from byte `at` on. */
  patch(recording: number, at: number, words: readonly number[]): void {
    const data = new Uint8Array(Uint32Array.from(words).buffer)
    this.commands.push(ops.patch, recording, at, this.add(data), data.length)
  }
  /** Where they begin. */
  private add(data: Uint8Array): number {
    const begin = this.dataBytes
    this.data.push(data)
    this.dataBytes += data.length
    return begin
  }

  private allData(): Uint8Array {
    if (this.data.length === 1) return this.data[0]
    const all = new Uint8Array(this.dataBytes)
    let at = 0
    for (const piece of this.data) {
      all.set(piece, at)
      at += piece.length
    }
    return all
  }

  batch(pipelines: Batch['pipelines'] = [], recordings: readonly Batch[] = []): Batch {
    return {
      commands: Int32Array.from(this.commands),
      parameters: this.parameters.slice(0, this.filled / 4),
      pipelines,
      data: this.allData(),
      recordings,
    }
  }
}

export class GpuRecorder implements Recorder {
  private readonly engine: Engine
  /** Drafts, and the calls between them. */
  private readonly parts: (Draft | (() => void))[] = [new Draft()]
  /** By draft and place: the words to be written before the next replay. */
  private readonly patches: { draft: Draft; at: number; words: number[] }[] = []
  private last: { draft: Draft; at: number; encode: (values: readonly number[]) => number[] } | null = null
  /** Memory for a while, which only this step uses. */
  private readonly spare: Block[] = []
  length = 0
  /** Whether kernels check indices. */
  checks = false

  constructor(engine: Engine) {
    this.engine = engine
  }

  private get draft(): Draft {
    return this.parts[this.parts.length - 1] as Draft
  }
  run(pipeline: number, groups: readonly [number, number, number], job: Job): void {
    this.length++
    const start = this.draft.run(pipeline, groups, job)
    if (job.scalars !== undefined) {
      const { first, encode } = job.scalars
      this.last = { draft: this.draft, at: start + 4 * first, encode }
    }
  }
  write(block: Block, offset: number, data: Uint8Array): void {
    this.length++
    this.draft.write(block, offset, data)
  }
  host(run: () => void): void {
    this.length++
    this.engine.recorder = null
    try {
      run()
    } finally {
      this.engine.recorder = this
    }
    this.parts.push(run, new Draft())
  }
  scalars(): (values: readonly number[]) => void {
    const { last } = this
    if (last === null) return () => {}
    const patch = { draft: last.draft, at: last.at, words: [] as number[] }
    this.patches.push(patch)
    return (values) => {
      patch.words = last.encode(values)
    }
  }

  /** A block of that size that an earlier kernel needs no more. */
  reuse(bytes: number): Block | undefined {
    const k = this.spare.findIndex((block) => block.bytes === bytes)
    return k < 0 ? undefined : this.spare.splice(k, 1)[0]
  }
  give(block: Block): void {
    this.spare.push(block)
  }

  end(): Recording {
    const { engine, parts, patches, spare, checks } = this
    engine.recorder = null
    const numbers = new Map<Draft, number>()
    for (const part of parts)
      if (part instanceof Draft && part.commands.length > 0) numbers.set(part, engine.keep(part.batch()))
    return {
      replay() {
        for (const { draft, at, words } of patches) {
          if (words.length > 0) engine.patch(numbers.get(draft) as number, at, words)
        }
        for (const part of parts) {
          if (!(part instanceof Draft)) part()
          else if (numbers.has(part)) engine.replay(numbers.get(part) as number, checks)
        }
        engine.flush()
      },
      release() {
        for (const number of numbers.values()) engine.forget(number)
        for (const block of spare.splice(0)) engine.release(block)
        parts.length = 0
      },
    }
  }
}
