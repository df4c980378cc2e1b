import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findChromium, launch, serve } from './chromium.ts'

const root = join(import.meta.dirname, '../..')
const bundle = (entry: string) =>
  build({
    bundle: true,
    format: 'esm',
    platform: 'browser',
    minify: true,
    logLevel: 'silent',
    absWorkingDir: root,
    entryPoints: [entry],
    outdir: 'dist',
    write: false,
    metafile: true,
  })

test('figures for browsers draw with the page and hold no document of their own', async () => {
  const { metafile } = await bundle('src/plot/index.ts')
  const sources = Object.keys(metafile.inputs)
  expect(sources).toContain('src/plot/document.browser.ts')
  expect(sources.filter((path) => /linkedom|platform\/node|document\.node/.test(path))).toEqual([])
  expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports)).toEqual([])
})

const executable = findChromium()

describe.skipIf(executable === null)('in Chromium', () => {
  let script: string
  let browser: Awaited<ReturnType<typeof launch>>
  beforeAll(async () => {
    script = (await bundle('test/browser/plotPage.ts')).outputFiles[0].text
    browser = await launch(executable as string)
  }, 60_000)
  afterAll(() => browser?.close())

  test('a figure is an element of the page and a file of XML, and an animator is redrawn once a frame', async () => {
    const page = '<!doctype html><title>Figures</title><body><script type="module" src="/page.js"></script>'
    const site = await serve({ '/': page, '/page.js': script }, { isolated: false })
    const tab = await browser.newPage()
    try {
      await tab.goto(site.origin)
      const answer = await (await tab.waitForFunction('globalThis.answer', null, { timeout: 50_000 })).jsonValue()
      expect(answer).toEqual({ lines: 3, mounted: 1, redraws: 3, isXml: true, linesInFile: 2 })
    } finally {
      await tab.close()
      await site.close()
    }
  })
})
