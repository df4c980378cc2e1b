// Convolutions and transposed ones over one, two and three dimensions: every way that the kernels take is met.
import type { Argument } from '../case.ts'
import type { Draw } from '../draw.ts'
import type { Family, Row } from '../families.ts'

/** A number, or one for each dimension. */
const each = (draw: Draw, rank: number, one: () => number): Argument =>
  draw.chance(0.5) ? one() : draw.list(rank, one)

interface Sizes {
  readonly channels: number
  readonly outputs: number
  readonly groups: number
  readonly batch: number
  readonly spatial: number[]
  readonly kernel: number[]
}
/** Few channels, or enough for Winograd's points and unfolding; a batch of images enough for lanes of images. */
function sizesOf(draw: Draw, rank: number): Sizes {
  const many = draw.chance(0.25)
  const groups = draw.chance(0.2) ? draw.int(1, 3) : 1
  const channels = groups * (many ? draw.pick([12, 13, 16, 17]) : draw.pick([1, 1, 2, 3, 4, 5]))
  const outputs = groups * (many ? draw.pick([12, 15, 16, 18]) : draw.pick([1, 2, 3, 6, 16]))
  const batch = draw.chance(0.03) && !many ? draw.pick([64, 65]) : draw.chance(0.03) ? 0 : draw.pick([1, 1, 2, 3])
  const most = (many || batch > 3 ? [9, 6, 3] : [33, 11, 5])[rank - 1]
  const spatial = draw.list(rank, () => draw.int(1, most))
  const kernel = draw.chance(many ? 0.6 : 0.3)
    ? draw.list(rank, () => draw.pick([3, 3, 5]))
    : draw.list(rank, () => draw.int(1, 4))
  return { channels, outputs, groups, batch, spatial, kernel }
}
/** An infinity in the input reaches all weights of its channel: docs/differences.md. */
const values = (draw: Draw, many: boolean) => (draw.chance(0.06) && !many ? 'infinite' : draw.tame())
const dtypeOf = (draw: Draw) => draw.dtype(['float32', 'float32', 'float32', 'float64'])

const rule: Row['rule'] = { ofLargest: [5e-6, "Winograd's points: docs/differences.md"] }

const plain = (rank: number): Row => ({
  rule,
  draw: (draw) => {
    const { channels, outputs, groups, batch, spatial, kernel } = sizesOf(draw, rank)
    const many = channels / groups >= 12
    const dtype = dtypeOf(draw)
    const kind = values(draw, many)
    const padding = draw.chance(0.1) ? draw.pick(['same', 'valid']) : each(draw, rank, () => draw.int(0, 2))
    const shape = [...(draw.chance(0.1) ? [] : [batch]), channels + (draw.chance(0.01) ? 1 : 0), ...spatial]
    const bias = draw.chance(0.5) ? draw.tensor([outputs], { dtype, values: 'normal' }) : null
    return [
      draw.tensor(shape, { dtype, values: kind }),
      draw.tensor([outputs, channels / groups, ...kernel], { dtype, values: draw.tame(), grad: kind !== 'infinite' }),
      bias,
      {
        ...(groups > 1 ? { groups } : {}),
        ...draw.options({ stride: () => each(draw, rank, () => draw.int(1, 3)) }, many ? 0.3 : 0.5),
        ...draw.options({ padding: () => padding }, 0.6),
        ...draw.options({ dilation: () => each(draw, rank, () => draw.int(1, 3)) }, 0.25),
      },
    ]
  },
})

const transposed = (rank: number): Row => ({
  rule,
  draw: (draw) => {
    const { channels, outputs, groups, batch, spatial, kernel } = sizesOf(draw, rank)
    const many = channels / groups >= 12
    const dtype = dtypeOf(draw)
    const kind = values(draw, many)
    const stride = draw.pick([1, 1, 2, 3])
    const shape = [...(draw.chance(0.1) ? [] : [batch]), channels, ...spatial]
    const bias = draw.chance(0.5) ? draw.tensor([outputs], { dtype, values: 'normal' }) : null
    return [
      draw.tensor(shape, { dtype, values: kind }),
      draw.tensor([channels, outputs / groups, ...kernel], { dtype, values: draw.tame(), grad: kind !== 'infinite' }),
      bias,
      {
        ...(groups > 1 ? { groups } : {}),
        stride: draw.chance(0.5) ? stride : draw.list(rank, () => stride + draw.int(0, 1)),
        ...draw.options(
          {
            padding: () => each(draw, rank, () => draw.int(0, 2)),
            outputPadding: () => draw.int(0, draw.chance(0.03) ? 3 : stride - 1),
            dilation: () => each(draw, rank, () => draw.int(1, 2)),
          },
          0.35,
        ),
      },
    ]
  },
})

const windows = (draw: Draw) => ({
  stride: () => each(draw, 2, () => draw.int(1, 3)),
  padding: () => each(draw, 2, () => draw.int(0, 2)),
  dilation: () => each(draw, 2, () => draw.int(1, 2)),
})

export const conv: Family = {
  'F.conv1d': plain(1),
  'F.conv2d': plain(2),
  'F.conv2d again': plain(2),
  'F.conv3d': plain(3),
  'F.convTranspose1d': transposed(1),
  'F.convTranspose2d': transposed(2),
  'F.convTranspose3d': transposed(3),
  'F.unfold': (draw) => {
    const shape = [...(draw.chance(0.1) ? [] : [draw.int(1, 3)]), draw.int(1, 3), draw.int(1, 7), draw.int(1, 7)]
    return [
      draw.tensor(shape, { dtype: dtypeOf(draw) }),
      each(draw, 2, () => draw.int(1, 3)),
      draw.options(windows(draw)),
    ]
  },
  'F.fold': (draw) => {
    const [n, c] = [draw.int(1, 3), draw.int(1, 3)]
    const size = draw.list(2, () => draw.int(2, 7))
    const kernel = draw.list(2, () => draw.int(1, 2))
    const [stride, padding, dilation] = [draw.int(1, 2), draw.int(0, 1), draw.int(1, 2)]
    const blocks = size.map((s, d) => Math.floor((s + 2 * padding - dilation * (kernel[d] - 1) - 1) / stride) + 1)
    const count = Math.max(blocks[0], 0) * Math.max(blocks[1], 0) + (draw.chance(0.02) ? 1 : 0)
    return [
      draw.tensor([n, c * kernel[0] * kernel[1], count], { dtype: draw.dtype(['float32', 'float64']) }),
      size,
      kernel,
      { stride, padding, dilation },
    ]
  },
}
