// Kindling against PyTorch's recorded answers: everything that both have agrees. `npm run conformance` shows the same line by line.
import { describe, expect, test } from 'vitest'
import { conformance } from './conformance/conformance.ts'
import { useDevice } from './conformance/kindling.ts'
import { formatLine } from './conformance/report.ts'

describe.each(['wasm', 'reference'] as const)('on the device %s', (device) => {
  test('every operator, module, optimizer and stream that Kindling has agrees with PyTorch', {
    timeout: 300_000,
  }, async () => {
    useDevice(device)
    const summary = await conformance()
    const failures = summary.lines.filter((line) => line.failures.length > 0).map((line) => formatLine(line))
    expect(failures.join('\n')).toBe('')
    expect(summary.failed).toBe(0)
    expect(summary.passed).toBeGreaterThan(1000)
  })
})
