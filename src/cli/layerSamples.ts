// How large the numbers are in each layer: what a layer gives, and the gradient of its weights. One batch of an epoch is enough to see them vanish
// or explode.
import { nn, noGrad, type Tensor } from '../index.ts'

/** Root mean squares; null where they are no finite numbers any more. */
export interface LayerSample {
  readonly name: string
  readonly activation: number | null
  readonly gradient: number | null
}

/** As many images tell the size of what a layer gives. */
const images = 8

/** The layers with weights, in the order of the network. */
const weighted = (net: nn.Module): (readonly [string, nn.Linear | nn.Conv2d])[] =>
  [...net.namedModules()].filter((entry): entry is [string, nn.Linear | nn.Conv2d] => {
    return entry[1] instanceof nn.Linear || entry[1] instanceof nn.Conv2d
  })

const size = (x: Tensor): number | null => {
  const value = x.detach().norm().item() / Math.sqrt(x.numel())
  return Number.isFinite(value) ? Number(value.toPrecision(4)) : null
}

/** Watches the next forward pass. The function that it gives is called after backward, and ends the watch. */
export function watchLayers(net: nn.Module): () => LayerSample[] {
  const activations = new Map<string, number | null>()
  const layers = weighted(net)
  const hooks = layers.map(([name, layer]) =>
    layer.registerForwardHook((_, __, output) => {
      const given = output as Tensor
      activations.set(
        name,
        noGrad(() => size(given.narrow(0, 0, Math.min(images, given.shape[0])))),
      )
    }),
  )
  return () => {
    for (const hook of hooks) hook.remove()
    return layers.map(([name, { weight }]) => ({
      name,
      activation: activations.get(name) ?? null,
      gradient: weight.grad && size(weight.grad),
    }))
  }
}
