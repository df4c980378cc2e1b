// AlexNet beside LeNet: the shapes that pass through, the parameters, and the arithmetic.
import * as torch from 'kindling'
import { nn } from 'kindling'
import { alexnet, lenet } from 'kindling/models'
import { cell, show } from 'kindling/notebook'
import { bar } from 'kindling/plot'

cell('network')
torch.manualSeed(0)
const net = alexnet({ side: 224, classes: 10 })
console.log(net)

cell('shapes')
const walk: string[] = []
net.eval()
torch.noGrad(() => {
  let X = torch.randn(1, 1, 224, 224)
  for (const layer of net) {
    X = layer(X)
    if (!(layer instanceof nn.ReLU || layer instanceof nn.Dropout))
      walk.push(`${layer.constructor.name} ${X.shape.join(' x ')}`)
  }
})
console.log(walk.join('\n'))

cell('count')
/** Parameters, and multiply-adds of one image [1, C, H, W]. */
function costs(model: nn.Module, image: torch.Tensor) {
  let macs = 0
  for (const layer of model.modules()) {
    layer.registerForwardHook((_, __, output) => {
      const outputs = (output as torch.Tensor).numel()
      if (layer instanceof nn.Linear) macs += outputs * layer.inFeatures
      if (layer instanceof nn.Conv2d) macs += outputs * layer.weight.at(0).numel()
    })
  }
  model.eval()
  torch.noGrad(() => model(image))
  const parameters = [...model.parameters()].reduce((sum, p) => sum + p.numel(), 0)
  return { parameters, macs }
}
const large = costs(net, torch.randn(1, 1, 224, 224))
const small = costs(lenet(), torch.randn(1, 1, 28, 28))
const row = (name: string, a: number, b: number) =>
  console.log(
    name.padEnd(14),
    String(a).padStart(11),
    String(b).padStart(9),
    `${Math.round(a / b)} times`.padStart(12),
  )
console.log('                   AlexNet     LeNet')
row('parameters', large.parameters, small.parameters)
row('multiply-adds', large.macs, small.macs)

cell('where')
const names: string[] = []
const parts: number[] = []
for (const [name, layer] of net.namedChildren()) {
  const size = [...layer.parameters()].reduce((sum, p) => sum + p.numel(), 0)
  if (size > 0) {
    names.push(`${layer.constructor.name} ${name}`)
    parts.push(size / 1e6)
  }
}
const chart = bar(names, parts, {
  ylabel: 'parameters (millions)',
  title: 'Where the parameters of AlexNet are',
})
show(chart, 'Three linear layers at the end hold nearly all of them.')

cell('activations')
const x = torch.arange(-8, 8, 0.1, { requiresGrad: true })
const steepest = (y: torch.Tensor) => torch.grad(y.sum(), [x])[0].max().item()
const slopes = { sigmoid: steepest(x.sigmoid()), relu: steepest(x.relu()) }
console.log('largest slope:', slopes)
console.log('through five sigmoids at most', slopes.sigmoid ** 5, 'is left')

export { large, slopes, small, walk }
