import { close, equal, type Row } from 'kindling/notebook'

const block = (i: number): string => `    (block ${i}): Sequential(
      (0): Linear(in_features=4, out_features=8, bias=True)
      (1): ReLU()
      (2): Linear(in_features=8, out_features=4, bias=True)
      (3): ReLU()
    )`
const deepText = `Sequential(
  (0): Sequential(
${[0, 1, 2, 3].map(block).join('\n')}
  )
  (1): Linear(in_features=4, out_features=1, bias=True)
)`

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 37,
    en: 'the state of a network and of its layers; only a layer has a bias',
    zh: '网络和层的状态；只有层才有偏置',
    check: ({ net, last, deep, inside, first, tied, shared, one, two, centered, mine, pair, clone, X }, seen) => [
      // Numbers with four digits are what PyTorch 1.13.1 gives after the same seed.
      equal('first line', seen.output('one-layer').split('\n')[0], 'tensor([[-0.2531],'),
      equal('keys of the state', Object.keys(net.stateDict()), ['0.weight', '0.bias', '2.weight', '2.bias']),
      equal(
        'names and shapes',
        [...net.namedParameters()].map(([name, p]) => `${name} ${p.shape}`),
        ['0.weight 8,4', '0.bias 8', '2.weight 1,8', '2.bias 1'],
      ),
      equal('who has a bias', ['bias' in net, 'bias' in last], [false, true]),
      equal('text of nested blocks', String(deep), deepText),
      equal('a bias deep inside', inside.bias?.shape, [8]),
      equal('constant', last.weight.tolist(), [new Array(8).fill(42)]),
      equal('zero bias', first.bias?.tolist(), new Array(8).fill(0)),
      close('own rule, then + 1 and 42', first.weight.at(0).tolist(), [42, 1, 1, -8.0172], 1e-4),
      equal(
        'every weight is 0 or at least 5, before 1 is added',
        (first.weight.sub(1).numbers() as number[]).slice(1).every((w) => w === 0 || Math.abs(w) > 4.99),
        true,
      ),
      equal('tied layers are one object', tied.get(2) === tied.get(4), true),
      close('their gradients add up', shared.weight.grad?.tolist(), one.add(two).tolist(), 1e-5),
      equal('centred', centered.tolist(), [-2, -1, 0, 1, 2]),
      equal('keys of own layers', Object.keys(mine.stateDict()), ['0.weight', '0.bias', '1.weight', '1.bias']),
      equal(
        'tensors read back',
        [pair.x.tolist(), pair.y.tolist()],
        [
          [0, 1, 2, 3],
          [0, 0, 0, 0],
        ],
      ),
      equal('a network read back', clone(X).equal(net(X)), true),
    ],
  },
]
