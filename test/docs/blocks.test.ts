import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Block, blocksOf, expectedOutput, pages, root } from './markdown.ts'

const all = pages().flatMap((file) => blocksOf(file))
const name = ({ file, line }: Block): string => `${file}:${line}`
const programs = all.filter(({ language, tag }) => language === 'ts' && tag === '')
const commands = all.filter(
  ({ language, output, text }) => language === 'sh' && output !== null && /^npx kindling .*$/.test(text),
)

// Inside the package, so that `kindling` is the package itself.
const folder = join(root, '.cache/docs')
const pathOf = (block: Block): string => join(folder, `${block.file.replace(/\W/g, '-')}-${block.line}.ts`)
const workFolder = mkdtempSync(join(tmpdir(), 'kindling-docs-'))

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const block of programs) writeFileSync(pathOf(block), `${block.text}\n`)
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ extends: '../../tsconfig.json', include: ['*.ts'] }))
})
afterAll(() => rmSync(workFolder, { recursive: true, force: true }))

/** Programs run two at a time: the machine may have no more cores. */
const lanes = [Promise.resolve(), Promise.resolve()]
function queued(job: () => Promise<void>): Promise<void> {
  const [next] = lanes.splice(0, 1)
  const done = next.then(job)
  lanes.push(done.catch(() => {}))
  return done
}

/** What a program prints. 256-bit code may round differently in the last bits, so the pages show what comes without it. */
async function run(args: readonly string[]): Promise<string> {
  const env = { ...process.env, KINDLING_AVX: '0', NO_COLOR: '1', FORCE_COLOR: undefined }
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: workFolder, env })
  return stdout
}

function check(printed: string, output: string | null): void {
  if (output === null || expectedOutput(output).test(printed)) return
  expect(printed).toBe(`${output}\n`)
}

test('every TypeScript block passes the type checker', async () => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const errors = await promisify(execFile)(process.execPath, [tsc, '-p', folder]).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  )
  expect(errors).toBe('')
})

describe('TypeScript blocks print what the page says', () => {
  test.concurrent.for(programs.map((block) => [name(block), block] as const))('%s', async ([, block]) => {
    await queued(async () => check(await run([pathOf(block)]), block.output))
  })
})

describe('commands print what the page says', () => {
  test.for(commands.map((block) => [name(block), block] as const))('%s', async ([, block]) => {
    const args = block.text.trim().split(/\s+/).slice(2)
    check(await run([join(root, 'src/cli/main.ts'), ...args]), block.output)
  })
})

test('the lines that a diff adds stand in the files that it names', () => {
  const withoutSpace = (text: string): string => text.replace(/\s/g, '')
  const missing: string[] = []
  for (const block of all.filter(({ language }) => language === 'diff')) {
    let [path, source] = ['', '']
    for (const line of block.text.split('\n')) {
      if (line.startsWith('+++ b/')) {
        path = line.slice('+++ b/'.length)
        source = withoutSpace(readFileSync(join(root, path), 'utf8'))
      } else if (line.startsWith('+') && !source.includes(withoutSpace(line.slice(1)))) missing.push(`${path}: ${line}`)
    }
  }
  expect(missing).toEqual([])
})

test('a TypeScript block that is not run says why', () => {
  const silent = all.filter(({ language, tag }) => language === 'ts' && tag !== '' && !/^ignore: \S/.test(tag))
  expect(silent.map(name)).toEqual([])
})

test('the pages use the fences that this test knows', () => {
  const known = new Set(['ts', 'text', 'sh', 'console', 'diff'])
  expect(
    all.filter(({ language }) => !known.has(language)).map((block) => `${name(block)}: ${block.language}`),
  ).toEqual([])
})

test('output is compared line by line, with placeholders for the rest and for measured numbers', () => {
  const fits = (expected: string, printed: string): boolean => expectedOutput(expected).test(`${printed}\n`)
  expect(fits('a\nb', 'a\nb')).toBe(true)
  expect(fits('a\nb', 'a\nb\nc')).toBe(false)
  expect(fits('a\n...', 'a\nb\nc')).toBe(true)
  expect(fits('a\n...\nc', 'a\nc')).toBe(true)
  expect(fits('a.c', 'abc')).toBe(false)
  expect(fits('loss 0.12, 3.4 s, 20,000 images/s', 'loss 0.12, 15 s, 9.5 images/s')).toBe(true)
  expect(fits('loss 0.12, 3.4 s', 'loss 0.13, 3.4 s')).toBe(false)
})

test('a text block belongs to the block directly before it', () => {
  const fence = '```'
  const page = [`${fence}ts`, 'a', fence, '', `${fence}text`, 'b', fence, 'words', `${fence}text`, 'c', fence].join(
    '\n',
  )
  expect(blocksOf('page.md', page).map(({ line, text, output }) => [line, text, output])).toEqual([
    [1, 'a', 'b'],
    [5, 'b', null],
    [9, 'c', null],
  ])
})
