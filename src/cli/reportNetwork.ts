// Parts of the report that look into the network: its layers, the kernels that the first convolution learned, and what convolutions make of one image.
import { nn, noGrad, scope, type Tensor } from '../index.ts'
import { type ImageDataset, Resize } from '../vision/index.ts'
import { type Html, html, htmlTable } from './html.ts'
import { pngDataUri } from './image.ts'
import { layerCells, layerHead, layerRows, totalCells } from './layers.ts'

export function networkSection(net: nn.Module, image: readonly number[]): Html {
  const rows = layerRows(net, image)
  return html`<section><h2>The network</h2>
${htmlTable(layerHead, [...layerCells(rows), totalCells(rows)], [3, 4])}</section>`
}

/** At most so many kernels, and so many feature maps of a layer. */
const shown = { kernels: 64, maps: 16 }
/** Maps of fewer pixels to a side are no pictures. */
const leastSide = 4

/** Nothing for networks without convolutions. */
export function convolutionSection(net: nn.Module, images: ImageDataset): Html | '' {
  const layers = [...net.namedModules()].filter((entry): entry is [string, nn.Conv2d] => entry[1] instanceof nn.Conv2d)
  if (layers.length === 0) return ''
  const [name, { weight }] = layers[0]
  const [count, , height, width] = weight.shape
  const label = images.labels.select(0, 0).item()
  const [sample] = images.get(0)
  const sides = new Map(layerRows(net, sample.shape).map((row) => [row.name, row.shape[1]]))
  const seen = layers.filter(([layer]) => (sides.get(layer) ?? 0) >= leastSide)
  const followed = seen.filter((_, i) => [0, Math.floor(seen.length / 2), seen.length - 1].includes(i))
  return html`<section><h2>What the convolutions learned</h2>
<h3>Kernels of layer ${name}</h3>
<p class="soft">${count} kernels of ${height} x ${width}. Grey is 0, white the largest weight, black the same below 0.</p>
${kernelGrid(weight)}
<h3>Feature maps of one image (${images.classes[label] ?? label})</h3>
<p class="soft">What some layers make of it, each channel from its lowest number (black) to its highest (white).</p>
${mapGrids(net, followed, sample)}</section>`
}

function kernelGrid(weight: Tensor): Html {
  const [count, , height, width] = weight.shape
  const values = scope(() => weight.detach().select(1, 0).reshape(count, -1).tolist()) as number[][]
  const largest = Math.max(...values.flat().map(Math.abs), Number.MIN_VALUE)
  const pictures = values.slice(0, shown.kernels).map((kernel, k) => {
    const grey = Uint8Array.from(kernel, (v) => Math.round(127.5 + (127.5 * v) / largest))
    return picture(width, height, grey, `Kernel ${k}`)
  })
  return html`<div class="maps">${pictures}</div>`
}

/** Pixels to a side of a map; larger ones are made smaller. */
const mapSide = 48

function mapGrids(net: nn.Module, layers: readonly [string, nn.Conv2d][], sample: Tensor): Html[] {
  const maps = new Map<string, { side: number; values: number[][] }>()
  const hooks = layers.map(([name, layer]) =>
    layer.registerForwardHook((_, __, output) => {
      const all = (output as Tensor).select(0, 0)
      const some = all.narrow(0, 0, Math.min(shown.maps, all.shape[0]))
      const small = some.shape[1] > mapSide ? Resize(mapSide)(some) : some
      maps.set(name, { side: small.shape[2], values: small.reshape(small.shape[0], -1).tolist() as number[][] })
    }),
  )
  net.eval()
  noGrad(() => scope(() => void net(sample.unsqueeze(0))))
  for (const hook of hooks) hook.remove()
  return layers.map(([name]) => {
    const { side, values } = maps.get(name) as { side: number; values: number[][] }
    const pictures = values.map((map, k) => {
      const [low, high] = [Math.min(...map), Math.max(...map)]
      const grey = Uint8Array.from(map, (v) => (high > low ? Math.round((255 * (v - low)) / (high - low)) : 0))
      return picture(side, map.length / side, grey, `Channel ${k} of layer ${name}`)
    })
    return html`<p class="soft">Layer ${name}, ${side} x ${values[0].length / side}</p><div class="maps">${pictures}</div>`
  })
}

const picture = (width: number, height: number, grey: Uint8Array, alt: string): Html =>
  html`<img src="${pngDataUri(width, height, grey)}" alt="${alt}" width="${width}" height="${height}" loading="lazy">`
