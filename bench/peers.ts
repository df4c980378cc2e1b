// The other libraries: where they live, how they are installed, and how a network is trained in each. They are no dependencies of the
// project: bench/peers has a package.json of its own, which is installed when a run asks for it.
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Program } from './contender.ts'
import peersPackage from './peers/package.json' with { type: 'json' }
import type { Run } from './run.ts'

export const peerFolder = join(import.meta.dirname, 'peers')

const packages = Object.keys(peersPackage.dependencies)

/** Installs the packages of bench/peers where they are missing. */
export async function installPeers(run: Run): Promise<void> {
  if (packages.every((name) => existsSync(join(peerFolder, 'node_modules', name)))) return
  console.log(
    'installing TensorFlow.js and jax-js into bench/peers/node_modules, about 300 MB: npm ci --ignore-scripts',
  )
  const options = { cwd: peerFolder, signal: run.signal, shell: process.platform === 'win32' }
  await new Promise<void>((resolve, reject) => {
    execFile('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], options, (error, _, stderr) => {
      if (error === null) resolve()
      else reject(new Error(`npm ci in bench/peers failed: ${stderr.trim().split('\n').at(-1) || error.message}`))
    })
  })
}

export function versionOf(name: string): string {
  try {
    const text = readFileSync(join(peerFolder, 'node_modules', name, 'package.json'), 'utf8')
    return (JSON.parse(text) as { version: string }).version
  } catch {
    return 'unknown version'
  }
}

interface Peer {
  readonly title: string
  readonly packageName: string
  readonly file: string
  readonly args: readonly string[]
  /** Left out with --quick. */
  readonly slow?: boolean
}

const peers: Readonly<Record<string, readonly Peer[]>> = {
  tfjs: [
    { title: 'wasm backend', packageName: '@tensorflow/tfjs', file: 'tfjs.ts', args: ['wasm'] },
    { title: 'wasm backend, patched', packageName: '@tensorflow/tfjs', file: 'tfjs.ts', args: ['patched'] },
    { title: 'cpu backend', packageName: '@tensorflow/tfjs', file: 'tfjs.ts', args: ['cpu'], slow: true },
  ],
  'jax-js': [{ title: 'wasm device', packageName: '@jax-js/jax', file: 'jax.ts', args: [] }],
}

/** The programs of the libraries `wanted` that train the network. */
export function peerPrograms(wanted: readonly string[], network: string, quick: boolean): Program[] {
  return wanted.flatMap((library) =>
    peers[library]
      .filter(({ slow = false }) => !(quick && slow))
      .map(({ title, packageName, file, args }) => ({
        name: `${library} ${versionOf(packageName)}, ${title}`,
        command: process.execPath,
        args: [join(peerFolder, file), network, ...args],
        // Kindling only hands over the weights there: no threads of its own.
        env: { KINDLING_THREADS: '1' },
      })),
  )
}
