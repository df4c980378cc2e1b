// The bench's own arithmetic, its files, and its worker. No time is asserted.
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as models from 'kindling/models'
import { expect, test } from 'vitest'
import { bundleContenders, Tab } from '../../bench/browser/tab.ts'
import { Contender } from '../../bench/contender.ts'
import { alternate, turnTime } from '../../bench/duel.ts'
import { parseCpuTimes, share } from '../../bench/machine.ts'
import { agreement } from '../../bench/measure/compare.ts'
import { networkNames, networkOf } from '../../bench/networks.ts'
import { kindling, torchSettings } from '../../bench/programs.ts'
import { type Results, toJson, writeResults } from '../../bench/report/files.ts'
import * as sequences from '../../bench/sequences.ts'
import { ratioChart } from '../../bench/report/ratioChart.ts'
import { type RowHead, rowOf } from '../../bench/report/rows.ts'
import { scalingChart } from '../../bench/report/scalingChart.ts'
import { figure, table } from '../../bench/report/table.ts'
import { Run } from '../../bench/run.ts'
import { geometricMean, median, quantile, relativeDifference } from '../../bench/statistics.ts'
import { findChromium } from '../browser/chromium.ts'

const head: RowHead = { group: 'steps', name: 'LeNet', metric: 'ms per step', threads: 2, avx2: true, better: 'lower' }
const faster = rowOf(head, [10, 12, 8], { name: 'PyTorch, default', values: [20, 18, 24] }, 'loss 2.3')
const slower = rowOf({ ...head, name: 'MLP' }, [4], { name: 'PyTorch, default', values: [2] })
const alone = rowOf({ ...head, name: 'NiN', threads: 1, avx2: false }, [3], null)
const signal = new AbortController().signal

test('median, quantile and geometric mean', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(quantile([1, 2, 3, 4, 5], 0.25)).toBe(2)
  expect(geometricMean([2, 8])).toBeCloseTo(4)
  expect(geometricMean([0.5, 2])).toBeCloseTo(1)
  expect(median([])).toBeNaN()
  expect(relativeDifference(2, 2.02)).toBeCloseTo(0.0099, 4)
  expect(relativeDifference(0, 0)).toBe(0)
})

test('the first step of a turn does not count where there are others', () => {
  expect(turnTime({ times: [90, 1, 3], losses: [] })).toBe(2)
  expect(turnTime({ times: [90, 2], losses: [] })).toBe(46)
})

test('a ratio above 1 says that Kindling is better, round by round', () => {
  expect(faster).toMatchObject({ kindling: 10, peerValue: 20, ratio: 2, spread: { ratio: { low: 1.75, high: 2.5 } } })
  const rate = rowOf({ ...head, better: 'higher' }, [30], { name: 'PyTorch', values: [20] })
  expect(rate.ratio).toBe(1.5)
  expect(alone).toMatchObject({ peer: null, peerValue: null, ratio: null })
  expect(faster).not.toHaveProperty('better')
})

test('losses that differ are no agreement', () => {
  expect(agreement([2.3, 2.2, 2.1], [2.3001, 2.2, 2.1]).agrees).toBe(true)
  expect(agreement([2.3, 2.2, 2.1], [2.3, 2.2, 1.9]).agrees).toBe(false)
  // Chaotic training may part later: that is told, not judged.
  const late = agreement([2, 2, 2, 2, 2, 1], [2, 2, 2, 2, 2, 3])
  expect(late).toEqual({ agrees: true, text: 'loss 2.0000, after 6 steps 1.0000 and 3.0000' })
  expect(agreement([Number.NaN], [Number.NaN]).agrees).toBe(false)
})

test('the table shows medians, ranges, ratios and their mean for each mode', () => {
  expect(figure(1234.5)).toBe('1235')
  expect(figure(0.01234)).toBe('0.0123')
  expect(table('steps', [faster, slower, alone])).toBe(
    [
      'steps, ms per step: median (middle half of the rounds)',
      '                          Kindling             peer                 ratio                peer is',
      'LeNet  2 threads          10.0 (9.00 to 11.0)  20.0 (19.0 to 22.0)  2.00 (1.75 to 2.50)  PyTorch, default  loss 2.3',
      'MLP    2 threads          4.00                 2.00                 0.500                PyTorch, default',
      'NiN    1 thread, no AVX2  3.00',
      'geometric mean of 2 ratios, 2 threads: 1.00',
    ].join('\n'),
  )
})

