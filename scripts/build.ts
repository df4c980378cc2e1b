/**
 * Builds the published form of the package in dist/: plain ES modules with declarations, a package.json whose
 * entries point at them, and in dist/bundle what a page loads by address. Publish with `npm publish ./dist`.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join } from 'node:path'
import { bundleForPages, printSizes } from './bundle.ts'

type Target = string | { [condition: string]: Target }

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

rmSync(dist, { recursive: true, force: true })
const tsc = spawnSync(
  process.execPath,
  [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'tsconfig.build.json')],
  { stdio: 'inherit' },
)
if (tsc.status !== 0) process.exit(tsc.status ?? 1)

// The compiler rewrites the extensions of imports in the JavaScript; what is left are the names of worker files and
// the imports in the declarations.
for (const name of globSync('**/*.{js,d.ts}', { cwd: dist })) {
  const path = join(dist, name)
  const text = readFileSync(path, 'utf8')
  const rewritten = name.endsWith('.d.ts')
    ? text.replace(/(\bfrom |\bimport |\bimport\()(['"])(\.\.?\/[^'"\n]*)\.ts\2/g, '$1$2$3.js$2')
    : text.replace(/(\bnew URL\(\s*)(['"])(\.\.?\/[^'"\n]*)\.ts\2(?=,\s*import\.meta\.url)/g, '$1$2$3.js$2')
  if (rewritten !== text) writeFileSync(path, rewritten)
}

// Files beside the sources that are loaded as they are.
for (const name of globSync('**/*.*', { cwd: join(root, 'src'), exclude: ['**/*.ts', '**/*.md'] })) {
  mkdirSync(dirname(join(dist, name)), { recursive: true })
  copyFileSync(join(root, 'src', name), join(dist, name))
}
// Lessons: what is shown is the TypeScript, what runs is the same without types.
for (const name of globSync('*/*.*', { cwd: join(root, 'course') })) {
  const target = join(dist, 'course', name)
  mkdirSync(dirname(target), { recursive: true })
  copyFileSync(join(root, 'course', name), target)
  if (name.endsWith('.ts')) {
    writeFileSync(target.replace(/\.ts$/, '.js'), stripTypeScriptTypes(readFileSync(target, 'utf8')))
  }
}
for (const name of ['README.md', 'LICENSE', 'CHANGELOG.md']) {
  if (existsSync(join(root, name))) copyFileSync(join(root, name), join(dist, name))
}

const inDist = (path: string): string => path.replace(/^\.\/src\//, './').replace(/\.ts$/, '.js')

function published(target: Target): Target {
  if (typeof target !== 'string') {
    return Object.fromEntries(Object.entries(target).map(([condition, inner]) => [condition, published(inner)]))
  }
  if (!target.endsWith('.ts')) return target
  const js = inDist(target)
  return { types: js.replace(/\.js$/, '.d.ts'), default: js }
}

const source = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const kept = [
  'name',
  'version',
  'description',
  'keywords',
  'license',
  'author',
  'repository',
  'homepage',
  'bugs',
  'type',
  'engines',
  'dependencies',
]
const manifest = {
  ...Object.fromEntries(kept.filter((field) => field in source).map((field) => [field, source[field]])),
  bin: Object.fromEntries(Object.entries<string>(source.bin).map(([name, path]) => [name, inDist(path)])),
  exports: { ...(published(source.exports) as Record<string, Target>), './bundle/*': './bundle/*' },
  imports: published(source.imports),
  sideEffects: source.sideEffects.map(inDist),
}
writeFileSync(join(dist, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)

const files = [manifest.bin, manifest.exports, manifest.imports].flatMap(function paths(target: Target): string[] {
  return typeof target === 'string' ? [target] : Object.values(target).flatMap(paths)
})
const missing = [...new Set(files)].filter((path) => !path.includes('*') && !existsSync(join(dist, path)))
if (missing.length > 0) console.warn(`package.json names files that are not there: ${missing.join(', ')}`)

// And as modules that a page loads by address.
mkdirSync(join(dist, 'bundle'))
for (const [name, contents] of await bundleForPages()) writeFileSync(join(dist, 'bundle', name), contents)
await printSizes()
console.log(`built ${source.name} ${source.version} in dist/`)
