// The memory of a browser, as Linux counts it.
import { readdirSync, readFileSync } from 'node:fs'

/** Megabytes in the memory of all processes that this one has started. */
export function megabytesOfChildren(): number {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const parents = new Map<number, { parent: number; pages: number }>()
  for (const name of processes) {
    try {
      const [, parent] = /\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) as unknown as [string, string]
      // Anonymous and shared pages, not those of the program.
      const [, resident] = readFileSync(`/proc/${name}/statm`, 'utf8').split(' ')
      parents.set(Number(name), { parent: Number(parent), pages: Number(resident) })
    } catch {
      // It has ended meanwhile.
    }
  }
  const isMine = (pid: number): boolean => {
    const found = parents.get(pid)
    return found !== undefined && (found.parent === process.pid || isMine(found.parent))
  }
  let pages = 0
  for (const [pid, one] of parents) if (isMine(pid)) pages += one.pages
  return (pages * 4096) / 1e6
}
