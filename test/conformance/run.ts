// `npm run conformance [-- FOLDER] [--device wasm|reference|webgpu] [--only NAME] [--data FOLDER]`: Kindling against PyTorch's recorded answers.
// Prints a line per operator, module, optimizer and network; exits with 1 where something differs.
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { DeviceName } from '../../src/runtime/backend.ts'
import { noGpu, openGpu } from '../support/gpu.ts'
import { conformance } from './conformance.ts'
import { useDevice } from './kindling.ts'
import { formatLine, formatSummary } from './report.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    device: { type: 'string', default: 'wasm' },
    only: { type: 'string' },
    data: { type: 'string', default: process.env.KINDLING_DATA ?? debianData() },
  },
})
/** Where Debian's package dataset-fashion-mnist puts the files. */
function debianData(): string | undefined {
  const folder = '/usr/share/datasets/fashion-mnist'
  return existsSync(folder) ? folder : undefined
}

const [folder] = positionals
if (folder !== undefined && !existsSync(folder)) {
  console.error(`conformance: no folder ${folder}`)
  process.exit(2)
}
if (values.device === 'webgpu' && !(await openGpu())) {
  console.error(`conformance: ${noGpu}`)
  process.exit(2)
}
useDevice(values.device as DeviceName)
const summary = await conformance({
  folder,
  only: values.only,
  data: values.data,
  onLine: (line) => console.log(formatLine(line)),
})
console.log(formatSummary(summary))
process.exitCode = summary.failed > 0 ? 1 : 0
