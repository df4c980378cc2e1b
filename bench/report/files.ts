// The files of a run: figures as JSON, charts as SVG. Each is written whole or not at all.
import { existsSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Row } from './rows.ts'

export interface Results {
  readonly environment: Readonly<Record<string, unknown>>
  /** What was left out, and why. */
  readonly notes: string
  readonly rows: readonly Row[]
}

/** Beside the file first, then renamed: a reader sees the old text or the new one. */
export async function writeAtomic(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    const file = await open(temporary, 'w')
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Figures need no more than five digits. */
const rounded = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value

export const toJson = (results: Results): string => `${JSON.stringify(results, rounded, 2)}\n`

/** Writes `<date>.json` and the charts beside it, `<date>-<name>.svg`; a second run of the day is `<date>-2`. Returns the paths. */
export async function writeResults(
  folder: string,
  results: Results,
  charts: ReadonlyMap<string, string>,
): Promise<string[]> {
  await mkdir(folder, { recursive: true })
  const date = new Date().toISOString().slice(0, 10)
  let stem = date
  for (let n = 2; existsSync(join(folder, `${stem}.json`)); n++) stem = `${date}-${n}`
  const files = [[`${stem}.json`, toJson(results)], ...[...charts].map(([name, svg]) => [`${stem}-${name}.svg`, svg])]
  for (const [name, text] of files) await writeAtomic(join(folder, name), text)
  return files.map(([name]) => join(folder, name))
}
