// Initialisation: Xavier's rule, variances through many layers, activations that are lines, and activations near zero.
import * as torch from 'kindling'
import { nn, type Tensor } from 'kindling'
import { cell, show } from 'kindling/notebook'
import { plot, sideBySide } from 'kindling/plot'

cell('xavier')
torch.manualSeed(0)
const [fanIn, fanOut] = [400, 200]
const uniform = nn.init.xavierUniform_(torch.empty(fanOut, fanIn))
const normal = nn.init.xavierNormal_(torch.empty(fanOut, fanIn))
const wanted = 2 / (fanIn + fanOut)
const bound = Math.sqrt(6 / (fanIn + fanOut))
console.log('variance: wanted', wanted.toFixed(6))
console.log('uniform', uniform.var().item().toFixed(6))
console.log('normal', normal.var().item().toFixed(6))
console.log('bound', bound.toFixed(4))
console.log('largest', uniform.abs().max().item().toFixed(4))

cell('layers')
const width = 256
const depth = 12
const rules: Record<string, (w: Tensor) => Tensor> = {
  'default of Linear': (w) => nn.init.kaimingUniform_(w, { a: Math.sqrt(5) }),
  Xavier: (w) => nn.init.xavierNormal_(w),
  'deviation 0.1': (w) => nn.init.normal_(w, 0, 0.1),
}
function variances(
  fill: (w: Tensor) => Tensor,
  activation = (z: Tensor) => z,
): [forward: number[], backward: number[]] {
  const outputs = [torch.randn(512, width).requiresGrad_()]
  for (let l = 0; l < depth; l++) {
    const z = outputs[l].matmul(fill(torch.empty(width, width)))
    outputs.push(activation(z))
  }
  const arriving = torch.randn(512, width)
  const gradients = torch.grad(outputs[depth], outputs, { gradOutputs: [arriving] })
  return [outputs.map((h) => h.var().item()), gradients.map((g) => g.var().item())]
}

cell('linear')
const linear = Object.values(rules).map((fill) => variances(fill))
const legend = Object.keys(rules)
const axes = {
  xlabel: 'layer',
  ylabel: 'variance',
  yscale: 'log',
  width: 340,
} as const
show(
  sideBySide(
    ['outputs', 'gradients'].map((title, i) => {
      const both = linear.map((pair) => pair[i])
      return plot(both, { ...axes, title, legend })
    }),
  ),
  'Twelve linear layers. Read outputs to the right, gradients to the left.',
)
for (const [i, [outputs, gradients]] of linear.entries()) {
  const ends = [outputs[depth], gradients[0]].map((v) => v.toExponential(1))
  console.log(`${legend[i]}: output ${ends[0]}, gradient ${ends[1]}`)
}

cell('alpha-beta')
const pairs = [0.5, 1, 2].flatMap((alpha) => [0, 0.5].map((beta) => [alpha, beta]))
const found = pairs.map(([alpha, beta]) => {
  const layers = [torch.randn(512, width)]
  let expected = 1
  for (let l = 0; l < depth; l++) {
    const z = layers[l].matmul(nn.init.xavierNormal_(torch.empty(width, width)))
    layers.push(z.mul(alpha).add(beta))
    expected = alpha ** 2 * (expected + (l > 0 ? beta ** 2 : 0))
  }
  const [mean, factor] = [layers[1].mean().item(), layers[1].var().item()]
  return { alpha, beta, mean, factor, last: layers[depth].var().item(), expected }
})
console.log('alpha    beta     mean     variance after 12 expected')
for (const { alpha, beta, mean, factor, last, expected } of found) {
  const first = [alpha, beta, mean.toFixed(3), factor.toFixed(3)]
  const twelfth = [last.toExponential(1), expected.toExponential(1)]
  const columns = [...first, ...twelfth].map((text) => String(text).padEnd(8))
  console.log(columns.join(' ').trimEnd())
}

cell('near-zero')
const activations: Record<string, (x: Tensor) => Tensor> = {
  tanh: (x) => x.tanh(),
  relu: (x) => x.relu(),
  sigmoid: (x) => x.sigmoid(),
  '4 sigmoid - 2': (x) => x.sigmoid().mul(4).sub(2),
}
function series(f: (x: Tensor) => Tensor): number[] {
  const zero = torch.tensor(0, { dtype: 'float64', requiresGrad: true })
  let y = f(zero)
  const coefficients = [y.item()]
  for (const factorial of [1, 2, 6]) {
    ;[y] = torch.grad(y, [zero], { createGraph: true })
    coefficients.push(y.item() / factorial)
  }
  return coefficients
}
const smooth = ['tanh', 'sigmoid', '4 sigmoid - 2']
const atZero = smooth.map((name) => series(activations[name]))
for (const [i, name] of smooth.entries()) {
  const rounded = atZero[i].map((c) => Number(c.toFixed(5)))
  console.log(name, rounded)
}

cell('curves')
const x = torch.arange(-2, 2.01, 0.05)
const curves = Object.values(activations).map((f) => f(x))
const names = Object.keys(activations)
show(
  plot(x, [x, ...curves], {
    xlabel: 'x',
    ylabel: 'activation',
    legend: ['y = x', ...names],
  }),
  'Near zero tanh and 4 sigmoid - 2 lie on the line, relu on its right half.',
)

cell('deep')
const spreads = Object.values(activations).map((f) => variances(rules.Xavier, f))
show(
  sideBySide(
    ['outputs', 'gradients'].map((title, i) => {
      const both = spreads.map((pair) => pair[i])
      return plot(both, { ...axes, title, legend: names })
    }),
  ),
  'Twelve layers with weights by Xavier.',
)
for (const [i, [, gradients]] of spreads.entries()) {
  console.log(names[i], 'gradient at the input', gradients[0].toExponential(1))
}

cell('kaiming')
const kaiming = (w: Tensor) => nn.init.kaimingNormal_(w, { nonlinearity: 'relu' })
const [kaimingOut, kaimingGrad] = variances(kaiming, activations.relu)
console.log('output', kaimingOut[depth].toFixed(1))
console.log('gradient', kaimingGrad[0].toFixed(1))

export {
  atZero,
  bound,
  curves,
  depth,
  found,
  kaimingGrad,
  kaimingOut,
  linear,
  normal,
  spreads,
  uniform,
  wanted,
  x,
}
