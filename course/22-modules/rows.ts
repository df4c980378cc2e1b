import { close, equal, type Row } from 'kindling/notebook'

const sequential = `Sequential(
  (0): Linear(in_features=20, out_features=256, bias=True)
  (1): ReLU()
  (2): Linear(in_features=256, out_features=10, bias=True)
)`
const mlpText = `MLP(
  (hidden): Linear(in_features=20, out_features=256, bias=True)
  (out): Linear(in_features=256, out_features=10, bias=True)
)`
const nested = `Sequential(
  (0): NestMLP(
    (net): Sequential(
      (0): Linear(in_features=20, out_features=64, bias=True)
      (1): ReLU()
      (2): Linear(in_features=64, out_features=32, bias=True)
      (3): ReLU()
    )
    (linear): Linear(in_features=32, out_features=16, bias=True)
  )
  (1): Linear(in_features=16, out_features=20, bias=True)
  (2): FixedHiddenMLP(
    (linear): Linear(in_features=20, out_features=20, bias=True)
  )
)`
// What PyTorch 1.13.1 gives after the same seed.
const firstRow = [0.0366, 0.1793, 0.11, 0.077, 0.0851, 0.0488, -0.0416, 0.1015, -0.1173, 0.1569]

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 36,
    en: 'every layer and every network is a module',
    zh: '每个层、每个网络都是一个模块',
    check: ({ net, mlp, mine, fixed, chimera, twice, X, output, total, last, count }) => [
      equal('text of a Sequential', String(net), sequential),
      equal('text of a class', String(mlp), mlpText),
      equal('text of a Sequential by hand', String(mine), sequential.replace('Sequential', 'MySequential')),
      equal('text of nested modules', String(chimera), nested),
      close('output after seed 0', output.at(0).tolist(), firstRow, 1e-4),
      equal('node of the output', output.gradFn?.name, 'AddmmBackward0'),
      equal('MySequential computes the same', mine(X).equal(output), true),
      equal('shape of the MLP', mlp(X).shape, [2, 10]),
      close('fixed hidden weights, one layer twice', total.item(), 0.1783, 1e-4),
      equal('node of the sum', total.gradFn?.name, 'SumBackward0'),
      equal('a plain tensor is no state', Object.keys(fixed.stateDict()), ['linear.weight', 'linear.bias']),
      close('nested, after seed 0', last.item(), -0.0947, 1e-4),
      equal('parameters of a shared layer count once', count, 240),
      equal('keys of a shared layer', Object.keys(twice.stateDict()).length, 6),
    ],
  },
]
