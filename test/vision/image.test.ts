// Image files against Pillow, byte by byte. Fixture: scripts/oracle/images.py.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import * as torch from '../../src/index.ts'
import { DataError, DTypeError, ShapeError } from '../../src/index.ts'
import { decodeImage, encodePng, readImage } from '../../src/vision/index.ts'

interface Case {
  readonly name: string
  readonly file: string
  /** Null where Pillow is not the measure. */
  readonly rgb: string | null
  readonly grey: string | null
}
const cases: Case[] = JSON.parse(
  gunzipSync(readFileSync(join(import.meta.dirname, '../fixtures/images.json.gz'))).toString(),
)
const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'))
const fileOf = (name: string): Uint8Array => bytesOf(cases.find((one) => one.name === name)!.file)

describe('a file gives the bytes of Pillow', () => {
  test.each(cases.filter(({ rgb }) => rgb !== null))('$name', async ({ file, rgb, grey }) => {
    const image = await decodeImage(bytesOf(file), { mode: 'RGB' })
    expect([image.dtype, image.ndim, image.shape[0]]).toEqual(['uint8', 3, 3])
    expect(image.data()).toEqual(bytesOf(rgb!))
    const grays = await decodeImage(bytesOf(file), { mode: 'L' })
    expect(grays.shape).toEqual([1, ...image.shape.slice(1)])
    expect(grays.data()).toEqual(bytesOf(grey!))
  })
})

describe('channels that are not asked to change are those of the file', () => {
  test.each([
    ['PNG of 1 bit grey', 1],
    ['PNG of 16 bit grey and alpha', 2],
    ['PNG of 8 bit grey with a transparent one', 2],
    ['PNG with a palette of 4 bit', 3],
    ['PNG with a palette and transparency', 4],
    ['PNG of 16 bit RGB with a transparent colour', 4],
    ['PNG of 8 bit RGB and alpha', 4],
    ['JPEG of grey', 1],
    ['JPEG of RGB, one pixel', 3],
  ])('%s: %i', async (name, channels) => {
    const image = await decodeImage(fileOf(name))
    expect(image.shape[0]).toBe(channels)
    const rgb = await decodeImage(fileOf(name), { mode: 'RGB' })
    const opaque = channels % 2 === 0 ? image.narrow(0, 0, channels - 1) : image
    expect(opaque.expand(rgb.shape).equal(rgb)).toBe(true)
  })
  test('a transparent colour has alpha 0, where it is', async () => {
    for (const name of ['PNG of 2 bit grey with a transparent one', 'PNG of 16 bit RGB with a transparent colour']) {
      const image = await decodeImage(fileOf(name))
      const alpha = image.at(-1)
      const same = image
        .narrow(0, 0, image.shape[0] - 1)
        .eq(image.at(':-1', '2:3', '3:4'))
        .all(0)
      expect(alpha.eq(0).equal(same)).toBe(true)
      expect(alpha.at(2, 3).item()).toBe(0)
      expect(alpha.eq(0).logicalOr(alpha.eq(255)).all().item()).toBe(1)
    }
  })
  test('greys of 16 bit keep their upper 8', async () => {
    const file = fileOf('PNG of 16 bit grey')
    const image = await decodeImage(file)
    expect(image.shape).toEqual([1, 9, 13])
    expect(image.float().mean().item()).toBeGreaterThan(90)
    expect(image.float().mean().item()).toBeLessThan(165)
  })
})

describe('a tensor as PNG', () => {
  test.each([1, 2, 3, 4])('comes back whole, with %i channels', async (channels) => {
    const image = torch.randint(0, 256, [channels, 7, 5], { dtype: 'uint8' })
    const flipped = image.transpose(1, 2)
    expect((await decodeImage(await encodePng(image))).equal(image)).toBe(true)
    expect((await decodeImage(await encodePng(flipped))).equal(flipped)).toBe(true)
  })
  test('must be an image of bytes', async () => {
    await expect(encodePng(torch.zeros(3, 2, 2))).rejects.toThrow(DTypeError)
    await expect(encodePng(torch.zeros(2, 2, { dtype: 'uint8' }))).rejects.toThrow(ShapeError)
    await expect(encodePng(torch.zeros(5, 2, 2, { dtype: 'uint8' }))).rejects.toThrow(
      'encodePng: an image [C, H, W] with 1 to 4 channels is needed, got [5, 2, 2]',
    )
  })
})

