// What the compiler refuses: wrong options, dtypes, devices and arguments of the public API. Nothing here runs; `npm run typecheck` is the test.
import * as torch from '../../src/index.ts'
import { DataLoader, TensorDataset } from '../../src/data/index.ts'
import { F, nn, optim } from '../../src/index.ts'

const x = torch.ones(2, 3)
const target = torch.tensor([0, 1])

export const right: unknown[] = [
  torch.zeros(2, 3, { dtype: 'float16', device: 'wasm', requiresGrad: true }),
  torch.zeros([2, 3], { dtype: 'bfloat16' }),
  x.to('float64').to('webgpu'),
  x.sum(1, { keepdim: true }),
  x.sum([0, 1]),
  F.crossEntropy(x, target, { reduction: 'sum', ignoreIndex: 1, labelSmoothing: 0.1 }),
  F.interpolate(x, { scaleFactor: 2, mode: 'nearest' }),
  F.pad(x, [1, 1], { mode: 'reflect' }),
  new nn.Conv2d(1, 6, 5, { padding: 'same', paddingMode: 'zeros', bias: false }),
  new nn.Conv2d(1, 6, [3, 5], { padding: [1, 2], stride: 1 }),
  new nn.Conv1d(1, 6, [3], { padding: [1] }),
  new nn.ConvTranspose3d(1, 6, [3, 5, 1], { outputPadding: [1, 0, 0], stride: 2 }),
  new nn.MaxPool2d([2, 3], { stride: [2, 1], padding: 1 }),
  new nn.AvgPool3d(2, { padding: [1, 0, 0], divisorOverride: 3 }),
  new nn.LSTM(4, 8, { numLayers: 2, bidirectional: true, batchFirst: true }),
  new nn.TransformerEncoderLayer(8, 2, { activation: 'gelu', normFirst: true }),
  new nn.CrossEntropyLoss({ weight: torch.ones(3) }),
  new optim.SGD([x], { lr: 0.1, momentum: 0.9, nesterov: true }),
  new optim.SGD([{ params: [x], lr: 1 }], { lr: 0.1 }),
  new DataLoader(new TensorDataset(x, target), { batchSize: 2, shuffle: true }),
]

export const wrong: unknown[] = [
  // @ts-expect-error planes have two sides
  new nn.Conv2d(1, 6, [3, 5, 1]),
  // @ts-expect-error planes have two sides
  new nn.Conv2d(1, 6, 3, { padding: [1, 1, 1] }),
  // @ts-expect-error lines have one
  new nn.LazyConv1d(6, [3, 3]),
  // @ts-expect-error volumes have three
  new nn.ConvTranspose3d(1, 6, [3, 3]),
  // @ts-expect-error planes have two sides
  new nn.MaxPool2d([2, 2, 2]),
  // @ts-expect-error planes have two sides
  new nn.LPPool2d(2, [2, 2, 2]),
  // @ts-expect-error planes have two sides
  new nn.AvgPool2d(2, { stride: [1] }),
  // @ts-expect-error no such dtype
  torch.zeros(2, 3, { dtype: 'float' }),
  // @ts-expect-error no such device
  torch.zeros(2, 3, { device: 'cuda' }),
  // @ts-expect-error snake_case
  torch.zeros(2, 3, { requires_grad: true }),
  // @ts-expect-error neither a dtype nor a device
  x.to('float23'),
  // @ts-expect-error keepDim is keepdim
  x.sum(1, { keepDim: true }),
  // @ts-expect-error a dimension is a number
  x.sum('1'),
  // @ts-expect-error no such reduction
  F.crossEntropy(x, target, { reduction: 'average' }),
  // @ts-expect-error labels are a tensor
  F.crossEntropy(x, [0, 1]),
  // @ts-expect-error no such mode
  F.pad(x, [1, 1], { mode: 'mirror' }),
  // @ts-expect-error no such mode
  F.interpolate(x, { scaleFactor: 2, mode: 'cubic' }),
  // @ts-expect-error the kernel's size is missing
  new nn.Conv2d(1, 6),
  // @ts-expect-error no such option
  new nn.Conv2d(1, 6, 5, { strides: 2 }),
  // @ts-expect-error no such padding
  new nn.Conv2d(1, 6, 5, { padding: 'full' }),
  // @ts-expect-error the number of outputs is missing
  new nn.Linear(4),
  // @ts-expect-error a rate is a number
  new nn.Dropout('0.5'),
  // @ts-expect-error no such option
  new nn.LSTM(4, 8, { layers: 2 }),
  // @ts-expect-error no such activation
  new nn.TransformerEncoderLayer(8, 2, { activation: 'swish' }),
  // @ts-expect-error a module is not a function's name
  new nn.Sequential('relu'),
  // @ts-expect-error the learning rate is required, as in PyTorch 1.13
  new optim.SGD([x], {}),
  // @ts-expect-error no such option
  new optim.Adam([x], { beta1: 0.9 }),
  // @ts-expect-error betas are two
  new optim.Adam([x], { betas: [0.9] }),
  // @ts-expect-error no such option
  new DataLoader(new TensorDataset(x, target), { batch: 2 }),
  // @ts-expect-error text is no tensor
  torch.matmul(x, 'x'),
  // @ts-expect-error operators of Python do not exist
  x.__add__(x),
]
