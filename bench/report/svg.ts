// SVG files by Observable Plot, which draws into linkedom's document. Colours are fixed and the ground is white, so that they read anywhere.
import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'

export const colours = ['#1f6f8b', '#c75b12', '#5a7d2a', '#7a4fa3', '#9b2335', '#4d4d4d', '#8a6d00']
export const ink = '#222'

const style = { fontFamily: 'system-ui, sans-serif', fontSize: '13px', background: 'white' }

/** The chart as an element of SVG; `description` is for those who do not see it. */
export function drawn(options: Plot.PlotOptions, description: string): string {
  const { document } = parseHTML('<html><body></body></html>')
  const svg = Plot.plot({ style, ...options, document: document as unknown as Document })
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  svg.setAttribute('role', 'img')
  svg.setAttribute('aria-label', description)
  return svg.outerHTML
}

/** The chart's title, above the frame; `dx` and `dy` from its corner. */
export const heading = (title: string, dx: number, dy = -34): Plot.Markish =>
  Plot.text([title], { frameAnchor: 'top-left', dx, dy, fontSize: 15, fontWeight: 'bold', fill: ink })

/** Charts in two columns as one. */
export function grid(charts: readonly string[], width: number, height: number, description: string): string {
  const cells = charts.map((svg, i) => svg.replace('<svg ', `<svg x="${(i % 2) * width}" y="${(i >> 1) * height}" `))
  const [w, h] = [2 * width, Math.ceil(charts.length / 2) * height]
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}" role="img" ` +
    `aria-label="${description}"><rect width="100%" height="100%" fill="white"/>${cells.join('')}</svg>\n`
  )
}
