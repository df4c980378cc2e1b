// How each side is started: Kindling with a number of threads and with or without AVX2; PyTorch in every setting that may be its fastest.
import { join } from 'node:path'
import type { Program } from './contender.ts'

const file = (name: string): string => join(import.meta.dirname, name)

/** The program `stem`.ts in Kindling. */
export function kindling(stem: string, args: readonly string[], threads: number, avx2 = true): Program {
  return {
    name: avx2 ? 'Kindling' : 'Kindling without AVX2',
    command: process.execPath,
    args: [file(`${stem}.ts`), ...args],
    env: { KINDLING_THREADS: String(threads), ...(avx2 ? {} : { KINDLING_AVX: '0' }) },
  }
}

type Env = Readonly<Record<string, string>>

/**
 * PyTorch's settings with so many threads, as environment variables. Debian's build has two pools of threads, OpenMP's and OpenBLAS's, which
 * can get in each other's way, and on small work one thread may be the fastest: whichever is best counts.
 */
function torchEnvironments(threads: number): Readonly<Record<string, Env>> {
  const openMp = (n: number): Env => ({ TORCH_THREADS: String(n), OMP_NUM_THREADS: String(n) })
  const single = { ...openMp(1), OPENBLAS_NUM_THREADS: '1' }
  if (threads === 1) return { 'one thread': single }
  const several = openMp(threads)
  const [blas, passive] = [{ OPENBLAS_NUM_THREADS: '1' }, { OMP_WAIT_POLICY: 'PASSIVE' }]
  return {
    default: several,
    'OpenBLAS on one thread': { ...several, ...blas },
    'OpenMP passive': { ...several, ...passive },
    'OpenBLAS on one thread, OpenMP passive': { ...several, ...blas, ...passive },
    'one thread': single,
  }
}

/** The names of the settings, all or those of `wanted`; with one thread there is only one. */
export function torchSettings(threads: number, wanted?: readonly string[]): string[] {
  const names = Object.keys(torchEnvironments(threads))
  return threads === 1 || wanted === undefined ? names : names.filter((name) => wanted.includes(name))
}

/** The program `stem`.py in PyTorch, in one of its settings. */
export function pytorch(
  stem: string,
  args: readonly string[],
  python: string,
  setting: string,
  threads: number,
): Program {
  return {
    name: setting,
    command: python,
    args: [file(`${stem}.py`), ...args],
    env: { PYTHONDONTWRITEBYTECODE: '1', ...torchEnvironments(threads)[setting] },
  }
}
