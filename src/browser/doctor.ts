// `kindling doctor` as a page: runs the checks one after another and shows each as it comes. Loaded by doctor.html.
import { checks, type Finding } from './checks.ts'

const marks: Readonly<Record<Finding['verdict'], string>> = { ok: '✓', missing: '–', broken: '✗' }
const list = document.querySelector('dl') as HTMLElement

function add(parent: HTMLElement, tag: string, text: string, className = ''): HTMLElement {
  const element = document.createElement(tag)
  element.textContent = text
  element.className = className
  parent.append(element)
  return element
}

const findings: Finding[] = []
for (const [name, check] of Object.entries(checks)) {
  const finding = await Promise.resolve()
    .then(check)
    .catch((error: Error): Finding => ({ name, verdict: 'broken', found: error.message }))
  findings.push(finding)
  const row = add(list, 'div', '', finding.verdict)
  add(row, 'dt', `${marks[finding.verdict]} ${finding.name}`)
  const text = add(row, 'dd', finding.found)
  if (finding.cost !== undefined) add(text, 'p', `Costs: ${finding.cost}.`)
  if (finding.advice !== undefined) add(text, 'p', `Do: ${finding.advice}.`)
}
const broken = findings.some(({ verdict }) => verdict === 'broken')
const missing = findings.filter(({ verdict }) => verdict === 'missing').length
const summary = broken
  ? 'Kindling does not run here.'
  : missing === 0
    ? 'All is there.'
    : `Kindling runs here; ${missing === 1 ? 'one thing is' : `${missing} things are`} missing.`
;(document.querySelector('#summary') as HTMLElement).textContent = summary
add(document.body, 'pre', `${navigator.userAgent}\n${new Date().toISOString()}`)
Object.assign(globalThis, { findings })
