import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { load } from 'kindling'
import type { EpochMetrics, FoldsResult, RunConfig, RunResult } from '../../src/cli/runFolder.ts'
import { kindling, temporaryFolder, writeDigits } from './support.ts'

const folder = temporaryFolder()
const at = (...names: string[]): string => join(folder.path, ...names)
const json = <T>(...names: string[]): T => JSON.parse(readFileSync(at(...names), 'utf8')) as T
const metricsOf = (run: string): EpochMetrics[] =>
  readFileSync(at(run, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as EpochMetrics)
/** Without what depends on the clock. */
const figuresOf = (run: string): object[] => metricsOf(run).map(({ seconds, imagesPerSecond, ...figures }) => figures)
const bytesOf = (...names: string[]): Buffer => readFileSync(at(...names))

const data = at('data')
const train = (...args: string[]) => kindling(['train', ...args, '--data', data])
/** Stops `kindling train ...args` behind the line that holds `text`. */
async function interrupted(text: string, ...args: string[]): Promise<string> {
  let asked = false
  const { code, stdout } = await kindling(['train', ...args, '--data', data], (child, out) => {
    if (asked || !out.includes(text)) return
    asked = true
    child.kill('SIGINT')
  })
  expect(code, stdout).toBe(130)
  return stdout
}

beforeAll(() => void writeDigits(data))
afterAll(() => folder.remove())

test('with a validation set the test images wait for the end, and all settings are saved', async () => {
  const options = [
    '--valid',
    '0.25',
    '--limit',
    '1000',
    '--weight-decay',
    '0.001',
    '--momentum',
    '0.5',
    '--dropout',
    '0.3',
  ]
  const { code, stdout } = await train('mlp-dropout', ...options, '--lr', '0.1', '--epochs', '2', '--out', at('valid'))
  expect(code).toBe(0)
  expect(stdout).toMatch(
    /: 750 of 2,000 images, 250 to validate, epochs 1 to 2, batch 256, sgd lr 0\.1, momentum 0\.5, weight decay 0\.001, dropout 0\.3, seed 0$/m,
  )
  expect(stdout).toMatch(/^epoch 2\/2: .*, valid [\d.]+ %, .*\ntest images: [\d.]+ %$/m)
  for (const line of metricsOf('valid')) {
    expect(line).toMatchObject({ validLoss: expect.any(Number), validAccuracy: expect.any(Number) })
    expect(line).not.toHaveProperty('testAccuracy')
  }
  const settings = { valid: 0.25, limit: 1000, weightDecay: 0.001, momentum: 0.5, dropout: 0.3, preset: 'quick' }
  expect(json<RunConfig>('valid', 'config.json')).toMatchObject(settings)
  expect(json<RunResult>('valid', 'result.json')).toMatchObject({ images: 'test', epochs: 2 })
  const report = readFileSync(at('valid', 'report.html'), 'utf8')
  expect(report).toContain('of 500 test images named right')
  expect(report).toContain('dropout: 0.3')
  expect(report).not.toContain('What the convolutions learned')
})

test('early stopping keeps the model of the lowest validation loss, and a resumed run is the one that never stopped', async () => {
  // A rate at which the loss jumps about, so that the lowest one comes early.
  const options = [
    '--lr',
    '2',
    '--valid',
    '0.2',
    '--patience',
    '4',
    '--epochs',
    '60',
    '--batch-size',
    '64',
    '--seed',
    '1',
  ]
  const whole = await train('mlp', ...options, '--out', at('patient'))
  expect(whole.code).toBe(0)
  const losses = metricsOf('patient').map(({ validLoss }) => validLoss as number)
  const best = losses.indexOf(Math.min(...losses)) + 1
  expect(losses).toHaveLength(best + 4)
  expect(losses.length).toBeLessThan(60)
  expect(whole.stdout).toContain(`no better model for 4 epochs: the model is that of epoch ${best}\n`)
  expect(json<RunResult>('patient', 'result.json')).toMatchObject({ epochs: losses.length, modelEpoch: best })

  const short = await train('mlp', ...options.with(7, String(best)), '--out', at('short'))
  expect(short.code).toBe(0)
  expect(bytesOf('short', 'model.safetensors').equals(bytesOf('patient', 'model.safetensors'))).toBe(true)

  await interrupted(`epoch ${best + 1}/60`, 'mlp', ...options, '--out', at('cut'))
  expect(await kindling(['train', '--resume', at('cut')])).toMatchObject({ code: 0, stderr: '' })
  expect(figuresOf('cut')).toEqual(figuresOf('patient'))
  expect(bytesOf('cut', 'model.safetensors').equals(bytesOf('patient', 'model.safetensors'))).toBe(true)
  const over = await kindling(['train', '--resume', at('patient')])
  expect(over).toMatchObject({ code: 1 })
  expect(over.stderr).toMatch(/has stopped after \d+ epochs, the last 4 of them without a better model/)
})

test('random changes of the images, dropout and learning rates go on where an epoch was stopped', async () => {
  const options = [
    '--augment',
    '--schedule',
    'cosine',
    '--epochs',
    '3',
    '--batch-size',
    '8',
    '--lr',
    '0.05',
    '--seed',
    '5',
  ]
  expect(await train('mlp-dropout', ...options, '--out', at('moved'))).toMatchObject({ code: 0 })
  expect(await train('mlp-dropout', ...options.slice(1), '--out', at('still'))).toMatchObject({ code: 0 })
  expect(figuresOf('moved')).not.toEqual(figuresOf('still'))
  expect(metricsOf('moved').map(({ lr }) => lr.toFixed(4))).toEqual(['0.0500', '0.0375', '0.0125'])
  expect(readFileSync(at('moved', 'report.html'), 'utf8')).toContain(
    'aria-label="Learning rate by epoch: from 0.05 to 0.0125',
  )
  const cut = await interrupted('epoch 1/3', 'mlp-dropout', ...options, '--out', at('moved-cut'))
  expect(cut).toContain('stopped in epoch 2, at ')
  expect(await kindling(['train', '--resume', at('moved-cut')])).toMatchObject({ code: 0, stderr: '' })
  expect(figuresOf('moved-cut')).toEqual(figuresOf('moved'))
  expect(bytesOf('moved-cut', 'model.safetensors').equals(bytesOf('moved', 'model.safetensors'))).toBe(true)
})

test('a limit takes the same images for the same seed, and others for another', async () => {
  const options = ['--limit', '200', '--epochs', '1']
  for (const [out, seed] of [
    ['a', '1'],
    ['b', '1'],
    ['c', '2'],
  ])
    expect(await train('softmax-regression', ...options, '--seed', seed, '--out', at(out))).toMatchObject({ code: 0 })
  expect(figuresOf('b')).toEqual(figuresOf('a'))
  expect(figuresOf('c')).not.toEqual(figuresOf('a'))
})

test('k folds hold out every image once, and give mean and spread', async () => {
  const options = ['--k-fold', '3', '--limit', '600', '--epochs', '2', '--lr', '0.3']
  const { code, stdout } = await train('softmax-regression', ...options, '--out', at('folds'))
  expect(code).toBe(0)
  expect(readdirSync(at('folds')).sort()).toEqual([
    'config.json',
    'fold-1',
    'fold-2',
    'fold-3',
    'report.html',
    'result.json',
  ])
  expect(stdout.match(/: 400 of 2,000 images, fold \d of 3, 200 to validate, /g)).toHaveLength(3)
  const { accuracies, mean, deviation } = json<FoldsResult>('folds', 'result.json')
  expect(accuracies).toHaveLength(3)
  expect(mean).toBeCloseTo(accuracies.reduce((a, b) => a + b) / 3, 12)
  expect(deviation).toBeCloseTo(Math.sqrt(accuracies.reduce((sum, a) => sum + (a - mean) ** 2, 0) / 2), 12)
  accuracies.forEach((accuracy, i) => {
    const result = json<RunResult>('folds', `fold-${i + 1}`, 'result.json')
    expect(result).toMatchObject({ images: 'validation', accuracy })
    expect(json<RunConfig>('folds', `fold-${i + 1}`, 'config.json').fold).toEqual({ index: i + 1, of: 3 })
  })
  expect(stdout).toContain(
    `validation accuracy of 3 folds: mean ${(100 * mean).toFixed(2)} %, standard deviation ${(100 * deviation).toFixed(2)} %, from `,
  )
  const report = readFileSync(at('folds', 'report.html'), 'utf8')
  expect(report.match(/<svg /g)).toHaveLength(4)
  expect(report).toContain('<td>fold 3</td>')
  const again = await kindling(['train', '--resume', at('folds')])
  expect(again.stderr).toMatch(/has finished its 3 folds\n {2}help: add epochs with --epochs 6/)
})

test('folds that were stopped go on to the same end', async () => {
  const options = ['--k-fold', '3', '--limit', '600', '--epochs', '2', '--lr', '0.3']
  await interrupted('fold 2 of 3', 'softmax-regression', ...options, '--out', at('folds-cut'))
  expect(existsSync(at('folds-cut', 'fold-3'))).toBe(false)
  const resumed = await kindling(['train', '--resume', at('folds-cut')])
  expect(resumed).toMatchObject({ code: 0, stderr: '' })
  expect(json<FoldsResult>('folds-cut', 'result.json')).toEqual(json<FoldsResult>('folds', 'result.json'))
  const longer = await kindling(['train', '--resume', at('folds-cut'), '--epochs', '3'])
  expect(longer.code).toBe(0)
  for (const fold of [1, 2, 3]) expect(metricsOf(`folds-cut/fold-${fold}`)).toHaveLength(3)
})

test('compare shows what differs, in the terminal and as a page', async () => {
  const { code, stdout } = await kindling(['compare', at('a'), at('valid'), at('folds'), '--out', at('compare.html')])
  expect(code).toBe(0)
  const lines = stdout.split('\n')
  expect(lines[0]).toMatch(/^run +epochs +training loss +best +at epoch +last +kept model +time$/)
  expect(
    lines.filter((line) => /^\S+(a|valid|fold-[123]) +[12] +[\d.]+ +(valid|test) [\d.]+ % /.test(line)),
  ).toHaveLength(5)
  expect(stdout).toMatch(/^Held out to validate +0\.25$/m)
  expect(stdout).toMatch(/^Fold +1 of 3 +2 of 3 +3 of 3$/m)
  expect(stdout).not.toMatch(/^Preset/m)
  const page = readFileSync(at('compare.html'), 'utf8')
  expect(page).not.toMatch(/(src|href)="(?!data:)/)
  expect(page.match(/<svg [^>]*aria-label="(training|held-out) (loss|accuracy, %) of 5 runs by epoch"/g)).toHaveLength(
    4,
  )
  const alone = await kindling(['compare', at('a')])
  expect(alone.stderr).toContain('compare: two runs at least, got 1')
  const none = await kindling(['compare', at('a'), data])
  expect(none.stderr).toMatch(/is no run folder: it has no config\.json/)
})

test('a narrow network is saved as it is, and predicts', async () => {
  const options = ['--width', '0.125', '--dropout', '0.1', '--limit', '64', '--epochs', '1', '--side', '67']
  expect(await train('alexnet', ...options, '--out', at('narrow'))).toMatchObject({ code: 0 })
  const model = await load(at('narrow', 'model.safetensors'))
  expect(model['0.weight'].shape).toEqual([12, 1, 11, 11])
  const report = readFileSync(at('narrow', 'report.html'), 'utf8')
  expect(report).toContain('alexnet({ channels: 1, classes: 10, side: 67, width: 0.125, dropout: 0.1 })')
})
