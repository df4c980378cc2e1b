// `npm run test:browser [-- --browser chromium|firefox] [--device wasm] [--isolated] [--not-isolated] [--only TEXT] [--quick]`: the device suite and the
// conformance run in real browsers. Without options, every configuration of `table.ts`. Exits with 1 where something fails.
import { parseArgs } from 'node:util'
import { bundleTests } from './bundle.ts'
import { browserSuite, deviceSuite } from './suite.ts'
import { countOf, failuresOf, runInBrowser } from './run.ts'
import {
  type BrowserName,
  browsers,
  type Configuration,
  configurations,
  findBrowser,
  nameOf,
  notFound,
} from './table.ts'

const { values } = parseArgs({
  options: {
    browser: { type: 'string' },
    device: { type: 'string' },
    isolated: { type: 'boolean' },
    'not-isolated': { type: 'boolean' },
    only: { type: 'string', default: '' },
    /** The first configuration whole, of the others what every device does. */
    quick: { type: 'boolean', default: false },
  },
})
if (values.browser !== undefined && !Object.hasOwn(browsers, values.browser)) {
  console.error(`test:browser: no browser ${values.browser}: known are ${Object.keys(browsers).join(', ')}`)
  process.exit(2)
}

/** A configuration that the table has not may be named whole. */
function chosen(): readonly Configuration[] {
  const isolated = values.isolated ? true : values['not-isolated'] ? false : undefined
  const wanted = configurations.filter(
    (one) =>
      (values.browser === undefined || one.browser === values.browser) &&
      (values.device === undefined || one.device === values.device) &&
      (isolated === undefined || one.isolated === isolated),
  )
  if (wanted.length > 0) return wanted
  const { browser = 'chromium', device = 'wasm' } = values
  return [{ browser: browser as BrowserName, device, isolated: isolated ?? true }]
}

let failed = false
for (const [k, configuration] of chosen().entries()) {
  const name = nameOf(configuration)
  if (findBrowser(configuration.browser) === null) {
    console.error(`${name}: ${notFound(configuration.browser)}`)
    failed ||= process.env.CI !== undefined
    continue
  }
  const began = performance.now()
  const { device } = configuration
  const partly = device !== 'wasm' || (values.quick && k > 0)
  // Training on a software GPU takes a minute.
  const own = values.quick && device === 'webgpu' ? [] : browserSuite(device)
  const files = [...own, ...deviceSuite(device, partly)]
  const bundle = await bundleTests(files.filter((file) => file.includes(values.only)))
  const result = await runInBrowser(configuration, bundle, (file) => {
    const failures = failuresOf({ files: [file] })
    const verdict = failures.length > 0 ? 'FAIL' : file.leftOut === undefined ? 'ok  ' : 'skip'
    const what = file.leftOut ?? `${countOf({ files: [file] }, 'passed')} tests, ${(file.ms / 1000).toFixed(1)} s`
    console.log(`${verdict} ${file.file} ${what}`)
    for (const failure of failures) console.log(failure.replace(/^/gm, '    '))
  })
  const failures = failuresOf(result).length
  const seconds = ((performance.now() - began) / 1000).toFixed(0)
  const threads = result.crossOriginIsolated ? `${result.cores} threads` : 'one thread'
  console.log(
    `${name} (${threads}): ${countOf(result, 'passed')} passed, ${failures} failed, ${countOf(result, 'skipped')} skipped, ${seconds} s\n  ${result.agent}`,
  )
  failed ||= failures > 0 || result.crossOriginIsolated !== configuration.isolated
}
process.exitCode = failed ? 1 : 0
