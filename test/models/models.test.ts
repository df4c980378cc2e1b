// The networks of the course: sizes, shapes from layer to layer, state, and what they say of images that are too small.
import { describe, expect, test } from 'vitest'
import * as torch from '../../src/index.ts'
import { nn, type Tensor } from '../../src/index.ts'
import * as models from '../../src/models/index.ts'

const parametersOf = (net: nn.Module): number => [...net.parameters()].reduce((sum, p) => sum + p.numel(), 0)

/** The shapes behind each layer, without the batch, each as `6x28x28`; equal ones in a row once. */
function walk(net: nn.Sequential, ...image: number[]): string[] {
  net.eval()
  return torch.noGrad(() => {
    const shapes: string[] = []
    let x = torch.rand(1, ...image)
    for (const layer of net) {
      x = layer(x)
      const shape = x.shape.slice(1).join('x')
      if (shape !== shapes.at(-1)) shapes.push(shape)
    }
    return shapes
  })
}

describe('the number of parameters is that of the book', () => {
  test.each<[string, () => nn.Module, number]>([
    ['softmax regression', () => models.softmaxRegression(), 7_850],
    ['mlp', () => models.mlp(), 203_530],
    ['mlp with dropout', () => models.mlp({ hidden: [256, 256], dropout: [0.2, 0.5] }), 269_322],
    ['LeNet', () => models.lenet(), 61_706],
    ['LeNet with batch normalisation', () => models.lenetBatchNorm(), 44_878],
    ['AlexNet', () => models.alexnet(), 46_764_746],
    ['VGG-11 with a quarter of the channels', () => models.vgg({ ratio: 4 }), 43_093_322],
    ['NiN', () => models.nin(), 1_992_166],
    ['GoogLeNet', () => models.googlenet(), 5_977_530],
    ['ResNet-18', () => models.resnet18(), 11_178_378],
    ['DenseNet', () => models.densenet(), 758_226],
  ])('%s', (_, make, count) => {
    torch.scope(() => expect(parametersOf(make())).toBe(count))
  })
})