test('files: figures as JSON and charts, whole, one set per run', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kindling-bench-'))
  try {
    const results: Results = { environment: { node: '26' }, notes: '', rows: [faster, slower, alone] }
    const charts = new Map([['ratios', ratioChart([faster, slower, alone], 'a title')]])
    const first = await writeResults(folder, results, charts)
    const second = await writeResults(folder, results, new Map())
    expect(JSON.parse(await readFile(first[0], 'utf8'))).toEqual(JSON.parse(toJson(results)))
    expect(second[0]).toBe(first[0].replace('.json', '-2.json'))
    expect(await readdir(folder)).toHaveLength(3)
    const svg = await readFile(first[1], 'utf8')
    expect(svg).toMatch(/^<svg [^]*LeNet[^]*2\.00x[^]*<\/svg>\n$/)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('the chart of growth has a panel per quantity', () => {
  const points = [1, 2, 4].map((x) => ({ x, y: 3 * x }))
  const svg = scalingChart(
    [16, 32].map((power) => ({ title: 'LeNet', label: `axis ${power}`, points, power })),
    'growth',
  )
  expect(svg.match(/<svg /g)).toHaveLength(3)
  expect(svg).toContain('LeNet by axis 32: 1 3.00 ms; 2 6.00 ms; 4 12.0 ms')
})

test('load of the machine from /proc/stat', () => {
  const from = parseCpuTimes('cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 1 2 3')
  const to = parseCpuTimes('cpu  130 0 70 1230 50 0 0 20 0 0\n')
  expect(share(from, to)).toEqual({ busy: 0.1, stolen: 0.04 })
})

test('PyTorch counts in every setting, with one thread in one', () => {
  expect(torchSettings(1)).toEqual(['one thread'])
  expect(torchSettings(2)).toContain('default')
  expect(torchSettings(2, ['one thread', 'default'])).toEqual(['default', 'one thread'])
})

test('every network of the table is one of kindling/models, or one of the layers for sequences', () => {
  expect(networkNames).toHaveLength(12)
  for (const name of networkNames)
    expect(networkOf(name).input ? sequences : models).toHaveProperty(networkOf(name).model)
  expect(() => networkOf('lenet5')).toThrow("no network 'lenet5': known are softmax-regression")
})

test('workers take turns and answer with times, losses and memory', async () => {
  const options = { nets: [], against: [], quick: true, rounds: 2, threads: [1], avx2: [true], python: 'python3' }
  const run = new Run(options, signal, false)
  const contender = await Contender.start(kindling('step', ['mlp'], 1), signal)
  try {
    expect(contender.ready).toMatchObject({ ready: true, threads: 1 })
    const times = await alternate(run, [contender], { rounds: 2, steps: 2, warmUp: 1, title: 'test' })
    expect(times.flat()).toHaveLength(2)
    expect(contender.losses).toHaveLength(5)
    expect(contender.losses.every((loss) => loss > 0 && loss < 3)).toBe(true)
    expect(contender.peakRss).toBeGreaterThan(1e7)
  } finally {
    await contender.stop()
  }
  await expect(Contender.start(kindling('step', ['lenet5'], 1), signal)).rejects.toThrow("no network 'lenet5'")
})

test('node bench/step.ts lenet --steps 1 prints a finite loss', async () => {
  const args = [join(import.meta.dirname, '../../bench/step.ts'), 'lenet', '--steps', '1', '--warm-up', '0']
  const { stdout } = await promisify(execFile)(process.execPath, args)
  expect(stdout).toMatch(/^lenet: [\d.]+ ms a step \(.*\), loss 2\.327\d\d to 2\.327\d\d, memory \d+ MiB, /)
})

// With dropout, whose masks are PyTorch's: step.py prints these losses.
test.each([
  ['lstm', /loss 2\.3051\d to 2\.304\d\d,/],
  ['transformer', /loss 2\.4459\d to 2\.462\d\d,/],
])('node bench/step.ts %s prints the loss that PyTorch has', async (name, loss) => {
  const args = [join(import.meta.dirname, '../../bench/step.ts'), name, '--steps', '2', '--warm-up', '0']
  const { stdout } = await promisify(execFile)(process.execPath, args)
  expect(stdout).toMatch(loss)
})

test.skipIf(findChromium() === null)(
  'in Chromium a worker of the page trains the network that Node trains',
  async () => {
    const tab = await Tab.open(await bundleContenders(['kindling']), true, signal)
    try {
      const contender = await tab.start('kindling', { network: 'lenet', setting: 'wasm' })
      expect(contender.ready.threads).toBeGreaterThan(0)
      const { times } = await contender.run(2, 50_000)
      expect(times.every((ms) => ms > 0)).toBe(true)
      expect(contender.losses.map((loss) => loss.toFixed(3))).toEqual(['2.327', '2.329'])
      await expect(tab.start('kindling', { network: 'lenet5', setting: 'wasm' })).rejects.toThrow(
        "kindling: no network 'lenet5': known are softmax-regression",
      )
    } finally {
      await tab.close()
    }
  },
)
