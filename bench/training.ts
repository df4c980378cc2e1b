// One training step of a network of the table, the same as training.py: manualSeed(0), then the network, then the images.
import * as torch from 'kindling'
import { F, nn, optim } from 'kindling'
import { type Network, networkOf } from './networks.ts'

type Net = nn.Module & ((x: torch.Tensor) => torch.Tensor)

/** The network's function in `kindling/models`, by name: a network that is still to come is an error of its own. */
async function build({ title, model, options }: Network): Promise<Net> {
  const models = (await import('kindling/models')) as Readonly<Record<string, unknown>>
  const make = models[model]
  if (typeof make !== 'function') throw new Error(`${title}: kindling/models has no ${model}`)
  return make(options) as Net
}

/** A perceptron of `depth` hidden layers of 256 units, to see how cost grows with depth. */
function deepMlp(depth: number): Net {
  const hidden = Array.from({ length: depth }, (_, i) => [new nn.Linear(i === 0 ? 784 : 256, 256), new nn.ReLU()])
  return new nn.Sequential(new nn.Flatten(), ...hidden.flat(), new nn.Linear(256, 10))
}

export interface Training {
  readonly network: Network
  /** One step: forward, loss, backward, update. Returns the loss. */
  readonly step: () => number
  /** A step on the first images only, as with the short last batch of an epoch. */
  readonly stepOn: (count: number) => number
}

/** What is different from the table, in measurements of growth. */
export interface Changes {
  readonly batch?: number
  readonly side?: number
  /** Hidden layers; for the MLP only. */
  readonly depth?: number
}

/** Builds the network and its data: SGD with cross-entropy on the same batch again and again. */
export async function training(name: string, { depth, ...sizes }: Changes = {}): Promise<Training> {
  const network = { ...networkOf(name), ...sizes }
  torch.manualSeed(0)
  const net = depth === undefined ? await build(network) : deepMlp(depth)
  const images = torch.rand(network.batch, 1, network.side, network.side)
  const labels = torch.arange(network.batch).remainder(10)
  const optimizer = new optim.SGD(net.parameters(), { lr: network.lr })
  const run = (x: torch.Tensor, y: torch.Tensor): number => {
    const loss = F.crossEntropy(net(x), y)
    optimizer.zeroGrad()
    loss.backward()
    optimizer.step()
    return loss.item()
  }
  return {
    network,
    step: () => torch.scope(() => run(images, labels)),
    stepOn: (count) => torch.scope(() => run(images.narrow(0, 0, count), labels.narrow(0, 0, count))),
  }
}
