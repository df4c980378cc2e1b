// One training step of a network of the table, the same as training.py: manualSeed(0), then the network, then the inputs.
import * as torch from 'kindling'
import { F, nn, optim } from 'kindling'
import { inputShape, type Network, networkOf } from './networks.ts'
import * as sequences from './sequences.ts'

type Net = nn.Module & ((x: torch.Tensor) => torch.Tensor)

/** The network's function in `kindling/models` or sequences.ts, by name: a network that is still to come is an error of its own. */
async function build({ title, model, options, input }: Network): Promise<Net> {
  const models = (input ? sequences : await import('kindling/models')) as Readonly<Record<string, unknown>>
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
  const known = networkOf(name)
  if (known.input && Object.keys(sizes).length > 0) throw new Error(`${known.title}: the sizes of sequences are fixed`)
  const network = { ...known, ...sizes }
  torch.manualSeed(0)
  const net = depth === undefined ? await build(network) : deepMlp(depth)
  const inputs = torch.rand(inputShape(network))
  const labels = torch.arange(network.input ? inputs.numel() / inputs.size(-1) : network.batch).remainder(10)
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
    step: () => torch.scope(() => run(inputs, labels)),
    stepOn: (count) => torch.scope(() => run(inputs.narrow(0, 0, count), labels.narrow(0, 0, count))),
  }
}
