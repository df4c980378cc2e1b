// `npm run docs:pytorch`: runs the samples of PyTorch's operator and module tests on all devices and writes docs/pytorch.md.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { noGpu, openGpu } from '../support/gpu.ts'
import { conformance } from './conformance.ts'
import { entries } from './entries.ts'
import { useDevice } from './kindling.ts'
import { type Device, devices, page } from './page.ts'
import type { Line } from './report.ts'

const lines = {} as Record<Device, ReadonlyMap<string, Line>>
if (!(await openGpu())) {
  console.error(noGpu)
  process.exit(2)
}
for (const device of devices) {
  useDevice(device)
  console.log(`running on ${device}`)
  lines[device] = new Map((await conformance()).lines.map((line) => [line.name, line]))
}
const path = join(import.meta.dirname, '../../docs/pytorch.md')
writeFileSync(
  path,
  page(entries(), ({ name }, device) => lines[device].get(name)?.passed ?? 0),
)
console.log('wrote docs/pytorch.md')
