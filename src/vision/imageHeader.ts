// What the first bytes of an image file tell: the format, the size, and how many components a pixel has.

interface Size {
  readonly width: number
  readonly height: number
}

const formats: readonly { readonly name: string; readonly start: readonly number[] }[] = [
  { name: 'PNG', start: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] },
  { name: 'JPEG', start: [0xff, 0xd8, 0xff] },
  { name: 'GIF', start: [0x47, 0x49, 0x46] },
  { name: 'WebP', start: [0x52, 0x49, 0x46, 0x46] },
  { name: 'BMP', start: [0x42, 0x4d] },
  { name: 'TIFF', start: [0x49, 0x49, 0x2a, 0x00] },
  { name: 'PDF', start: [0x25, 0x50, 0x44, 0x46] },
]

/** 'PNG', 'JPEG' or the name of a format that cannot be read; undefined where it is none that is known. */
export function formatOf(bytes: Uint8Array): string | undefined {
  return formats.find(({ start }) => start.every((byte, i) => bytes[i] === byte))?.name
}

/** Null where the file ends before. */
export function sizeOfPng(bytes: Uint8Array): Size | null {
  if (bytes.length < 24) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  return { width: view.getUint32(16), height: view.getUint32(20) }
}

/** Null where the file ends before. */
export function headerOfJpeg(bytes: Uint8Array): (Size & { readonly components: number }) | null {
  for (let at = 2; at + 9 < bytes.length; ) {
    const marker = bytes[at + 1]
    const word = (offset: number): number => bytes[at + offset] * 256 + bytes[at + offset + 1]
    // Three markers of this range are tables.
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (bytes[at] === 0xff && isFrame) return { width: word(7), height: word(5), components: bytes[at + 9] }
    at += bytes[at] !== 0xff || marker === 0xff ? 1 : 2 + word(2)
  }
  return null
}
