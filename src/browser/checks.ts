// What a page needs for Kindling, checked one by one: what was found, what it costs where it is missing, and how to get it. Called by the doctor's page.
import type { EngineContext } from './protocol.ts'
import { createSession } from './session.ts'

/** The outcome of one check. */
export interface Finding {
  readonly name: string
  /** 'missing': something works less well; 'broken': Kindling does not run. */
  readonly verdict: 'ok' | 'missing' | 'broken'
  readonly found: string
  /** What its lack costs. */
  readonly cost?: string
  readonly advice?: string
}

type Check = () => Finding | Promise<Finding>

/** Whether the engine knows the instructions of `body`, which must leave a vector. */
function knows(...body: number[]): boolean {
  const func = [0, ...body, 0x0b]
  const code = [1, func.length, ...func]
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
  const types = [1, 5, 1, 0x60, 0, 1, 0x7b]
  return WebAssembly.validate(Uint8Array.from([...header, ...types, 3, 2, 1, 0, 10, code.length, ...code]))
}
/** i32.const 0, i8x16.splat */
const vector = [0x41, 0, 0xfd, 0x0f]

const threads: Check = () => {
  const name = 'threads'
  const cores = navigator.hardwareConcurrency
  if (globalThis.crossOriginIsolated)
    return { name, verdict: 'ok', found: `${cores}: the page is cross-origin isolated` }
  return {
    name,
    verdict: 'missing',
    found: 'one: the page is not cross-origin isolated',
    cost: `kernels use one of ${cores} cores; a loop that never waits cannot be cancelled without ending its worker`,
    advice: globalThis.isSecureContext
      ? 'send the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp with the page and its workers'
      : 'serve the page over https or from localhost, with the headers of docs/browser.md',
  }
}

const simd: Check = () => {
  const name = 'vectors (WebAssembly SIMD)'
  if (typeof WebAssembly !== 'undefined' && knows(...vector, 0xfd, 0x62)) return { name, verdict: 'ok', found: 'yes' }
  return { name, verdict: 'broken', found: 'no', cost: 'Kindling does not run', advice: 'use a current browser' }
}

const relaxed: Check = () => {
  const name = 'fused multiply-add (relaxed SIMD)'
  if (knows(...vector, ...vector, 0xfd, 0x80, 2)) return { name, verdict: 'ok', found: 'yes' }
  const cost = 'products take up to twice as long, and the last bits differ from those of Node'
  return {
    name,
    verdict: 'missing',
    found: 'no',
    cost,
    advice: 'use a current Chrome, Edge or Firefox',
  }
}

const gpu: Check = async () => {
  const name = 'GPU (WebGPU)'
  const adapter = await navigator.gpu?.requestAdapter()
  if (adapter) {
    const { vendor, architecture, description } = adapter.info
    return { name, verdict: 'ok', found: description || `${vendor} ${architecture}`.trim() || 'yes' }
  }
  const found = navigator.gpu === undefined ? 'no' : 'no graphics processor that can be used'
  return {
    name,
    verdict: 'missing',
    found,
    cost: 'the device webgpu is not there; wasm is',
    advice: 'a current browser, and drivers that it trusts',
  }
}

const storage: Check = async () => {
  const name = 'file storage (OPFS)'
  const cost = 'data sets are fetched anew at each visit, and torch.save cannot write'
  try {
    const root = await navigator.storage.getDirectory()
    const file = await root.getFileHandle('kindling-doctor', { create: true })
    await file.getFile()
    await root.removeEntry('kindling-doctor')
    const { quota = 0, usage = 0 } = await navigator.storage.estimate()
    const left = `${((quota - usage) / 1e9).toFixed(1)} GB left`
    // MNIST and Fashion-MNIST, twice over.
    if (quota - usage > 250e6) return { name, verdict: 'ok', found: left }
    return { name, verdict: 'missing', found: left, cost, advice: 'delete data of this site, or free the disk' }
  } catch (error) {
    const advice = globalThis.isSecureContext
      ? 'not in a private window; allow this site to store data'
      : 'serve the page over https or from localhost'
    return { name, verdict: 'missing', found: `no: ${(error as Error).message}`, cost, advice }
  }
}

const memory: Check = () => {
  const name = 'memory'
  const shared = globalThis.crossOriginIsolated
  for (const gigabytes of [4, 2, 1, 0.5]) {
    try {
      const pages = gigabytes * 16384
      new WebAssembly.Memory({ initial: 1, maximum: pages, shared })
      const found = `up to ${gigabytes} GB for tensors`
      if (gigabytes === 4) return { name, verdict: 'ok', found }
      return { name, verdict: 'missing', found, cost: 'large networks do not fit', advice: 'close other pages' }
    } catch {
      // Then less.
    }
  }
  return { name, verdict: 'broken', found: 'none can be had', advice: 'close other pages' }
}

/** A product against plain loops, then steps of LeNet. It travels to the worker as text, so it uses nothing from outside itself. */
function selfTest({ torch, models }: EngineContext): { wrong: number; imagesPerSecond: number; threads: number } {
  torch.manualSeed(0)
  const n = 65
  const [a, b] = [torch.rand(n, n), torch.rand(n, n)]
  const [x, y, z] = [a, b, a.matmul(b)].map((t) => t.numbers())
  let wrong = 0
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0
      for (let k = 0; k < n; k++) sum += x[i * n + k] * y[k * n + j]
      if (!(Math.abs(z[i * n + j] - sum) < 1e-4)) wrong++
    }
  }
  const net = models.lenet()
  const optimizer = new torch.optim.SGD(net.parameters(), { lr: 0.1 })
  const [images, labels] = [torch.rand(256, 1, 28, 28), torch.arange(256).remainder(10)]
  const step = (): void =>
    torch.scope(() => {
      const loss = torch.F.crossEntropy(net(images), labels)
      optimizer.zeroGrad()
      loss.backward()
      optimizer.step()
    })
  for (let k = 0; k < 3; k++) step()
  const began = performance.now()
  for (let k = 0; k < 10; k++) step()
  const imagesPerSecond = 2_560_000 / (performance.now() - began)
  return { wrong, imagesPerSecond, threads: Number(torch.backend('wasm').info?.().threads) }
}

const engine: Check = async () => {
  const name = 'the engine in its worker'
  try {
    const session = await createSession()
    const { wrong, imagesPerSecond, threads } = await session.run(selfTest, undefined).result
    session.close()
    const count = threads === 1 ? 'one thread' : `${threads} threads`
    const found = `LeNet trains on ${Math.round(imagesPerSecond).toLocaleString('en')} images/s, ${count}`
    if (wrong === 0) return { name, verdict: 'ok', found }
    return {
      name,
      verdict: 'broken',
      found: `${wrong} wrong elements in a product`,
      advice: 'tell us: this is a fault',
    }
  } catch (error) {
    return { name, verdict: 'broken', found: (error as Error).message, cost: 'Kindling does not run' }
  }
}

/** In the order in which the page shows them. */
export const checks: Readonly<Record<string, Check>> = { threads, simd, relaxed, gpu, storage, memory, engine }
