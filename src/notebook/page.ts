// A lesson as one HTML file: prose with formulas as MathML, highlighted code, output, figures in place. Written again after each event that
// changes it for good, so that an interrupted lesson leaves what it had.
import hljs from 'highlight.js/lib/core'
import typescript from 'highlight.js/lib/languages/typescript'
import { Marked } from 'marked'
import markedKatex from 'marked-katex-extension'
import type { Figure } from '../plot/index.ts'
import type { Language } from './lesson.ts'

/** What happens in a lesson, in order. */
export type Event =
  | { readonly kind: 'prose'; readonly text: string }
  | { readonly kind: 'code'; readonly cell: string; readonly text: string }
  | { readonly kind: 'output'; readonly cell: string; readonly text: string }
  | { readonly kind: 'figure'; readonly cell: string; readonly figure: Figure; readonly caption: string }

hljs.registerLanguage('typescript', typescript)
const markdown = new Marked().use(markedKatex({ output: 'mathml', throwOnError: true, nonStandard: true }))

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] as string)

/** Collects a lesson and makes one HTML file of it. */
export class Page {
  private readonly title: string
  private readonly language: Language
  private readonly pieces: string[] = []
  private output: string[] = []

  constructor(title: string, language: Language) {
    this.title = title
    this.language = language
  }

  /** Adds what happened. */
  tell(event: Event): void {
    if (event.kind === 'output') {
      this.output.push(event.text)
      return
    }
    this.flush()
    if (event.kind === 'prose') this.pieces.push(markdown.parse(event.text) as string)
    else if (event.kind === 'code') {
      const { value } = hljs.highlight(event.text, { language: 'typescript' })
      this.pieces.push(`<pre class="code"><code>${value}</code></pre>`)
    } else {
      const caption = event.caption === '' ? '' : `<figcaption>${escaped(event.caption)}</figcaption>`
      this.pieces.push(`<figure>${event.figure.toSvg()}${caption}</figure>`)
    }
  }

  private flush(): void {
    if (this.output.length > 0) this.pieces.push(`<pre class="output">${escaped(this.output.join('\n'))}</pre>`)
    this.output = []
  }

  /** The whole page. */
  html(): string {
    this.flush()
    return `<!doctype html>
<html lang="${this.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(this.title)}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body><main>
${this.pieces.join('\n')}
</main></body>
</html>
`
  }
}

const style = `
:root { --ink: #1f2328; --soft: #57606a; --paper: #ffffff; --card: #f6f8fa; --line: #d0d7de; --accent: #0a58ca; --key: #a0308a; --str: #0a6b3d; --num: #9a4a00 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9aa4ae; --paper: #0f1318; --card: #171c23; --line: #303841; --accent: #79b8ff; --key: #e394dc; --str: #8ddb8c; --num: #f0b072 } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 17px/1.65 system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif }
main { max-width: 46rem; margin: 0 auto; padding: 2rem 1.2rem 5rem }
h1, h2, h3 { line-height: 1.25; margin: 2rem 0 .8rem }
a { color: var(--accent) }
pre { overflow-x: auto; font: 14px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; margin: .8rem 0; padding: .8rem 1rem; border-radius: 6px }
pre.code { background: var(--card); border: 1px solid var(--line) }
pre.output { border-left: 3px solid var(--accent); border-radius: 0; color: var(--ink) }
p code, li code, td code { background: var(--card); padding: .1em .3em; border-radius: 4px; font-size: .9em }
table { border-collapse: collapse; display: block; overflow-x: auto } td, th { border-bottom: 1px solid var(--line); padding: .3rem .8rem .3rem 0; text-align: left }
figure { margin: 1.2rem 0; overflow-x: auto } figure > svg { max-width: 100%; height: auto } figcaption { color: var(--soft); font-size: .9em }
blockquote { margin: 1rem 0; padding: .1rem 1rem; border-left: 3px solid var(--line); color: var(--soft) }
.hljs-keyword, .hljs-literal { color: var(--key) } .hljs-string, .hljs-regexp { color: var(--str) } .hljs-number { color: var(--num) } .hljs-comment { color: var(--soft) }
`
