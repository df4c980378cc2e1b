// A lesson on disk: a folder `03-tensors` with cells.ts (the code, once), en.md and zh.md (the prose around it) and rows.ts (its checks).
// In the prose a line `[cell: name](cells.ts)` stands for a cell.
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DataError, ValueError } from '../base/errors.ts'

/** The languages of the lessons. */
export const languages = ['en', 'zh'] as const
export type Language = (typeof languages)[number]

/** A stretch of Markdown, or the place of a cell. */
export type Part = { readonly kind: 'prose'; readonly text: string } | { readonly kind: 'cell'; readonly name: string }

export interface Lesson {
  /** `tensors` of the folder `03-tensors`. */
  readonly name: string
  /** `3` of the folder `03-tensors`. */
  readonly number: number
  /** Path of the folder. */
  readonly folder: string
  /** The first heading of the prose. */
  readonly title: Readonly<Record<Language, string>>
  /** Prose and places of cells in order. */
  readonly prose: Readonly<Record<Language, readonly Part[]>>
  /** The code of each cell in order, without the call that begins it. The key '' holds the imports. */
  readonly cells: ReadonlyMap<string, string>
}

/** The names of all lessons in order, with their folders. */
export async function listLessons(course: string): Promise<{ number: number; name: string; folder: string }[]> {
  const entries = await readdir(course, { withFileTypes: true })
  return entries
    .flatMap((entry) => {
      const [, number, name] = (entry.isDirectory() && /^(\d\d)-([\w-]+)$/.exec(entry.name)) || []
      return name === undefined ? [] : [{ number: Number(number), name, folder: join(course, entry.name) }]
    })
    .sort((a, b) => a.number - b.number)
}

/** Reads the lesson of that name, or of that number. Throws ValueError where there is none, DataError where its files do not fit together. */
export async function openLesson(course: string, which: string): Promise<Lesson> {
  const all = await listLessons(course)
  const found = all.find(({ name, number }) => name === which || String(number) === which.replace(/^0+/, ''))
  if (!found) {
    const near = all.filter(({ name }) => name.includes(which)).map(({ name }) => name)
    throw new ValueError(
      `course: no lesson '${which}'`,
      `${near.length > 0 ? `perhaps ${near.join(' or ')}` : 'a number or a name of the list'}: kindling course`,
    )
  }
  const text = (name: string): Promise<string> => readFile(join(found.folder, name), 'utf8')
  const [code, en, zh] = await Promise.all([text('cells.ts'), text('en.md'), text('zh.md')])
  const lesson = {
    ...found,
    cells: splitCells(code),
    title: { en: titleOf(en), zh: titleOf(zh) },
    prose: { en: splitProse(en), zh: splitProse(zh) },
  }
  for (const language of languages) checkOrder(lesson, language)
  return lesson
}

/** A line break between two Chinese characters is no space. */
const joined = (text: string): string =>
  text.replace(/([\u2e80-\u9fff\uff00-\uffef])\n(?=[\u2e80-\u9fff\uff00-\uffef])/g, '$1')

function splitProse(text: string): Part[] {
  return joined(text)
    .split(/^(\[cell: [\w-]+\]\(cells\.ts\))$/m)
    .flatMap((piece): Part[] => {
      const name = /^\[cell: ([\w-]+)\]/.exec(piece)?.[1]
      if (name !== undefined) return [{ kind: 'cell', name }]
      return piece.trim() === '' ? [] : [{ kind: 'prose', text: piece.trim() }]
    })
}

const titleOf = (text: string): string => /^# (.+)$/m.exec(text)?.[1] ?? ''

/** Code between the calls `cell('name')`; what is exported at the end is for the checks, not for the reader. */
function splitCells(code: string): Map<string, string> {
  const shown = code
    .replace(/^export \{[^}]*\}.*$/gm, '')
    .replace(/^\/\/ .*\n/, '')
    .replace(/^import \{[^}]*\} from 'kindling\/notebook'\n/m, '')
  const [imports, ...pieces] = shown.split(/^cell\('/m)
  const cells = new Map([['', imports.trim()]])
  for (const piece of pieces) {
    const [, name, body] = /^([\w-]+)'\)\n?([\s\S]*)$/.exec(piece) ?? ['', piece.split("'")[0], '']
    cells.set(name, body.trim())
  }
  return cells
}

function checkOrder({ folder, cells, prose }: Lesson, language: Language): void {
  const inCode = [...cells.keys()].slice(1)
  const inProse = prose[language].flatMap((part) => (part.kind === 'cell' ? [part.name] : []))
  if (inCode.join() !== inProse.join())
    throw new DataError(
      `${join(folder, `${language}.md`)} shows the cells ${inProse.join(', ') || '(none)'}; cells.ts has ${inCode.join(', ') || '(none)'}`,
    )
}
