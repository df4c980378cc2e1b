import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { load } from 'kindling'
import { kinds, drawDigit, strokes } from './drawing.ts'
import { kindling, type Outcome, temporaryFolder, writeDigits } from './support.ts'

const folder = temporaryFolder()
const at = (name: string): string => join(folder.path, name)
const recipe = ['--batch-size', '32', '--epochs', '8', '--seed', '3']
let whole: Outcome

interface Line {
  epoch: number
  seconds: number
  imagesPerSecond: number
}
const metricsOf = (run: string): Line[] =>
  readFileSync(join(run, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
/** Without what depends on the clock. */
const figuresOf = (run: string): object[] => metricsOf(run).map(({ seconds, imagesPerSecond, ...figures }) => figures)

beforeAll(async () => {
  writeDigits(at('data'))
  whole = await kindling(['train', 'lenet', '--data', at('data'), ...recipe, '--out', at('whole')])
}, 60_000)
afterAll(() => folder.remove())

test('a run ends with code 0 and one plain line per epoch where there is no terminal', () => {
  expect(whole).toMatchObject({ code: 0, stderr: '' })
  const lines = whole.stdout.split('\n').filter((line) => line.startsWith('epoch '))
  expect(lines).toHaveLength(8)
  expect(lines[0]).toMatch(/^epoch 1\/8: loss \d\.\d{4}, train [\d.]+ %, test [\d.]+ %, [\d.]+ s, [\d,]+ images\/s$/)
  expect(whole.stdout).not.toContain('\x1b')
})

test('the run folder holds settings, metrics, result, model, checkpoint and report, and nothing else', async () => {
  expect(readdirSync(at('whole')).sort()).toEqual([
    'checkpoint.safetensors',
    'config.json',
    'metrics.jsonl',
    'model.safetensors',
    'report.html',
    'result.json',
  ])
  const config = JSON.parse(readFileSync(at('whole/config.json'), 'utf8')) as object
  expect(config).toMatchObject({ model: 'lenet', epochs: 8, batchSize: 32, optimizer: 'adam', lr: 0.005, seed: 3 })
  const metrics = metricsOf(at('whole'))
  const losses = ['trainLoss', 'trainAccuracy', 'testLoss', 'testAccuracy']
  const keys = ['epoch', 'lr', ...losses, 'seconds', 'imagesPerSecond', 'layers']
  expect(metrics.map((line) => Object.keys(line))).toEqual(new Array(8).fill(keys))
  const last = metrics[7] as unknown as { testAccuracy: number; testLoss: number }
  const result = JSON.parse(readFileSync(at('whole/result.json'), 'utf8')) as { accuracy: number; loss: number }
  expect(result).toMatchObject({ epochs: 8, modelEpoch: 8, images: 'test', accuracy: last.testAccuracy })
  expect(result.loss).toBeCloseTo(last.testLoss, 5)
  const model = await load(at('whole/model.safetensors'))
  expect(Object.keys(model)).toEqual(
    ['0', '3', '7', '9', '11'].flatMap((layer) => [`${layer}.weight`, `${layer}.bias`]),
  )
  expect(model['0.weight'].shape).toEqual([6, 1, 5, 5])
})

test('the report needs no network and has every part, with texts for all pictures', () => {
  const report = readFileSync(at('whole/report.html'), 'utf8')
  expect(report).not.toMatch(/(src|href)="(?!data:)/)
  for (const part of [
    'Training',
    'Layer by layer',
    'Confusion matrix',
    'Class by class',
    'Sample predictions',
    'What the convolutions learned',
    'The network',
    'Use the model',
    'Settings and environment',
  ]) {
    expect(report).toContain(`<h2>${part}</h2>`)
  }
  // Loss, accuracy, and two of the layers; the learning rate is the same throughout.
  expect(report.match(/<svg [^>]*aria-label="/g)).toHaveLength(4)
  const alts = [...report.matchAll(/<img src="data:image\/png;base64,[^"]+" alt="([^"]+)"/g)].map(([, alt]) => alt)
  expect(alts).toHaveLength(report.match(/<img /g)?.length ?? 0)
  const samples = alts.filter((alt) => /^Image \d+: \d, predicted \d with [\d.]+ %$/.test(alt))
  expect(samples.length).toBeGreaterThan(20)
  const kernels = Array.from({ length: 6 }, (_, k) => `Kernel ${k}`)
  const maps = Array.from({ length: 6 }, (_, k) => `Channel ${k} of layer 0`)
  expect(alts).toEqual(expect.arrayContaining([...kernels, ...maps, 'Channel 15 of layer 3']))
  const cells = [...report.matchAll(/title="true \d, predicted \d: (\d+)"/g)].map(([, count]) => Number(count))
  expect(cells).toHaveLength(100)
  expect(cells.reduce((a, b) => a + b)).toBe(500)
})

test('Ctrl-C saves and says how to go on, and the resumed run is the one that never stopped', async () => {
  let asked = false
  const interrupted = await kindling(
    ['train', 'lenet', '--data', at('data'), ...recipe, '--out', at('cut')],
    (child, stdout) => {
      if (asked || !stdout.includes('epoch 2/8')) return
      asked = true
      child.kill('SIGINT')
    },
  )
  expect(interrupted.code).toBe(130)
  expect(interrupted.stdout).toMatch(/stopped (in|after) epoch \d/)
  expect(interrupted.stdout).toContain(`go on with: kindling train --resume ${at('cut')}\n`)
  expect(readdirSync(at('cut')).filter((name) => name.endsWith('.tmp'))).toEqual([])
  expect(metricsOf(at('cut')).length).toBeLessThan(8)

  const resumed = await kindling(['train', '--resume', at('cut')])
  expect(resumed).toMatchObject({ code: 0, stderr: '' })
  expect(figuresOf(at('cut'))).toEqual(figuresOf(at('whole')))
  expect(readFileSync(at('cut/model.safetensors')).equals(readFileSync(at('whole/model.safetensors')))).toBe(true)
})

test('a finished run says that it is finished, and goes on for more epochs', async () => {
  await kindling(['train', 'softmax-regression', '--data', at('data'), '--epochs', '1', '--out', at('short')])
  const finished = await kindling(['train', '--resume', at('short')])
  expect(finished).toMatchObject({ code: 1, stdout: '' })
  expect(finished.stderr).toContain('has finished its 1 epochs\n  help: add some with --epochs 5')
  const longer = await kindling(['train', '--resume', at('short'), '--epochs', '2'])
  expect(longer.code).toBe(0)
  expect(metricsOf(at('short')).map(({ epoch }) => epoch)).toEqual([1, 2])
  const mixed = await kindling(['train', '--resume', at('short'), '--lr', '1'])
  expect(mixed).toMatchObject({ code: 1 })
  expect(mixed.stderr).toContain('--resume takes everything but --epochs from the run itself')
})

test('a deeper network trains on resized images, keeps its running statistics, and names pictures', async () => {
  writeDigits(at('few'), { train: 48, test: 20 })
  const options = ['--data', at('few'), '--side', '32', '--batch-size', '16', '--epochs', '1', '--out', at('dense')]
  const trained = await kindling(['train', 'densenet', ...options])
  expect(trained).toMatchObject({ code: 0, stderr: '' })
  expect(trained.stdout).toMatch(
    /^DenseNet on .*: 48 images of 32 x 32, epochs 1 to 1, batch 16, adam lr 0\.001, schedule cosine, seed 0\n\(the quick preset; --preset full /m,
  )
  const tracked = async () => (await load(at('dense/model.safetensors')))['0.1.num_batches_tracked'].item()
  expect(await tracked()).toBe(3)
  expect(readFileSync(at('dense/report.html'), 'utf8')).toContain('const net = densenet({ channels: 1, classes: 10 })')
  expect(await kindling(['train', '--resume', at('dense'), '--epochs', '2'])).toMatchObject({ code: 0 })
  expect(await tracked()).toBe(6)
  const path = at('three.png')
  writeFileSync(path, kinds['dark on light grey'](drawDigit(3)))
  expect(await kindling(['predict', at('dense'), path])).toMatchObject({ code: 0, stderr: '' })
})

test('a side that is too small is refused, and leaves no folder', async () => {
  const small = await kindling(['train', 'alexnet', '--data', at('data'), '--side', '28', '--out', at('small')])
  expect(small).toMatchObject({ code: 1, stdout: '' })
  expect(small.stderr).toContain('alexnet: the images are too small: 28 x 28 pixels, at least 65 x 65 are needed')
  const late = await kindling(['train', 'nin', '--data', at('data'), '--side', '28', '--out', at('small')])
  expect(late).toMatchObject({ code: 1 })
  expect(late.stderr).toMatch(/maxPool2d: kernel is larger than the padded input/)
  expect(existsSync(at('small'))).toBe(false)
})

test('predict names digits that are not in the data', async () => {
  const wrong: string[] = []
  for (const digit of Object.keys(strokes)) {
    const path = at(`digit-${digit}.png`)
    writeFileSync(path, kinds['dark on light grey'](drawDigit(Number(digit))))
    const { code, stdout } = await kindling(['predict', at('whole'), path, '--json'])
    expect(code, path).toBe(0)
    if ((JSON.parse(stdout) as { class: string }).class !== digit) wrong.push(digit)
  }
  // Two thousand images make a fair model, no more: one drawing in seven may be misread.
  expect(wrong.length).toBeLessThanOrEqual(1)
})

test('predict shows a bar per class and what the network saw', async () => {
  const path = at('seen.png')
  writeFileSync(path, kinds['light on dark grey, 16 bit'](drawDigit(1)))
  const { stdout } = await kindling(['predict', at('whole'), path])
  expect(stdout).toMatch(/^.*seen\.png: \d \([\d.]+ %\)\n/)
  expect(stdout.match(/^ {2}\d .{30} +[\d.]+ %$/gm)).toHaveLength(10)
  expect(stdout.match(/^ {2}\|.{28}\|$/gm)).toHaveLength(14)
})

const badRuns: readonly (readonly [string, () => string[], RegExp])[] = [
  ['no model', () => [], /which model\? There are: lenet, mlp, softmax-regression/],
  ['an unknown model', () => ['lenett'], /unknown model 'lenett'; there are: lenet, mlp/],
  ['an unknown option', () => ['lenet', '--epoch', '3'], /unknown option '--epoch'\n\(Did you mean --epochs\?\)/],
  ['--lr banana', () => ['lenet', '--lr', 'banana'], /'banana' is invalid\. Expected a number, got 'banana'/],
  ['a rate of zero', () => ['lenet', '--lr', '0'], /Expected a number above 0/],
  ['half an epoch', () => ['lenet', '--epochs', '1.5'], /Expected a whole number, got '1.5'/],
  ['an unknown optimizer', () => ['lenet', '--optimizer', 'lion'], /Allowed choices are sgd, adam/],
  ['an unknown preset', () => ['lenet', '--preset', 'fast'], /Allowed choices are quick, full/],
  ['a fraction of all', () => ['lenet', '--valid', '1'], /--valid <fraction>' argument '1' .*below 1, got 1/],
  [
    'dropout without layers',
    () => ['lenet', '--dropout', '0.1'],
    /lenet has no dropout layers; .* mlp-dropout, alexnet, vgg, nin/,
  ],
  ['a width of LeNet', () => ['lenet', '--width', '2'], /lenet comes in one width; it can be changed in: alexnet, vgg/],
  ['momentum of Adam', () => ['lenet', '--momentum', '0.9'], /--momentum: adam has none; it goes with: sgd, rmsprop/],
  ['folds and a fraction', () => ['lenet', '--k-fold', '3', '--valid', '0.1'], /each fold is a validation set already/],
  ['one fold', () => ['lenet', '--k-fold', '1'], /at least 2, got 1/],
  [
    'more folds than images',
    () => ['lenet', '--data', at('data'), '--limit', '2', '--k-fold', '3'],
    /KFold: 3 folds need as many samples, got 2/,
  ],
  [
    'nothing to validate',
    () => ['lenet', '--data', at('data'), '--limit', '1', '--valid', '0.5'],
    /testSize 0\.5 of 1 samples is 1: no split/,
  ],
  ['unknown data', () => ['lenet', '--data', 'cifar'], /unknown data set 'cifar'; there are: mnist, fashion-mnist/],
  ['a missing folder', () => ['lenet', '--data', at('nowhere')], /no such folder: .*nowhere/],
  ['a file as data', () => ['lenet', '--data', at('file')], /is a file; give the folder/],
  ['an empty folder', () => ['lenet', '--data', at('empty')], /train-images-idx3-ubyte was not found in/],
  ['a truncated file', () => ['lenet', '--data', at('truncated')], /truncated: 100000 bytes.*need 156816/],
  ['a wrong file', () => ['lenet', '--data', at('wrong')], /not an IDX file: it starts with 68 65 6c 6c/],
  [
    'images of another size',
    () => ['lenet', '--data', at('small')],
    /images are 1 x 14 x 14, the models here take 1 x 28 x 28/,
  ],
  ['more labels than images', () => ['lenet', '--data', at('uneven')], /do not belong together/],
  [
    'an output below a file',
    () => ['lenet', '--data', at('data'), '--out', at('file/run')],
    /cannot write into .*a part of the path is a file/,
  ],
  [
    'an output where the system makes no folders',
    () => [
      'lenet',
      '--data',
      at('data'),
      '--out',
      process.platform === 'linux' ? '/proc/kindling/run' : at('file/run'),
    ],
    /cannot write into/,
  ],
  [
    'a loss that is no number',
    () => ['mlp', '--data', at('data'), '--lr', '1e30'],
    /the loss became (NaN|Infinity|-Infinity) after .* images\n {2}help: .*smaller --lr \(it is 1e\+30\)/,
  ],
]

test('bad input gets a clear message, a non-zero exit, no stack trace, and leaves no folder', async () => {
  writeFileSync(at('file'), 'hello')
  mkdirSync(at('empty'))
  const images = (name: string): string =>
    join(writeDigits(at(name), { train: 200, test: 50 }), 'train-images-idx3-ubyte')
  truncateSync(images('truncated'), 100_000)
  writeFileSync(images('wrong'), 'hello, this is text')
  writeDigits(at('small'), { train: 200, test: 50, side: 14 })
  images('uneven')
  writeFileSync(
    join(at('uneven'), 'train-labels-idx1-ubyte'),
    readFileSync(join(at('data'), 'train-labels-idx1-ubyte')),
  )
  for (const [name, args, message] of badRuns) {
    const given = args()
    const out = given.includes('--out') ? [] : ['--out', at('bad/run')]
    const { code, stderr } = await kindling(['train', ...given, ...out])
    expect(code, name).toBe(1)
    expect(stderr, name).toMatch(message)
    expect(stderr, name).not.toMatch(/^\s+at /m)
    expect(existsSync(at('bad')), name).toBe(false)
  }
  expect(statSync(at('file')).size).toBe(5)
}, 120_000)

test('a folder that holds a run is not overwritten', async () => {
  const before = readFileSync(at('whole/config.json'), 'utf8')
  const { code, stderr } = await kindling(['train', 'mlp', '--data', at('data'), '--out', at('whole')])
  expect(code).toBe(1)
  expect(stderr).toMatch(
    /already holds a run.*\n {2}help: choose another folder, or go on with it: kindling train --resume/,
  )
  expect(readFileSync(at('whole/config.json'), 'utf8')).toBe(before)
})

test('a damaged checkpoint or a folder without a run is told in one line', async () => {
  const none = await kindling(['train', '--resume', at('data')])
  expect(none).toMatchObject({ code: 1 })
  expect(none.stderr).toMatch(/is no run folder: it has no config\.json/)
  truncateSync(at('short/checkpoint.safetensors'), 1000)
  const damaged = await kindling(['train', '--resume', at('short'), '--epochs', '9'])
  expect(damaged).toMatchObject({ code: 1 })
  expect(damaged.stderr).toMatch(/checkpoint\.safetensors: /)
  expect(damaged.stderr).not.toMatch(/^\s+at /m)
})

const badPictures: readonly (readonly [string, () => string, RegExp])[] = [
  ['missing', () => at('nothing.png'), /no such file or folder: .*nothing\.png/],
  ['a folder', () => at('data'), /it is a folder: .*data/],
  ['text', () => at('file'), /file: no PNG or JPEG image: it is in no known format/],
  ['a JPEG that is cut off', () => at('photo.png'), /photo\.png: the JPEG file is cut off/],
  ['cut off', () => at('cut.png'), /cut\.png: cannot decode the PNG file/],
  ['blank', () => at('blank.png'), /of one even colour: there is no digit in it/],
]

test('predict refuses what is no picture of a digit', async () => {
  writeFileSync(at('photo.png'), Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 0]))
  const drawn = kinds['dark on light grey'](drawDigit(3))
  writeFileSync(at('cut.png'), drawn.subarray(0, drawn.length / 2))
  writeFileSync(at('blank.png'), kinds['dark on light grey']({ width: 40, height: 30, ink: new Float32Array(1200) }))
  for (const [name, path, message] of badPictures) {
    const { code, stderr } = await kindling(['predict', at('whole'), path()])
    expect(code, name).toBe(1)
    expect(stderr, name).toMatch(message)
    expect(stderr, name).not.toMatch(/^\s+at /m)
  }
  const noRun = await kindling(['predict', at('nowhere'), at('blank.png')])
  expect(noRun.stderr).toMatch(/nowhere is no run folder/)
})
