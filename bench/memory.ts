// Resident memory of this process, as Linux counts it. Elsewhere the peak cannot be reset and includes the imports.
import { readFileSync, writeFileSync } from 'node:fs'

function statusBytes(field: string): number | null {
  try {
    const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))
    return found === null ? null : 1024 * Number(found[1])
  } catch {
    return null
  }
}

/** Bytes resident now. */
export const rss = (): number => statusBytes('VmRSS') ?? process.memoryUsage.rss()

/** Most bytes resident since the start of the process, or since `resetPeak`. */
export const peakRss = (): number => statusBytes('VmHWM') ?? 1024 * process.resourceUsage().maxRSS

/** Begins the peak anew at what is resident now. */
export function resetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {
    // Not Linux: the peak goes on.
  }
}
