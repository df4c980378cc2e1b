// Pictures of every kind that a worker can hold, as tensors and back.
import { expect, test } from 'vitest'
import { decodeImage, encodePng, imageToTensor, tensorToImage } from '../../../src/vision/index.ts'
import * as torch from '../../../src/index.ts'

const [width, height] = [3, 2]
/** Six opaque colours. */
const planes = [
  [255, 0, 0, 10, 200, 7],
  [0, 255, 0, 20, 100, 7],
  [0, 0, 255, 30, 50, 7],
]
const image = (): torch.Tensor => torch.tensor(planes, { dtype: 'uint8' }).reshape(3, height, width)

function canvas(): OffscreenCanvas {
  const made = new OffscreenCanvas(width, height)
  made.getContext('2d')?.putImageData(tensorToImage(image()), 0, 0)
  return made
}

const sources: Record<
  string,
  () => Promise<Parameters<typeof imageToTensor>[0]> | Parameters<typeof imageToTensor>[0]
> = {
  ImageData: () => tensorToImage(image()),
  OffscreenCanvas: canvas,
  ImageBitmap: () => createImageBitmap(canvas()),
  'a file': async () => createImageBitmap(new Blob([(await encodePng(image())) as Uint8Array<ArrayBuffer>])),
}

test.each(Object.keys(sources))('%s becomes the bytes of its pixels', async (name) => {
  const source = await sources[name]()
  expect(imageToTensor(source).shape).toEqual([3, height, width])
  expect(imageToTensor(source).reshape(3, 6).tolist()).toEqual(planes)
  expect(imageToTensor(source, { mode: 'unchanged' }).select(0, 3).unique().tolist()).toEqual([255])
})

test('a frame of a video becomes its pixels, as far as video keeps them', async () => {
  const frame = new VideoFrame(canvas(), { timestamp: 0 })
  const found = imageToTensor(frame)
  frame.close()
  expect(found.shape).toEqual([3, height, width])
  expect(found.int().sub(image().int()).abs().max().item()).toBeLessThanOrEqual(3)
})

test('grey is that of Pillow, as for the same picture in a file', async () => {
  const file = await encodePng(image())
  const grey = imageToTensor(tensorToImage(image()), { mode: 'L' })
  expect(grey.tolist()).toEqual((await decodeImage(file, { mode: 'L' })).tolist())
})

test('tensors become pixels: grey, colours, alpha; and what is no image is an error', () => {
  const pixels = (x: torch.Tensor): number[] => [...tensorToImage(x).data]
  expect(pixels(torch.tensor([[1, 2]], { dtype: 'uint8' }))).toEqual([1, 1, 1, 255, 2, 2, 2, 255])
  expect(pixels(torch.tensor([[[1]], [[2]], [[3]], [[4]]], { dtype: 'uint8' }))).toEqual([1, 2, 3, 4])
  expect(() => tensorToImage(torch.zeros(3, 2, 2))).toThrow('tensorToImage: an image of uint8 is needed, got float32')
  expect(() => tensorToImage(torch.zeros(2, 2, 2).to('uint8'))).toThrow(/1, 3 or 4 channels is needed, got \[2, 2, 2\]/)
  expect(() => imageToTensor({ width: 2, height: 2, data: new Uint8Array(3) })).toThrow('16 bytes, got 3')
})
