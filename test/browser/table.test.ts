// A table in Chromium: downloaded, filled, grouped, made a tensor, with packages that are loaded on demand.
import { basename } from 'node:path'
import { expect, test } from 'vitest'
import { bundle, findChromium, launch, noChromium, serve } from './chromium.ts'

const executable = findChromium()
if (executable === null) console.warn(`browser tests are skipped: ${noChromium}`)

test.skipIf(executable === null)('a table is downloaded and becomes a tensor', async () => {
  const { outputFiles } = await bundle('test/browser/table.ts')
  const scripts = Object.fromEntries(outputFiles.map(({ path, text }) => [`/${basename(path)}`, text]))
  const page = '<!doctype html><script type="module" src="/table.js"></script>'
  const house = 'NumRooms,Alley,Price\nNA,Pave,127500\n2,NA,106000\n'
  const browser = await launch(executable as string)
  const site = await serve({ '/': page, ...scripts, '/house.csv': house }, { isolated: true })
  try {
    const tab = await browser.newPage()
    await tab.goto(site.origin)
    const answer = await (await tab.waitForFunction('globalThis.answer', null, { timeout: 50_000 })).jsonValue()
    expect(answer).toEqual({
      text: [
        '   NumRooms   Price  Alley_Pave  Alley_nan',
        '0       2.0  127500           1          0',
        '1       2.0  106000           0          1',
      ].join('\n'),
      tensor: [
        [2, 127500, 1, 0],
        [2, 106000, 0, 1],
      ],
      dearest: 'Alley,price\nPave,127500\n,106000\n',
    })
  } finally {
    await browser.close()
    await site.close()
  }
})
