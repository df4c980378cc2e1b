// A lesson in the terminal: Markdown as styled text, code with a bar at its side, output as it comes, small figures as text.
import type { Writable } from 'node:stream'
import { styleText } from 'node:util'
import { marked, type Token, type Tokens } from 'marked'
import stringWidth from 'string-width'
import unicodeit from 'unicodeit'
import wrapAnsi from 'wrap-ansi'
import type { Event } from './page.ts'

type Style = Parameters<typeof styleText>[0]

/** Prints a lesson, as wide as the terminal and at most 100 columns. */
export class Terminal {
  private readonly out: Writable
  private readonly width: number
  private last: Event['kind'] | '' = ''

  constructor(out: Writable & { columns?: number } = process.stdout) {
    this.out = out
    this.width = Math.min(out.columns || 100, 100)
  }

  /** Prints what happened. */
  tell(event: Event): void {
    if (this.last !== '' && (event.kind !== 'output' || this.last !== 'output')) this.out.write('\n')
    this.last = event.kind
    this.out.write(`${this.render(event)}\n`)
  }

  private style(style: Style, text: string): string {
    return styleText(style, text, { stream: this.out })
  }

  private render(event: Event): string {
    const bar = this.style('cyan', '│ ')
    if (event.kind === 'prose') return this.blocks(marked.lexer(withoutTex(event.text)))
    if (event.kind === 'code') return event.text.replace(/^/gm, bar)
    if (event.kind === 'output') return this.style('yellow', event.text)
    const caption = event.caption === '' ? '' : `\n${this.wrap(this.style('italic', event.caption))}`
    return event.figure.toText(this.width) + caption
  }

  private wrap(text: string, indent = ''): string {
    return wrapAnsi(text, this.width - indent.length, { hard: true }).replaceAll('\n', `\n${indent}`)
  }

  private blocks(tokens: readonly Token[], indent = ''): string {
    const pieces = tokens.filter(({ type }) => type !== 'space' && type !== 'html' && type !== 'def')
    const tight = pieces.every(({ type }) => type === 'text' || type === 'list')
    return pieces.map((token) => this.block(token, indent)).join(tight ? `\n${indent}` : `\n\n${indent}`)
  }

  private block(token: Token, indent: string): string {
    if (token.type === 'heading') return this.style(['bold', 'cyan'], this.inline(token.tokens ?? []))
    if (token.type === 'code') return (token as Tokens.Code).text.replace(/^/gm, `${indent}    `)
    if (token.type === 'hr') return '─'.repeat(this.width)
    if (token.type === 'blockquote') return `│ ${this.blocks(token.tokens ?? [], `${indent}│ `)}`
    if (token.type === 'table') return this.table(token as Tokens.Table)
    if (token.type === 'list') {
      const { items, ordered, start } = token as Tokens.List
      const marks = items.map((_, i) => (ordered ? `${Number(start) + i}. ` : '• '))
      return items
        .map((item, i) => marks[i] + this.blocks(item.tokens, indent + ' '.repeat(marks[i].length)))
        .join(`\n${indent}`)
    }
    return this.wrap(this.inline((token as Tokens.Paragraph).tokens ?? [token]), indent)
  }

  private table({ header, rows }: Tokens.Table): string {
    const lines = [header, ...rows].map((row) => row.map(({ tokens }) => this.inline(tokens)))
    const widths = header.map((_, c) => Math.max(...lines.map((line) => stringWidth(line[c]))))
    const pad = (text: string, c: number): string => text + ' '.repeat(widths[c] - stringWidth(text))
    const [head, ...body] = lines.map((line) => line.map(pad).join('  ').trimEnd())
    return [this.style('bold', head), widths.map((width) => '─'.repeat(width)).join('  '), ...body].join('\n')
  }

  private inline(tokens: readonly Token[]): string {
    return tokens
      .map((token) => {
        const inner = (): string => this.inline((token as Tokens.Strong).tokens ?? [])
        if (token.type === 'strong') return this.style('bold', inner())
        if (token.type === 'em') return this.style('italic', inner())
        if (token.type === 'codespan') return this.style('green', (token as Tokens.Codespan).text)
        if (token.type === 'link') return `${inner()} (${this.style('underline', (token as Tokens.Link).href)})`
        if (token.type === 'br') return '\n'
        if ('tokens' in token && token.tokens) return inner()
        return ((token as Tokens.Text).text ?? token.raw).replaceAll('\n', ' ')
      })
      .join('')
  }
}

/** What the commands of TeX with arguments become. */
const commands: readonly (readonly [name: string, args: number, write: (...args: string[]) => string])[] = [
  ...['mathrm', 'mathbf', 'mathbb', 'text', 'operatorname', 'boldsymbol'].map(
    (name) => [name, 1, (inner: string) => inner] as const,
  ),
  ...['dfrac', 'tfrac', 'frac'].map((name) => [name, 2, (a: string, b: string) => `${whole(a)}/${whole(b)}`] as const),
  ['sqrt', 1, (inner) => `√${whole(inner)}`],
]

/** In parentheses, unless it is one symbol. */
const whole = (tex: string): string => (/^([\w.^]+|\\\w+|√\S+)$/.test(tex.trim()) ? tex.trim() : `(${tex.trim()})`)

/** The text between the brace at `from` and its partner, and where that is. */
function group(tex: string, from: number): [inner: string, end: number] | null {
  if (tex[from] !== '{') return null
  for (let at = from, depth = 0; at < tex.length; at++) {
    if (tex[at] === '{') depth++
    if (tex[at] === '}' && --depth === 0) return [tex.slice(from + 1, at), at + 1]
  }
  return null
}

function withoutCommands(tex: string): string {
  for (const [name, count, write] of commands) {
    const start = tex.search(new RegExp(`\\\\${name}\\{`))
    if (start < 0) continue
    let end = start + name.length + 1
    const args: string[] = []
    for (let read = group(tex, end); read !== null && args.length < count; read = group(tex, end)) {
      args.push(read[0])
      end = read[1]
    }
    if (args.length === count) return withoutCommands(tex.slice(0, start) + write(...args) + tex.slice(end))
  }
  return tex
}

/** Formulas as far as Unicode goes: `$x_1^2$` as x₁². */
export function withoutTex(text: string): string {
  const plain = (tex: string): string =>
    unicodeit
      .replace(
        withoutCommands(tex.trim())
          .replace(/\\(ln|log|exp|max|min|sin|cos|tanh|lim|det|arg)(?![a-z])/g, '$1')
          .replace(/\\(hat|bar|tilde|vec|dot) (\w)/g, '\\$1{$2}')
          .replaceAll('^\\top', 'ᵀ')
          .replace(/\\(?:left|right)(?![a-zA-Z])/g, '')
          .replace(/\\(?:quad|qquad|[,;!])/g, ' '),
      )
      .replace(/[{}\\]/g, '')
      .normalize('NFC')
      .replace(/ {2,}/g, ' ')
      .replace(/[*_`]/g, '\\$&')
  return text
    .split(/(```[\s\S]*?```|`[^`\n]*`)/)
    .map((piece, i) =>
      i % 2 === 1
        ? piece
        : piece
            .replace(/\$\$([\s\S]+?)\$\$/g, (_, tex) => `    ${plain(tex)}`)
            .replace(/\$([^$\n]+)\$/g, (_, tex) => plain(tex)),
    )
    .join('')
}
