// Labelled images in memory: pixels stay bytes, and become floats batch by batch.
import { ShapeError } from '../base/errors.ts'
import { checkIndex, type Dataset, rows } from '../data/dataset.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { ToTensor, type Transform, transformBatch } from './transforms.ts'

export interface ImageDatasetOptions {
  /** Applied to uint8 images [C, H, W] (or batches of them). Default `ToTensor()`. */
  transform?: Transform
  /** Names of the classes, by label. */
  classes?: readonly string[]
  /** What the data set is called, such as 'MNIST'. Default ''. */
  name?: string
}

/** Samples are [image, label]: float32 [C, H, W] after the default transform, int64 []. */
export class ImageDataset implements Dataset<readonly [Tensor, Tensor]> {
  /** uint8 [N, C, H, W]. */
  readonly images: Tensor
  /** int64 [N]. */
  readonly labels: Tensor
  readonly transform: Transform
  readonly classes: readonly string[]
  readonly name: string

  constructor(
    images: Tensor,
    labels: Tensor,
    { transform = ToTensor(), classes = [], name = '' }: ImageDatasetOptions = {},
  ) {
    if (images.ndim !== 4 || labels.ndim !== 1 || images.shape[0] !== labels.shape[0]) {
      throw new ShapeError(
        `ImageDataset: expected images [N, C, H, W] and labels [N], got [${images.shape.join(', ')}] and [${labels.shape.join(', ')}]`,
      )
    }
    this.images = images.keep()
    this.labels = labels.keep()
    this.transform = transform
    this.classes = classes
    this.name = name
  }
  /** Number of images. */
  get length(): number {
    return this.labels.shape[0]
  }
  /** The transformed image [C, H, W] and its label []; negative counts from the end. Throws IndexError. */
  get(index: number): readonly [Tensor, Tensor] {
    const at = checkIndex('ImageDataset', index, this.length)
    return [this.transform(this.images.select(0, at)), this.labels.select(0, at)]
  }
  /** These images, transformed, and their labels [N]; a transform that chooses at random sees one image after the other. */
  batch(indices: readonly number[]): readonly [Tensor, Tensor] {
    return [transformBatch(this.transform, rows(this.images, indices)), rows(this.labels, indices)]
  }
}
