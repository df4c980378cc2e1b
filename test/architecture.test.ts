import { globSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join, posix } from 'node:path'
import { expect, test } from 'vitest'
import { parseSync, Visitor } from 'vite'

const root = join(import.meta.dirname, '..')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** `#name`: a file for Node, another for pages. */
const conditional: Readonly<Record<string, { node: string }>> = manifest.imports

interface Rule {
  /** The folders of src/ whose modules may be imported, besides the folder's own. */
  folders: string[]
  /** Only the entry points of those folders. */
  entriesOnly?: true
  /** The files that may import Node's modules. */
  node?: RegExp
  /** Whether npm packages may be imported, or which files may. */
  npm?: true | RegExp
}

const core = ['base', 'runtime', 'tensor', 'autograd', 'ops']
const io = [...core, 'platform', 'io']
const entries = [
  'index.ts',
  'nn',
  'optim',
  'data',
  'vision',
  'models',
  'metrics',
  'model-selection',
  'io',
  'plot',
  'd2l',
  'notebook',
]

/** What each folder of src/ may import. A folder that is not here may not exist. */
const rules: Record<string, Rule> = {
  base: { folders: [] },
  platform: { folders: ['base'], node: /^platform\/node[^/]*\.ts$/, npm: /^platform\/node-gpu\.ts$/ },
  runtime: { folders: ['base', 'platform'] },
  'backends/reference': { folders: ['base', 'runtime', 'platform'] },
  'backends/wasm': { folders: ['base', 'runtime', 'platform'] },
  'backends/webgpu': { folders: ['base', 'runtime', 'platform'] },
  tensor: { folders: ['base', 'runtime'] },
  autograd: { folders: ['base', 'runtime', 'tensor'] },
  ops: { folders: ['base', 'runtime', 'tensor', 'autograd', 'kinds.ts'] },
  func: { folders: core },
  nn: { folders: core },
  optim: { folders: [...core, 'nn'] },
  io: { folders: [...core, 'platform'] },
  data: { folders: io, npm: true },
  vision: { folders: [...io, 'data'], npm: true },
  models: { folders: ['base', 'tensor', 'ops', 'nn'] },
  metrics: { folders: ['base', 'tensor', 'ops'] },
  'model-selection': { folders: ['base', 'tensor', 'ops', 'data', 'metrics'] },
  plot: { folders: core, npm: true },
  d2l: { folders: entries, entriesOnly: true },
  notebook: { folders: ['base', 'plot'], node: /./, npm: true },
  browser: { folders: ['base', 'index.ts', 'data', 'models', 'vision'] },
  cli: { folders: entries, entriesOnly: true, node: /./, npm: true },
}
rules['devices.ts'] = {
  folders: ['runtime', 'backends/wasm', 'webgpu.ts', 'diagnostics.browser.ts', 'diagnostics.node.ts'],
}
rules['diagnostics.browser.ts'] = { folders: [] }
rules['diagnostics.node.ts'] = { folders: ['backends/wasm', 'debug.ts', 'reference.ts'] }
rules['reference.ts'] = { folders: ['runtime', 'backends/reference'] }
rules['profiler.ts'] = { folders: ['runtime', 'backends/wasm'] }
rules['debug.ts'] = { folders: ['platform', 'runtime', 'profiler.ts'] }
rules['kinds.ts'] = { folders: ['runtime', 'backends/wasm'] }
rules['webgpu.ts'] = { folders: ['base', 'platform', 'runtime', 'backends/webgpu'] }
rules['index.ts'] = {
  folders: Object.keys(rules).filter(
    (folder) => !['metrics', 'model-selection', 'plot', 'd2l', 'notebook', 'browser', 'cli'].includes(folder),
  ),
}

interface Import {
  /** As it is written; undefined where it is computed. */
  specifier: string | undefined
  line: number
}

type Folder = string
type Resolved = { kind: 'node' } | { kind: 'npm' } | { kind: 'source'; path: string; folder: Folder }

/** The folder of the table that holds a file of src/. */
function folderOf(path: string): Folder {
  return Object.keys(rules).find((folder) => path === folder || path.startsWith(`${folder}/`)) ?? posix.dirname(path)
}