describe('what is no image is refused', () => {
  const png = fileOf('PNG of 8 bit RGB')
  const jpeg = fileOf('JPEG of RGB, sampling 4:2:0')
  const changed = (bytes: Uint8Array, at: number, byte: number): Uint8Array =>
    Uint8Array.from(bytes, (old, i) => (i === at ? byte : old))
  test.each<[string, Uint8Array, string | RegExp]>([
    ['nothing', new Uint8Array(), 'decodeImage: no PNG or JPEG image: it is empty'],
    ['text', new TextEncoder().encode('hello'), 'decodeImage: no PNG or JPEG image: it is in no known format'],
    ['a GIF', new TextEncoder().encode('GIF89a'), 'decodeImage: no PNG or JPEG image: it is a GIF file'],
    ['the start of a PNG', png.subarray(0, 20), 'decodeImage: the PNG file is cut off: it has 20 bytes'],
    ['half a PNG', png.subarray(0, png.length / 2), /cannot decode the PNG file: /],
    ['a PNG without its end', png.subarray(0, png.length - 12), /cannot decode the PNG file: /],
    ['a PNG with a wrong byte', changed(png, 60, png[60] ^ 1), /cannot decode the PNG file: .*CRC/],
    [
      'an interlaced PNG of 4 bit',
      fileOf('interlaced PNG of 4 bit grey'),
      'decodeImage: cannot decode the PNG file: it is interlaced and has less than 8 bits',
    ],
    ['the start of a JPEG', jpeg.subarray(0, 30), 'decodeImage: the JPEG file is cut off: it has 30 bytes'],
    ['half a JPEG', jpeg.subarray(0, jpeg.length / 2), /decodeImage: cannot decode the JPEG file: \w/],
    [
      'a JPEG without its end',
      jpeg.subarray(0, jpeg.length - 60),
      'decodeImage: cannot decode the JPEG file: Premature end of JPEG file',
    ],
    [
      'a huge PNG',
      changed(png, 16, 0x7f),
      /decodeImage: too many pixels: 2130706445 x 9, at most 128 million\n {2}help: crop/,
    ],
  ])('%s', async (_, bytes, message) => {
    await expect(decodeImage(bytes)).rejects.toThrow(DataError)
    await expect(decodeImage(bytes)).rejects.toThrow(message)
    expect((await decodeImage(jpeg)).shape).toEqual([3, 21, 29])
  })
  test('and so is a mode that is not known', async () => {
    await expect(decodeImage(png, { mode: 'rgb' as never })).rejects.toThrow(
      "decodeImage: mode must be one of RGB, L, unchanged, got 'rgb'",
    )
  })
  test('the error names the file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kindling-image-'))
    const path = join(folder, 'broken.png')
    writeFileSync(path, png.subarray(0, 100))
    await expect(readImage(path)).rejects.toThrow(`${path}: cannot decode the PNG file: `)
    await expect(readImage(join(folder, 'none.png'))).rejects.toThrow(/no such file or folder: .*none\.png/)
    writeFileSync(path, jpeg)
    expect((await readImage(path, { mode: 'L' })).shape).toEqual([1, 21, 29])
    rmSync(folder, { recursive: true })
  })
})

test('many JPEG files at once are each their own', async () => {
  const jpegs = cases.filter(({ name }) => name.startsWith('JPEG'))
  const cut = fileOf('JPEG of grey').subarray(0, 200)
  const results = await Promise.all([
    ...jpegs.flatMap(({ file }) => [decodeImage(bytesOf(file), { mode: 'RGB' }), decodeImage(cut).catch(() => null)]),
  ])
  jpegs.forEach(({ rgb }, i) => {
    expect(results[2 * i]!.data()).toEqual(bytesOf(rgb!))
    expect(results[2 * i + 1]).toBeNull()
  })
})
