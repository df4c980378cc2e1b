// kindling/vision: image data sets and transforms.
import '../devices.ts'
import '../ops/autograd.ts'
import '../ops/index.ts'

export { ImageDataset, type ImageDatasetOptions } from './imageDataset.ts'
export { FashionMNIST, findMnist, MNIST, type MnistOptions } from './mnist.ts'
export { Compose, Lambda, Normalize, Resize, type ResizeOptions, ToTensor, type Transform } from './transforms.ts'
