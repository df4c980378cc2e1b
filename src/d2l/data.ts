// Data sets of the book as loaders.
import { DataLoader, TensorDataset } from '../data/index.ts'
import { type Tensor, ValueError } from '../index.ts'
import { Compose, FashionMNIST, ImageDataset, MNIST, Resize, ToTensor } from '../vision/index.ts'

/** Batches of tensors with the same first size. Source: `d2l.load_array`, section 3.3. */
export function loadArray<Tensors extends readonly Tensor[]>(
  arrays: readonly [...Tensors],
  batchSize: number,
  isTrain = true,
): DataLoader<Tensors> {
  return new DataLoader(new TensorDataset(...(arrays as readonly Tensor[])), { batchSize, shuffle: isTrain }) as never
}

const names = ['t-shirt', 'trouser', 'pullover', 'dress', 'coat', 'sandal', 'shirt', 'sneaker', 'bag', 'ankle boot']

/** The names of numeric labels. Source: `d2l.get_fashion_mnist_labels`, section 3.5. */
export function getFashionMnistLabels(labels: Tensor | readonly number[]): string[] {
  const list = Array.isArray(labels) ? labels : ((labels as Tensor).tolist() as number[])
  return list.map((label) => {
    if (names[label] === undefined) throw new ValueError(`getFashionMnistLabels: no label ${label}; there are 0 to 9`)
    return names[label]
  })
}

export interface ImageLoader extends DataLoader<readonly [Tensor, Tensor]> {
  /** The images and labels, with the names of the classes. */
  readonly dataset: ImageDataset
}

export interface FashionOptions {
  /** Pixels a side. Default 28, as they are. */
  resize?: number
  /** Only the first so many training images. */
  trainSize?: number
  /** Only the first so many test images. */
  testSize?: number
}

/**
 * Loaders of training images (shuffled) and test images, float32 [N, 1, 28, 28] or [N, 1, resize, resize], with labels int64 [N].
 * Where Fashion-MNIST is not found and cannot be fetched, both are MNIST's: `dataset.name` says which.
 * Source: `d2l.load_data_fashion_mnist`, section 3.5.
 */
export async function loadDataFashionMnist(
  batchSize: number,
  { resize, trainSize, testSize }: FashionOptions = {},
): Promise<[train: ImageLoader, test: ImageLoader]> {
  const transform = resize === undefined ? ToTensor() : Compose([Resize(resize), ToTensor()])
  const open = async (load: typeof MNIST): Promise<ImageDataset[]> => [
    first(await load({ train: true, transform }), trainSize),
    first(await load({ train: false, transform }), testSize),
  ]
  const [train, test] = await open(FashionMNIST).catch((error: unknown) =>
    open(MNIST).catch(() => {
      throw error
    }),
  )
  const loader = (dataset: ImageDataset, shuffle: boolean): ImageLoader =>
    new DataLoader(dataset, { batchSize, shuffle }) as never
  return [loader(train, true), loader(test, false)]
}

const first = (data: ImageDataset, count = data.length): ImageDataset =>
  count >= data.length ? data : new ImageDataset(data.images.narrow(0, 0, count), data.labels.narrow(0, 0, count), data)
