// One training step of LeNet, the same code in a browser's worker and in Node: what comes out must be the same bits.
import * as torch from '../../src/index.ts'
import { lenet } from '../../src/models/index.ts'
import type { WasmBackend } from '../../src/backends/wasm/index.ts'

export interface StepResult {
  loss: number
  /** FNV-1a over the bytes of all parameters after the step. */
  checksum: string
  threads: number
  /** Pieces of work that other threads than this one have done. */
  chunksByWorkers: number
}

/** Takes the step on random images of `manualSeed(0)`; then, where there are threads, works until another one has helped. */
export async function lenetStep(): Promise<StepResult> {
  torch.manualSeed(0)
  const net = lenet()
  const images = torch.rand(32, 1, 28, 28)
  const labels = torch.arange(32).remainder(10)
  const optimizer = new torch.optim.SGD(net.parameters(), { lr: 0.9 })
  const loss = torch.F.crossEntropy(net(images), labels)
  loss.backward()
  optimizer.step()

  const { engine } = torch.backend('wasm') as WasmBackend
  const { threads } = engine.features
  for (let tries = 0; threads > 1 && engine.pool.chunksByWorkers === 0 && tries < 500; tries++) {
    torch.scope(() => torch.rand(300, 300).matmul(torch.rand(300, 300)))
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const checksum = fnv([...net.parameters()].map((parameter) => parameter.data()))
  return { loss: loss.item(), checksum, threads, chunksByWorkers: engine.pool.chunksByWorkers }
}

function fnv(arrays: readonly { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }[]): string {
  let hash = 0x811c9dc5
  for (const { buffer, byteOffset, byteLength } of arrays) {
    for (const byte of new Uint8Array(buffer, byteOffset, byteLength)) hash = Math.imul(hash ^ byte, 0x01000193)
  }
  return (hash >>> 0).toString(16).padStart(8, '0')
}
