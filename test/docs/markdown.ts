// Fenced code blocks of Markdown files, and the comparison of what a block prints with what the page says it prints.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '../..')

export interface Block {
  readonly file: string
  /** Of the opening fence, from 1. */
  readonly line: number
  readonly language: string
  /** What stands after the language. */
  readonly tag: string
  readonly text: string
  /** The `text` block that directly follows: what the block prints. */
  readonly output: string | null
}

export const pages = (): string[] => ['README.md', 'CONTRIBUTING.md', ...globSync('docs/*.md', { cwd: root }).sort()]

export function blocksOf(file: string, markdown = readFileSync(join(root, file), 'utf8')): Block[] {
  const lines = markdown.split('\n')
  const found: (Omit<Block, 'output'> & { end: number })[] = []
  for (let at = 0; at < lines.length; at++) {
    const opening = /^(`{3,})(\w*) ?(.*)$/.exec(lines[at])
    if (opening === null) continue
    const [, fence, language, tag] = opening
    const end = lines.indexOf(fence, at + 1)
    if (end < 0) throw new Error(`${file}:${at + 1}: the code block has no end`)
    found.push({ file, line: at + 1, language, tag, text: lines.slice(at + 1, end).join('\n'), end })
    at = end
  }
  return found.map(({ end, ...block }, i) => {
    const next = found.at(i + 1)
    const isOutput =
      next?.language === 'text' && lines.slice(end + 1, next.line - 1).every((line) => line.trim() === '')
    return { ...block, output: isOutput ? next.text : null }
  })
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
/** Durations and speeds: what differs from run to run. */
const measured = /\d+(?:[.,]\d+)*(?= (?:s|ms|µs|images\/s|MiB)\b)/g

/** A line `...` stands for any lines; a number before ` s`, ` ms`, ` µs`, ` images/s` or ` MiB` stands for any number. */
export function expectedOutput(output: string): RegExp {
  const lines = output.split('\n').map((line) => {
    if (line.trim() === '...') return '(?:.*\\n)*'
    const parts = line.split(measured).map(escaped)
    return `${parts.join('\\d+(?:[.,]\\d+)*')} *\\n`
  })
  return new RegExp(`^${lines.join('')}$`)
}