/** Every reference to another module: static, dynamic and type imports, re-exports, augmentations, worker files. */
function importsOf(path: string, text: string): Import[] {
  const { program, errors } = parseSync(path, text)
  if (errors.length > 0) throw new Error(`src/${path}: ${errors[0]!.message}`)
  const imports: Import[] = []
  const add = (at: number, node: { type: string; value?: unknown } | null | undefined): void => {
    const specifier = node?.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined
    imports.push({ specifier, line: text.slice(0, at).split('\n').length })
  }
  new Visitor({
    ImportDeclaration: (node) => add(node.start, node.source),
    ExportAllDeclaration: (node) => add(node.start, node.source),
    ExportNamedDeclaration: (node) => {
      if (node.source) add(node.start, node.source)
    },
    ImportExpression: (node) => add(node.start, node.source),
    TSImportType: (node) => add(node.start, node.source),
    TSExternalModuleReference: (node) => add(node.start, node.expression),
    TSModuleDeclaration: (node) => {
      if (node.id.type === 'Literal') add(node.start, node.id)
    },
    CallExpression: ({ callee, arguments: [argument], start }) => {
      const name = callee.type === 'MemberExpression' ? callee.property : callee
      if (name.type === 'Identifier' && /^(require|getBuiltinModule)$/.test(name.name)) add(start, argument)
    },
    NewExpression: ({ callee, arguments: [url, base], start }) => {
      const relative = base !== undefined && text.slice(base.start, base.end) === 'import.meta.url'
      if (callee.type === 'Identifier' && callee.name === 'URL' && relative) add(start, url)
    },
  }).visit(program)
  return imports
}

function resolve(from: string, specifier: string): Resolved {
  const source = (path: string): Resolved => ({ kind: 'source', path, folder: folderOf(path) })
  if (specifier.startsWith('.')) return source(posix.join(posix.dirname(from), specifier))
  if (specifier in conditional) return source(conditional[specifier].node.slice('./src/'.length))
  if (specifier === 'kindling') return source('index.ts')
  if (specifier.startsWith('kindling/')) return source(`${specifier.slice('kindling/'.length)}/index.ts`)
  return { kind: isBuiltin(specifier) ? 'node' : 'npm' }
}

const isEntryPoint = (path: string): boolean => entries.some((entry) => path === entry || path === `${entry}/index.ts`)

/** Why an import is against the rules, if it is. */
function violation(from: string, { specifier }: Import): string | undefined {
  const folder = folderOf(from)
  const rule = rules[folder]
  if (!rule) return `src/${folder} is not in the table of folders`
  // The command line loads its parts by name, the notebook the lessons, the worker of a page the modules that it is told.
  if (specifier === undefined)
    return ['cli', 'notebook', 'browser'].includes(folder) ? undefined : 'an import must name its module literally'
  const target = resolve(from, specifier)
  if (target.kind === 'npm')
    return rule.npm === true || rule.npm?.test(from) ? undefined : `${folder} may not import the package '${specifier}'`
  if (target.kind === 'node') return rule.node?.test(from) ? undefined : `this file may not import '${specifier}'`
  if (target.folder === folder) return undefined
  // Every entry point makes sure that there are devices; nothing else knows of them.
  if (target.path === 'devices.ts')
    return isEntryPoint(from) ? undefined : `only entry points may import '${specifier}'`
  if (!rule.folders.includes(target.folder)) return `${folder} may not import ${target.folder} ('${specifier}')`
  const isEntry = target.path === 'index.ts' || target.path === `${target.folder}/index.ts`
  if (rule.entriesOnly && !isEntry) return `${folder} may import only entry points ('${specifier}')`
  return undefined
}

const files = globSync('**/*.{ts,mts,cts,js,mjs,cjs}', { cwd: join(root, 'src') })
  .map((path) => path.replaceAll('\\', '/'))
  .sort()
  .map((path) => {
    const text = readFileSync(join(root, 'src', path), 'utf8')
    return { path, text, imports: importsOf(path, text) }
  })

test('every file of src/ is in a folder of the table', () => {
  expect(files.map(({ path }) => path).filter((path) => !(folderOf(path) in rules))).toEqual([])
})

test('every import is one that the table allows', () => {
  const found = files.flatMap(({ path, imports }) =>
    imports.flatMap((one) => {
      const why = violation(path, one)
      return why === undefined ? [] : [`src/${path}:${one.line}: ${why}`]
    }),
  )
  expect(found).toEqual([])
})

