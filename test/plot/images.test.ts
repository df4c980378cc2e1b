import * as torch from 'kindling'
import { showImages } from 'kindling/plot'
import { describe, expect, test } from 'vitest'
import { all, parsed, pixelsOf, texts } from './support.ts'

const pixels = (...args: Parameters<typeof showImages>) => all(parsed(showImages(...args)), 'image').map(pixelsOf)

describe('showImages', () => {
  const bytes = torch
    .arange(2 * 3 * 5)
    .to('uint8')
    .reshape(2, 3, 5)

  test('keeps the pixels of bytes as they are', () => {
    const [first, second] = pixels(bytes, 1, 2, { normalize: false })
    expect(first).toEqual({ width: 5, height: 3, channels: 1, data: Array.from({ length: 15 }, (_, i) => i) })
    expect(second.data).toEqual(Array.from({ length: 15 }, (_, i) => 15 + i))
    expect(pixels(bytes.unsqueeze(1), 1, 2, { normalize: false })).toEqual([first, second])
    expect(pixels([bytes.at(0), bytes.at('1:2')], 1, 2, { normalize: false })).toEqual([first, second])
  })

  test('keeps the channels of colours, side by side in each pixel', () => {
    const colours = torch.tensor([1, 0, 0.5, 0, 1, 0.5, 0, 0, 0.5], { dtype: 'float32' }).reshape(1, 3, 1, 3)
    expect(pixels(colours, 1, 1)).toEqual([
      { width: 3, height: 1, channels: 3, data: [255, 0, 0, 0, 255, 0, 128, 128, 128] },
    ])
  })

  test('stretches each image of one channel from black to white, or all together, or none', () => {
    const images = torch.tensor([[[-1, 1]], [[0, 0.5]]], { dtype: 'float32' })
    const data = (normalize?: 'image' | 'all' | false): number[][] =>
      pixels(images, 1, 2, { normalize }).map((one) => one.data)
    expect(data()).toEqual([
      [0, 255],
      [0, 255],
    ])
    expect(data('all')).toEqual([
      [0, 255],
      [128, 191],
    ])
    expect(data(false)).toEqual([
      [0, 255],
      [0, 128],
    ])
    expect(pixels(torch.full([1, 1, 2], 7), 1, 1)[0].data).toEqual([0, 0])
  })

  test('shows the first rows times columns images, with titles of several lines', () => {
    const figure = showImages(torch.rand(7, 28, 28), 2, 3, { titles: ['a\nb', 'c'], title: 'Clothes' })
    const svg = parsed(figure)
    expect(all(svg, 'image')).toHaveLength(6)
    expect(texts(svg, 'text')).toEqual(['Clothes', 'a', 'b', 'c'])
    expect(all(svg, 'image').every((image) => image.getAttribute('style') === 'image-rendering:pixelated')).toBe(true)
    expect(svg.getAttribute('aria-label')).toBe("Images 'Clothes': a b; c; ; ; ; ")
  })

  test('takes views and images that need gradients', () => {
    const weight = torch.rand(4, 1, 3, 3).requiresGrad_()
    expect(pixels(weight, 1, 4)).toEqual(pixels(weight.detach().clone(), 1, 4))
    expect(pixels(bytes.transpose(1, 2), 1, 2, { normalize: false })[0].data.slice(0, 4)).toEqual([0, 5, 10, 1])
  })
})
