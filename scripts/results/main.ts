/**
 * The book's experiments on real data, and the page docs/results.md about them.
 *
 *     npm run results [-- --only book,presets,augment,house] [--seeds 0,1,2] [--jobs 1] [--python /usr/bin/python3]
 *
 * Trains with `kindling train` into runs/results; what is finished there is not trained again. The page is made of all runs that are there.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { houseRun } from './house.ts'
import { bookModels, presetModels } from './models.ts'
import { writePage } from './page.ts'

const root = join(import.meta.dirname, '../..')
const runs = join(root, 'runs/results')

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'book,presets,augment,house' },
    seeds: { type: 'string', default: '0,1,2' },
    jobs: { type: 'string', default: '1' },
    python: { type: 'string', default: '/usr/bin/python3' },
  },
})
const parts = values.only.split(',')
const seeds = values.seeds.split(',').map(Number)
const jobs = Number(values.jobs)
/** Of each job. */
const threads = String(Math.max(1, Math.floor(availableParallelism() / jobs)))

/** Runs a program and gives what it printed. Throws where it fails. */
function output(command: string, args: readonly string[]): Promise<string> {
  process.stderr.write(
    `${[command === process.execPath ? 'node' : command, ...args].join(' ').replaceAll(`${root}/`, '')}\n`,
  )
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, KINDLING_THREADS: threads },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', (chunk) => {
    text += chunk
    if (jobs === 1) process.stderr.write(chunk)
  })
  return new Promise((done, fail) => {
    child.on('close', (code) =>
      code === 0 ? done(text) : fail(new Error(`${command} ${args.join(' ')}: exit code ${code}`)),
    )
  })
}

/** Trains into runs/results/<name> unless that run is finished. */
async function train(name: string, args: readonly string[]): Promise<void> {
  const folder = join(runs, name)
  if (existsSync(join(folder, 'report.html'))) return
  const start = existsSync(join(folder, 'config.json'))
    ? ['--resume', folder]
    : [...args, '--data', 'fashion-mnist', '--out', folder]
  await output(process.execPath, ['src/cli/main.ts', 'train', ...start])
}

/** The same in PyTorch, into torch.jsonl of the run's folder. */
async function trainInTorch(name: string): Promise<void> {
  const path = join(runs, name, 'torch.jsonl')
  if (existsSync(path)) return
  await writeFile(
    path,
    await output(values.python, ['scripts/results/preset.py', join(runs, name), '--threads', threads]),
  )
}

await mkdir(runs, { recursive: true })
const work: (() => Promise<void>)[] = []
if (parts.includes('book')) {
  for (const { model } of bookModels) {
    for (const seed of seeds) {
      work.push(() => train(`${model}-${seed}`, [model, '--preset', 'full', '--seed', String(seed)]))
    }
  }
}
if (parts.includes('presets')) {
  for (const { model } of presetModels) {
    const name = `${model}-quick`
    work.push(async () => {
      await train(name, [model, '--preset', 'quick'])
      await trainInTorch(name)
    })
  }
}
if (parts.includes('augment')) {
  work.push(() => train('alexnet-augment', ['alexnet', '--preset', 'quick', '--augment']))
}
if (work.length > 0) {
  const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), node: process.versions.node }
  await writeFile(join(runs, 'machine.json'), JSON.stringify(machine))
}
const lane = async (): Promise<void> => {
  for (let next = work.shift(); next !== undefined; next = work.shift()) await next()
}
await Promise.all(Array.from({ length: jobs }, lane))
if (parts.includes('house')) {
  const path = join(runs, 'house.json')
  if (!existsSync(path)) await writeFile(path, JSON.stringify(await houseRun(seeds), null, 2))
}
await writePage(runs, join(root, 'docs'))
process.stderr.write('written: docs/results.md\n')
