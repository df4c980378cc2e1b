import { close, equal, holds, type Row } from 'kindling/notebook'

type Cells = typeof import('./cells.ts')

/** Multiply-adds of one image, and of the first layer of them. */
const works: Record<string, { images: number; forward: number; first: number }> = {
  'MLP 784-256-10': { images: 64, forward: 784 * 256 + 256 * 10, first: 784 * 256 },
  'MLP, 8 layers of 256': { images: 64, forward: 8 * 256 * 256, first: 256 * 256 },
  LeNet: { images: 64, forward: 416_520, first: 28 * 28 * 6 * 25 },
}

export const rows: Row<Cells>[] = [
  {
    row: 3,
    en: 'backward costs about twice the forward pass, and the first layer less',
    zh: '反向的代价约为前向的两倍，第一层少一些',
    check: ({ count, counts, layer, points }) => {
      const product = 64 * 256 * 256
      const resnet = counts['ResNet-18']
      return [
        equal('a layer whose input needs no gradient', count(layer, points), { forward: product, backward: product }),
        equal('a layer whose input needs one', count(layer, points.clone().requiresGrad_()), {
          forward: product,
          backward: 2 * product,
        }),
        ...Object.entries(works).map(([name, { images, forward, first }]) =>
          equal(name, counts[name], { forward: images * forward, backward: images * (2 * forward - first) }),
        ),
        equal('ResNet-18, backward', resnet.backward, 2 * resnet.forward - 2 * 48 * 48 * 64 * 49),
        close('ResNet-18, ratio', resnet.backward / resnet.forward, 2, 0.05),
      ]
    },
  },
  {
    row: 4,
    en: 'gradients are null, then stored, added up, and cleared',
    zh: '梯度起初为空，之后被存下、累加、清零',
    check: ({ before, a, d, W1, W2, dW1, dW2 }, seen) => [
      equal('the gradient before the first backward', before, null),
      equal('what the first cell prints', seen.output('first').split('\n'), [
        'null',
        'tensor(28., grad_fn=<MulBackward0>)',
        'tensor([ 0.,  4.,  8., 12.])',
      ]),
      equal('without and with clearing', seen.output('clear').split('\n'), [
        'tensor([ 1.,  5.,  9., 13.])',
        'tensor([1., 1., 1., 1.])',
      ]),
      equal('the gradient of the squares', seen.output('vector'), 'tensor([0., 2., 4., 6.])'),
      equal(
        'with a constant, and without',
        seen.output('detach').split('\n'),
        new Array(2).fill('tensor([True, True, True, True])'),
      ),
      holds('the slope of the loop is d / a', a.grad?.item() === d.div(a).item(), a.grad?.item()),
      close('W1 by hand', W1.grad?.tolist(), dW1.tolist(), 1e-5),
      close('W2 by hand', W2.grad?.tolist(), dW2.tolist(), 1e-5),
    ],
  },
]
