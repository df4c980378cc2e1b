// Training steps in Chromium against the other libraries, in one page: each in a worker of its own, by turns, from the same weights and images. On an
// isolated page WebAssembly has threads, on another it has none. The GPU is software: what runs on it is slow everywhere.
import { bundleContenders, Tab } from '../browser/tab.ts'
import { networkOf } from '../networks.ts'
import { installPeers, versionOf } from '../peers.ts'
import { type Row, type RowHead, rowOf } from '../report/rows.ts'
import { figure } from '../report/table.ts'
import type { Run } from '../run.ts'
import { startNames } from '../start.ts'
import { takeTurns, turnsRow } from './peers.ts'

interface Peer {
  /** As in --against. */
  readonly library: string
  readonly packageName: string
  /** Its file in bench/browser. */
  readonly file: string
  readonly settings: Readonly<Record<string, string>>
}

const libraries: readonly Peer[] = [
  {
    library: 'tfjs',
    packageName: '@tensorflow/tfjs',
    file: 'tfjs',
    settings: {
      wasm: 'wasm backend',
      patched: 'wasm backend, patched',
      webgl: 'webgl backend',
      webgpu: 'webgpu backend',
    },
  },
  {
    library: 'jax-js',
    packageName: '@jax-js/jax',
    file: 'jax',
    settings: { wasm: 'wasm device', webgl: 'webgl device', webgpu: 'webgpu device' },
  },
]

/** Who meets whom: Kindling's device, whether the page is isolated, and the settings of the others. */
const pairings = [
  { device: 'wasm', isolated: true, settings: ['wasm', 'patched', 'webgl', 'webgpu'] },
  { device: 'wasm', isolated: false, settings: ['wasm', 'patched'] },
  { device: 'webgpu', isolated: true, settings: ['webgpu'] },
] as const

/** Milliseconds: a peer that needs longer for a step has no figure. */
const limits = { longFirst: 30_000, limit: 60_000 } as const
/** Milliseconds: Kindling's first step compiles what the GPU runs, in software. */
const ownLimit = 90_000
/** Milliseconds. A turn of Kindling lasts about so long. */
const ownTurn = 1000

export async function measureBrowser(run: Run): Promise<void> {
  const { against, nets, quick } = run.options
  const named = libraries.filter(({ library }) => against.includes(library))
  const names = startNames.filter((name) => nets.includes(name) && !(quick && name === 'resnet18'))
  await installPeers(run)
  const scripts = await bundleContenders(['kindling', ...libraries.map(({ file }) => file)])
  // What matters most comes first, in case that the run is interrupted.
  for (const { device, isolated, settings } of pairings) {
    for (const name of names) {
      const rows: Row[] = []
      for (const peer of named.length > 0 ? named : libraries) {
        for (const setting of settings.filter((one) => Object.hasOwn(peer.settings, one))) {
          const row = await measureOne(run, scripts, name, { device, isolated, peer, setting })
          rows.push(row)
          run.add(row)
        }
      }
      noteBest(run, rows)
    }
  }
}

interface Pairing {
  readonly device: string
  readonly isolated: boolean
  readonly peer: Peer
  readonly setting: string
}

/** A browser of its own for each pair: nothing of the pair before it is still at work. */
async function measureOne(
  run: Run,
  scripts: Record<string, Uint8Array>,
  network: string,
  { device, isolated, peer, setting }: Pairing,
): Promise<Row> {
  const { title, quick } = networkOf(network)
  const peerName = `${peer.library} ${versionOf(peer.packageName)}, ${peer.settings[setting]}`
  const tab = await Tab.open(scripts, isolated, run.signal)
  run.facts.chromium ??= tab.version
  const head = (threads: number): RowHead => ({
    group: 'browser',
    name: `${title}, ${device}`,
    metric: 'ms per step',
    threads,
    avx2: false,
    better: 'lower',
  })
  let threads = 1
  const alone: number[] = []
  try {
    run.progress(`${title}: Kindling on ${device} in Chromium`)
    const own = await tab.start('kindling', { network, setting: device })
    if (device === 'wasm') ({ threads } = own.ready)
    await own.run(1, ownLimit)
    alone.push(...(await own.run(1, ownLimit)).times)
    const steps = Math.max(1, Math.min(quick, Math.round(ownTurn / alone[0])))
    run.progress(`${title}: Kindling on ${device} in Chromium and ${peerName}`)
    const other = await tab.start(peer.file, { network, setting })
    const turns = await takeTurns([own], other, { steps, rounds: run.options.rounds, ...limits })
    return turnsRow(head(threads), peerName, turns, 0, own, other)
  } catch (error) {
    if (run.signal.aborted) throw error
    return rowOf(head(threads), alone, { name: peerName, values: [] }, `no figures: ${(error as Error).message}`)
  } finally {
    await tab.close()
  }
}

/** How many times as fast as the fastest of the others Kindling is. */
function noteBest(run: Run, rows: readonly Row[]): void {
  const best = rows.filter(({ ratio }) => ratio !== null).toSorted((a, b) => a.ratio! - b.ratio!)[0]
  if (best === undefined) return
  const { name, threads, ratio, peer } = best
  run.note(
    `${name}, ${threads} thread${threads === 1 ? '' : 's'}: ${figure(ratio!)} times as fast as the best peer, ${peer}`,
  )
}
