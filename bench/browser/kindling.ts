// Kindling in a worker of the page, on the device `wasm` or `webgpu`.
import * as torch from 'kindling'
import { training } from '../training.ts'
import { serve } from './contender.ts'

serve(async ({ network, setting }) => {
  if (setting === 'webgpu') {
    await torch.webgpu.init()
    torch.setDefaultDevice('webgpu')
  }
  const { step } = await training(network)
  const { threads, ...about } = torch.backend().info?.() ?? {}
  return { threads: Number(threads ?? 1), about, step }
})
