// The text of tensors against what PyTorch 1.13 printed (scripts/oracle/printing.py).
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { ReferenceBackend } from '../../src/backends/reference/index.ts'
import { bytesOf, type DType } from '../../src/base/dtype.ts'
import { setBackendFactory, setDefaultDevice } from '../../src/runtime/device.ts'
import { formatTensor, type PrintOptions, setPrintoptions } from '../../src/tensor/format.ts'
import type { GraphNode } from '../../src/tensor/graph.ts'
import { Tensor } from '../../src/tensor/tensor.ts'

setBackendFactory('reference', () => new ReferenceBackend())
setDefaultDevice('reference')

interface Case {
  /** The bytes of the storage in base64. */
  data: string
  dtype: DType
  shape: number[]
  strides: number[]
  offset: number
  requiresGrad: boolean
  gradFn: string | null
  options: Omit<PrintOptions, 'threshold'> & { threshold?: number | 'inf' }
  text: string
}

const file = join(import.meta.dirname, '..', 'fixtures', 'printing.json.gz')
const cases: Case[] = JSON.parse(gunzipSync(readFileSync(file)).toString())

/** A place in a graph that has nothing but its name. */
function namedNode(name: string): GraphNode {
  return { name, edges: [], sequence: 0, accumulates: false, retain() {}, release() {} }
}

function tensorOf({ data, dtype, shape, strides, offset, requiresGrad, gradFn }: Case): Tensor {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))
  const whole = Tensor.empty([bytes.length / bytesOf(dtype)], dtype)
  whole.storage.backend.write(whole.storage.handle, 0, bytes)
  const tensor = whole.alias(shape, strides, offset)
  if (gradFn !== null) tensor.edge = { node: namedNode(gradFn), index: 0 }
  return requiresGrad ? tensor.requiresGrad_() : tensor
}

afterEach(() => setPrintoptions({ profile: 'default' }))

describe('tensors print as in PyTorch', () => {
  test.each(cases.map((c, i) => [i, c.text.split('\n')[0], c] as const))('case %i: %s', (_i, _line, c) => {
    const { threshold, ...options } = c.options
    setPrintoptions({ ...options, threshold: threshold === 'inf' ? Number.POSITIVE_INFINITY : threshold })
    expect(formatTensor(tensorOf(c))).toBe(c.text)
  })
})

test('a summarised tensor is read only at its edges', () => {
  const t = Tensor.empty([1000, 1000])
  t.hostView().fill(1 as never)
  expect(t.toString()).toBe(
    [
      'tensor([[1., 1., 1.,  ..., 1., 1., 1.],',
      '        [1., 1., 1.,  ..., 1., 1., 1.],',
      '        [1., 1., 1.,  ..., 1., 1., 1.],',
      '        ...,',
      '        [1., 1., 1.,  ..., 1., 1., 1.],',
      '        [1., 1., 1.,  ..., 1., 1., 1.],',
      '        [1., 1., 1.,  ..., 1., 1., 1.]])',
    ].join('\n'),
  )
})

test('sciMode returns to automatic with the next setPrintoptions', () => {
  const t = Tensor.empty([1])
  t.hostView()[0] = 1.5
  setPrintoptions({ sciMode: true })
  expect(String(t)).toBe('tensor([1.5000e+00])')
  setPrintoptions({ precision: 2 })
  expect(String(t)).toBe('tensor([1.50])')
})

test('an unknown profile is an error that names the profiles', () => {
  expect(() => setPrintoptions({ profile: 'tiny' as never })).toThrow("setPrintoptions: unknown profile: 'tiny'")
})
