// docs/pytorch.md against the fixtures. That every sample passes is what test/conformance.test.ts checks.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { entries } from '../conformance/entries.ts'
import { page } from '../conformance/page.ts'
import { root } from './markdown.ts'

test('docs/pytorch.md says what the fixtures hold and that all of it passes; else: npm run docs:pytorch', () => {
  const written = readFileSync(join(root, 'docs/pytorch.md'), 'utf8')
  expect(written).toBe(
    page(entries(), ({ samples, float64 }, device) => (device === 'webgpu' ? samples - float64 : samples)),
  )
})
