// What a page does with image files: answers for images.test.ts.
import { decodeImage, ImageFolder } from '../../src/vision/index.ts'

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))

export interface Answers {
  readonly images: { readonly shape: readonly number[]; readonly bytes: number[] }[]
  readonly cut: string
  readonly folder: string
}

export async function answers(files: readonly string[]): Promise<Answers> {
  const images = []
  for (const file of files) {
    const image = await decodeImage(bytesOf(file))
    images.push({ shape: image.shape, bytes: image.numbers() })
  }
  const last = bytesOf(files[files.length - 1])
  return {
    images,
    cut: await decodeImage(last.subarray(0, last.length - 60)).then(String, String),
    folder: await ImageFolder('cats').then(String, String),
  }
}