describe('shapes from layer to layer are those of the book', () => {
  const hidden = 5
  test.each<[string, () => nn.Sequential, number[], string]>([
    ['LeNet', () => models.lenet(), [1, 28, 28], '6x28x28 6x14x14 16x10x10 16x5x5 400 120 84 10'],
    ['BN-LeNet', () => models.lenetBatchNorm(), [1, 28, 28], '6x24x24 6x12x12 16x8x8 16x4x4 256 120 84 10'],
    [
      'AlexNet',
      () => models.alexnet({ hidden }),
      [1, 224, 224],
      '96x54x54 96x26x26 256x26x26 256x12x12 384x12x12 256x12x12 256x5x5 6400 5 10',
    ],
    [
      'VGG-11',
      () => models.vgg({ ratio: 16, hidden }),
      [1, 224, 224],
      '4x112x112 8x56x56 16x28x28 32x14x14 32x7x7 1568 5 10',
    ],
    [
      'NiN',
      () => models.nin(),
      [1, 224, 224],
      '96x54x54 96x26x26 256x26x26 256x12x12 384x12x12 384x5x5 10x5x5 10x1x1 10',
    ],
    ['GoogLeNet', () => models.googlenet(), [1, 96, 96], '64x24x24 192x12x12 480x6x6 832x3x3 1024 10'],
    ['ResNet-18', () => models.resnet18(), [1, 224, 224], '64x56x56 128x28x28 256x14x14 512x7x7 512x1x1 512 10'],
    [
      'DenseNet',
      () => models.densenet(),
      [1, 96, 96],
      '64x24x24 192x24x24 96x12x12 224x12x12 112x6x6 240x6x6 120x3x3 248x3x3 248x1x1 248 10',
    ],
  ])('%s', (_, make, image, shapes) => {
    expect(walk(make(), ...image)).toEqual(shapes.split(' '))
  })

  test('width multiplies the channels and the hidden units, and leaves images and classes alone', () => {
    const small = { channels: 3, classes: 4, width: 0.125 }
    const walks: readonly (readonly [nn.Sequential, number, string])[] = [
      [models.alexnet({ ...small, side: 67 }), 67, '12x15x15 12x7x7 32x7x7 32x3x3 48x3x3 32x3x3 32x1x1 32 512 4'],
      [models.vgg({ ...small, side: 32, ratio: 2 }), 32, '4x16x16 8x8x8 16x4x4 32x2x2 32x1x1 32 512 4'],
      [models.nin(small), 67, '12x15x15 12x7x7 32x7x7 32x3x3 48x3x3 48x1x1 4x1x1 4'],
      [models.googlenet(small), 32, '8x8x8 24x4x4 60x2x2 104x1x1 128 4'],
      [models.resnet18(small), 32, '8x8x8 16x4x4 32x2x2 64x1x1 64 4'],
      [models.densenet(small), 32, '8x8x8 24x8x8 12x4x4 28x4x4 14x2x2 30x2x2 15x1x1 31x1x1 31 4'],
    ]
    for (const [net, side, shapes] of walks) expect(walk(net, 3, side, side)).toEqual(shapes.split(' '))
    expect(parametersOf(models.googlenet({ width: 1 }))).toBe(5_977_530)
    for (const width of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => models.resnet18({ width })).toThrow(/resnet18: width must be a positive number, got/)
  })

  test('dropout is that of all dropout layers', () => {
    for (const net of [
      models.alexnet({ hidden: 5, dropout: 0.2 }),
      models.vgg({ ratio: 16, hidden: 5, dropout: 0.2 }),
      models.nin({ width: 0.1, dropout: 0.2 }),
    ]) {
      const layers = [...net.modules()].filter((layer) => layer instanceof nn.Dropout)
      expect(new Set(layers.map(({ p }) => p))).toEqual(new Set([0.2]))
    }
  })

  test('a residual block keeps the shape, or takes new channels and half the side', () => {
    const x = torch.rand(4, 3, 6, 6)
    expect(new models.Residual(3, 3)(x).shape).toEqual([4, 3, 6, 6])
    expect(new models.Residual(3, 6, { project: true, stride: 2 })(x).shape).toEqual([4, 6, 3, 3])
  })
  test('a residual block whose second normalisation gives 0 is ReLU', () => {
    const block = new models.Residual(2, 2)
    if (block.bn2.weight) nn.init.zeros_(block.bn2.weight)
    const x = torch.randn(2, 2, 3, 5)
    expect(block(x).tolist()).toEqual(x.relu().tolist())
  })
  test('an inception block joins its four paths along the channels', () => {
    const block = new models.Inception(3, 1, [2, 3], [4, 5], 6)
    const y = block(torch.rand(2, 3, 5, 7))
    expect(y.shape).toEqual([2, 15, 5, 7])
    expect(y.min().item()).toBeGreaterThanOrEqual(0)
  })
  test('a dense block gives its input and what each convolution adds', () => {
    const x = torch.rand(4, 3, 8, 8)
    const y = new models.DenseBlock(2, 3, 10)(x)
    expect(y.shape).toEqual([4, 23, 8, 8])
    expect(y.narrow(1, 0, 3).tolist()).toEqual(x.tolist())
  })
})

describe('channels, classes and sides', () => {
  test.each<[string, (options: models.SidedOptions) => nn.Sequential, number[], number]>([
    ['lenet', models.lenet, [12, 31], 3],
    ['lenetBatchNorm', models.lenetBatchNorm, [17, 16], 1],
    ['alexnet', (options) => models.alexnet({ ...options, hidden: 7 }), [65, 65], 100],
    ['vgg', (options) => models.vgg({ ...options, ratio: 32, hidden: 7 }), [33, 64], 2],
  ])('%s is made for the side that it is told', (_, make, side, classes) => {
    const net = make({ channels: 3, classes, side })
    expect(net.eval()(torch.rand(2, 3, ...side)).shape).toEqual([2, classes])
    expect(() => net(torch.rand(2, 1, ...side))).toThrow(/input has 1 channels, weight expects 3/)
  })
  test.each<[string, (options: models.ImageOptions) => nn.Sequential, number[][]]>([
    [
      'nin',
      models.nin,
      [
        [67, 67],
        [70, 99],
      ],
    ],
    [
      'googlenet',
      models.googlenet,
      [
        [1, 1],
        [28, 33],
      ],
    ],
    [
      'resnet18',
      models.resnet18,
      [
        [1, 1],
        [33, 28],
      ],
    ],
    [
      'densenet',
      models.densenet,
      [
        [29, 29],
        [64, 31],
      ],
    ],
  ])('%s takes images of any side from its smallest on', (_, make, sides) => {
    const net = make({ channels: 3, classes: 4 }).eval()
    for (const side of sides) expect(net(torch.rand(1, 3, ...side)).shape).toEqual([1, 4])
  })
  test('vgg takes other blocks, and divides their channels', () => {
    const net = models.vgg({
      arch: [
        [3, 6],
        [1, 8],
      ],
      ratio: 2,
      side: [9, 5],
      hidden: 4,
    })
    expect(walk(net, 1, 9, 5)).toEqual('3x4x2 4x2x1 8 4 10'.split(' '))
    expect(parametersOf(net.get(0))).toBe(30 + 84 + 84)
  })
  test('mlp has a dropout layer behind every hidden layer when told so, else none', () => {
    const types = (net: nn.Sequential) => [...net].map((layer) => layer.constructor.name).join(' ')
    expect(types(models.mlp())).toBe('Flatten Linear ReLU Linear')
    const net = models.mlp({ hidden: [8, 7], dropout: 0.25, inputs: 6 })
    expect(types(net)).toBe('Flatten Linear ReLU Dropout Linear ReLU Dropout Linear')
    expect(net(torch.rand(5, 2, 3)).shape).toEqual([5, 10])
  })
})

