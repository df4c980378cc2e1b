// JPEG, by libjpeg-turbo's decoder in WebAssembly (the package @jsquash/jpeg): the bytes that Pillow gets.
import { name as platform, readFile } from '#platform'
import { headerOfJpeg } from './imageHeader.ts'
import type { Pixels } from './png.ts'

interface Decoder {
  decode(bytes: Uint8Array): ImageData
  /** What the library wrote about the last file. */
  readonly messages: string[]
}
let opened: Promise<Decoder> | null = null

async function open(): Promise<Decoder> {
  const { default: start } = await import('@jsquash/jpeg/codec/dec/mozjpeg_dec.js')
  const messages: string[] = []
  const options = { noInitialRun: true, printErr: (line: string) => void messages.push(line) }
  const module = await start(platform === 'node' ? { ...options, wasmBinary: await wasmFile() } : options)
  return {
    messages,
    decode(bytes) {
      messages.length = 0
      return module.decode(bytes, false)
    },
  }
}

/** The package asks for its module with `fetch`, which in Node does not read files. */
function wasmFile(): Promise<Uint8Array> {
  const { pathname } = new URL(import.meta.resolve('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm'))
  return readFile(decodeURIComponent(pathname))
}

/** Grey or RGB. Rejects with an Error for files that are damaged or cut off. */
export async function decodeJpeg(bytes: Uint8Array): Promise<Pixels> {
  opened ??= open()
  const decoder = await opened
  try {
    const { width, height, data } = decoder.decode(bytes)
    if (decoder.messages.some((line) => line.startsWith('Premature end'))) throw new Error('it is cut off')
    const channels = headerOfJpeg(bytes)?.components === 1 ? 1 : 3
    const pixels = new Uint8Array(width * height * channels)
    for (let i = 0, at = 0; i < pixels.length; at += 4) for (let c = 0; c < channels; c++) pixels[i++] = data[at + c]
    return { width, height, channels, data: pixels }
  } catch (error) {
    // What a failure leaves in the memory of the module is not to be used again.
    opened = null
    throw new Error(decoder.messages.at(-1) ?? (error as Error).message, { cause: error })
  }
}
