// Looking into figures: their SVG as a document, their pictures as pixels.
import { decode } from 'fast-png'
import type { Figure } from 'kindling/plot'
import { parseHTML } from 'linkedom'

export function parsed(figure: Figure): Element {
  const { document } = parseHTML(`<html><body>${figure.toSvg()}</body></html>`)
  return document.querySelector('svg') as Element
}

/** The same without the samples of the legend. */
export function bodyOf(figure: Figure): Element {
  const svg = parsed(figure)
  svg.querySelector('.legend')?.remove()
  return svg
}

export const all = (root: Element, selector: string): Element[] => [...root.querySelectorAll(selector)]
export const texts = (root: Element, selector: string): string[] =>
  all(root, selector).map((one) => one.textContent ?? '')

/** Texts of the ticks of an axis. */
export const ticks = (root: Element, axis: 'x' | 'y'): string[] =>
  texts(root, `[aria-label="${axis}-axis tick label"] text`)

/** The decoded PNG of an `<image>`. */
export function pixelsOf(image: Element): { width: number; height: number; channels: number; data: number[] } {
  const url = image.getAttribute('href') ?? ''
  const { width, height, channels, data } = decode(Buffer.from(url.slice('data:image/png;base64,'.length), 'base64'))
  return { width, height, channels, data: Array.from(data) }
}
