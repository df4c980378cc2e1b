// Kindling against PyTorch's recorded answers: everything that both have agrees. `npm run conformance` shows the same line by line.
import { expect, test } from 'vitest'
import { conformance } from './conformance/conformance.ts'
import { formatLine } from './conformance/report.ts'

test('every operator, module, optimizer and stream that Kindling has agrees with PyTorch', {
  timeout: 300_000,
}, async () => {
  const summary = await conformance()
  const failures = summary.lines.filter((line) => line.failures.length > 0).map((line) => formatLine(line))
  expect(failures.join('\n')).toBe('')
  expect(summary.failed).toBe(0)
  expect(summary.passed).toBeGreaterThan(0)
})
