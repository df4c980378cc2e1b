// `kindling course`: lists the lessons, runs one in the terminal, or checks what they find. A run also leaves a page with its figures.
import { fork } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, Option } from 'commander'
import type { Language, Lesson, Ran } from '../notebook/index.ts'
import { fileWork, writeAtomic } from './files.ts'

interface CourseOptions {
  lang: Language
  full?: boolean
  quick?: boolean
  check?: boolean
  out?: string
}

const rowsInNotes = 56
const courseFolder = (): string => join(dirname(fileURLToPath(import.meta.resolve('kindling/package.json'))), 'course')

const help = `
Lessons are run as they stand: prose, code, output and figures, in the terminal and as a page with the figures in
runs/course/<lesson>. Their code is in course/<lesson>/cells.ts; change it and run the lesson again.

  kindling course                      the list
  kindling course tensors              one lesson, by name or number
  kindling course lenet --full         with the book's own settings, which take longer
  kindling course --check              every lesson, and what the notes say about it
  kindling course tensors --lang zh    中文`

export function courseCommand(): Command {
  return new Command('course')
    .description('the course: lessons with code that runs, after "Dive into Deep Learning"')
    .argument('[lesson]', 'name or number; without one, the list of lessons')
    .addOption(new Option('--lang <language>', 'language of the prose').choices(['en', 'zh']).default('en'))
    .addOption(new Option('--quick', 'small settings: seconds a lesson (the default)').conflicts('full'))
    .option('--full', "the book's own settings: up to hours for the large networks")
    .option('--check', 'run the cells without showing them, then check what came out, row by row of the notes')
    .option('--out <folder>', 'where the page and the figures go (default: runs/course/<lesson>)')
    .addHelpText('after', help)
    .action(run)
}

async function run(which: string | undefined, options: CourseOptions): Promise<void> {
  if (which === undefined) return options.check ? checkAll(options) : list(options.lang)
  const { openLesson } = await import('../notebook/index.ts')
  const lesson = await openLesson(courseFolder(), which)
  if (options.check) printRows(await checkOne(lesson, options), options.lang)
  else await showLesson(lesson, options)
}

async function list(language: Language): Promise<void> {
  const { listLessons, openLesson } = await import('../notebook/index.ts')
  const lessons = await listLessons(courseFolder())
  const width = Math.max(...lessons.map(({ name }) => name.length))
  for (const { number, name } of lessons) {
    const { title } = await openLesson(courseFolder(), name)
    process.stdout.write(`${String(number).padStart(2)}  ${name.padEnd(width)}  ${title[language]}\n`)
  }
  const [first] = lessons
  process.stdout.write(
    language === 'zh'
      ? `\n从这里开始：npx kindling course ${first.name} --lang zh\n`
      : `\nbegin with: npx kindling course ${first.name}        中文：npx kindling course --lang zh\n`,
  )
}

async function showLesson(lesson: Lesson, { lang, full = false, out }: CourseOptions): Promise<void> {
  const { Page, runLesson, Terminal } = await import('../notebook/index.ts')
  const folder = resolve(out ?? join('runs', 'course', lesson.name))
  await fileWork(`cannot make ${folder}`, () => mkdir(folder, { recursive: true }))
  const page = new Page(lesson.title[lang], lang)
  const terminal = new Terminal()
  const pagePath = join(folder, 'index.html')
  const files: Promise<void>[] = []
  let figures = 0
  const onInterrupt = (): void => {
    void writeFile(pagePath, page.html()).then(() => process.exit(130))
  }
  process.once('SIGINT', onInterrupt)
  try {
    await runLesson(lesson, {
      language: lang,
      full,
      listener(event) {
        terminal.tell(event)
        page.tell(event)
        if (event.kind !== 'figure') return
        const name = `${String(++figures).padStart(2, '0')}-${event.cell}.svg`
        files.push(writeAtomic(join(folder, name), event.figure.toSvg()))
      },
    })
  } finally {
    process.off('SIGINT', onInterrupt)
    await Promise.all(files)
    await writeAtomic(pagePath, page.html())
  }
  const next = await neighbour(lesson)
  process.stdout.write(`\n${lang === 'zh' ? '网页' : 'page'}: ${pagePath}\n`)
  if (next)
    process.stdout.write(
      `${lang === 'zh' ? '下一课' : 'next'}: npx kindling course ${next}${lang === 'zh' ? ' --lang zh' : ''}\n`,
    )
}

