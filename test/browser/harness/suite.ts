// Which test files run in a browser: everything about what a device computes, and what only browsers have. Files that need what only Node has say so when
// they are imported, and are left out.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './server.ts'

const folders = '{autograd,backends,base,func,memory,models,nn,ops,optim,runtime,tensor}'
const patterns = [`test/${folders}/*.test.ts`, 'test/conformance.test.ts', 'test/programs-oracle.test.ts']
/** What they test is the environment of a process. */
const exclude = ['test/backends/settings.test.ts']

const everything = (): string[] => globSync(patterns, { cwd: root, exclude }).sort()
/** Tests whose body runs on the device that is asked for. */
const runsAnywhere = (file: string): boolean =>
  /onEachDevice|devicesUnderTest|cpuAndGpu/.test(readFileSync(join(root, file), 'utf8'))

/** wasm is the usual device: all tests are its own, unless only those of every device are asked for. */
export const deviceSuite = (device: string, onlyAnywhere = device !== 'wasm'): string[] =>
  onlyAnywhere ? everything().filter(runsAnywhere) : everything()
/** Tests that only run in a browser: `inside` a worker, as the engine does, or `onPage`; `onGpu`, in such a worker, those of the GPU. */
export const browserSuite = (device: string): string[] =>
  globSync(`test/browser/${device === 'webgpu' ? 'onGpu' : '{inside,onPage}'}/*.ts`, { cwd: root }).sort()
/** Files that those of `onPage` start as workers. */
export const workerFiles = (): string[] => globSync('test/browser/onPage/workers/*.ts', { cwd: root }).sort()
