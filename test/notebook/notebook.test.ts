import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text as textOf } from 'node:stream/consumers'
import { stripVTControlCharacters } from 'node:util'
import { parseHTML } from 'linkedom'
import {
  atLeast,
  atMost,
  close,
  equal,
  type Event,
  listLessons,
  openLesson,
  Page,
  runLesson,
  Terminal,
  within,
} from 'kindling/notebook'
import { afterAll, describe, expect, test } from 'vitest'
import { barLine } from '../../src/notebook/progress.ts'
import { withoutTex } from '../../src/notebook/terminal.ts'

const course = join(import.meta.dirname, 'fixture')
const scratch = mkdtempSync(join(tmpdir(), 'kindling-notebook-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** A copy of the fixture with some text of a file replaced. */
function changed(file: string, from: string, to: string): string {
  const folder = mkdtempSync(join(scratch, 'course-'))
  cpSync(course, folder, { recursive: true })
  const path = join(folder, '01-first', file)
  writeFileSync(path, readFileSync(path, 'utf8').replace(from, to))
  return folder
}

describe('a lesson', () => {
  test('is found by its name and by its number', async () => {
    expect((await listLessons(course)).map(({ number, name }) => [number, name])).toEqual([[1, 'first']])
    expect((await openLesson(course, 'first')).title).toEqual({ en: 'First lesson', zh: '第一课' })
    expect((await openLesson(course, '01')).name).toBe('first')
    await expect(openLesson(course, 'fir')).rejects.toThrow(/no lesson 'fir'[\s\S]*perhaps first/)
    await expect(openLesson(course, '2')).rejects.toThrow(/no lesson '2'/)
  })
  test('keeps its code without the calls that begin cells and without its exports', async () => {
    const { cells } = await openLesson(course, 'first')
    expect([...cells.keys()]).toEqual(['', 'one', 'two'])
    expect(cells.get('')).toBe('')
    expect(cells.get('one')).toBe(
      "const x = preset({ quick: 1, full: 10 })\nconsole.log('x is', x)\nconsole.log({ x })",
    )
    expect(cells.get('two')).not.toContain('export')
  })
  test('joins Chinese lines without a space', async () => {
    const { prose } = await openLesson(course, 'first')
    expect(prose.zh[0]).toMatchObject({ text: expect.stringContaining('先看一个数') })
  })
  test('whose prose leaves out a cell is refused', async () => {
    await expect(openLesson(changed('zh.md', '[cell: two](cells.ts)', ''), 'first')).rejects.toThrow(
      /zh\.md shows the cells one; cells\.ts has one, two/,
    )
  })
})

describe('a run', () => {
  test('tells prose, code, output and figures in their order, and checks the rows', async () => {
    const events: Event[] = []
    const { log } = console
    const lesson = await openLesson(course, 'first')
    const { rows } = await runLesson(lesson, {
      language: 'en',
      full: false,
      listener: (event) => events.push(event),
    })
    expect(events.map(({ kind }) => kind)).toEqual([
      'prose',
      'code',
      'output',
      'output',
      'prose',
      'code',
      'figure',
      'prose',
    ])
    expect(rows).toMatchObject([{ row: 7, en: 'x is what it should be' }])
    expect(rows[0].checks.filter(({ passed }) => !passed)).toEqual([])
    expect(console.log).toBe(log)

    const page = new Page(lesson.title.en, 'en')
    for (const event of events) page.tell(event)
    const { document } = parseHTML(page.html())
    expect(document.querySelectorAll('math').length).toBe(2)
    expect(document.querySelector('pre.output')?.textContent).toBe('x is 1\n{ x: 1 }')
    expect(document.querySelector('figure svg')).not.toBeNull()
    expect(document.querySelector('figcaption')?.textContent).toBe('nothing to see')

    const out = Object.assign(new PassThrough(), { columns: 60 })
    const terminal = new Terminal(out)
    for (const event of events) terminal.tell(event)
    // The test runner may have asked for colours.
    const text = stripVTControlCharacters(await textOf(out.end()))
    expect(text).toContain('Half of x₁² is x₁²/2; see a page (https://example.org/a)')
    expect(text).toContain('code_with_underscores')
    expect(text).toContain("│ console.log('x is', x)\n")
    expect(text).toContain('name  value\n────  ─────\none   1\n')
    expect(text).toContain('1. A list\n2. of two\n')
    expect(text).toContain('[a figure]\nnothing to see\n')
  })
})

test('a check says what it saw and what it wanted', () => {
  expect(within('a', 2, [0, 1])).toEqual({ name: 'a', passed: false, got: '2', wanted: '0 to 1' })
  expect(within('a', Number.NaN, [0, 1]).passed).toBe(false)
  expect(close('a', [1, [2]], [1, [2.2]], 0.1).passed).toBe(false)
  expect(close('a', [1, 2], [1], 1).passed).toBe(false)
  expect(equal('a', { b: [1] }, { b: [1] }).passed).toBe(true)
  expect([atLeast('a', 1, 1).passed, atLeast('a', 0, 1).passed]).toEqual([true, false])
  expect([atMost('a', 1, 1).passed, atMost('a', 2, 1).passed]).toEqual([true, false])
})

test('formulas become Unicode outside of code', () => {
  expect(withoutTex('$\\alpha x + \\beta$ and `$x_1$`')).toBe('α x + β and `$x_1$`')
  expect(withoutTex('$\\frac{1}{2}$ and $\\frac{1}{\\sqrt{2 \\pi} \\sigma}$')).toBe('1/2 and 1/(√(2 π) σ)')
  expect(withoutTex('$\\gamma \\frac{x - \\mu}{\\sqrt{\\sigma^2 + 1}}$')).toBe('γ (x − μ)/(√(σ² + 1))')
  expect(withoutTex('$-\\log p$, $\\hat y$, $\\hat{y}$, $W^\\top$')).toBe('−log p, ŷ, ŷ, Wᵀ')
  expect(withoutTex('$w \\leftarrow \\left(w + 1\\right)$')).toBe('w ← (w + 1)')
})

test('the bar fits its line', () => {
  expect(barLine('epoch', 0.5, 65, 'loss 0.41', 80)).toBe('epoch ██████████░░░░░░░░░░ 50 %  1:05 left  loss 0.41')
  expect(barLine('epoch', 1, Number.NaN, 'a long note', 30).length).toBeLessThan(30)
})
