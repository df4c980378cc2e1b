// Every lesson of the course, without running it: both languages, formulas that parse, links to the book, rows of the notes.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import katex from 'katex'
import { languages, listLessons, openLesson } from 'kindling/notebook'
import { describe, expect, test } from 'vitest'

const course = join(import.meta.dirname, '../../course')
const lessons = await listLessons(course)
const read = (folder: string, name: string): string => readFileSync(join(folder, name), 'utf8')

describe.each(lessons)('lesson $number, $name', ({ name, folder }) => {
  test('has a title, and the same cells in both languages', async () => {
    const { title } = await openLesson(course, name)
    expect([title.en, title.zh]).not.toContain('')
  })
  test('links to the book, names its source and has exercises', () => {
    expect(read(folder, 'en.md')).toMatch(/\(https:\/\/d2l\.ai\/[\s\S]*## Try this[\s\S]*Source/)
    expect(read(folder, 'zh.md')).toMatch(/\(https:\/\/zh(-v2)?\.d2l\.ai\/[\s\S]*## 试一试[\s\S]*来源/)
  })
  test.each(languages)('has formulas that can be read (%s)', (language) => {
    const prose = read(folder, `${language}.md`).replace(/```[\s\S]*?```|`[^`\n]*`/g, '')
    for (const [, block, inline] of prose.matchAll(/\$\$([\s\S]+?)\$\$|\$([^$\n]+)\$/g)) {
      expect(() => katex.renderToString(block ?? inline, { strict: 'error', output: 'mathml' })).not.toThrow()
    }
  })
})

test('lessons are numbered without a gap', () => {
  expect(lessons.map(({ number }) => number)).toEqual(lessons.map((_, i) => i + 1))
})

test('each of the 56 rows of the notes belongs to one lesson', () => {
  const rows = lessons.flatMap(({ folder }) =>
    [...read(folder, 'rows.ts').matchAll(/^ {4}row: (\d+),$/gm)].map(([, row]) => Number(row)),
  )
  expect(rows.sort((a, b) => a - b)).toEqual(Array.from({ length: 56 }, (_, row) => row))
})
