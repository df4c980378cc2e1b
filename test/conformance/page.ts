// The text of docs/pytorch.md: a row for every operator and module of PyTorch's tests. Called by `writePage.ts` and by the test that compares the page.
import type { Entries, Entry } from './entries.ts'
import { gpuModuleTolerance as onModules, gpuTolerance as onGpu } from './compare.ts'
import { leftOut } from './leftOut.ts'

export const devices = ['wasm', 'reference', 'webgpu'] as const
export type Device = (typeof devices)[number]

/** How many samples of an entry pass on a device. */
export type Passed = (entry: Entry, device: Device) => number

const code = (text: string): string => `\`${text}\``
const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0)
const count = (n: number): string => n.toLocaleString('en-US')

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}

const present = (list: readonly Entry[]): Entry[] => list.filter(({ path }) => path !== null)

function results(what: string, list: readonly Entry[], passed: Passed): string {
  return table(
    [what, 'Kindling', 'samples', 'with gradients', ...devices.map((device) => `pass: ${device}`)],
    present(list).map((entry) => [
      code(entry.name),
      code(entry.path as string),
      entry.samples,
      entry.gradients,
      ...devices.map((device) => passed(entry, device)),
    ]),
  )
}

/** One row for each tolerance and reason. */
function tolerances(operators: readonly Entry[], which: 'loose' | 'looseOnGpu', what: string): string {
  const groups = Map.groupBy(
    present(operators).filter((entry) => entry[which] !== undefined),
    (entry) => (entry[which] as readonly [number, string]).join(': '),
  )
  return table(
    [what, 'why', 'operators'],
    [...groups.values()].map((group) => [
      ...(group[0][which] as readonly [number, string]),
      group.map(({ name }) => code(name)).join(', '),
    ]),
  )
}

/** What is missing, by reason. Throws where the table of reasons and what is missing differ. */
function missing(list: readonly Entry[]): string {
  const names = list.filter(({ path }) => path === null).map(({ name }) => name)
  const listed = Object.values(leftOut).flat()
  const wrong = [
    ...names.filter((name) => !listed.includes(name)).map((name) => `${name} is missing, without a reason`),
    ...listed.filter((name) => !names.includes(name)).map((name) => `${name} has a reason, but is not missing`),
  ]
  if (wrong.length > 0) throw new Error(`test/conformance/leftOut.ts: ${wrong.join('; ')}`)
  if (names.length === 0) return 'Nothing: Kindling has every operator and module of these lists.'
  const samples = new Map(list.map((entry) => [entry.name, entry.samples]))
  return table(
    ['why', 'samples', 'PyTorch'],
    Object.entries(leftOut).map(([why, group]) => [
      why,
      sum(group.map((name) => samples.get(name) as number)),
      group.map(code).join(', '),
    ]),
  )
}

/** "310 of 340 operators, 2,500 samples, of 1,900 the gradients, too". */
function totals(what: string, list: readonly Entry[]): string {
  const there = present(list)
  const samples = count(sum(there.map((entry) => entry.samples)))
  const gradients = count(sum(there.map((entry) => entry.gradients)))
  return `${there.length} of ${list.length} ${what}: ${samples} samples, of ${gradients} the gradients, too.`
}

export function page({ operators, modules }: Entries, passed: Passed): string {
  const shapesOnly = present(operators)
    .filter((entry) => entry.shapesOnly)
    .map(({ name }) => code(name))
  return `# PyTorch's own tests

PyTorch tests its operators with samples of arguments (\`OpInfo\`) and its modules with cases (\`ModuleInfo\`). The answers of PyTorch 1.13.1
on CPU to those in float32 are recorded in \`test/fixtures/oracle\`, and \`npm run conformance\` compares Kindling's with them: shapes,
dtypes, integers exactly, floats within PyTorch's own tolerance for float32 (relative 1.3e-6, absolute 1e-5), and the gradients of
\`sum(output * cotangent)\`. Modules are compared within a relative 1e-4, with the gradients of inputs and parameters and the state afterwards.
Four gradients of attention, in which PyTorch's float32 is further than that from its own float64, may agree with either. A sample passes when all of it agrees. \`npm run docs:pytorch\` runs everything on all devices and writes this page; a test compares its
rows with the fixtures. How the fixtures were made: [scripts/oracle](../scripts/oracle/README.md).

## Operators

${totals('operators', operators)} In the second column \`x\` is the first argument; the other names are those of
\`import * as torch\`, with \`F\` for \`torch.nn.functional\`. What follows the name of an operator, as in \`div.floor_rounding\`, names a variant of its test.
Only shapes and dtypes are compared where values are random or undefined: ${shapesOnly.join(', ')}.

${results('PyTorch', operators, passed)}

### Wider tolerances

The absolute tolerance is a tenth of the relative one, at least 1e-5.

${tolerances(operators, 'loose', 'relative tolerance')}

On a GPU a relative ${onGpu.rtol} and an absolute ${onGpu.atol} are the least, ${onModules.rtol} for modules, and

${tolerances(operators, 'looseOnGpu', 'absolute tolerance')}

A GPU has functions of its own and fuses products and sums as it likes: on an NVIDIA H200 the worst relative error beyond PyTorch's tolerance was 2.9e-5 (the gradient of \`atanh\` beside its pole), the
worst of numbers near 0 1.9e-5. There is no float64 on GPUs: samples that ask for it do not count there.

## Modules

${totals('modules', modules)}

${results('PyTorch', modules, passed)}

## Left out

${missing([...operators, ...modules])}
`
}
