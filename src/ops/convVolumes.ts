// Convolution over three dimensions on the kernels for two: the planes that the taps in depth read are laid side by side as channels,
// [N * OD, C * KD, H, W], so that one convolution of planes sums over depth, too. Some samples at a time, which bounds that copy.
import type { ComputeType } from '../base/dtype.ts'
import * as E from '../base/expr.ts'
import { contiguousStrides } from '../base/shape.ts'
import * as kinds from '../kinds.ts'
import { launch } from '../runtime/launch.ts'
import { scoped } from '../runtime/scope.ts'
import type { ConvSpec, View } from '../runtime/spec.ts'
import { Tensor } from '../tensor/tensor.ts'
import { copyOf } from './copy.ts'
import { fillWith } from './fill.ts'
import { asShape, viewOf } from './window.ts'

/** Elements of the copy that are made at a time: 64 MB of float32. */
const most = 1 << 24
const sum = E.add(E.input(0), E.input(1))

interface Volumes {
  readonly pass: ConvSpec['pass']
  readonly x: Tensor
  readonly w: Tensor
  readonly y: Tensor
  readonly bias: Tensor | null
  readonly stride: readonly number[]
  readonly padding: readonly number[]
  readonly dilation: readonly number[]
  readonly groups: number
}

const copy = (x: View, out: View): void => launch({ kind: 'copy', x, out })
function addTo(x: View, part: View): void {
  launch({ kind: 'map', exprs: [sum], compute: x.dtype as ComputeType, inputs: [x, part], outputs: [x], scalars: [] })
}

/**
 * ConvSpec's three passes for x [N, C, D, H, W], w [O, C / groups, KD, KH, KW] and y [N, O, OD, OH, OW] of float32 or float64. A weight that is
 * written must be contiguous.
 */
export function convVolumes(spec: Volumes): void {
  scoped(() => convDense(spec))
}

function convDense({ pass, x, w, y, bias, stride, padding, dilation, groups }: Volumes): void {
  const { dtype, device } = x
  const [batch, channels, depth, height, width] = x.shape
  const [outputs, perGroup, taps, ...kernel] = w.shape
  const [outDepth, ...outPlane] = y.shape.slice(2)
  const perSample = outDepth * channels * taps * height * width
  const step = Math.max(1, Math.min(batch, Math.floor(most / Math.max(1, perSample))))
  const planes = Tensor.empty([step, outDepth, channels, taps, height, width], dtype, device)
  const images = Tensor.empty([step, outDepth, outputs, ...outPlane], dtype, device)
  const weight = w.isContiguous() ? w : copyOf(w, dtype, device)
  const later = pass === 'weightGrad' && step < batch ? Tensor.empty(w.shape, dtype, device) : weight

  /** For each tap in depth: the planes of `count` samples of x that it reads, and their places in `planes`. */
  function* tapsOf(from: number, count: number): Generator<[View, View]> {
    const [n, c, d, ...rest] = x.strides
    const [toN, toD, toC, toTap, ...toRest] = planes.strides
    for (let tap = 0; tap < taps; tap++) {
      const shift = tap * dilation[0] - padding[0]
      const first = Math.max(0, Math.ceil(-shift / stride[0]))
      const last = Math.min(outDepth - 1, Math.floor((depth - 1 - shift) / stride[0]))
      if (last < first) continue
      const shape = [count, last - first + 1, channels, height, width]
      yield [
        viewOf(x, shape, [n, d * stride[0], c, ...rest], x.offset + from * n + (first * stride[0] + shift) * d),
        viewOf(planes, shape, [toN, toD, toC, ...toRest], first * toD + tap * toTap),
      ]
    }
  }
  const imagesOf = (count: number): View => asShape(images, [count, outDepth, outputs, ...outPlane])
  const samplesOf = (from: number, count: number): View => {
    const [n, o, d, ...rest] = y.strides
    return viewOf(y, [count, outDepth, outputs, ...outPlane], [n, d, o, ...rest], y.offset + from * n)
  }

  if (pass === 'inputGrad') fillWith(x, 0)
  // What lies in the padding stays 0: every round writes the same places.
  else fillWith(planes, 0)
  for (let from = 0; from === 0 || from < batch; from += step) {
    const count = Math.min(step, batch - from)
    if (pass !== 'inputGrad') for (const [read, place] of tapsOf(from, count)) copy(read, place)
    if (pass !== 'forward') copy(samplesOf(from, count), imagesOf(count))
    const part = from === 0 ? weight : later
    launch(
      {
        kind: 'conv',
        pass,
        x: asShape(planes, [count * outDepth, channels * taps, height, width]),
        w: viewOf(
          part,
          [outputs, perGroup * taps, ...kernel],
          contiguousStrides([outputs, perGroup * taps, ...kernel]),
        ),
        y: asShape(images, [count * outDepth, outputs, ...outPlane]),
        bias,
        stride: [stride[1], stride[2]],
        padding: [padding[1], padding[2]],
        dilation: [dilation[1], dilation[2]],
        groups,
      },
      kinds.conv,
    )
    if (pass === 'forward') copy(imagesOf(count), samplesOf(from, count))
    if (pass === 'inputGrad') for (const [read, place] of tapsOf(from, count)) addTo(read, place)
    if (pass === 'weightGrad' && from > 0) addTo(weight, part)
  }
}
