// The frame of the report: escaped HTML by template, and one style sheet for light and dark, wide and narrow.

/** Text that is HTML already. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  toString(): string {
    return this.text
  }
}

type Part = Html | string | number | readonly Part[]

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function textOf(part: Part): string {
  if (part instanceof Html) return part.text
  if (typeof part === 'object') return part.map(textOf).join('')
  return String(part).replace(/[&<>"']/g, (c) => entities[c])
}

/** Every value is escaped unless it is Html. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(String.raw({ raw: strings }, ...parts.map(textOf)))
}

/** A table; the columns in `numeric` are aligned to the right. */
export function htmlTable(
  head: readonly Part[],
  rows: readonly (readonly Part[])[],
  numeric: readonly number[] = [],
): Html {
  const cell = (part: Part, c: number): Html =>
    numeric.includes(c) ? html`<td class="number">${part}</td>` : html`<td>${part}</td>`
  const headCell = (part: Part, c: number): Html =>
    numeric.includes(c) ? html`<th scope="col" class="number">${part}</th>` : html`<th scope="col">${part}</th>`
  return html`<div class="scroll"><table><thead><tr>${head.map(headCell)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>\n`)}</tbody></table></div>`
}

export function page(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${new Html(style)}</style>
</head>
<body>
${body}
</body>
</html>
`.text
}

const style = `
:root {
  color-scheme: light dark;
  --page: #f9f9f7; --card: #fcfcfb; --ink: #0b0b0b; --soft: #52514e; --line: #e1e0d9;
  --first: #2a78d6; --second: #eb6834; --right: 42 120 214; --wrong: 235 104 52; --code: #f0efeb;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0d0d0d; --card: #1a1a19; --ink: #ffffff; --soft: #c3c2b7; --line: #2c2c2a;
    --first: #3987e5; --second: #d95926; --right: 57 135 229; --wrong: 217 89 38; --code: #242422;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem 1rem 4rem; max-width: 64rem; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif;
}
h1 { margin: 0; font-size: 1.6rem; line-height: 1.2; }
h2 { margin: 0 0 .75rem; font-size: 1.15rem; }
h3 { margin: 1.25rem 0 .5rem; font-size: 1rem; }
p { margin: .5rem 0; max-width: 44rem; }
.soft, figcaption, th, dt { color: var(--soft); }
section { margin-top: 1.25rem; padding: 1.25rem; background: var(--card); border: 1px solid var(--line); border-radius: 10px; min-width: 0; }
.hero { display: flex; flex-wrap: wrap; gap: .5rem 2rem; align-items: baseline; margin: 1.25rem 0 0; }
.hero strong { font-size: 3.4rem; line-height: 1; font-weight: 650; letter-spacing: -.02em; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem; margin: 1rem 0 0; }
.tiles div { padding: .7rem .9rem; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
dt { font-size: .85rem; } dd { margin: 0; font-size: 1.2rem; font-weight: 600; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1.25rem; }
.two figure { min-width: 0; }
figure { margin: 0; } svg { width: 100%; height: auto; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .92rem; }
th, td { padding: .3rem .8rem .3rem 0; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 500; } .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.facts td:first-child { color: var(--soft); white-space: nowrap; }
.facts td { overflow-wrap: anywhere; }
.matrix table { width: 100%; max-width: 46rem; table-layout: fixed; border-spacing: 2px; border-collapse: separate; }
.matrix th, .matrix td { padding: 0; border: 0; text-align: center; vertical-align: middle; font-variant-numeric: tabular-nums; }
.matrix td { height: 2.3rem; font-size: clamp(.58rem, 2.1vw, .88rem); border-radius: 4px; }
.matrix thead th { height: 2rem; } .matrix .corner { width: var(--names); text-align: left; font-size: .75rem; }
.matrix th { font-size: clamp(.6rem, 2vw, .88rem); overflow-wrap: anywhere; line-height: 1.1; }
.matrix tbody th { text-align: right; padding-right: .5rem; }
.hit { background: rgb(var(--right) / var(--share)); } .miss { background: rgb(var(--wrong) / var(--share)); }
.strong { color: #fff; } .none { color: transparent; background: color-mix(in srgb, var(--line) 35%, transparent); }
.samples { display: grid; grid-template-columns: repeat(auto-fill, minmax(5.6rem, 1fr)); gap: .9rem .75rem; }
.samples img { width: 100%; height: auto; max-width: 7rem; image-rendering: pixelated; border-radius: 6px; display: block; background: #000; }
.samples figcaption { margin-top: .3rem; font-size: .82rem; line-height: 1.3; font-variant-numeric: tabular-nums; }
.maps { display: grid; grid-template-columns: repeat(auto-fill, minmax(3rem, 1fr)); gap: .4rem; max-width: 56rem; margin: .5rem 0 1rem; }
.maps img { width: 100%; height: auto; max-width: 6rem; image-rendering: pixelated; border-radius: 4px; display: block; }
.samples b { color: var(--ink); }
pre { margin: .5rem 0; padding: .8rem 1rem; background: var(--code); border-radius: 8px; overflow-x: auto; font-size: .85rem; line-height: 1.45; }
code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
details { margin-top: .75rem; } summary { cursor: pointer; color: var(--soft); }
@media (max-width: 40rem) { section { padding: .9rem; } .hero strong { font-size: 2.8rem; } body { padding-top: 1.25rem; } }
@media print { body { max-width: none; } section { break-inside: avoid; } }
`
