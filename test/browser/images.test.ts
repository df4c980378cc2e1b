// Image files in a real browser: the bytes of Node, and a folder that is not there.
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { decodeImage } from '../../src/vision/index.ts'
import { bundle, findChromium, launch, serve } from './chromium.ts'
import type { Answers } from './images.ts'

const root = join(import.meta.dirname, '../..')
const cases: { name: string; file: string }[] = JSON.parse(
  gunzipSync(readFileSync(join(root, 'test/fixtures/images.json.gz'))).toString(),
)
const files = ['PNG of 16 bit RGB', 'JPEG of grey', 'JPEG of RGB, progressive'].map(
  (name) => cases.find((one) => one.name === name)!.file,
)
const page = (script: string): string => `<!doctype html><title>Kindling</title><script type="module">
  import { answers } from '/${script}'
  answers(${JSON.stringify(files)}).then(
    (answer) => { globalThis.answer = answer },
    (error) => { globalThis.answer = { error: String(error) } },
  )
</script>`

const executable = findChromium()

test.skipIf(executable === null)('Chromium decodes PNG and JPEG files to the bytes of Node', async () => {
  const { outputFiles } = await bundle('test/browser/images.ts')
  const scripts = Object.fromEntries(outputFiles.map(({ path, contents }) => [`/${basename(path)}`, contents]))
  const wasm = readFileSync(join(root, 'node_modules/@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm'))
  const site = await serve({ ...scripts, '/': page('images.js'), '/mozjpeg_dec.wasm': wasm }, { isolated: true })
  const browser = await launch(executable as string)
  try {
    const tab = await browser.newPage()
    await tab.goto(site.origin)
    const answer = await (await tab.waitForFunction('globalThis.answer', null, { timeout: 50_000 })).jsonValue()
    const { images, cut, folder } = answer as Answers
    const expected = await Promise.all(files.map((file) => decodeImage(Buffer.from(file, 'base64'))))
    expect(images).toEqual(expected.map((image) => ({ shape: image.shape, bytes: image.numbers() })))
    expect(cut).toMatch('decodeImage: cannot decode the JPEG file: Premature end of JPEG file')
    expect(folder).toMatch('ImageFolder: no such folder: cats')
  } finally {
    await browser.close()
    await site.close()
  }
})
