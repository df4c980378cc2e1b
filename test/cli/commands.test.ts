import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { nodeProblem } from '../../src/cli/nodeVersion.ts'
import { progressLine } from '../../src/cli/progress.ts'
import { prepareDigit, prepareWhole } from '../../src/cli/digit.ts'
import { html } from '../../src/cli/html.ts'
import { readPicture } from '../../src/cli/image.ts'
import { drawDigit, kinds } from './drawing.ts'
import { kindling, temporaryFolder } from './support.ts'

test('help and version answer with code 0 and name every command', async () => {
  const help = await kindling(['--help'])
  expect(help.code).toBe(0)
  for (const command of ['train', 'compare', 'predict', 'summary', 'doctor'])
    expect(help.stdout).toContain(`\n  ${command} `)
  expect(await kindling(['--version'])).toMatchObject({ code: 0, stdout: '0.1.0\n' })
  const unknown = await kindling(['trian'])
  expect(unknown).toMatchObject({ code: 1 })
  expect(unknown.stderr).toContain("unknown command 'trian'\n(Did you mean train?)")
})

test('summary gives the shapes, parameters and multiply-adds of LeNet', async () => {
  const { code, stdout } = await kindling(['summary', 'lenet'])
  expect(code).toBe(0)
  const shapes = stdout.split('\n').flatMap((line) => /^\d+ +\w+ +(\S+)/.exec(line)?.[1] ?? [])
  const [conv1, conv2] = [new Array(2).fill('6x28x28'), new Array(2).fill('16x10x10')]
  expect(shapes).toEqual([...conv1, '6x14x14', ...conv2, '16x5x5', '400', '120', '120', '84', '84', '10'])
  expect(stdout).toContain('61,706 parameters (241 KiB as float32), 0.42 M multiply-adds per image')
})

test('summary refuses an input that does not fit, and names the layer', async () => {
  const wrong = await kindling(['summary', 'nin', '--input', '1,28,28'])
  expect(wrong).toMatchObject({ code: 1 })
  expect(wrong.stderr).toMatch(/^error: maxPool2d: [^\n]*\n {2}in net\.3 \(MaxPool2d\)/)
  const small = await kindling(['summary', 'lenet', '--input', '1,9,28'])
  expect(small.stderr).toContain('error: lenet: the images are too small: 9 x 28 pixels, at least 12 x 12 are needed')
  const text = await kindling(['summary', 'lenet', '--input', 'big'])
  expect(text.stderr).toContain("Expected sizes like 1,28,28, got 'big'")
})

test('summary counts parameters of normalisation, and makes the model for the images that it is told', async () => {
  const { stdout } = await kindling(['summary', 'lenet-batch-norm'])
  expect(stdout).toMatch(/^1 +BatchNorm2d +6x24x24 +12 +0$/m)
  expect(stdout).toMatch(/^10 +BatchNorm1d +120 +240 +0$/m)
  expect(stdout).toContain('44,878 parameters (175 KiB as float32), 0.28 M multiply-adds per image')
  const colour = await kindling(['summary', 'resnet18', '--input', '3,32,32'])
  expect(colour.stdout).toMatch(/^2\.0\.conv3 +Conv2d +128x4x4 +8,320 +131,072$/m)
  expect(colour.stdout).toContain('11,184,650 parameters')
})

test('doctor tells what the machine can do, as text and as JSON', async () => {
  const { code, stdout } = await kindling(['doctor'])
  expect(code).toBe(0)
  for (const name of [
    'Node',
    'V8',
    'Threads',
    'SIMD',
    'Fused multiply-add',
    'AVX2',
    'Memory',
    'MNIST',
    'Fashion-MNIST',
  ]) {
    expect(stdout).toMatch(new RegExp(`^${name}`, 'm'))
  }
  const json = JSON.parse((await kindling(['doctor', '--json'])).stdout) as Record<string, unknown>
  expect(json).toMatchObject({ node: process.versions.node, device: { simd: true }, data: {} })
})

test('an old Node is told which one is needed', () => {
  expect(nodeProblem('20.19.0')).toMatch(/^Kindling needs Node 22\.12 or newer, this is 20\.19\.0/)
  expect(nodeProblem('22.11.9')).not.toBeNull()
  expect(['22.12.0', '23.0.0', '26.10.0'].map(nodeProblem)).toEqual([null, null, null])
})

test('the progress line has loss, accuracy, speed and time left, and fits the terminal', () => {
  const state = { done: 30_000, total: 60_000, loss: 0.25, accuracy: 0.9312, imagesPerSecond: 5000 }
  expect(progressLine('epoch 1/6', state, 120)).toBe(
    `epoch 1/6 ${'█'.repeat(12)}${'░'.repeat(12)} loss 0.2500  acc 93.12 %  5000 images/s  0:06 left`,
  )
  for (const columns of [20, 60, 75, 90]) expect(progressLine('epoch 1/6', state, columns).length).toBeLessThan(columns)
})

const square = (side: number, from: number, to: number, ink: number, ground: number) => ({
  width: side,
  height: side,
  values: Float32Array.from({ length: side * side }, (_, i) => {
    const [x, y] = [i % side, Math.floor(i / side)]
    return x >= from && x < to && y >= from && y < to ? ink : ground
  }),
})

test('a digit is scaled to 20 pixels, centred, and light on black', () => {
  const { values } = prepareDigit(square(100, 10, 50, 0.1, 0.9))
  const lit = Array.from(values, (v, i) => [v, i % 28, Math.floor(i / 28)]).filter(([v]) => v > 0)
  expect(lit).toHaveLength(400)
  for (const [v, x, y] of lit) expect(v === 1 && x >= 4 && x < 24 && y >= 4 && y < 24).toBe(true)
})

test('a picture in the form of MNIST is taken as it is', () => {
  const ready = square(28, 4, 20, 1, 0)
  expect(prepareDigit(ready).values).toBe(ready.values)
  expect(prepareWhole(ready).values).toBe(ready.values)
})

test('PNG files of every kind show the network the same digit', async () => {
  const folder = temporaryFolder()
  const drawing = drawDigit(3)
  const seen: Float32Array[] = []
  for (const [kind, encode] of Object.entries(kinds)) {
    const path = join(folder.path, `${kind}.png`)
    writeFileSync(path, encode(drawing))
    seen.push(prepareDigit(await readPicture(path)).values)
  }
  folder.remove()
  expect(seen).toHaveLength(6)
  // The palette has no shades at the edges, and levels are rounded to 8 bits.
  const mean = (values: Float32Array): number => values.reduce((sum, v, i) => sum + Math.abs(v - seen[0][i]), 0) / 784
  for (const values of seen) expect(mean(values)).toBeLessThan(0.02)
})

test('texts in the report are escaped', () => {
  expect(html`<b title="${'"'}">${'<script>&'}</b>${['a', html`<i>`]}`.text).toBe(
    '<b title="&quot;">&lt;script&gt;&amp;</b>a<i>',
  )
})
