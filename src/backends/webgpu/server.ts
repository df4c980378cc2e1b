// The side of the device that talks to WebGPU: buffers, pipelines and bind groups by number, and batches of commands that name them.
// It runs where the engine runs, or as the text of a thread of its own (link.ts), so it must not use anything from outside itself.

/** Kernels, and what happens to buffers between them, in order. */
export interface Batch {
  /** [op, operands...] after one another: see `ops`. */
  readonly commands: Int32Array
  /** The numbers of all kernels; each begins at a multiple of 256 bytes. */
  readonly parameters: Uint32Array
  /** Kernels that are new, numbered on. */
  readonly pipelines: readonly { readonly name: string; readonly code: string; readonly buffers: number }[]
  /** What `write` and `patch` commands write, one after another. */
  readonly data: Uint8Array
  /** Commands to be carried out often, numbered on: only `run` and `write`. */
  readonly recordings: readonly Batch[]
}

/**
 * make: buffer, bytes / 256. drop: buffer. run: pipeline, x, y, z, parameters at (bytes), number of buffers, buffers... write: buffer, offset, begin in
 * `data`, bytes. replay: recording. patch: recording, parameters at (bytes), begin in `data`, bytes. forget: recording.
 */
export const ops = { make: 0, drop: 1, run: 2, write: 3, replay: 4, patch: 5, forget: 6 } as const

/** Bytes of numbers that a kernel sees: its own and whatever follows. */
export const PARAMETER_WINDOW = 1024
export const PARAMETER_BYTES = 2 ** 16

export interface ServerSettings {
  readonly ops: typeof ops
  readonly parameterWindow: number
  readonly parameterBytes: number
}

export interface ReadRequest {
  readonly buffer: number
  /** Multiples of 4. */
  readonly offset: number
  readonly length: number
  /** A second buffer of which `words` words are read as well, or 0. */
  readonly flags: number
  readonly words: number
}
export interface ReadReply {
  readonly bytes: Uint8Array
  readonly flags: readonly number[]
}

/** What there is to know of the GPU. */
export interface Facts {
  readonly vendor: string
  readonly architecture: string
  readonly device: string
  readonly description: string
  readonly f16: boolean
  /** Threads that pass values on without memory, and know their place among them. */
  readonly subgroups: boolean
  /** The most threads of a subgroup; 0 where there are none. */
  readonly subgroupSize: number
  readonly maxBufferBytes: number
  readonly sharedBytes: number
  readonly threads: number
}

export interface Server {
  readonly facts: Facts
  execute(batch: Batch): void
  read(request: ReadRequest): Promise<ReadReply>
  /** What went wrong since the last call. */
  takeFailure(): string | null
  /** Why the GPU is gone, or null. */
  lost(): string | null
  /** Resolves when nothing more comes from the GPU: a thread that ends before would crash inside of the driver. */
  destroy(): Promise<void>
}

