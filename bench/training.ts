// One training step of a network of the table, the same as training.py: manualSeed(0), then the network, then the images.
import * as torch from 'kindling'
import { F, type nn, optim } from 'kindling'
import { type Network, networkOf } from './networks.ts'

type Build = (options?: object) => nn.Module & ((x: torch.Tensor) => torch.Tensor)

/** The network's function in `kindling/models`, by name: networks that are still to come are an error here, not at the import. */
async function builderOf({ title, model }: Network): Promise<Build> {
  const models = (await import('kindling/models')) as Readonly<Record<string, unknown>>
  const build = models[model]
  if (typeof build !== 'function') throw new Error(`${title}: kindling/models has no ${model}`)
  return build as Build
}

export interface Training {
  readonly network: Network
  /** One step: forward, loss, backward, update. Returns the loss. */
  readonly step: () => number
}

/** Builds the network and its data. `batch` and `side` instead of the table's are for the measurements of scaling. */
export async function training(name: string, changes: Partial<Network> = {}): Promise<Training> {
  const network = { ...networkOf(name), ...changes }
  const build = await builderOf(network)
  torch.manualSeed(0)
  const net = build(network.options)
  const images = torch.rand(network.batch, 1, network.side, network.side)
  const labels = torch.arange(network.batch).remainder(10)
  return { network, step: stepOf(net, images, labels, network.lr) }
}

/** SGD with cross-entropy on the same batch again and again. */
export function stepOf(
  net: Awaited<ReturnType<Build>>,
  images: torch.Tensor,
  labels: torch.Tensor,
  lr: number,
): () => number {
  const optimizer = new optim.SGD(net.parameters(), { lr })
  const step = (): number => {
    const loss = F.crossEntropy(net(images), labels)
    optimizer.zeroGrad()
    loss.backward()
    optimizer.step()
    return loss.item()
  }
  return () => torch.scope(step)
}
