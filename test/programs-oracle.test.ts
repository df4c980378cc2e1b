// Random small programs give what PyTorch 1.13 gave (scripts/oracle/programs.py): values, shapes, memory, history, errors, texts, gradients.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { scope, setDefaultDevice } from '../src/index.ts'
import { firstDifference, type Program } from './support/programs.ts'

const file = join(import.meta.dirname, 'fixtures', 'programs.json.gz')
const programs: Program[] = JSON.parse(gunzipSync(readFileSync(file)).toString())

describe.each(['reference', 'wasm'] as const)('random programs on %s', (device) => {
  test('give what PyTorch gave', () => {
    setDefaultDevice(device)
    const differences = programs.flatMap((program, k) => {
      const difference = scope(() => firstDifference(program))
      return difference === null ? [] : [`program ${k}: ${difference}`]
    })
    expect(differences).toEqual([])
  })
})
