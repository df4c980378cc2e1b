import { PassThrough } from 'node:stream'
import { text as textOf } from 'node:stream/consumers'
import { animate, Animator } from 'kindling/plot'
import { parseHTML } from 'linkedom'
import { afterEach, expect, test } from 'vitest'
import { LiveLine, liveText } from '../../src/notebook/live.ts'
import { all, parsed, texts, ticks } from './support.ts'

afterEach(() => animate(null))

test('an animator keeps the points of each series; null leaves a series as it is', () => {
  const animator = new Animator({ xlabel: 'epoch', xlim: [1, 3], ylim: [0, 1], legend: ['loss', 'acc'] })
  animator.add(1, [0.5, null])
  animator.add(2, [0.4, 0.6])
  animator.add(3, [Number.NaN, 0.7])
  expect(animator.points).toEqual({
    loss: [
      [1, 0.5],
      [2, 0.4],
      [3, Number.NaN],
    ],
    acc: [
      [2, 0.6],
      [3, 0.7],
    ],
  })
  const svg = parsed(animator.figure())
  expect(all(svg, '[aria-label="line"] path')).toHaveLength(2)
  expect(texts(svg, '.legend text')).toEqual(['loss', 'acc'])
  expect(ticks(svg, 'x')).toEqual(['1', '2', '3'])
})

test('series without a legend are counted', () => {
  const animator = new Animator()
  animator.add(1, 0.5)
  expect(animator.points).toEqual({ y0: [[1, 0.5]] })
  expect(() => animator.add(2, [1, 2])).toThrow('Animator.add: 2 values for 1 series')
})

test('an animator without points is an empty frame', () => {
  const svg = parsed(new Animator({ xlim: [0, 10], legend: ['loss'] }).figure())
  expect(ticks(svg, 'x')).toEqual(['0', '2', '4', '6', '8', '10'])
  expect(texts(svg, '.note')).toEqual([])
})

test('the listener sees each new point and the end, until it is taken away', () => {
  const seen: [number, boolean][] = []
  animate((animator, finished) => seen.push([animator.points.y0.length, finished]))
  const animator = new Animator()
  animator.add(1, 1)
  animator.add(2, 2)
  animator.done()
  animate(null)
  animator.add(3, 3)
  expect(seen).toEqual([
    [1, false],
    [2, false],
    [2, true],
  ])
})

test('a mounted animator is redrawn once for all points that come at once', async () => {
  const { document } = parseHTML('<html><body><div>old</div></body></html>')
  const element = document.querySelector('div') as Element
  const animator = new Animator({ legend: ['loss'] })
  animator.mount(element)
  expect(element.textContent).toBe('old')
  animator.add(1, 1)
  animator.add(2, 2)
  await Promise.resolve()
  const [drawn, ...more] = all(element, 'svg')
  expect(more).toEqual([])
  expect(all(drawn, '[aria-label="line"]')).toHaveLength(1)
  animator.add(3, 3)
  expect(all(element, 'svg')[0]).toBe(drawn)
  await Promise.resolve()
  expect(all(element, 'svg')[0]).not.toBe(drawn)
})

test('the live line says where the curves are, what they are, and how long it takes', () => {
  const animator = new Animator({ xlabel: 'epoch', xlim: [1, 10], legend: ['train loss', 'test acc'] })
  animator.add(1, [0.51234, null])
  animator.add(2, [0.4, 0.8])
  expect(liveText(animator, 1, 2, 100)).toBe(
    'epoch 2 of 10 ████░░░░░░░░░░░░░░░░ 20 %  0:16 left  train loss 0.4, test acc 0.8',
  )
  expect(liveText(animator, 2, 0, 100)).toBe('epoch 2 of 10 ████░░░░░░░░░░░░░░░░ 20 %  train loss 0.4, test acc 0.8')
  expect(liveText(animator, 1, 2, 50)).toHaveLength(49)
  const free = new Animator({ title: 'newton' })
  free.add(3, 0.5)
  expect(liveText(free, 3, 0, 80)).toBe('newton: x 3  y0 0.5')
})

test('the live line stands in a terminal only, one line that is wiped at the end', async () => {
  const run = (isTTY: boolean): Promise<string> => {
    const out = Object.assign(new PassThrough(), { isTTY, columns: 60 }) as unknown as NodeJS.WriteStream & PassThrough
    const live = new LiveLine(out)
    live.wipe()
    animate(live.tell)
    const animator = new Animator({ xlabel: 'epoch', xlim: [0, 4] })
    animator.add(1, 0.5)
    animator.add(2, 0.4)
    animator.done()
    live.wipe()
    out.end()
    return textOf(out)
  }
  expect(await run(false)).toBe('')
  expect(await run(true)).toBe('\r\x1b[2Kepoch 1 of 4 █████░░░░░░░░░░░░░░░ 25 %  y0 0.5\r\x1b[2K')
})
