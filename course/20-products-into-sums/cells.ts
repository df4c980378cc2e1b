// Products into sums: a stack of 30 layers with and without residual connections, and the states of an RNN and an LSTM over 100 steps.
import * as torch from 'kindling'
import { F, nn, optim, type Tensor } from 'kindling'
import { cell, progress, show } from 'kindling/notebook'
import { plot } from 'kindling/plot'

cell('blocks')
class Plain extends nn.Module {
  readonly linear = new nn.Linear(32, 32)
  override forward(x: Tensor): Tensor {
    return this.linear(x).tanh()
  }
}
class Residual extends Plain {
  override forward(x: Tensor): Tensor {
    return x.add(super.forward(x))
  }
}
function stack(Block: typeof Plain): nn.Sequential {
  torch.manualSeed(1)
  const net = new nn.Sequential()
  for (let i = 0; i < 30; i++) net.append(new Block())
  return net.append(new nn.Linear(32, 10))
}

cell('gradients')
torch.manualSeed(0)
const X = torch.randn(256, 32)
const labels = X.at(':', '0:10').argmax(1)
const nets = [stack(Plain), stack(Residual)]
const norms = nets.map((net) => {
  F.crossEntropy(net(X), labels).backward()
  const blocks = [...net].filter((m) => m instanceof Plain)
  return blocks.map((block) => block.linear.weight.grad!.norm().item())
})
const layer = norms[0].map((_, i) => i + 1)
const legend = ['plain', 'residual']
show(
  plot(layer, norms, {
    xlabel: 'layer',
    ylabel: 'norm of the gradient',
    yscale: 'log',
    legend,
  }),
  'Layer 1 is next to the input, layer 30 next to the loss.',
)
for (const [i, name] of legend.entries()) {
  const [first, last] = [norms[i][0], norms[i][29]].map((n) => n.toExponential(1))
  console.log(`${name}: layer 1 ${first}, layer 30 ${last}`)
}

cell('training')
const bar = progress('training', nets.length)
const curves = nets.map((net, n) => {
  const optimizer = new optim.SGD(net.parameters(), { lr: 0.03 })
  const losses: number[] = []
  for (let step = 0; step < 100; step++) {
    torch.scope(() => {
      optimizer.zeroGrad()
      const loss = F.crossEntropy(net(X), labels)
      loss.backward()
      optimizer.step()
      losses.push(loss.item())
    })
  }
  bar.update(n + 1)
  return losses
})
bar.done()
console.log('plain', curves[0][99].toFixed(2), 'residual', curves[1][99].toFixed(2))
show(
  plot(curves, {
    xlabel: 'step',
    ylabel: 'loss',
    legend,
  }),
  'The same layers, the same start, the same steps.',
)

cell('rnn')
const hidden = 32
const bound = 1 / Math.sqrt(hidden)
const inputs = torch.randn(100, 1, 8)
function weights(): [Tensor, Tensor] {
  const draw = (rows: number) =>
    nn.init.uniform_(torch.empty(rows, hidden), -bound, bound)
  return [draw(8), draw(hidden)]
}
function rnn(): Tensor[] {
  const [Wx, Wh] = weights()
  let h = torch.zeros(1, hidden, { requiresGrad: true })
  const states = [h]
  for (const x of inputs) {
    h = x.matmul(Wx).add(h.matmul(Wh)).tanh()
    states.push(h)
  }
  return states
}

cell('lstm')
function lstm(forgetBias: number): Tensor[] {
  const [Wxi, Whi] = weights()
  const [Wxf, Whf] = weights()
  const [Wxo, Who] = weights()
  const [Wxg, Whg] = weights()
  let h = torch.zeros(1, hidden)
  let c = torch.zeros(1, hidden, { requiresGrad: true })
  const cells = [c]
  for (const x of inputs) {
    const i = x.matmul(Wxi).add(h.matmul(Whi)).sigmoid()
    const f = x.matmul(Wxf).add(h.matmul(Whf)).add(forgetBias).sigmoid()
    const o = x.matmul(Wxo).add(h.matmul(Who)).sigmoid()
    const g = x.matmul(Wxg).add(h.matmul(Whg)).tanh()
    c = f.mul(c).add(i.mul(g))
    h = o.mul(c.tanh())
    cells.push(c)
  }
  return cells
}

cell('over-time')
const names = ['plain RNN', 'LSTM, gate half open', 'LSTM, gate open']
const reach = [rnn(), lstm(0), lstm(3)].map((states) => {
  const gradients = torch.grad(states[100].sum(), states.slice(0, 100))
  return gradients.map((gradient) => gradient.abs().max().item())
})
show(
  plot(reach, {
    xlabel: 'step',
    ylabel: 'gradient of the last state',
    yscale: 'log',
    legend: names,
  }),
  'How much the state of each step counts for the state after step 100.',
)
for (const [i, name] of names.entries()) {
  console.log(`${name}: ${reach[i][0].toExponential(1)} at step 0`)
}

export { curves, norms, reach }
