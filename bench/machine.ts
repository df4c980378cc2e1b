// What the figures depend on besides the code: the machine, its load, the versions; and a wait until nobody else computes.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Run } from './run.ts'

export interface CpuTimes {
  readonly busy: number
  readonly idle: number
  /** Time in which the host gave the virtual processor to others. */
  readonly stolen: number
}

/** The first line of Linux's /proc/stat: jiffies since the start. */
export function parseCpuTimes(stat: string): CpuTimes {
  const [user, nice, system, idle, wait, irq, softIrq, stolen] = stat
    .split('\n')[0]
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number)
  return { busy: user + nice + system + irq + softIrq, idle: idle + wait, stolen: stolen ?? 0 }
}

const readOr = (path: string): string | null => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

export const cpuTimes = (): CpuTimes | null => {
  const stat = readOr('/proc/stat')
  return stat === null ? null : parseCpuTimes(stat)
}

/** Fractions of the time between two readings. */
export function share(from: CpuTimes, to: CpuTimes): { busy: number; stolen: number } {
  const [busy, idle, stolen] = [to.busy - from.busy, to.idle - from.idle, to.stolen - from.stolen]
  const total = Math.max(1, busy + idle + stolen)
  return { busy: busy / total, stolen: stolen / total }
}

/** Part of all cores that others may use. */
const quietShare = 0.06

/** Waits until the processors are idle for a second, at most `seconds`. Returns how busy they were at the end, or null where that cannot be read. */
export async function waitUntilQuiet(run: Run, seconds: number): Promise<number | null> {
  const until = Date.now() + 1000 * seconds
  for (;;) {
    const before = cpuTimes()
    if (before === null) return null
    await sleep(1000, undefined, { signal: run.signal })
    const { busy, stolen } = share(before, cpuTimes() ?? before)
    const used = busy + stolen
    if (used <= quietShare || Date.now() >= until) return used
    run.progress(`waiting for a quiet machine: ${(100 * used).toFixed(0)} % busy`)
  }
}

export const isQuiet = (used: number | null): boolean => used !== null && used <= quietShare

export interface TorchBuild {
  readonly version: string
  readonly python: string
  /** Essentials of torch.__config__, and the library of matrix products. */
  readonly config: string
}

const torchProgram = `
import json, os, platform, re, torch
show = torch.__config__.show()
find = lambda pattern: next(iter(re.findall(pattern, show)), "")
torch.rand(64, 64) @ torch.rand(64, 64)
maps = open("/proc/self/maps").read() if os.path.exists("/proc/self/maps") else ""
blas = sorted({os.path.realpath(path) for path in re.findall(r"/\\S*(?:blas|mkl_rt)\\S*\\.so\\S*", maps)})
parts = [find(r"Intel.R. MKL-DNN v[\\d.]+"), find(r"CPU capability usage: \\w+"), "BLAS " + (", ".join(os.path.basename(os.path.dirname(p)) + "/" + os.path.basename(p) for p in blas) or find(r"BLAS_INFO=\\w+"))]
debian = "Debian's build" if "dfsg" in show else "not Debian's build"
print(json.dumps({"version": torch.__version__ + " (" + find(r"TORCH_VERSION=[\\d.]+") + ", " + debian + ")", "python": platform.python_version(), "config": "; ".join(p for p in parts if p)}))
`

/** The PyTorch of this interpreter, or why there is none. */
export function torchBuild(python: string, signal: AbortSignal): Promise<TorchBuild | string> {
  return new Promise((resolve) => {
    execFile(python, ['-c', torchProgram], { signal, timeout: 120_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout) as TorchBuild)
      else resolve(stderr.trim().split('\n').at(-1) || error.message)
    })
  })
}

/** The environment of a run, for its file. */
export function environment(): Record<string, unknown> {
  const processor = cpus()
  return {
    date: new Date().toISOString(),
    node: process.versions.node,
    v8: process.versions.v8,
    v8Flags: [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ').trim() || 'none but what Kindling sets',
    system: `${process.platform} ${process.arch}`,
    cpu: processor[0]?.model.trim() || 'unknown',
    processorHasAvx2: /\bavx2\b/.test(readOr('/proc/cpuinfo') ?? ''),
    cores: availableParallelism(),
    memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    load: loadavg()
      .map((x) => x.toFixed(2))
      .join(' '),
  }
}
