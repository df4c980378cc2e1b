// kindling/vision: image data sets and transforms.
import '../devices.ts'
import '../ops/install.ts'

export { adjustBrightness, adjustContrast, adjustHue, adjustSaturation, Grayscale } from './color.ts'
export { ColorJitter, type ColorJitterOptions } from './colorJitter.ts'
export { RandomApply, RandomChoice, RandomErasing, type RandomErasingOptions } from './combine.ts'
export {
  CenterCrop,
  RandomCrop,
  type RandomCropOptions,
  RandomResizedCrop,
  type RandomResizedCropOptions,
} from './crops.ts'
export type { Range } from './draws.ts'
export { RandomHorizontalFlip, RandomVerticalFlip } from './flips.ts'
export { decodeImage, type DecodeOptions, encodePng, readImage } from './image.ts'
export { ImageDataset, type ImageDatasetOptions } from './imageDataset.ts'
export { ImageFolder, type ImageFolderDataset, type ImageFolderOptions } from './imageFolder.ts'
export { type ImageSource, imageToTensor, type PixelData, tensorToImage } from './imageSource.ts'
export { FashionMNIST, findMnist, MNIST, type MnistOptions } from './mnist.ts'
export { Pad, type Padding, type PaddingMode, type PadOptions } from './pad.ts'
export { type Interpolation, type InterpolationOptions, Resize, type ResizeOptions, type Size } from './resize.ts'
export { RandomRotation, type RandomRotationOptions } from './rotate.ts'
export { Compose, Lambda, Normalize, ToTensor, type Transform } from './transforms.ts'