async function neighbour({ number }: Lesson): Promise<string | undefined> {
  const { listLessons } = await import('../notebook/index.ts')
  return (await listLessons(courseFolder())).find((lesson) => lesson.number > number)?.name
}

type Rows = Ran['rows']

async function checkOne(lesson: Lesson, { lang, full = false }: CourseOptions): Promise<Rows> {
  const { runLesson } = await import('../notebook/index.ts')
  const { rows } = await runLesson(lesson, { language: lang, full, listener: () => {} })
  process.send?.(rows)
  return rows
}

/** Every lesson in a process of its own, as many at a time as there are processors, with one thread each. */
async function checkAll({ lang, full }: CourseOptions): Promise<void> {
  const { listLessons, progress } = await import('../notebook/index.ts')
  const { availableParallelism } = await import('node:os')
  const lessons = await listLessons(courseFolder())
  const found: { rows: Rows; trouble: string }[] = []
  const bar = progress(lang === 'zh' ? '检查' : 'checking', lessons.length)
  const queue = [...lessons]
  const lane = async (): Promise<void> => {
    for (let lesson = queue.shift(); lesson !== undefined; lesson = queue.shift()) {
      found.push(await inChild(lesson.name, lang, full === true))
      bar.update(found.length, lesson.name)
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, availableParallelism()) }, lane))
  bar.done()
  for (const { trouble } of found) if (trouble !== '') process.stderr.write(`${trouble}\n`)
  printRows(
    found.flatMap(({ rows }) => rows).sort((a, b) => (a.row ?? rowsInNotes) - (b.row ?? rowsInNotes)),
    lang,
    rowsInNotes,
  )
  if (found.some(({ trouble }) => trouble !== '')) process.exitCode = 1
}

function inChild(name: string, lang: Language, full: boolean): Promise<{ rows: Rows; trouble: string }> {
  const args = ['course', name, '--check', '--lang', lang, ...(full ? ['--full'] : [])]
  const child = fork(fileURLToPath(new URL('./main.ts', import.meta.url)), args, {
    env: { ...process.env, KINDLING_THREADS: process.env.KINDLING_THREADS ?? '1' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let rows: Rows = []
  let stderr = ''
  child.on('message', (message) => {
    rows = message as Rows
  })
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  return new Promise((done) => {
    child.on('close', (code, signal) => {
      const failed = rows.some(({ checks }) => checks.some(({ passed }) => !passed))
      const ended = code === 0 || (code === 1 && failed)
      done({ rows, trouble: ended ? '' : `${name}: ended with ${signal ?? `exit code ${code}`}\n${stderr.trimEnd()}` })
    })
  })
}

/** A line for each row, its failed checks under it, and how many of the notes' rows passed. */
function printRows(rows: Rows, lang: Language, of = rows.filter(({ row }) => row !== null).length): void {
  let passed = 0
  for (const { row, checks, ...titles } of rows) {
    const good = checks.length > 0 && checks.every((check) => check.passed)
    if (good && row !== null) passed++
    if (!good) process.exitCode = 1
    process.stdout.write(`${good ? 'pass' : 'FAIL'}  ${String(row ?? '+').padStart(2)}  ${titles[lang]}\n`)
    for (const check of checks) {
      if (!check.passed) process.stdout.write(`          ${check.name}: got ${check.got}, expected ${check.wanted}\n`)
    }
    if (checks.length === 0) process.stdout.write('          it checks nothing\n')
  }
  process.stdout.write(`${passed} of ${of} rows passed\n`)
  if (passed < of) process.exitCode = 1
}
