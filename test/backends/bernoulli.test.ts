// Zeros and ones of a generator's stream on the WebAssembly device: bit for bit those of the generator itself, whatever was drawn before.
import { describe, expect, test } from 'vitest'
import { bernoulli as byHost, Generator } from '../../src/base/random.ts'
import * as kinds from '../../src/kinds.ts'
import { launch } from '../../src/runtime/launch.ts'
import type { View } from '../../src/runtime/spec.ts'
import { reference, release, twin, wasm } from '../support/devices.ts'
import { contiguous } from '../support/views.ts'

const runOn = (
  device: typeof wasm | typeof reference,
  out: View,
  generator: Generator,
  p: number,
  value = 1,
): number[] => {
  launch({ kind: 'bernoulli', out, generator, p, value }, kinds.bernoulli)
  const { handle } = out.storage
  const bytes = device.bytes(handle, 4 * out.offset, 4 * out.shape[0]).slice()
  return [...new Float32Array(bytes.buffer)]
}

describe('bernoulli', () => {
  test('gives the numbers of the generator and leaves it where they end, from any place in a block', () => {
    for (const used of [0, 1, 2, 7, 300, 622, 623, 624, 625, 1247]) {
      for (const n of [1, 2, 3, 8, 17, 311, 312, 313, 1560, 5000]) {
        const [a, b, c] = [0, 1, 2].map(() => new Generator(7))
        for (const g of [a, b, c]) for (let k = 0; k < used; k++) g.random32()
        const out = twin('float32', contiguous([n]), () => 9)
        const wanted = new Float32Array(n)
        byHost(a, wanted, 0.3)
        expect(runOn(wasm, out.wasm, b, 0.3), `${used} used, ${n}`).toEqual([...wanted])
        expect(runOn(reference, out.reference, c, 0.3)).toEqual([...wanted])
        for (const g of [b, c]) expect(g.getState()).toEqual(a.getState())
        release(out)
      }
    }
  })

  test('the lower word decides where the upper one equals that of p', () => {
    const n = 40
    const numbers = new Generator(11)
    const drawn = Array.from({ length: n }, () => numbers.uniform53())
    const out = twin('float32', contiguous([n]), () => 9)
    for (const p of [...drawn, ...drawn.map((u) => u + 2 ** -53)]) {
      const wanted = drawn.map((u) => (u < p ? 2.5 : 0))
      expect(runOn(wasm, out.wasm, new Generator(11), p, 2.5)).toEqual(wanted)
    }
    release(out)
  })

  test('nothing is written with p = 0, all with p = 1', () => {
    const out = twin('float32', contiguous([21]), () => 9)
    expect(runOn(wasm, out.wasm, new Generator(1), 0)).toEqual(new Array(21).fill(0))
    expect(runOn(wasm, out.wasm, new Generator(1), 1)).toEqual(new Array(21).fill(1))
    release(out)
  })
})
