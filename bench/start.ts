// What every library starts from: a network of the table as plain data, with Kindling's layers, weights and images. So all train the same
// network on the same batch, and their losses tell whether they compute the same.
import * as torch from 'kindling'
import { nn } from 'kindling'
import * as models from 'kindling/models'
import { inputShape, type Network, networkOf } from './networks.ts'

/** A parameter as PyTorch lays it out: [out, in, kh, kw] or [out, in] or [channels]. */
export interface Parameter {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** Parameters by their place in the list. */
export type Layer =
  | {
      readonly kind: 'conv'
      readonly weight: number
      readonly bias: number
      readonly stride: number
      readonly padding: number
    }
  | { readonly kind: 'linear' | 'norm'; readonly weight: number; readonly bias: number }
  | { readonly kind: 'avgPool' | 'maxPool'; readonly size: number; readonly stride: number; readonly padding: number }
  | { readonly kind: 'sigmoid' | 'relu' | 'globalPool' | 'flatten' }
  /** relu(inner(x) + shortcut(x)). */
  | { readonly kind: 'residual'; readonly inner: readonly Layer[]; readonly shortcut: readonly Layer[] }

export interface Start {
  readonly network: Network
  readonly layers: readonly Layer[]
  readonly parameters: readonly Parameter[]
  /** [batch, 1, side, side]. */
  readonly images: Parameter
  /** The class of each image. */
  readonly labels: Int32Array
}

const first = (sizes: number | readonly number[]): number => (typeof sizes === 'number' ? sizes : sizes[0])

const plain = (x: torch.Tensor): Parameter => ({ shape: [...x.shape], data: Float32Array.from(x.detach().numbers()) })

/** Networks of the bench that the other libraries train. */
const builders: Readonly<Record<string, () => nn.Module>> = {
  lenet: models.lenet,
  'lenet-batchnorm': models.lenetBatchNorm,
  resnet18: models.resnet18,
}
export const startNames: readonly string[] = Object.keys(builders)

export function startOf(name: string): Start {
  const network = networkOf(name)
  torch.manualSeed(0)
  const net = builders[name]()
  const parameters: Parameter[] = []
  const weights = ({ weight, bias }: { weight: torch.Tensor | null; bias: torch.Tensor | null }) => {
    if (weight === null || bias === null) throw new Error(`${name}: a layer without weight or bias`)
    const at = parameters.push(plain(weight), plain(bias))
    return { weight: at - 2, bias: at - 1 }
  }
  const layersOf = (module: nn.Module): Layer[] => {
    if (module instanceof nn.Sequential) return [...module].flatMap(layersOf)
    if (module instanceof models.Residual) {
      const { conv1, bn1, conv2, bn2, conv3 } = module
      const inner = [
        ...layersOf(conv1),
        ...layersOf(bn1),
        { kind: 'relu' } as const,
        ...layersOf(conv2),
        ...layersOf(bn2),
      ]
      return [{ kind: 'residual', inner, shortcut: conv3 ? layersOf(conv3) : [] }]
    }
    if (module instanceof nn.Conv2d) {
      return [
        { kind: 'conv', ...weights(module), stride: first(module.stride), padding: first(module.padding as number[]) },
      ]
    }
    if (module instanceof nn.Linear) return [{ kind: 'linear', ...weights(module) }]
    if (module instanceof nn.BatchNorm2d || module instanceof nn.BatchNorm1d)
      return [{ kind: 'norm', ...weights(module) }]
    if (module instanceof nn.AvgPool2d || module instanceof nn.MaxPool2d) {
      const kind = module instanceof nn.AvgPool2d ? 'avgPool' : 'maxPool'
      const { kernelSize, stride, padding } = module
      return [{ kind, size: first(kernelSize), stride: first(stride), padding: first(padding) }]
    }
    if (module instanceof nn.Sigmoid) return [{ kind: 'sigmoid' }]
    if (module instanceof nn.ReLU) return [{ kind: 'relu' }]
    if (module instanceof nn.Flatten) return [{ kind: 'flatten' }]
    if (module instanceof nn.AdaptiveAvgPool2d) return [{ kind: 'globalPool' }]
    throw new Error(`${name}: no description for ${module.constructor.name}`)
  }
  const layers = layersOf(net)
  const images = plain(torch.rand(inputShape(network)))
  return { network, layers, parameters, images, labels: Int32Array.from({ length: network.batch }, (_, i) => i % 10) }
}
