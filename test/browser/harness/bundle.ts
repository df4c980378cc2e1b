// Test files as modules for a browser's worker: `vitest` is the small runner of this folder, Node's modules are stand-ins, and everything else is as it is.
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { missing, standIns } from './nodeModules.ts'
import { root } from './server.ts'
import { workerFiles } from './suite.ts'

const here = import.meta.dirname

const standInsForTests: Plugin = {
  name: 'stand-ins',
  setup({ onResolve, onLoad }) {
    const runner = join(here, 'vitest.ts')
    // The runner itself gets the real one, for `expect`.
    onResolve({ filter: /^vitest$/ }, ({ importer }) => (importer === runner ? undefined : { path: runner }))
    // As CommonJS, so that a name that is not there is no error of the build.
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: 'node' }))
    onLoad({ filter: /./, namespace: 'node' }, ({ path }) => ({
      resolveDir: here,
      contents: standIns.includes(path)
        ? `module.exports = require('./nodeModules.ts')`
        : `throw new Error(${JSON.stringify(`${missing} ${path}`)})`,
    }))
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
  /** The test files that are in it. */
  readonly files: readonly string[]
}

export async function bundleTests(files: readonly string[]): Promise<TestBundle> {
  const entries = files.map((file) => `  ${JSON.stringify(file)}: () => import('./${file}'),`)
  const { outputFiles } = await build({
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
    keepNames: true,
    logLevel: 'silent',
    absWorkingDir: root,
    outdir: '/',
    write: false,
    plugins: [standInsForTests],
    define: { 'process.env': '{}' },
    // The worker's file, and those that tests start as workers, which are named after theirs.
    entryPoints: workerFiles(),
    outbase: 'test/browser/onPage',
    stdin: {
      contents: `import { serve } from './test/browser/harness/worker.ts'\nserve({\n${entries.join('\n')}\n})\n`,
      resolveDir: root,
      loader: 'ts',
    },
    entryNames: '[dir]/[name]',
    chunkNames: 'chunks/[name]-[hash]',
  })
  const served = (path: string): string => (path === '/stdin.js' ? '/worker.js' : path)
  return { scripts: Object.fromEntries(outputFiles.map(({ path, contents }) => [served(path), contents])), files }
}
