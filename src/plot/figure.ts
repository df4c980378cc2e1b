// A figure: SVG for files and pages, an element for a page, characters for a terminal.

export interface Figure {
  /** The picture as SVG text that stands alone: a file of its own, or in place in HTML, where it takes the colour of the text around it. */
  toSvg(): string
  /** The picture in characters, at most `columns` wide (80 by default, at least 24). */
  toText(columns?: number): string
  /** The picture as an element of a page; by default of the page that runs this. */
  toElement(document?: Document): Element
}

/** What every figure takes. */
export interface FigureOptions {
  /** A line above the figure. */
  title?: string
  /** What there is to see, for those who do not see it; by default made of the labels. */
  description?: string
  /** In pixels, without title, legend and notes. */
  width?: number
  /** In pixels, as the width. */
  height?: number
}
