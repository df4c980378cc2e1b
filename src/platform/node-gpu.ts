// WebGPU under Node: the package `webgpu`, which who wants it installs.

/** What threads share begins undefined, which saves time at every start of a workgroup: kernels write it before they read it. */
const options = ['enable-dawn-features=disable_workgroup_init']

let gpu: Promise<GPU | null> | null = null

async function load(): Promise<GPU | null> {
  try {
    const { create } = await import('webgpu')
    return create(options)
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_MODULE_NOT_FOUND') return null
    throw error
  }
}

/** As in `load`; a thread has no folder of its own to look for packages from. */
export const gpuText = (): string =>
  `() => import(${JSON.stringify(import.meta.resolve('webgpu'))}).then(({ create }) => (globalThis.webgpu = create(${JSON.stringify(options)})))`

/** Kept for the life of the process: devices die with it. */
export function requestGpu(): Promise<GPU | null> {
  gpu ??= load()
  return gpu
}
