// The package as ES modules that a page loads by address, without a bundler: one file for each entry, what they share in files beside them, what is rarely
// needed behind `import()`. Called by `build.ts`; `node scripts/bundle.ts` prints the sizes only.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { type Plugin, type Rolldown, build as viteBuild } from 'vite'

const root = join(import.meta.dirname, '..')
/** Entries that pages use; the others need Node or packages. */
const entries: Readonly<Record<string, string>> = {
  kindling: 'src/index.ts',
  nn: 'src/nn/index.ts',
  optim: 'src/optim/index.ts',
  data: 'src/data/index.ts',
  vision: 'src/vision/index.ts',
  models: 'src/models/index.ts',
  io: 'src/io/index.ts',
  metrics: 'src/metrics/index.ts',
  'model-selection': 'src/model-selection/index.ts',
  browser: 'src/browser/index.ts',
  worker: 'src/browser/worker.ts',
  doctor: 'src/browser/doctor.ts',
  isolate: 'src/browser/isolate.ts',
}

const options = {
  bundle: true,
  splitting: true,
  format: 'esm' as const,
  platform: 'browser' as const,
  target: 'es2024',
  minify: true,
  write: false as const,
  logLevel: 'silent' as const,
  absWorkingDir: root,
}

/** The files by name. */
export async function bundleForPages(): Promise<ReadonlyMap<string, Uint8Array>> {
  const worker = /new URL\("\.\/worker\.ts",import\.meta\.url\)/g
  const { outputFiles } = await build({
    ...options,
    entryPoints: Object.entries(entries).map(([out, path]) => ({ in: path, out })),
    outdir: 'bundle',
    chunkNames: 'part-[hash]',
  })
  const files = outputFiles.map(({ path, text }): [string, Uint8Array] => [
    path.split('/').at(-1) as string,
    new TextEncoder().encode(text.replace(worker, 'new URL("./worker.js",import.meta.url)')),
  ])
  const page = readFileSync(join(root, 'src/browser/doctor.html'))
  return new Map([...files, ['doctor.html', page]])
}

/** Programs whose size is told: what a page loads before it can start, without what comes by `import()`. */
export const programs: Readonly<Record<string, string>> = {
  'tensors and gradients': `import { rand } from './src/index.ts'; console.log(rand(2, 3).requiresGrad_().mul(2).sum())`,
  'LeNet, trained on MNIST': `
    import { F, manualSeed, nn, optim } from './src/index.ts'
    import { DataLoader } from './src/data/index.ts'
    import { lenet } from './src/models/index.ts'
    import { MNIST } from './src/vision/index.ts'
    console.log(F.crossEntropy, manualSeed, nn.Linear, optim.SGD, DataLoader, lenet, MNIST)`,
  'the page of a session': `import { createSession } from './src/browser/session.ts'; console.log(createSession)`,
}

export interface Size {
  readonly raw: number
  readonly gzipped: number
}

/** The size of one program as Vite builds it: minified, without what it does not use. */
export async function sizeOf(text: string): Promise<Size> {
  const entry: Plugin = {
    name: 'entry',
    resolveId: (id) => (id === 'program' ? join(root, 'program.ts') : undefined),
    load: (id) => (id === join(root, 'program.ts') ? text : undefined),
  }
  const result = await viteBuild({
    root,
    configFile: false,
    logLevel: 'silent',
    plugins: [entry],
    build: { write: false, target: 'es2024', rolldownOptions: { input: 'program' } },
  })
  const { output } = [result].flat()[0] as Rolldown.RolldownOutput
  const chunks = new Map(output.flatMap((one) => (one.type === 'chunk' ? [[one.fileName, one] as const] : [])))
  const loaded = new Set([...chunks.values()].filter(({ isEntry }) => isEntry))
  for (const { imports } of loaded) for (const name of imports) loaded.add(chunks.get(name) as Rolldown.OutputChunk)
  const codes = [...loaded].map(({ code }) => Buffer.from(code))
  return {
    raw: codes.reduce((sum, code) => sum + code.length, 0),
    gzipped: codes.reduce((sum, code) => sum + gzipSync(code, { level: 9 }).length, 0),
  }
}

export async function printSizes(): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  console.log(`what a page loads of kindling ${version}, minified:`)
  const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`
  for (const [name, text] of Object.entries(programs)) {
    const { raw, gzipped } = await sizeOf(text)
    console.log(`  ${name}: ${kilobytes(raw)}, gzipped ${kilobytes(gzipped)}`)
  }
}

if (import.meta.main) await printSizes()
