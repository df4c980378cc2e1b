// What KINDLING_DEBUG prints, level by level, in a process of its own.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'kindling-debug-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const program = `
import * as torch from '${pathToFileURL(join(import.meta.dirname, '../../src/index.ts')).href}'
const x = torch.ones(16, 32)
for (let k = 0; k < 2; k++) x.matmul(x.t()).relu()
x.max(1)
`

/** Lines on stderr. */
function printed(level: string | undefined): string[] {
  const path = join(folder, 'program.ts')
  writeFileSync(path, program)
  const env = { ...process.env, KINDLING_DEBUG: level, KINDLING_THREADS: '1' }
  const { status, stdout, stderr } = spawnSync(process.execPath, [path], { env, encoding: 'utf8' })
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
  return stderr.split('\n').slice(0, -1)
}
const gemm = 'float32\\[1, 16, 16\\] float32\\[1, 16, 32\\] float32\\[1, 32, 16\\]'

test('nothing without it, nor at 0', () => {
  expect(printed(undefined)).toEqual([])
  expect(printed('0')).toEqual([])
})

test('1: a line per kernel', () => {
  const lines = printed('1')
  expect(lines.filter((line) => new RegExp(`^wasm gemm \\d+\\.\\d{3} ms {2}${gemm}$`).test(line))).toHaveLength(2)
  expect(lines.every((line) => line.startsWith('wasm '))).toBe(true)
})

test('2: rates and shares of the peak, and the sums at the end', () => {
  const lines = printed('2')
  const rate = '[\\d.]+ GFLOP/s, [\\d.]+ % of peak'
  expect(
    lines.filter((line) => new RegExp(`^wasm gemm \\d+\\.\\d{3} ms, ${rate} {2}${gemm}$`).test(line)),
  ).toHaveLength(2)
  expect(lines.some((line) => /^wasm map \d+\.\d{3} ms, [\d.]+ GB\/s, [\d.]+ % of peak {2}float32/.test(line))).toBe(
    true,
  )
  const tables = lines.slice(lines.indexOf(''))
  expect(tables.filter((line) => line.startsWith('kernel '))).toHaveLength(2)
  expect(tables.some((line) => /^gemm +2 +/.test(line))).toBe(true)
  expect(tables.some((line) => /^gemm +16x32 @ 32x16 +2 +/.test(line))).toBe(true)
  expect(tables.some((line) => /^map +16x16: max\(x0, 0\) +2 +/.test(line))).toBe(true)
})

test('3: the spec in full behind each line', () => {
  const lines = printed('3')
  const at = lines.findIndex((line) => line.startsWith('wasm gemm'))
  expect(lines.slice(at + 1, at + 7)).toEqual([
    '  a: float32[1, 16, 32] strides [0, 32, 1]',
    '  b: float32[1, 32, 16] strides [0, 1, 32]',
    '  c: float32[1, 16, 16] strides [256, 16, 1]',
    '  alpha: 1',
    '  beta: 0',
    '  bias: null',
  ])
  for (const line of ['  y0 = max(x0, 0)', '  compute: float32', '  axes: [1]', '  acc1 starts at 0 (position)'])
    expect(lines).toContain(line)
})

test('4: the code of every module, its size and the times to make it', () => {
  const lines = printed('4')
  const heads = lines.filter((line) => line.startsWith('wasm code '))
  expect(heads.length).toBeGreaterThan(3)
  for (const head of heads)
    expect(head).toMatch(/^wasm code .+: \d+ bytes, generated in \d+\.\d\d ms, compiled in \d+\.\d\d ms$/)
  expect(lines.filter((line) => line === 'kernel map(desc: i32, begin: i32, end: i32)').length).toBeGreaterThan(0)
  expect(lines.some((line) => /f32x4\.(relaxed_madd|mul)/.test(line))).toBe(true)
})
