// Figures in a page: what a test asks afterwards is in `globalThis.answer`.
import { arange } from '../../src/index.ts'
import { Animator, plot } from '../../src/plot/index.ts'

const nextFrame = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve))

async function drawAll(): Promise<Record<string, unknown>> {
  const figure = plot(arange(5), [arange(5), arange(5).mul(2)], { title: 'lines', legend: ['a', 'b'] })
  document.body.append(figure.toElement())
  const place = document.createElement('div')
  document.body.append(place)
  const animator = new Animator({ xlabel: 'epoch', xlim: [0, 3], legend: ['loss'] })
  animator.mount(place)
  let redraws = 0
  new MutationObserver((records) => (redraws += records.length)).observe(place, { childList: true })
  for (let epoch = 0; epoch < 3; epoch++) {
    animator.add(epoch, 1 / (epoch + 1))
    animator.add(epoch + 0.5, 1 / (epoch + 1.5))
    await nextFrame()
    await nextFrame()
  }
  const file = new DOMParser().parseFromString(figure.toSvg(), 'image/svg+xml')
  return {
    lines: document.querySelectorAll('[aria-label="line"] path').length,
    mounted: place.children.length,
    redraws,
    isXml: file.querySelector('parsererror') === null,
    linesInFile: file.querySelectorAll('[aria-label="line"] path').length,
  }
}

drawAll().then(
  (answer) => Object.assign(globalThis, { answer }),
  (error: Error) => Object.assign(globalThis, { answer: String(error.stack) }),
)