test('the folders import one another without a cycle', () => {
  const edges = new Map<Folder, Map<Folder, string>>()
  for (const { path, imports } of files) {
    for (const { specifier, line } of imports) {
      const target = specifier === undefined ? undefined : resolve(path, specifier)
      const from = folderOf(path)
      if (target?.kind !== 'source' || target.folder === from) continue
      const out = edges.get(from) ?? new Map<Folder, string>()
      edges.set(from, out.set(target.folder, out.get(target.folder) ?? `src/${path}:${line} -> ${target.folder}`))
    }
  }
  const done = new Set<Folder>()
  const findCycle = (folder: Folder, trail: Folder[]): string[] => {
    const start = trail.indexOf(folder)
    if (start >= 0) {
      const cycle = [...trail.slice(start), folder]
      return cycle.slice(1).map((to, i) => edges.get(cycle[i]!)!.get(to)!)
    }
    if (done.has(folder)) return []
    for (const next of edges.get(folder)?.keys() ?? []) {
      const cycle = findCycle(next, [...trail, folder])
      if (cycle.length > 0) return cycle
    }
    done.add(folder)
    return []
  }
  for (const folder of edges.keys()) expect(findCycle(folder, [])).toEqual([])
})

/** Whether loading the module does something besides making what it exports. */
function hasEffects(path: string, text: string): boolean {
  return parseSync(path, text).program.body.some(
    (statement) =>
      (statement.type === 'ImportDeclaration' && statement.specifiers.length === 0) ||
      /^(Expression|If|For|ForOf|While|Try|Block)/.test(statement.type),
  )
}

test('package.json names the files with effects, which bundlers must keep', () => {
  const named = globSync(manifest.sideEffects, { cwd: root }).sort()
  const found = files.flatMap(({ path, text }) => (hasEffects(path, text) ? [`src/${path}`] : []))
  expect(found.filter((path) => !named.includes(path))).toEqual([])
  // Entry points are named whether or not they have any; the others only if they do.
  expect(named.filter((path) => !found.includes(path) && !/index\.ts$/.test(path))).toEqual([])
})

test('the check sees every form of import', () => {
  const check = (path: string, text: string): boolean[] =>
    importsOf(path, text).map((one) => violation(path, one) === undefined)
  const forms = (name: string): string[] => [
    `import '${name}'`,
    `import { a } from '${name}'`,
    `import type { A } from '${name}'`,
    `export * from '${name}'`,
    `export { a } from '${name}'`,
    `const a = await import('${name}')`,
    `let a: import('${name}').A`,
    `declare module '${name}' {}`,
    `new Worker(new URL('${name}', import.meta.url))`,
    `process.getBuiltinModule('${name}')`,
  ]
  for (const form of forms('../tensor/tensor.ts')) {
    expect(check('ops/sum.ts', form), form).toEqual([true])
    expect(check('runtime/storage.ts', form), form).toEqual([false])
  }
  for (const form of forms('node:fs')) {
    expect(check('platform/node.ts', form), form).toEqual([true])
    expect(check('cli/main.ts', form), form).toEqual([true])
    expect(check('platform/browser.ts', form), form).toEqual([false])
    expect(check('io/file.ts', form), form).toEqual([false])
  }
  expect(check('vision/image.ts', `await import('fast-png')`)).toEqual([true])
  expect(check('io/save.ts', `await import('fast-png')`)).toEqual([false])
  expect(check('io/save.ts', 'await import(name)')).toEqual([false])
  expect(check('backends/wasm/a.ts', `import '../webgpu/b.ts'`)).toEqual([false])
  expect(check('runtime/a.ts', `import '#platform'`)).toEqual([true])
  expect(check('nn/a.ts', `import '#platform'`)).toEqual([false])
  expect(check('index.ts', `import './backends/wasm/index.ts'; import './cli/main.ts'`)).toEqual([true, false])
  expect(check('cli/a.ts', `import 'kindling/nn'; import '../index.ts'; import './b.ts'`)).toEqual([true, true, true])
  expect(check('cli/a.ts', `import '../nn/linear.ts'; import '../ops/index.ts'`)).toEqual([false, false])
  expect(check('base/a.ts', '/* import "x" */ const text = `import "y" from "z"`')).toEqual([])
})

test('the size of src/', () => {
  const lines = new Map<Folder, number>()
  for (const { path, text } of files) {
    lines.set(folderOf(path), (lines.get(folderOf(path)) ?? 0) + text.split('\n').length - 1)
  }
  const total = [...lines.values()].reduce((a, b) => a + b, 0)
  console.log(`lines in src: ${[...lines].map(([folder, n]) => `${folder} ${n}`).join(', ')}; ${total} in all`)
  expect(total).toBeGreaterThan(0)
})
