// The page: buttons, a curve and a canvas to draw on. Everything that computes is in the worker.
import { createSession, type Run } from 'kindling/browser'
import { prepared } from './digit.ts'
import type { Functions, Progress } from './train.ts'

const at = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T
const [curve, pad] = [at<HTMLCanvasElement>('curve'), at<HTMLCanvasElement>('pad')]
const show = (id: string, text: string): void => void (at(id).textContent = text)

// `?mirror=ADDRESS` fetches the images from there, `?epochs=1` trains shorter.
const asked = new URLSearchParams(location.search)
const mirror = asked.get('mirror')
const mirrors = mirror === null ? undefined : [new URL(mirror, location.href).href]
const epochs = Number(asked.get('epochs') ?? 3)

const session = await createSession<Functions>(
  () => new Worker(new URL('./train.ts', import.meta.url), { type: 'module' }),
).catch((error: Error) => {
  show('status', error.message)
  throw error
})
const threads = crossOriginIsolated ? navigator.hardwareConcurrency : 1
const remembers = await session.run('remember', undefined).result
show(
  'status',
  `${threads} ${threads === 1 ? 'thread' : 'threads'}${remembers ? ', the network of your last visit' : ''}`,
)

let training: Run<Progress, void> | null = null
const losses: number[] = []

at('train').onclick = async () => {
  if (training !== null) {
    await training.cancel()
    return
  }
  losses.length = 0
  show('train', 'Stop')
  training = session.run('train', { epochs, mirrors })
  try {
    for await (const progress of training.metrics) tell(progress)
    await training.result
    show('status', 'done')
  } catch (error) {
    show('status', (error as Error).name === 'AbortError' ? 'stopped' : (error as Error).message)
  }
  training = null
  show('train', 'Train')
}

function tell(progress: Progress): void {
  if ('fetched' in progress) {
    const of = progress.of === undefined ? '' : ` of ${(progress.of / 1e6).toFixed(1)}`
    show('status', `fetching the images: ${(progress.fetched / 1e6).toFixed(1)}${of} MB`)
  } else if ('accuracy' in progress) {
    show('accuracy', `${(100 * progress.accuracy).toFixed(1)} %`)
  } else {
    if (losses.length === 0) show('status', 'training')
    losses.push(progress.loss)
    show('step', String(progress.step))
    show('loss', progress.loss.toFixed(3))
    show('speed', Math.round(progress.imagesPerSecond).toLocaleString('en'))
    if (losses.length % 20 === 0) void readDrawing()
  }
}

/** The curve is drawn once a frame. */
function draw(): void {
  requestAnimationFrame(draw)
  const { clientWidth: width, clientHeight: height } = curve
  const ratio = devicePixelRatio
  if (curve.width !== Math.round(width * ratio)) Object.assign(curve, { width: width * ratio, height: height * ratio })
  const context = curve.getContext('2d') as CanvasRenderingContext2D
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.clearRect(0, 0, width, height)
  const style = getComputedStyle(curve)
  context.font = `12px ${style.fontFamily}`
  context.fillStyle = style.getPropertyValue('color')
  const y = (loss: number): number => height - 24 - (Math.min(loss, 2.5) / 2.5) * (height - 40)
  for (const loss of [0, 0.5, 1, 1.5, 2]) {
    context.globalAlpha = 0.15
    context.fillRect(34, y(loss), width - 44, 1)
    context.globalAlpha = 0.6
    context.fillText(loss.toFixed(1), 10, y(loss) + 4)
  }
  context.globalAlpha = 1
  context.strokeStyle = '#e4572e'
  context.lineWidth = 2
  context.lineJoin = 'round'
  context.beginPath()
  const step = (width - 44) / Math.max(losses.length - 1, 60)
  losses.forEach((loss, i) => context.lineTo(34 + i * step, y(loss)))
  context.stroke()
}
draw()

const ink = pad.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D
Object.assign(ink, { lineWidth: 22, lineCap: 'round', lineJoin: 'round', strokeStyle: '#fff', fillStyle: '#000' })
const guesses = Array.from({ length: 10 }, (_, digit) => {
  const item = document.createElement('li')
  item.textContent = String(digit)
  at('guesses').append(item)
  return item
})

pad.onpointerdown = (event) => {
  pad.setPointerCapture(event.pointerId)
  ink.beginPath()
  ink.moveTo(event.offsetX, event.offsetY)
  pad.onpointermove = ({ offsetX, offsetY }) => {
    ink.lineTo(offsetX, offsetY)
    ink.stroke()
  }
}
pad.onpointerup = () => {
  pad.onpointermove = null
  void readDrawing()
}
at('clear').onclick = () => {
  ink.fillRect(0, 0, pad.width, pad.height)
  void readDrawing()
}

async function readDrawing(): Promise<void> {
  const digit = prepared(pad)
  const odds = digit === null ? null : await session.run('read', digit.transferToImageBitmap()).result
  const best = odds === null ? -1 : odds.indexOf(Math.max(...odds))
  guesses.forEach((item, k) => {
    item.style.setProperty('--p', String(odds?.[k] ?? 0))
    item.classList.toggle('best', k === best)
  })
  show('guess', odds === null ? '' : `a ${best}, ${(100 * odds[best]).toFixed(0)} % sure`)
}
