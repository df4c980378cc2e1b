// What tells series apart. Colours are of middle lightness: all have a contrast of 3 or more on white and on dark pages. Everything
// else is drawn in the colour of the text around it.

export const palette = ['#2f7fd6', '#d9651a', '#2b9a5b', '#c8457f', '#8466d6', '#a3771f', '#1b94a6', '#7b848f'] as const
export const dashes = ['none', '7 4', '2 3', '10 4 2 4', '16 4', '5 2', '1 4', '12 3 2 3 2 3'] as const
export const symbols = ['circle', 'square', 'triangle', 'diamond', 'cross', 'star', 'wye', 'hexagon'] as const
/** Of bars: solid and pale by turns. */
export const fillOpacities = [0.9, 0.25, 0.6, 0.1] as const
/** The same in a terminal: plain ASCII, since other signs may be two columns wide. */
export const glyphs = ['*', 'o', '+', 'x', '#', '@', '%', '='] as const
export const shades = [' ', '░', '▒', '▓', '█'] as const

export const cycle = <T>(list: readonly T[], i: number): T => list[i % list.length]

export const fontSize = 13
export const fontFamily = 'system-ui, sans-serif'

/** `svg:root` is the figure only where it is a file of its own; in a page the text colour of its surroundings is inherited. */
export const styleSheet = 'svg:root{color:#1f2328}@media(prefers-color-scheme:dark){svg:root{color:#e6edf3}}'
