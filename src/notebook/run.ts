// Runs a lesson: imports its cells and, as each begins, tells the listeners of the prose before it, its code, and what comes out.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { format } from 'node:util'
import { DataError } from '../base/errors.ts'
import type { Check, Row, Seen } from './check.ts'
import { type Host, withHost } from './host.ts'
import type { Language, Lesson } from './lesson.ts'
import { LiveLine } from './live.ts'
import type { Event } from './page.ts'

export interface RunOptions {
  language: Language
  full: boolean
  listener: (event: Event) => void
}

export interface Ran {
  /** The rows of the notes that the lesson answers, with their checks; null for what the course adds. */
  readonly rows: readonly { row: number | null; en: string; zh: string; checks: readonly Check[] }[]
}

/** Runs every cell, then the checks. What a cell throws is thrown on, after the listeners have seen what came before. */
export async function runLesson(lesson: Lesson, { language, full, ...options }: RunOptions): Promise<Ran> {
  // Here and not above: the list of lessons needs no figures, which take a while to load.
  const { animate } = await import('../plot/index.ts')
  const live = new LiveLine()
  const listener = (event: Event): void => {
    live.wipe()
    options.listener(event)
  }
  const parts = [...lesson.prose[language]]
  const outputs = new Map<string, string>()
  const figures: string[] = []
  let now = ''
  /** Prose up to the place of `cell`, or to the end. */
  const tellProse = (cell: string | null): void => {
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      if (part.kind === 'prose') listener({ kind: 'prose', text: part.text })
      else if (part.name === cell) return
      else throw new DataError(`${lesson.name}: the cell ${part.name} of ${language}.md was not run`)
    }
    if (cell !== null) throw new DataError(`${lesson.name}: the cell ${cell} has no place in ${language}.md`)
  }
  const host: Host = {
    full,
    begin(cell) {
      tellProse(cell)
      const imports = now === '' ? lesson.cells.get('') : undefined
      now = cell
      const code = lesson.cells.get(cell) ?? ''
      listener({ kind: 'code', cell, text: imports ? `${imports}\n\n${code}` : code })
    },
    figure(figure, caption) {
      figures.push(caption)
      listener({ kind: 'figure', cell: now, figure, caption })
    },
  }
  const { log } = console
  console.log = (...values: unknown[]): void => {
    const text = format(...values)
    outputs.set(now, `${outputs.get(now) ?? ''}${text}\n`)
    listener({ kind: 'output', cell: now, text })
  }
  let cells: unknown
  animate(live.tell)
  try {
    cells = await withHost(host, () => import(moduleUrl(lesson, 'cells')))
    tellProse(null)
  } finally {
    animate(null)
    live.wipe()
    console.log = log
  }
  const { rows } = (await import(moduleUrl(lesson, 'rows'))) as { rows: readonly Row<unknown>[] }
  const prose = lesson.prose[language].flatMap((part) => (part.kind === 'prose' ? [part.text] : [])).join('\n')
  const seen: Seen = {
    output: (cell) => (outputs.get(cell) ?? '').trimEnd(),
    figures,
    links: [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target),
    full,
  }
  return { rows: rows.map((row) => ({ row: row.row, en: row.en, zh: row.zh, checks: row.check(cells, seen) })) }
}

/** The published form holds JavaScript beside the TypeScript that it shows. */
const moduleUrl = ({ folder }: Lesson, name: string): string =>
  pathToFileURL(join(folder, `${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`)).href
