// Elements of SVG: made with any document, written as text that is well-formed XML, so that a file of it opens anywhere.

const namespace = 'http://www.w3.org/2000/svg'

type Attributes = Readonly<Record<string, string | number | undefined>>

export function svg(
  document: Document,
  name: string,
  attributes: Attributes = {},
  ...children: readonly (Element | string)[]
): Element {
  const element = document.createElementNS(namespace, name)
  for (const [key, value] of Object.entries(attributes))
    if (value !== undefined) element.setAttribute(key, String(value))
  for (const child of children) element.appendChild(typeof child === 'string' ? document.createTextNode(child) : child)
  return element
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
// Characters that XML 1.0 has no way to write are dropped.
const escaped = (text: string): string =>
  text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '').replace(/[&<>"]/g, (c) => entities[c])

/** Coordinates to a thousandth of a pixel. */
const rounded = (text: string): string =>
  text.replace(/\d+\.\d{4,}/g, (number) => String(Number(Number(number).toFixed(3))))

export function serialize({ localName, attributes, childNodes }: Element): string {
  const written = Array.from(attributes, ({ name, value }) => {
    const text = name === 'aria-label' ? value : rounded(value)
    return ` ${name}="${escaped(text)}"`
  })
  const children = Array.from(childNodes, (child) =>
    child.nodeType === 1 ? serialize(child as Element) : escaped(child.textContent ?? ''),
  )
  const open = `<${localName}${written.join('')}`
  return children.length === 0 ? `${open}/>` : `${open}>${children.join('')}</${localName}>`
}
/** Pixels that a text takes, about: there is nothing to measure with. Wide enough for the usual sans-serif fonts. */
export function textWidth(text: string, fontSize: number): number {
  let em = 0
  for (const c of text) em += c > '\u2e80' ? 1 : /[ilj.,:;'|! ()[\]]/.test(c) ? 0.32 : /[mwMW@%]/.test(c) ? 0.88 : 0.58
  return em * fontSize
}
