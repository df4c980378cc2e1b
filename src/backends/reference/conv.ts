// 2-d convolution and its two gradients. All three visit the same triples (element of x, element of w, element of y)
// with y += x * w; which of the three is written tells the pass.
import { numelOf } from '../../base/shape.ts'
import type { ConvSpec } from '../../runtime/spec.ts'
import { arithmeticOf, constantOf, Elements, type Value } from './values.ts'

export function conv(spec: ConvSpec): void {
  const { groups, stride, padding, dilation } = spec
  const [x, w, y] = [spec.x, spec.w, spec.y].map((view) => new Elements(view))
  const bias = spec.bias && new Elements(spec.bias)
  const [batch, channels, height, width] = spec.x.shape
  const [outputs, channelsPerGroup, kernelHeight, kernelWidth] = spec.w.shape
  const outputsPerGroup = outputs / groups
  const [outHeight, outWidth] = spec.y.shape.slice(2)

  const written = { forward: spec.y, inputGrad: spec.x, weightGrad: spec.w }[spec.pass]
  const { add, mul } = arithmeticOf(written.dtype)
  // Sums are kept outside the view until the end, so that float32 rounds once.
  const sums = new Array<Value>(numelOf(written.shape)).fill(constantOf(written.dtype, 0))
  const accumulate = (at: number, a: Value, b: Value): void => {
    sums[at] = add(sums[at], mul(a, b))
  }

  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < outputs; o++) {
      const firstChannel = Math.floor(o / outputsPerGroup) * channelsPerGroup
      for (let i = 0; i < outHeight; i++) {
        for (let j = 0; j < outWidth; j++) {
          for (let c = 0; c < channelsPerGroup; c++) {
            for (let u = 0; u < kernelHeight; u++) {
              for (let v = 0; v < kernelWidth; v++) {
                const row = i * stride[0] - padding[0] + u * dilation[0]
                const column = j * stride[1] - padding[1] + v * dilation[1]
                if (row < 0 || row >= height || column < 0 || column >= width) continue
                const channel = firstChannel + c
                if (spec.pass === 'forward') {
                  const at = ((n * outputs + o) * outHeight + i) * outWidth + j
                  accumulate(at, x.get(n, channel, row, column), w.get(o, c, u, v))
                } else if (spec.pass === 'inputGrad') {
                  const at = ((n * channels + channel) * height + row) * width + column
                  accumulate(at, y.get(n, o, i, j), w.get(o, c, u, v))
                } else {
                  const at = ((o * channelsPerGroup + c) * kernelHeight + u) * kernelWidth + v
                  accumulate(at, y.get(n, o, i, j), x.get(n, channel, row, column))
                }
              }
            }
          }
        }
      }
    }
  }

  const target = new Elements(written)
  const [, s1, s2, s3] = written.shape
  sums.forEach((sum, at) => {
    const index = [Math.floor(at / (s1 * s2 * s3)), Math.floor(at / (s2 * s3)) % s1, Math.floor(at / s3) % s2, at % s3]
    const withBias = spec.pass === 'forward' && bias ? add(sum, bias.get(index[1])) : sum
    target.set(withBias, ...index)
  })
}
