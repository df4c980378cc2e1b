// Kindling against PyTorch's recorded answers: everything that both have agrees. `npm run conformance` shows the same line by line.
import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { conformance } from './conformance/conformance.ts'
import { useDevice } from './conformance/kindling.ts'
import { formatLine } from './conformance/report.ts'
import { devicesUnderTest } from './support/underTest.ts'

describe.each(devicesUnderTest)('on the device %s', (device) => {
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

const clothes = '/usr/share/datasets/fashion-mnist'
if (!existsSync(clothes)) {
  console.log(
    'Fashion-MNIST was not found: PyTorch runs of whole networks are skipped; on Debian, apt-get install dataset-fashion-mnist',
  )
}

test
  .skipIf(!existsSync(clothes))
  .each(['run.softmax_regression', 'run.mlp', 'run.mlp_dropout', 'run.lenet', 'run.lenet_batchnorm'])(
  '%s follows PyTorch loss by loss',
  { timeout: 120_000 },
  async (name) => {
    useDevice('wasm')
    const { lines } = await conformance({ only: name, data: clothes })
    const line = lines.find((one) => one.name === name)
    expect(line && formatLine(line)).toBe(`ok   ${name} 1/1`)
  },
)
