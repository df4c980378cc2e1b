// `kindling train --device webgpu`: the losses of the processor, and an error where there is no GPU.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { join } from 'node:path'
import { noGpu, openGpu } from '../support/gpu.ts'
import { kindling, temporaryFolder, writeDigits } from './support.ts'

const connected = await openGpu()
if (!connected) console.warn(noGpu)

const folder = temporaryFolder()
const at = (name: string): string => join(folder.path, name)
beforeAll(() => {
  writeDigits(at('digits'), { train: 200, test: 100 })
})
afterAll(() => folder.remove())

const train = (device: string): ReturnType<typeof kindling> =>
  kindling([
    'train',
    'softmax-regression',
    '--data',
    at('digits'),
    '--epochs',
    '2',
    '--device',
    device,
    '--out',
    at(device),
  ])
const losses = (stdout: string): string[] => stdout.match(/loss \d+\.\d+/g) ?? []

describe.skipIf(!connected)('with a GPU', () => {
  test('training on it has the losses of training on the processor', { timeout: 240_000 }, async () => {
    const [onGpu, onCpu] = [await train('webgpu'), await train('wasm')]
    expect(onGpu.code, onGpu.stderr).toBe(0)
    expect(losses(onGpu.stdout)).toHaveLength(2)
    expect(losses(onGpu.stdout)).toEqual(losses(onCpu.stdout))
  })
})

test('without a GPU it says so, and what to do', async () => {
  const drivers = process.env.VK_ICD_FILENAMES
  process.env.VK_ICD_FILENAMES = '/dev/null'
  try {
    const { code, stderr } = await train('webgpu')
    expect(code).toBe(1)
    expect(stderr).toMatch(/--device webgpu: .*\n {2}help: npm install webgpu/)
  } finally {
    if (drivers === undefined) delete process.env.VK_ICD_FILENAMES
    else process.env.VK_ICD_FILENAMES = drivers
  }
})
