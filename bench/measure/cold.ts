// Cold start: from the start of the process to the end of LeNet's first step, imports and compilation included. Kindling runs in its published form,
// plain JavaScript in dist/, which is built first.
import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Program } from '../contender.ts'
import { kindling, pytorch, torchSettings } from '../programs.ts'
import { rowOf } from '../report/rows.ts'
import type { Run } from '../run.ts'
import { median } from '../statistics.ts'

const args = ['lenet', '--steps', '1', '--warm-up', '0']

/** Milliseconds until the program prints its line. */
function firstLine({ command, args, env }: Program, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const began = performance.now()
    const child = spawn(command, args, { env: { ...process.env, ...env }, signal })
    let time = 0
    child.stdout.once('data', () => {
      time = performance.now() - began
    })
    child.on('error', reject)
    child.on('close', () => (time > 0 ? resolve(time) : reject(new Error(`${command} ${args[0]} printed nothing`))))
  })
}

const root = join(import.meta.dirname, '..', '..')

export async function measureCold(run: Run): Promise<void> {
  run.progress('cold start: building the package')
  execFileSync(process.execPath, [join(root, 'scripts', 'build.ts')], { stdio: 'ignore' })
  const { threads: counts, python, rounds } = run.options
  for (const threads of counts) {
    const settings = run.torch ? torchSettings(threads, ['default', 'OpenBLAS on one thread', 'one thread']) : []
    const peers = settings.map((setting) => pytorch('step', args, python, setting, threads))
    const published = kindling('step', args, threads)
    const programs = [{ ...published, args: [join(root, 'bench', 'cold.js'), join(root, 'dist')] }, ...peers]
    const times = programs.map((): number[] => [])
    for (let round = 0; round < rounds; round++) {
      for (const [i, program] of programs.entries()) {
        run.progress(`cold start: round ${round + 1} of ${rounds}, ${program.name}`)
        await sleep(100)
        times[i].push(await firstLine(program, run.signal))
      }
    }
    const head = { group: 'cold', name: 'start to first LeNet step', metric: 'ms', threads, avx2: true } as const
    const fastest = peers
      .map(({ name }, k) => ({ name: `PyTorch, ${name}`, values: times[k + 1] }))
      .sort((a, b) => median(a.values) - median(b.values))
      .at(0)
    run.add(rowOf({ ...head, better: 'lower' }, times[0], fastest ?? null))
  }
}
