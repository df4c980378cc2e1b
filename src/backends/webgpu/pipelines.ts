// Compiled kernels by their key, and the bind groups that tie one to its buffers: both made once and kept.
import { type Commands, PARAMETER_WINDOW } from './commands.ts'
import type { Block } from './memory.ts'

const COMPUTE = 4
/** Bind groups that are kept: a training step of a deep network uses some thousands. */
const GROUPS_KEPT = 16384

interface Layout {
  readonly group: GPUBindGroupLayout
  readonly pipeline: GPUPipelineLayout
}

export class Pipelines {
  private readonly device: GPUDevice
  private readonly layouts: Layout[] = []
  private readonly pipelines = new Map<string, GPUComputePipeline>()
  private readonly groups = new Map<string, GPUBindGroup>()

  constructor(device: GPUDevice) {
    this.device = device
  }

  /** How many kernels were compiled. */
  get count(): number {
    return this.pipelines.size
  }

  /** Buffers 0 to `buffers` - 1, all to be read and written, and the parameters behind them. */
  private layout(buffers: number): Layout {
    let layout = this.layouts[buffers]
    if (layout === undefined) {
      const entries: GPUBindGroupLayoutEntry[] = Array.from({ length: buffers }, (_, binding) => ({
        binding,
        visibility: COMPUTE,
        buffer: { type: 'storage' },
      }))
      const buffer = { type: 'uniform', hasDynamicOffset: true, minBindingSize: 0 } as const
      entries.push({ binding: buffers, visibility: COMPUTE, buffer })
      const group = this.device.createBindGroupLayout({ entries })
      layout = { group, pipeline: this.device.createPipelineLayout({ bindGroupLayouts: [group] }) }
      this.layouts[buffers] = layout
    }
    return layout
  }

  /** The kernel of that key; `code` gives its WGSL, with an entry point `main`, when it is first asked for. */
  pipeline(key: string, buffers: number, code: () => string): GPUComputePipeline {
    let found = this.pipelines.get(key)
    if (found === undefined) {
      const module = this.device.createShaderModule({ label: key, code: code() })
      const layout = this.layout(buffers).pipeline
      found = this.device.createComputePipeline({ label: key, layout, compute: { module, entryPoint: 'main' } })
      this.pipelines.set(key, found)
    }
    return found
  }

  group(blocks: readonly Block[], { parameters }: Commands): GPUBindGroup {
    let key = ''
    for (const block of blocks) key += `${block.id} `
    let found = this.groups.get(key)
    if (found === undefined) {
      const entries: GPUBindGroupEntry[] = blocks.map(({ buffer }, binding) => ({ binding, resource: { buffer } }))
      entries.push({ binding: blocks.length, resource: { buffer: parameters, size: PARAMETER_WINDOW } })
      found = this.device.createBindGroup({ layout: this.layout(blocks.length).group, entries })
      if (this.groups.size >= GROUPS_KEPT) this.groups.clear()
      this.groups.set(key, found)
    }
    return found
  }

  /** Lets go of what is bound to buffers that are given back. */
  forgetGroups(): void {
    this.groups.clear()
  }
}
