// The first line of every worker that runs Kindling.
import * as torch from 'kindling'
import type { Ready } from './worker.ts'

/** `imported`: resident bytes when everything was imported and nothing made. */
export function readyOf(imported: number): Ready & { readonly avx2: boolean } {
  const { threads, avx2, avx2Reason, relaxedFma } = torch.backend().info?.() ?? {}
  const about = { kindling: torch.version, avx2, fma: relaxedFma, ...(avx2Reason ? { avx2Reason } : {}) }
  return { ready: true, threads: Number(threads), about, rss: imported, avx2: avx2 === true }
}