/** Connects to the fastest GPU of `gpu`; null where there is none. */
export async function openServer(
  gpu: GPU | null,
  { ops, parameterWindow, parameterBytes }: ServerSettings,
): Promise<Server | null> {
  const adapter = (await gpu?.requestAdapter({ powerPreference: 'high-performance' })) ?? null
  if (adapter === null) return null
  const wished = ['shader-f16', 'subgroups'] as const
  const { limits, info } = adapter
  const device = await adapter.requestDevice({
    requiredFeatures: wished.filter((feature) => adapter.features.has(feature)),
    requiredLimits: {
      maxBufferSize: limits.maxBufferSize,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
      maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
      maxComputeWorkgroupSizeY: limits.maxComputeWorkgroupSizeY,
    },
  })
  let failure: string | null = null
  let gone: string | null = null
  device.onuncapturederror = ({ error }) => {
    failure ??= error.message
  }
  void device.lost.then(({ reason, message }) => {
    gone ??= message || reason || 'no reason given'
  })

  // The flags of WebGPU by value: Node has no globals for them.
  const [MAP_READ, COPY_SRC, COPY_DST, UNIFORM, STORAGE, COMPUTE] = [1, 4, 8, 64, 128, 4]
  const buffers: GPUBuffer[] = []
  /** By buffer: the submission that uses it last. */
  const lastUse: number[] = []
  const layouts: { group: GPUBindGroupLayout; pipeline: GPUPipelineLayout }[] = []
  const pipelines: GPUComputePipeline[] = []
  let groups = new Map<string, GPUBindGroup>()
  const parameters = device.createBuffer({ size: parameterBytes + parameterWindow, usage: UNIFORM | COPY_DST })
  /** Where the data of a batch wait until its commands copy them, if they are not more than this. */
  const UPLOAD = 1 << 20
  const upload = device.createBuffer({ size: UPLOAD, usage: COPY_SRC | COPY_DST })

  /** Buffers 0 to count - 1, all to be read and written, and the parameters behind them. */
  function layoutOf(count: number): { group: GPUBindGroupLayout; pipeline: GPUPipelineLayout } {
    let layout = layouts[count]
    if (layout === undefined) {
      const entries: GPUBindGroupLayoutEntry[] = Array.from({ length: count }, (_, binding) => ({
        binding,
        visibility: COMPUTE,
        buffer: { type: 'storage' },
      }))
      entries.push({ binding: count, visibility: COMPUTE, buffer: { type: 'uniform', hasDynamicOffset: true } })
      const group = device.createBindGroupLayout({ entries })
      layout = { group, pipeline: device.createPipelineLayout({ bindGroupLayouts: [group] }) }
      layouts[count] = layout
    }
    return layout
  }

  function bindTo(ids: Int32Array, numbers: GPUBuffer): GPUBindGroup {
    const entries: GPUBindGroupEntry[] = Array.from(ids, (id, binding) => ({
      binding,
      resource: { buffer: buffers[id] },
    }))
    entries.push({ binding: ids.length, resource: { buffer: numbers, size: parameterWindow } })
    return device.createBindGroup({ layout: layoutOf(ids.length).group, entries })
  }

  function groupOf(ids: Int32Array): GPUBindGroup {
    const key = ids.join()
    let group = groups.get(key)
    if (group === undefined) {
      group = bindTo(ids, parameters)
      // A training step of a deep network uses some thousands.
      if (groups.size >= 16384) groups.clear()
      groups.set(key, group)
    }
    return group
  }

  let encoder: GPUCommandEncoder | null = null
  let pass: GPUComputePassEncoder | null = null
  let submission = 0
  function submit(): void {
    if (encoder === null) return
    pass?.end()
    device.queue.submit([encoder.finish()])
    encoder = null
    pass = null
    submission++
  }

  /** A recording made ready: all that its commands name is looked up, its numbers and data lie in buffers of its own. */
  interface Prepared {
    readonly numbers: GPUBuffer
    readonly data: GPUBuffer
    readonly uses: ReadonlySet<number>
    readonly steps: readonly ((encoder: GPUCommandEncoder) => void)[]
    submission: number
  }
  const recordings: (Prepared | null)[] = []

  function prepare({ commands, parameters: words, data: bytes }: Batch): Prepared {
    const numbers = device.createBuffer({ size: words.byteLength + parameterWindow, usage: UNIFORM | COPY_DST })
    if (words.length > 0) device.queue.writeBuffer(numbers, 0, words as Uint32Array<ArrayBuffer>)
    const data = device.createBuffer({ size: Math.max(4, bytes.length), usage: COPY_SRC | COPY_DST })
    if (bytes.length > 0) device.queue.writeBuffer(data, 0, bytes as Uint8Array<ArrayBuffer>)
    const uses = new Set<number>()
    const steps: ((encoder: GPUCommandEncoder) => void)[] = []
    for (let at = 0; at < commands.length; ) {
      const id = commands[at + 1]
      if (commands[at] === ops.run) {
        const [x, y, z, offset, count] = commands.subarray(at + 2, at + 7)
        const ids = commands.subarray(at + 7, at + 7 + count)
        for (const buffer of ids) uses.add(buffer)
        const group = bindTo(ids, numbers)
        steps.push((into) => {
          pass ??= into.beginComputePass()
          pass.setPipeline(pipelines[id])
          pass.setBindGroup(0, group, [offset])
          pass.dispatchWorkgroups(x, y, z)
        })
        at += 7 + count
      } else {
        const [offset, begin, length] = commands.subarray(at + 2, at + 5)
        uses.add(id)
        steps.push((into) => {
          pass?.end()
          pass = null
          into.copyBufferToBuffer(data, begin, buffers[id], offset, length)
        })
        at += 5
      }
    }
    return { numbers, data, uses, steps, submission: -1 }
  }

  function execute(batch: Batch): void {
    for (const { name, code, buffers: count } of batch.pipelines) {
      const module = device.createShaderModule({ label: name, code })
      const layout = layoutOf(count).pipeline
      pipelines.push(device.createComputePipeline({ label: name, layout, compute: { module, entryPoint: 'main' } }))
    }
    for (const recording of batch.recordings) recordings.push(prepare(recording))
    if (batch.parameters.length > 0)
      device.queue.writeBuffer(parameters, 0, batch.parameters as Uint32Array<ArrayBuffer>)
    const uploaded = batch.data.length > 0 && batch.data.length <= UPLOAD
    if (uploaded) device.queue.writeBuffer(upload, 0, batch.data as Uint8Array<ArrayBuffer>)
    const { commands } = batch
    for (let at = 0; at < commands.length; ) {
      const op = commands[at]
      const id = commands[at + 1]
      if (op === ops.run) {
        const ids = commands.subarray(at + 7, at + 7 + commands[at + 6])
        encoder ??= device.createCommandEncoder()
        pass ??= encoder.beginComputePass()
        pass.setPipeline(pipelines[id])
        pass.setBindGroup(0, groupOf(ids), [commands[at + 5]])
        pass.dispatchWorkgroups(commands[at + 2], commands[at + 3], commands[at + 4])
        for (const buffer of ids) lastUse[buffer] = submission
        at += 7 + ids.length
      } else if (op === ops.write) {
        const [offset, begin, length] = commands.subarray(at + 2, at + 5)
        if (uploaded) {
          encoder ??= device.createCommandEncoder()
          pass?.end()
          pass = null
          encoder.copyBufferToBuffer(upload, begin, buffers[id], offset, length)
          lastUse[id] = submission
        } else {
          // The queue writes at once: kernels that use the buffer must have been handed over.
          if (lastUse[id] === submission) submit()
          device.queue.writeBuffer(buffers[id], offset, batch.data as Uint8Array<ArrayBuffer>, begin, length)
        }
        at += 5
      } else if (op === ops.replay) {
        const recording = recordings[id] as Prepared
        encoder ??= device.createCommandEncoder()
        for (const step of recording.steps) step(encoder)
        for (const buffer of recording.uses) lastUse[buffer] = submission
        recording.submission = submission
        at += 2
      } else if (op === ops.patch) {
        const { numbers, submission: last } = recordings[id] as Prepared
        if (last === submission) submit()
        const [offset, begin, length] = commands.subarray(at + 2, at + 5)
        device.queue.writeBuffer(numbers, offset, batch.data as Uint8Array<ArrayBuffer>, begin, length)
        at += 5
      } else if (op === ops.forget) {
        const recording = recordings[id] as Prepared
        if (recording.submission === submission) submit()
        recording.numbers.destroy()
        recording.data.destroy()
        recordings[id] = null
        at += 2
      } else if (op === ops.make) {
        buffers[id] = device.createBuffer({ size: commands[at + 2] * 256, usage: STORAGE | COPY_SRC | COPY_DST })
        lastUse[id] = -1
        at += 3
      } else {
        if (lastUse[id] === submission) submit()
        buffers[id].destroy()
        groups = new Map()
        at += 2
      }
    }
    submit()
  }

  /** What is read waits here. Small reads, such as the loss of every step, use the same buffers again. */
  const STAGING = 1 << 16
  const idle: GPUBuffer[] = []
  const reading = new Set<Promise<ReadReply>>()

  function read(request: ReadRequest): Promise<ReadReply> {
    const reply = readThrough(request).finally(() => reading.delete(reply))
    reading.add(reply)
    return reply
  }
  async function readThrough({ buffer, offset, length, flags, words }: ReadRequest): Promise<ReadReply> {
    const size = Math.max(length + 4 * words, 4)
    const isSmall = size <= STAGING
    const staging =
      (isSmall && idle.pop()) || device.createBuffer({ size: isSmall ? STAGING : size, usage: MAP_READ | COPY_DST })
    const copies = device.createCommandEncoder()
    if (length > 0) copies.copyBufferToBuffer(buffers[buffer], offset, staging, 0, length)
    if (words > 0) copies.copyBufferToBuffer(buffers[flags], 0, staging, length, 4 * words)
    device.queue.submit([copies.finish()])
    let mapped = false
    try {
      await staging.mapAsync(1, 0, size)
      mapped = true
      const all = staging.getMappedRange(0, size)
      return {
        bytes: new Uint8Array(all.slice(0, length)),
        flags: Array.from(new Int32Array(all.slice(length), 0, words)),
      }
    } catch (error) {
      // Reads fail before it is said that the GPU was lost; whoever asks is to be told why.
      await Promise.race([device.lost, new Promise((resolve) => setTimeout(resolve, 1000))])
      throw error
    } finally {
      if (isSmall && mapped) {
        staging.unmap()
        idle.push(staging)
      } else staging.destroy()
    }
  }

  const { vendor, architecture, device: model, description } = info
  const subgroups = device.features.has('subgroups') && (gpu?.wgslLanguageFeatures?.has('subgroup_id') ?? false)
  return {
    facts: {
      vendor,
      architecture,
      device: model,
      description,
      f16: device.features.has('shader-f16'),
      subgroups,
      subgroupSize: subgroups ? (info.subgroupMaxSize ?? 0) : 0,
      maxBufferBytes: Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize),
      sharedBytes: device.limits.maxComputeWorkgroupStorageSize,
      threads: device.limits.maxComputeInvocationsPerWorkgroup,
    },
    execute,
    read,
    takeFailure() {
      const text = failure
      failure = null
      return text
    },
    lost: () => gone,
    async destroy() {
      gone = 'it was closed'
      device.destroy()
      await device.lost
      await Promise.allSettled(reading)
    },
  }
}
