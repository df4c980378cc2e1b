// Twenty steps of LeNet on MNIST, the same source in a browser's worker and in Node, on the CPU and on the GPU; run as a program, it prints them as JSON.
import { DataLoader } from '../../src/data/index.ts'
import * as torch from '../../src/index.ts'
import { lenet } from '../../src/models/index.ts'
import { type ImageDataset, MNIST } from '../../src/vision/index.ts'

export interface Steps {
  readonly losses: number[]
  /** Every hundredth weight after the last step. */
  readonly weights: number[]
  /** FNV-1a over the bytes of all parameters after the last step. */
  readonly checksum: string
}

export async function trainSteps(digits: ImageDataset, device: torch.DeviceName = 'wasm'): Promise<Steps> {
  torch.manualSeed(0)
  const net = lenet()
  net.apply((m) => {
    if (m instanceof torch.nn.Linear || m instanceof torch.nn.Conv2d) torch.nn.init.xavierUniform_(m.weight)
  })
  net.to(device)
  const optimizer = new torch.optim.SGD(net.parameters(), { lr: 0.9 })
  const losses: number[] = []
  for await (const [images, labels] of new DataLoader(digits, { batchSize: 256, shuffle: true })) {
    const loss = torch.F.crossEntropy(net(images.to(device)), labels.to(device))
    optimizer.zeroGrad()
    loss.backward()
    optimizer.step()
    if (losses.push((await loss.read())[0] as number) === 20) break
  }
  const values = await Promise.all([...net.parameters()].map((parameter) => parameter.read()))
  const weights = values.flatMap((list) => Array.from(list as Float32Array)).filter((_, k) => k % 100 === 0)
  return { losses, weights, checksum: fnv(values) }
}

function fnv(arrays: readonly { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }[]): string {
  let hash = 0x811c9dc5
  for (const { buffer, byteOffset, byteLength } of arrays) {
    for (const byte of new Uint8Array(buffer, byteOffset, byteLength)) hash = Math.imul(hash ^ byte, 0x01000193)
  }
  return (hash >>> 0).toString(16).padStart(8, '0')
}

if ('process' in globalThis && import.meta.main) console.log(JSON.stringify(await trainSteps(await MNIST())))
