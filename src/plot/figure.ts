// A figure: SVG for files and pages, an element for a page, characters for a terminal.

export interface Figure {
  /** The picture as SVG text that stands alone. */
  toSvg(): string
  /** The picture in characters, at most `columns` wide. */
  toText(columns?: number): string
  /** The picture as an element of a page. */
  toElement(document?: Document): Element
}
