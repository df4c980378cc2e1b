// The layers of a network one by one: output shapes, parameters and multiply-adds. `summary` and the report show it.
import { nn, noGrad, scope, zeros } from '../index.ts'
import type { Tensor } from '../index.ts'
import { grouped } from './format.ts'

export interface LayerRow {
  readonly name: string
  readonly type: string
  /** Without the batch. */
  readonly shape: readonly number[]
  readonly parameters: number
  /** Of one image. */
  readonly multiplyAdds: number
}

const product = (sizes: readonly number[]): number => sizes.reduce((n, size) => n * size, 1)

/** Every output of a linear layer takes one multiply-add per input, every output of a convolution one per element of its kernel. */
function multiplyAdds(layer: nn.Module, shape: readonly number[]): number {
  if (layer instanceof nn.Linear) return product(shape) * layer.inFeatures
  if (layer instanceof nn.Conv1d || layer instanceof nn.Conv2d || layer instanceof nn.Conv3d)
    return product(shape) * product(layer.weight.shape.slice(1))
  return 0
}

/** Runs one image of zeros of `input` [C, H, W] through the network. Throws ShapeError where it does not fit. */
export function layerRows(net: nn.Module, input: readonly number[]): LayerRow[] {
  const rows: LayerRow[] = []
  const leaves = [...net.namedModules()].filter(([, module]) => [...module.children()].length === 0)
  const hooks = leaves.map(([name, layer]) =>
    layer.registerForwardHook((_, __, output) => {
      const shape = (output as Tensor).shape.slice(1)
      const parameters = [...layer.parameters()].reduce((sum, p) => sum + p.numel(), 0)
      rows.push({ name, type: layer.constructor.name, shape, parameters, multiplyAdds: multiplyAdds(layer, shape) })
    }),
  )
  const wasTraining = net.training
  try {
    net.eval()
    noGrad(() => scope(() => void net(zeros(1, ...input))))
  } finally {
    net.train(wasTraining)
    for (const hook of hooks) hook.remove()
  }
  return rows
}

export const total = (rows: readonly LayerRow[], key: 'parameters' | 'multiplyAdds'): number =>
  rows.reduce((sum, row) => sum + row[key], 0)

/** The rows as the cells of a table, in the order of `layerHead`. */
export const layerHead: readonly string[] = ['layer', 'type', 'output', 'parameters', 'multiply-adds']
export const layerCells = (rows: readonly LayerRow[]): string[][] =>
  rows.map((row) => [row.name, row.type, shapeText(row.shape), grouped(row.parameters), grouped(row.multiplyAdds)])
export const totalCells = (rows: readonly LayerRow[]): string[] => [
  'total',
  '',
  '',
  grouped(total(rows, 'parameters')),
  grouped(total(rows, 'multiplyAdds')),
]

export const shapeText = (shape: readonly number[]): string => shape.join('x')
