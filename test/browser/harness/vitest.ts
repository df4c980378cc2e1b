// What the tests import as `vitest` in a browser: collects the tests of one file and runs them one after another. `expect` is Vitest's own.
import { expect } from 'vitest'

export { expect }

type Body = (...args: never[]) => unknown
type Options = { readonly timeout?: number }
interface Suite {
  readonly name: string
  readonly skip: boolean
  readonly children: (Suite | Test)[]
  readonly hooks: Record<Hook, ((context: Context) => unknown)[]>
}
interface Test {
  readonly name: string
  readonly skip: boolean
  readonly body: () => unknown
}
type Hook = 'beforeAll' | 'afterAll' | 'beforeEach' | 'afterEach'

export interface Outcome {
  /** The names of the suites around it and its own. */
  readonly name: string
  readonly ms: number
  /** Undefined where it passed, null where it was skipped. */
  readonly error?: string | null
}

const suiteOf = (name: string, skip = false): Suite => ({
  name,
  skip,
  children: [],
  hooks: { beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] },
})
let current = suiteOf('')

/** `%s`, `%d`, `%i`, `%j` and `$name.name` in a title. */
function titled(title: string, row: readonly unknown[], index: number): string {
  let at = 0
  const text = title.replace(/%[sdijfo#%]/g, (code) =>
    code === '%%'
      ? '%'
      : code === '%#'
        ? String(index)
        : code === '%j' || code === '%o'
          ? JSON.stringify(row[at++])
          : String(row[at++]),
  )
  return text.replace(/\$([\w.]+)/g, (whole, path: string) => {
    let value: unknown = row[0]
    for (const key of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[key]
    return value === undefined ? whole : String(value)
  })
}

/** `describe` or `test` with their forms: `each`, `for`, `skip`, `skipIf`, `runIf`, `concurrent`. */
function forms(add: (name: string, body: () => unknown, skip: boolean) => void, skip = false) {
  const one = (name: string, a: Body | Options, b?: Body | number): void => {
    const body = (typeof a === 'function' ? a : b) as () => unknown
    add(name, body, skip)
  }
  const each =
    (rows: readonly unknown[]) =>
    (title: string, a: Body | Options, b?: Body | number): void =>
      rows.forEach((row, i) => {
        const args = Array.isArray(row) ? row : [row]
        const body = (typeof a === 'function' ? a : b) as (...args: unknown[]) => unknown
        add(titled(title, args, i), () => body(...args), skip)
      })
  const perRow =
    (rows: readonly unknown[]) =>
    (title: string, a: Body | Options, b?: Body | number): void =>
      rows.forEach((row, i) => {
        const body = (typeof a === 'function' ? a : b) as (row: unknown) => unknown
        add(titled(title, Array.isArray(row) ? row : [row], i), () => body(row), skip)
      })
  return Object.assign(one, { each, for: perRow })
}

function api(add: (name: string, body: () => unknown, skip: boolean) => void) {
  const [run, skip] = [forms(add), forms(add, true)]
  return Object.assign(run, {
    skip,
    concurrent: run,
    sequential: run,
    skipIf: (condition: unknown) => (condition ? skip : run),
    runIf: (condition: unknown) => (condition ? run : skip),
  })
}

export const describe = api((name, body, skip) => {
  const suite = suiteOf(name, skip)
  const outer = current
  outer.children.push(suite)
  current = suite
  try {
    body()
  } finally {
    current = outer
  }
})
export const test = api((name, body, skip) => current.children.push({ name, body, skip }))
export const it = test

class Skipped extends Error {}
/** What hooks get of the test. */
interface Context {
  skip(note?: string): never
}
const context: Context = {
  skip(note) {
    throw new Skipped(note)
  },
}

const hook =
  (kind: Hook) =>
  (body: (context: Context) => unknown): void => {
    current.hooks[kind].push(body)
  }
export const beforeAll = hook('beforeAll')
export const afterAll = hook('afterAll')
export const beforeEach = hook('beforeEach')
export const afterEach = hook('afterEach')

/** Skipped is what a GPU does not have, as in test/support/gpuRunner.ts, and what only Node has. */
const isSkip = (error: unknown): boolean =>
  error instanceof Skipped || (error instanceof Error && /GPUs have no float64|^needs node:/.test(error.message))

const textOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}\n${error.stack ?? ''}` : String(error)

/** Runs what was collected; `tell` sees each test as it is done. */
export async function runTests(tell: (outcome: Outcome) => void): Promise<void> {
  const runSuite = async (suite: Suite, outer: readonly Suite[], skip: boolean, names: string): Promise<void> => {
    const path = [...outer, suite]
    const skipped = skip || suite.skip
    const title = names === '' ? suite.name : `${names} > ${suite.name}`
    const label = (name: string): string => (title === '' ? name : `${title} > ${name}`)
    if (suite.children.length === 0) return
    if (!skipped) {
      try {
        for (const before of suite.hooks.beforeAll) await before(context)
      } catch (error) {
        tell({ name: label('beforeAll'), ms: 0, error: textOf(error) })
        return
      }
    }
    for (const child of suite.children) {
      if ('children' in child) {
        await runSuite(child, path, skipped, title)
        continue
      }
      if (skipped || child.skip) {
        tell({ name: label(child.name), ms: 0, error: null })
        continue
      }
      const began = performance.now()
      let error: string | null | undefined
      try {
        for (const { hooks } of path) for (const before of hooks.beforeEach) await before(context)
        await child.body()
      } catch (thrown) {
        error = isSkip(thrown) ? null : textOf(thrown)
      }
      try {
        for (const { hooks } of path.toReversed()) for (const after of hooks.afterEach) await after(context)
      } catch (thrown) {
        if (typeof error !== 'string') error = textOf(thrown)
      }
      tell({ name: label(child.name), ms: performance.now() - began, error })
    }
    if (skipped) return
    try {
      for (const after of suite.hooks.afterAll) await after(context)
    } catch (error) {
      tell({ name: label('afterAll'), ms: 0, error: textOf(error) })
    }
  }
  const whole = current
  current = suiteOf('')
  await runSuite(whole, [], false, '')
}