describe('the state has the keys of PyTorch', () => {
  test('in ResNet-18, with projections only where the shape changes', () => {
    const keys = Object.keys(models.resnet18().stateDict())
    expect(keys.slice(0, 9)).toEqual(
      'weight bias | weight bias running_mean running_var num_batches_tracked | conv1.weight conv1.bias'
        .split(' | ')
        .flatMap((names, i) => names.split(' ').map((name) => `${['0.0', '0.1', '1.0'][i]}.${name}`)),
    )
    expect(keys.filter((key) => key.endsWith('conv3.weight'))).toEqual([
      '2.0.conv3.weight',
      '3.0.conv3.weight',
      '4.0.conv3.weight',
    ])
    expect(keys).toContain('4.1.bn2.num_batches_tracked')
  })
  test('in GoogLeNet and DenseNet', () => {
    expect(Object.keys(models.googlenet().stateDict())).toContain('3.4.p3_2.weight')
    expect(Object.keys(models.densenet().stateDict())).toContain('7.net.3.2.bias')
  })
})

describe('images that are too small', () => {
  const small = (make: () => unknown): string => {
    try {
      make()
    } catch (error) {
      expect(error).toBeInstanceOf(torch.ShapeError)
      return (error as torch.ShapeError).message
    }
    return ''
  }
  test.each<[string, (side: number | number[]) => nn.Sequential, number]>([
    ['lenet', (side) => models.lenet({ side }), 12],
    ['lenetBatchNorm', (side) => models.lenetBatchNorm({ side }), 16],
    ['alexnet', (side) => models.alexnet({ side, hidden: 2 }), 65],
    ['vgg', (side) => models.vgg({ side, hidden: 2, ratio: 64 }), 32],
  ])('are refused by %s, which names the smallest side', (name, make, least) => {
    expect(small(() => make(least))).toBe('')
    expect(small(() => make([99, least - 1]))).toMatch(
      `${name}: the images are too small: 99 x ${least - 1} pixels, at least ${least} x ${least} are needed`,
    )
  })
  test.each<[string, () => nn.Sequential, number, string]>([
    ['nin', () => models.nin(), 66, 'maxPool2d: kernel is larger than the padded input: 3 and 2'],
    ['densenet', () => models.densenet(), 28, 'avgPool2d: kernel is larger than the padded input: 2 and 1'],
  ])('are refused by %s when they come, with the layer', (_, make, side, text) => {
    const message = small(() => make().eval()(torch.rand(1, 1, side, 70)))
    expect(message).toContain(text)
    expect(message).toMatch(/ in net\.[\d.]+ \(\w+Pool2d\), called from net/)
  })
  test('of another side than the network was made for are refused by the linear layer', () => {
    const call = () => models.lenet({ side: 32 })(torch.rand(1, 1, 28, 28)) as Tensor
    expect(small(call)).toContain('linear: input has 400 features, weight expects 576')
  })
})

test('options that make no network are refused', () => {
  expect(() => models.vgg({ ratio: 3 })).toThrow(
    'vgg: ratio must divide the channels of every block: 3 and [64, 128, 256, 512, 512]',
  )
  expect(() => models.vgg({ arch: [] })).toThrow(torch.ValueError)
  expect(() => models.lenet({ side: [28, 28, 1] })).toThrow(
    'lenet: side must be a number of pixels or [height, width], got [28,28,1]',
  )
  expect(() => models.alexnet({ side: 64.5 })).toThrow(torch.ValueError)
  expect(() => models.mlp({ hidden: [8, 8], dropout: [0.5] })).toThrow(
    'mlp: dropout needs one number per hidden layer: 1 and 2',
  )
})
