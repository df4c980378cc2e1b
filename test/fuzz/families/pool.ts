// Pooling with all its options, and interpolation.
import type { Argument } from '../case.ts'
import type { Draw } from '../draw.ts'
import type { Family, Row } from '../families.ts'

const each = (draw: Draw, rank: number, one: () => number): Argument =>
  draw.chance(0.5) ? one() : draw.list(rank, one)
const dtypeOf = (draw: Draw) => draw.dtype(['float32', 'float32', 'float32', 'float64', 'float16'])

function input(draw: Draw, rank: number) {
  const most = [33, 14, 7][rank - 1]
  const shape = [
    ...(draw.chance(0.15) ? [] : [draw.chance(0.03) ? 0 : draw.int(1, 3)]),
    draw.int(1, 4),
    ...draw.list(rank, () => draw.int(1, most)),
  ]
  return draw.tensor(shape, { dtype: dtypeOf(draw), values: draw.summands() })
}

const maximum =
  (rank: number): Row['draw'] =>
  (draw) => [
    input(draw, rank),
    each(draw, rank, () => draw.int(1, 4)),
    draw.options({
      stride: () => each(draw, rank, () => draw.int(1, 3)),
      padding: () => each(draw, rank, () => draw.int(0, 2)),
      dilation: () => each(draw, rank, () => draw.int(1, 2)),
      ceilMode: true,
      returnIndices: true,
    }),
  ]
const mean =
  (rank: number): Row['draw'] =>
  (draw) => [
    input(draw, rank),
    each(draw, rank, () => draw.int(1, 4)),
    {
      ...draw.options({
        stride: () => each(draw, rank, () => draw.int(1, 3)),
        padding: () => each(draw, rank, () => draw.int(0, 2)),
        ceilMode: true,
        countIncludePad: false,
      }),
      ...(rank > 1 ? draw.options({ divisorOverride: () => draw.int(1, 5) }, 0.2) : {}),
    },
  ]
const adaptive =
  (rank: number, indices: boolean): Row['draw'] =>
  (draw) => [
    input(draw, rank),
    each(draw, rank, () => draw.int(1, 7)),
    ...(indices ? [draw.options({ returnIndices: true })] : []),
  ]
const lp =
  (rank: number): Row['draw'] =>
  (draw) => [
    draw.tensor([draw.int(1, 2), draw.int(1, 3), ...draw.list(rank, () => draw.int(2, 9))], {
      dtype: draw.dtype(['float32', 'float64']),
      values: 'positive',
    }),
    draw.pick([1, 2, 3]),
    draw.int(1, 3),
    draw.options({ stride: () => draw.int(1, 3), ceilMode: true }),
  ]
const modes = [
  ['nearest', 'linear', 'area'],
  ['nearest', 'bilinear', 'bicubic', 'area'],
  ['nearest', 'trilinear', 'area'],
]

export const pool: Family = {
  'F.maxPool1d': maximum(1),
  'F.maxPool2d': maximum(2),
  'F.maxPool3d': maximum(3),
  'F.avgPool1d': mean(1),
  'F.avgPool2d': mean(2),
  'F.avgPool3d': mean(3),
  'F.adaptiveAvgPool1d': adaptive(1, false),
  'F.adaptiveAvgPool2d': adaptive(2, false),
  'F.adaptiveAvgPool3d': adaptive(3, false),
  'F.adaptiveMaxPool1d': adaptive(1, true),
  'F.adaptiveMaxPool2d': adaptive(2, true),
  'F.adaptiveMaxPool3d': adaptive(3, true),
  'F.lpPool1d': lp(1),
  'F.lpPool2d': lp(2),
  'F.interpolate': (draw) => {
    const rank = draw.int(1, 3)
    const mode = draw.pick(modes[rank - 1])
    const shape = [draw.int(1, 2), draw.int(1, 3), ...draw.list(rank, () => draw.int(1, 6))]
    const how = draw.chance(0.5)
      ? { size: each(draw, rank, () => draw.int(1, 9)) }
      : { scaleFactor: draw.pick([0.5, 2, 1.5, 0.7, 3]) }
    const corners =
      mode.endsWith('linear') || mode === 'bicubic' ? draw.options({ alignCorners: () => draw.chance(0.5) }) : {}
    return [
      draw.tensor(shape, { dtype: draw.dtype(['float32', 'float64']), values: draw.tame() }),
      { ...how, mode, ...corners },
    ]
  },
}
