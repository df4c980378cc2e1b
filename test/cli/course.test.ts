import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { kindling, temporaryFolder } from './support.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())

test('the list names every lesson, in both languages', async () => {
  const [english, chinese] = await Promise.all([kindling(['course']), kindling(['course', '--lang', 'zh'])])
  expect(english.stdout).toMatch(/^ 1 {2}preface +Before you begin\n 2 {2}tables +Tables\n/)
  expect(english.stdout.split('\n').filter((line) => /^ ?\d+ /.test(line)).length).toBe(37)
  expect(english.stdout).toContain('begin with: npx kindling course preface')
  expect(chinese.stdout).toMatch(/^ 1 {2}preface +开始之前\n/)
})

test('a lesson shows prose, code, output and figures, and leaves a page with them', async () => {
  const out = join(folder.path, 'convolution')
  const { code, stdout, stderr } = await kindling(['course', 'convolution', '--out', out])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toContain("│ import * as torch from 'kindling'")
  expect(stdout).toMatch(/tensor\(\[\[19\., 25\.\],\n +\[37\., 43\.\]\]/)
  expect(stdout).toContain(`page: ${join(out, 'index.html')}\nnext: npx kindling course padding-and-stride\n`)
  const files = readdirSync(out)
  const page = readFileSync(join(out, 'index.html'), 'utf8')
  expect(files.filter((name) => name.endsWith('.svg')).length).toBe(page.split('<figure>').length - 1)
  expect(files.length).toBeGreaterThan(1)
  expect(page).toContain('<pre class="output">')
})

test('a check prints the rows of the notes, in the language that was asked for', async () => {
  const { code, stdout } = await kindling(['course', '3', '--check', '--lang', 'zh'])
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^pass +2 {2}\p{Script=Han}?.*\n1 of 1 rows passed\n$/u),
  })
})

test('a lesson that does not exist is named, with the ones that are near', async () => {
  const wrong = await kindling(['course', 'conv'])
  expect(wrong).toEqual({
    code: 1,
    stdout: '',
    stderr: "error: course: no lesson 'conv'\n  help: perhaps convolution: kindling course\n",
  })
  const language = await kindling(['course', 'tensors', '--lang', 'fr'])
  expect(language.code).not.toBe(0)
  expect(language.stderr).toContain('Allowed choices are en, zh')
})
