// The short form of `npm run fuzz`: some hundred cases of every family on the WebAssembly device, and a device with a mistake, which must be found.
import { afterAll, describe, expect, test } from 'vitest'
import { ReferenceBackend } from '../src/backends/reference/index.ts'
import { setDefaultDevice } from '../src/index.ts'
import type { Kernels } from '../src/runtime/spec.ts'
import { setBackendFactory } from '../src/runtime/device.ts'
import { lineOf, operandsOf } from './fuzz/case.ts'
import { drawCase, families } from './fuzz/families.ts'
import { check, explain, fuzz } from './fuzz/fuzz.ts'

afterAll(() => setDefaultDevice('wasm'))

describe('random calls agree with the reference device', () => {
  test.each(Object.keys(families))('%s', async (family) => {
    const found: string[] = []
    await fuzz(
      family,
      { seed: 1, from: 0, to: 150, device: 'wasm' },
      () => true,
      async (one, failure) => {
        found.push(`${one.op} (case ${one.number}): ${failure.kind}: ${failure.text}`)
      },
    )
    expect(found.join('\n')).toBe('')
  })
})

describe('a mistake is found', () => {
  class Mistaken extends ReferenceBackend {
    override readonly name = 'webgpu' as 'reference'
    override readonly kernels: Kernels
    constructor(mistakes: (right: Kernels) => Partial<Kernels>) {
      super()
      const right = new ReferenceBackend().kernels
      this.kernels = { ...right, ...mistakes(right) }
    }
  }
  const mistaken = (mistakes: (right: Kernels) => Partial<Kernels>): void =>
    setBackendFactory('webgpu', () => new Mistaken(mistakes))

  async function firstFinding(family: string, cases: number) {
    for (let number = 0; number < cases; number++) {
      const one = drawCase(family, 1, number)
      const failure = await check(one, 'webgpu')
      if (failure !== null) return explain(one, failure, 'webgpu', 1)
    }
    return null
  }

  test('in a product that forgets its bias, which shrinks to few elements', async () => {
    mistaken((right) => ({ gemm: (spec) => right.gemm({ ...spec, bias: null }) }))
    const found = await firstFinding('matmul', 300)
    expect(found?.failure.kind).toBe('result')
    expect(operandsOf(found?.one.args ?? []).every(({ values }) => values.length <= 2)).toBe(true)
    expect(found?.line).toMatch(/^const a = torch\.tensor\(.*torch\.F\.linear\(a, b, c\); console\.log\(y\)$/)
  })

  test('in a gradient alone', async () => {
    mistaken((right) => ({
      softmax: (spec) => right.softmax(spec.op === 'softmaxGrad' ? { ...spec, op: 'logSoftmaxGrad' } : spec),
    }))
    const found = await firstFinding('losses', 300)
    expect(found?.failure.kind).toBe('gradient')
    expect(found?.line).toContain('torch.grad(y, [a], { gradOutputs: [torch.tensor(')
  })

  test('of some units in the last place, but not of one', async () => {
    const off = (units: number): void =>
      mistaken((right) => ({
        map: (spec) => {
          right.map(spec)
          const [{ storage, dtype }] = spec.outputs
          if (dtype !== 'float32') return
          const values = new Float32Array(storage.handle as ArrayBuffer)
          for (let i = 0; i < values.length; i++) values[i] *= 1 + units * 2 ** -23
        },
      }))
    const results = async (): Promise<(string | undefined)[]> => {
      const kinds: (string | undefined)[] = []
      for (let number = 0; number < 40; number++)
        kinds.push((await check({ ...drawCase('activation', 1, number), order: 0 }, 'webgpu'))?.kind)
      return kinds
    }
    off(1)
    expect(await results()).not.toContain('result')
    off(64)
    expect(await results()).toContain('result')
  })

  test('in what is written beside the result', async () => {
    mistaken((right) => ({
      copy: (spec) => {
        right.copy(spec)
        new Uint8Array(spec.x.storage.handle as ArrayBuffer).fill(7)
      },
    }))
    expect((await firstFinding('casts', 40))?.failure.kind).toBe('inputs')
  })
})

test('a case is the same for the same seed and number', () => {
  const line = (seed: number, number: number): string => lineOf(drawCase('views', seed, number), false, null)
  expect(line(3, 17)).toBe(line(3, 17))
  expect(line(3, 17)).not.toBe(line(3, 18))
  expect(line(4, 17)).not.toBe(line(3, 17))
})
