// The public API as TypeDoc sees it: every entry of package.json's `exports`. Used by `npm run docs` and by the test of the comments.
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import type { Application, DeclarationReflection, ProjectReflection } from 'typedoc'
import { documentMethods } from './methods.ts'

const root = join(import.meta.dirname, '../..')

// TypeDoc needs the JavaScript API of the compiler, which TypeScript 7 does not have: it gets version 6, for itself alone.
registerHooks({
  resolve: (specifier, context, next) => next(specifier === 'typescript' ? 'typescript-6' : specifier, context),
})

export interface Api {
  readonly app: Application
  readonly project: ProjectReflection
}

/** Throws where TypeDoc cannot read the sources. */
export async function readApi(): Promise<Api> {
  const { Application } = await import('typedoc')
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, string>
  }
  const app = await Application.bootstrap({
    name: 'Kindling',
    entryPoints: Object.values(exports).flatMap((path) => (path.endsWith('.ts') ? [join(root, path)] : [])),
    tsconfig: join(root, 'tsconfig.build.json'),
    readme: 'none',
    disableSources: true,
    excludePrivate: true,
    excludeProtected: true,
    // Types of options are shown where they are used, whether or not they have a name that can be imported.
    validation: { notExported: false },
    logLevel: 'Warn',
  })
  await documentMethods(app)
  const project = await app.convert()
  if (project === undefined) throw new Error('docs: TypeDoc could not read the sources')
  await nameModules(project.children ?? [], exports)
  return { app, project }
}

/** Each entry under the name that is imported, with the first lines of its file as its comment. */
async function nameModules(modules: readonly DeclarationReflection[], exports: Readonly<Record<string, string>>) {
  const { Comment } = await import('typedoc')
  for (const module of modules) {
    const key = module.name === 'index' ? '.' : `./${module.name}`
    module.name = `kindling${key.slice(1)}`
    const [head] = /^(?:\/\/.*\n)*/.exec(readFileSync(join(root, exports[key]), 'utf8')) as RegExpExecArray
    const text = head.replace(/^\/\/ (?:kindling[\w/-]*: )?/gm, '')
    module.comment = new Comment([{ kind: 'text', text: text.charAt(0).toUpperCase() + text.slice(1) }])
  }
}
