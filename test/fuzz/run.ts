// `npm run fuzz [-- --family NAME] [--cases N] [--seed S] [--case K] [--device wasm]`: random calls on a device against the reference device.
// Prints a line per family and every failing case as a line of code; exits with 1 where there was one.
import { parseArgs } from 'node:util'
import type { DeviceName } from '../../src/index.ts'
import { type Case, lineOf } from './case.ts'
import { functionOf } from './execute.ts'
import { families } from './families.ts'
import { explain, fuzz } from './fuzz.ts'
import { askPyTorch } from './pytorch.ts'

const help = `Random calls on a device, compared with the reference device: results, gradients, errors, memory.

  npm run fuzz                            all families, 10000 cases of each
  npm run fuzz -- --family conv,pool      some of them
  npm run fuzz -- --family conv --case 7  one case, printed in full

  --family NAMES   ${Object.keys(families).join(', ')}
  --cases N        of each family (10000)
  --seed S         other cases (0)
  --case K         only this one
  --device NAME    the device to be checked (wasm)
  --pytorch PATH   compare the reference device with PyTorch instead, by this Python
  --failures N     give a family up after so many (10)
  --help`

const { values } = parseArgs({
  options: {
    family: { type: 'string' },
    cases: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '0' },
    case: { type: 'string' },
    device: { type: 'string', default: 'wasm' },
    pytorch: { type: 'string' },
    failures: { type: 'string', default: '10' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(help)
  process.exit(0)
}
const fail = (text: string): never => {
  console.error(`fuzz: ${text}`)
  process.exit(2)
}
function count(name: 'cases' | 'seed' | 'case' | 'failures'): number {
  const value = Number(values[name])
  return Number.isInteger(value) && value >= 0 ? value : fail(`--${name} is a whole number, not ${values[name]}`)
}
const names = values.family?.split(',') ?? Object.keys(families)
for (const name of names)
  if (!(name in families)) fail(`no family ${name}: there are ${Object.keys(families).join(', ')}`)
const device = values.device as DeviceName
const seed = count('seed')
const from = values.case === undefined ? 0 : count('case')
const to = values.case === undefined ? count('cases') : from + 1

let stopped = false
process.once('SIGINT', () => {
  stopped = true
})
const status = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

const titleOf = ({ family, number, op, inPlace }: Case): string => `${family} ${number}: ${op}${inPlace ? '_' : ''}`

let failed = 0
if (values.pytorch !== undefined) {
  for (const family of names) {
    if (stopped) break
    let found = 0
    const compared = await askPyTorch(family, { seed, from, to, python: values.pytorch }, (one, failure) => {
      if (++found > count('failures')) return
      console.log(`${titleOf(one)}: ${failure.kind}: ${failure.text}`)
      console.log(`  ${lineOf(one, functionOf(one.op) !== null, null)}`)
    })
    failed += found
    console.log(
      `${found === 0 ? 'ok  ' : 'FAIL'} ${family}: ${compared} of ${to - from} cases compared with PyTorch${found > 0 ? `, ${found} differ` : ''}`,
    )
  }
  process.exit(failed > 0 ? 1 : 0)
}
for (const family of names) {
  if (stopped) break
  let found = 0
  const start = performance.now()
  let turn = start
  const done = await fuzz(
    family,
    { seed, from, to, device },
    async (number) => {
      const now = performance.now()
      if (now - turn > 100) {
        turn = now
        status(`${family} ${number} of ${to}${found > 0 ? `, ${found} failed` : ''}`)
        // Lets Ctrl-C through.
        await new Promise((resolve) => setImmediate(resolve))
      }
      return !stopped && found < count('failures')
    },
    async (one, failure) => {
      found++
      const { line, failure: small } = await explain(one, failure, device)
      status('')
      console.log(`${titleOf(one)}: ${small.kind}: ${small.text}`)
      console.log(`  ${line}`)
      console.log(`  npm run fuzz -- --family ${family} --seed ${seed} --case ${one.number}`)
    },
  )
  status('')
  failed += found
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(
    `${found === 0 ? 'ok  ' : 'FAIL'} ${family}: ${done} cases in ${seconds} s${found > 0 ? `, ${found} failed` : ''}`,
  )
}
if (stopped) console.log('stopped')
process.exitCode = failed > 0 ? 1 : 0
