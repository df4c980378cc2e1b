// Convolutions and poolings of volumes against PyTorch: output, gradients, printed form, positions of maxima. Fixture: scripts/oracle/volumes.py.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import * as torch from '../../src/index.ts'
import { F, nn, type Tensor } from '../../src/index.ts'
import { setDefaultDevice } from '../../src/runtime/device.ts'

type Numbers = number | Numbers[]
type State = Readonly<Record<string, Numbers>>
interface LayerCase {
  readonly source: string
  readonly text: string
  readonly state: State
  readonly input: Numbers
  readonly output: Numbers
  readonly cotangent: Numbers
  readonly inputGrad: Numbers
  readonly grads: State
}
interface PositionCase {
  readonly source: string
  readonly input: Numbers
  readonly values: Numbers
  readonly indices: Numbers
}
const path = join(import.meta.dirname, '../fixtures/volumes.json.gz')
const fixture: { layers: LayerCase[]; positions: PositionCase[] } = JSON.parse(
  gunzipSync(readFileSync(path)).toString(),
)

const tensorOf = (numbers: Numbers): Tensor => torch.tensor(numbers as number[], { dtype: 'float32' })
function expectClose(actual: Tensor | null, expected: Numbers, what: string): void {
  const wanted = tensorOf(expected)
  expect(actual?.shape, what).toEqual(wanted.shape)
  expect((actual as Tensor).sub(wanted).abs().div(wanted.abs().clampMin(1)).max().item(), what).toBeLessThan(1e-5)
}

describe.each(['wasm', 'reference'] as const)('on the device %s, PyTorch gives the same', (device) => {
  afterAll(() => setDefaultDevice('wasm'))
  test.each(fixture.layers)('$source', ({ source, text, state, input, output, cotangent, inputGrad, grads }) => {
    setDefaultDevice(device)
    const layer = new Function('nn', `return ${source}`)(nn) as nn.Layer
    expect(String(layer)).toBe(text)
    layer.loadStateDict(Object.fromEntries(Object.entries(state).map(([key, numbers]) => [key, tensorOf(numbers)])))
    const x = tensorOf(input).requiresGrad_()
    const y = layer(x)
    expectClose(y, output, 'output')
    y.backward(tensorOf(cotangent))
    expectClose(x.grad, inputGrad, 'gradient of the input')
    const parameters = [...layer.namedParameters()]
    expect(parameters.map(([key]) => key)).toEqual(Object.keys(grads))
    for (const [key, parameter] of parameters) expectClose(parameter.grad, grads[key], `gradient of ${key}`)
  })
  test.each(fixture.positions)('$source', ({ source, input, values, indices }) => {
    setDefaultDevice(device)
    const result = new Function('F', 'x', `return ${source}`)(F, tensorOf(input))
    expect(result.values.tolist()).toEqual(values)
    expect(result.indices.tolist()).toEqual(indices)
  })
})

describe('convolutions of volumes', () => {
  test('take so many samples at a time that the copy for the taps stays small, with the results of each sample alone', () => {
    const [x, w] = [torch.rand(3, 16, 14, 128, 128), torch.rand(2, 16, 3, 1, 1).requiresGrad_()]
    const g = torch.rand(3, 2, 12, 128, 128)
    const { parts, whole } = torch.scope(() => {
      const [leaf, weight] = [x.detach().requiresGrad_(), w.detach().requiresGrad_()]
      const y = F.conv3d(leaf, weight)
      y.backward(g)
      return { parts: [y, leaf.grad as Tensor], whole: weight.grad as Tensor }
    })
    const sums = torch.zeros(2, 16, 3, 1, 1)
    for (let n = 0; n < 3; n++) {
      const part = x.narrow(0, n, 1).detach().requiresGrad_()
      w.grad = null
      const y = F.conv3d(part, w)
      y.backward(g.narrow(0, n, 1))
      sums.add_(w.grad as unknown as Tensor)
      expect(torch.equal(y, parts[0].narrow(0, n, 1))).toBe(true)
      expect(torch.equal(part.grad as Tensor, parts[1].narrow(0, n, 1))).toBe(true)
    }
    expect(torch.allclose(whole, sums, { rtol: 1e-5 })).toBe(true)
  })
  test('transposed take the size of their output', () => {
    const [down, up] = [new nn.Conv3d(2, 3, 3, { stride: 2 }), new nn.ConvTranspose3d(3, 2, 3, { stride: 2 })]
    const x = torch.rand(1, 2, 8, 7, 9)
    expect(up(down(x)).shape).toEqual([1, 2, 7, 7, 9])
    expect(up(down(x), [8, 7, 9]).shape).toEqual([1, 2, 8, 7, 9])
    expect(() => up(down(x), [9, 7, 9])).toThrow('nn.ConvTranspose3d: the output size 9 is not between 7 and 8')
  })
  test('have the nodes of PyTorch', () => {
    const x = torch.rand(1, 1, 4, 4, 4).requiresGrad_()
    const names = [F.conv3d(x, torch.rand(1, 1, 2, 2, 2)), F.maxPool3d(x, 2), F.avgPool3d(x, 2)].map(
      (y) => y.gradFn?.name,
    )
    expect(names).toEqual(['ConvolutionBackward0', 'MaxPool3DWithIndicesBackward0', 'AvgPool3DBackward0'])
    expect(F.adaptiveMaxPool3d(x, 2).gradFn?.name).toBe('AdaptiveMaxPool3DBackward0')
    expect(F.adaptiveAvgPool3d(x, 2).gradFn?.name).toBe('AdaptiveAvgPool3DBackward0')
  })
})
