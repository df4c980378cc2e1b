// Test files as modules for a browser's worker: `vitest` is the small runner of this folder, Node's modules are stand-ins, and everything else is as it is.
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { type BuildOptions, build, type Plugin } from 'esbuild'
import { standIns } from './nodeModules.ts'
import { root } from './server.ts'

const here = import.meta.dirname

const standInsForTests: Plugin = {
  name: 'stand-ins',
  setup({ onResolve, onLoad, resolve }) {
    const runner = join(here, 'vitest.ts')
    // The runner itself gets the real one, for `expect`.
    onResolve({ filter: /^vitest$/ }, ({ importer }) => (importer === runner ? undefined : { path: runner }))
    onResolve({ filter: /^node:/ }, async ({ path, kind }) => {
      if (!Object.hasOwn(standIns, path)) return { errors: [{ text: `needs ${path}` }] }
      return resolve('./nodeModules.ts', { resolveDir: here, kind })
    })
    // Where a file is, as seen from the root of the repository, which is the root of the server.
    onLoad({ filter: /\/test\/.*\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8')
      if (!text.includes('import.meta.dirname')) return undefined
      const folder = JSON.stringify(`/${relative(root, join(path, '..'))}`)
      return { contents: text.replaceAll('import.meta.dirname', folder), loader: 'ts' }
    })
  },
}

export interface TestBundle {
  /** Scripts by path on the server; the worker's is `/worker.js`. */
  readonly scripts: Readonly<Record<string, Uint8Array>>
  /** Test files that are in it. */
  readonly files: readonly string[]
  /** Those that cannot be, and why. */
  readonly leftOut: Readonly<Record<string, string>>
}

const common = {
  bundle: true,
  format: 'esm' as const,
  platform: 'browser' as const,
  target: 'es2024',
  keepNames: true,
  logLevel: 'silent' as const,
  absWorkingDir: root,
  outdir: '/',
  write: false as const,
  plugins: [standInsForTests],
  define: { 'process.env': '{}' },
} satisfies BuildOptions

/** Bundles `files`; one that needs what no browser has is left out. */
export async function bundleTests(files: readonly string[]): Promise<TestBundle> {
  const leftOut: Record<string, string> = {}
  const needs = await Promise.all(
    files.map(async (file) => {
      try {
        await build({ ...common, entryPoints: [file] })
        return null
      } catch (error) {
        const { errors } = error as { errors: { text: string }[] }
        return errors.map(({ text }) => text.replace(/^\[plugin.*?\] /, '')).join(', ')
      }
    }),
  )
  files.forEach((file, i) => {
    if (needs[i] !== null) leftOut[file] = needs[i]
  })
  const kept = files.filter((_, i) => needs[i] === null)
  const entries = kept.map((file) => `  ${JSON.stringify(file)}: () => import('./${file}'),`)
  const { outputFiles } = await build({
    ...common,
    splitting: true,
    stdin: {
      contents: `import { serve } from './test/browser/harness/worker.ts'\nserve({\n${entries.join('\n')}\n})\n`,
      resolveDir: root,
      loader: 'ts',
    },
    entryNames: 'worker',
    chunkNames: 'chunks/[name]-[hash]',
  })
  const scripts = Object.fromEntries(outputFiles.map(({ path, contents }) => [path, contents]))
  return { scripts, files: kept, leftOut }
}
