// The ratios of a run as bars on a logarithmic axis: to the right of 1 Kindling is better, to the left the peer.
import * as Plot from '@observablehq/plot'
import type { Row } from './rows.ts'
import { colours, drawn, heading, ink } from './svg.ts'
import { figure } from './table.ts'

const titles: Readonly<Record<string, string>> = {
  steps: 'Time of a training step',
  memory: 'Memory of a training step',
  matmul: 'Matrix product',
  dispatch: 'Small operation',
  epoch: 'Epoch as a learner writes it',
  cold: 'Cold start',
  peers: 'Time of a training step, other libraries',
  browser: 'Time of a training step in Chromium',
}

interface Line {
  readonly key: string
  readonly label: string
  readonly colour: string
  readonly ratio: number
  readonly low: number
  readonly high: number
}

/** What tells rows of one name apart, as far as it differs within the chart. */
function labeller(rows: readonly Row[]): (row: Row) => string {
  const differ = (of: (row: Row) => unknown): boolean => new Set(rows.map(of)).size > 1
  const [threads, avx2] = [differ((row) => row.threads), differ((row) => row.avx2)]
  return (row) =>
    [
      row.name,
      ...(threads ? [`${row.threads} thr.`] : []),
      ...(avx2 && !row.avx2 ? ['no AVX2'] : []),
      ...(row.group === 'peers' || row.group === 'browser' ? [`${row.peer}`] : []),
    ].join(', ')
}

export function ratioChart(rows: readonly Row[], title: string): string {
  const shown = rows.filter(({ ratio }) => ratio !== null)
  const labelOf = labeller(shown)
  const groups = [...Map.groupBy(shown, ({ group }) => group)]
  const lines = groups.flatMap(([group, list], g) =>
    list.map((row, i): Line => {
      const ratio = row.ratio as number
      const { low, high } = row.spread.ratio ?? { low: ratio, high: ratio }
      return { key: `${group} ${i}`, label: labelOf(row), colour: colours[g % colours.length], ratio, low, high }
    }),
  )
  const heads = groups.map(([group]) => ({ key: group, label: titles[group] ?? group }))
  const order = groups.flatMap(([group, list]) => [group, ...list.map((_, i) => `${group} ${i}`)])
  const ends = lines.flatMap(({ low, high }) => [low, high])
  const domain = [Math.min(0.5, ...ends) / 1.1, Math.max(2, ...ends) * 1.35]
  const left = { frameAnchor: 'left', textAnchor: 'end', dx: -10, fill: ink } as const
  const options: Plot.PlotOptions = {
    width: 860,
    height: 110 + 22 * order.length,
    ...{ marginLeft: 300, marginRight: 40, marginTop: 50, marginBottom: 54 },
    x: { type: 'log', domain, label: null, ticks: ticksIn(domain), tickFormat: (x: number) => `${x}x` },
    y: { domain: order, axis: null, padding: 0.2 },
    marks: [
      heading(title, -280),
      Plot.gridX({ ticks: ticksIn(domain), stroke: '#ddd', strokeOpacity: 1 }),
      Plot.barX(lines, { y: 'key', x1: () => 1, x2: 'ratio', fill: 'colour' }),
      Plot.ruleY(lines, { y: 'key', x1: 'low', x2: 'high', stroke: ink }),
      Plot.ruleX([1], { stroke: ink, strokeWidth: 1.5 }),
      Plot.text(lines, { y: 'key', text: 'label', ...left }),
      Plot.text(heads, { y: 'key', text: 'label', ...left, fontWeight: 'bold' }),
      Plot.text(lines, {
        y: 'key',
        x: ({ high }: Line) => Math.max(high, 1),
        text: ({ ratio }: Line) => `${figure(ratio)}x`,
        ...{ dx: 6, textAnchor: 'start', fill: ink },
      }),
      Plot.text(['above 1x Kindling is better; lines: the middle half of the rounds'], {
        ...{ frameAnchor: 'bottom-right', dy: 40, fill: '#555' },
      }),
    ],
  }
  return `${drawn(options, `${title}: ${lines.map(({ label, ratio }) => `${label} ${figure(ratio)}x`).join('; ')}`)}\n`
}

const ticks = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000, 2000]
const ticksIn = ([low, high]: readonly number[]): number[] => ticks.filter((x) => x >= low && x <= high)
