// Writing through index tensors, in row-major order of the sources, with the same bits in every run: no sum depends on which thread comes first.
// The common shape has free dimensions, in which sources and targets agree, and scanned ones, in which the indices say where a source goes: its target.
// First every source's target is worked out. `set`: the last source of each target is found by atomic maxima, then it alone writes.
// Others: whoever owns a target scans all sources and takes those that are meant for it, in order; accumulators are float32 until the end, in float16 too.
// That costs targets * sources comparisons: of a whole workgroup together where all free positions share the targets (rows of an embedding), else of a thread.
// Where that is too much, sources are sorted by their targets first, and a thread goes through those of one target.
import { type ComputeType, computeType } from '../../../base/dtype.ts'
import { numelOf } from '../../../base/shape.ts'
import { collapse, type Dims } from '../../../runtime/dims.ts'
import type { ScatterSpec, View } from '../../../runtime/spec.ts'
import type { Engine } from '../engine.ts'
import { indexWords, moved, placeCode, places } from '../indices.ts'
import type { Block } from '../memory.ts'
import { entries, paddedLength, sortKeys } from './sort-keys.ts'
import { bind, keyOf, load, type Operand, operandsOf, perThread, shader, store, THREADS, word } from '../shader.ts'
import { indexed, walkWords } from '../walk.ts'

type Op = ScatterSpec['op']

type Merges = Readonly<Record<Exclude<Op, 'set'>, (a: string, b: string) => string>>
const infix = { add: (a: string, b: string) => `${a} + ${b}`, mul: (a: string, b: string) => `${a} * ${b}` }
const calls = (prefix: string, names: readonly (keyof Merges)[]): Partial<Merges> =>
  Object.fromEntries(names.map((name) => [name, (a: string, b: string) => `${prefix}${name}(${a}, ${b})`]))
const real = { ...infix, ...calls('real_', ['max', 'min']) } as Merges
const merges: Readonly<Record<ComputeType, Merges>> = {
  float32: real,
  float64: real,
  int32: { ...infix, ...calls('', ['max', 'min']) } as Merges,
  int64: calls('long_', ['add', 'mul', 'max', 'min']) as Merges,
}

interface Plan {
  readonly spec: ScatterSpec
  /** x, out and the indices of the spec, in this order, over the dimensions of each kind. */
  readonly free: Dims
  readonly scanned: Dims
  readonly frees: number
  readonly sources: number
  /** Elements that the indices can name, for each free position. */
  readonly targets: number
  /** All free positions have the same targets. */
  readonly shared: boolean
}

function planOf(spec: ScatterSpec): Plan {
  const { x, out, indices } = spec
  const views = [out, x, ...indices.map(({ index }) => index)]
  const all = x.shape.map((_, d) => d)
  const isFree = (d: number): boolean => out.strides[d] !== 0
  const freeDims = all.filter(isFree)
  const free = collapse(x.shape, views, freeDims, true)
  const scannedDims = all.filter((d) => !isFree(d))
  const scanned = collapse(x.shape, views, scannedDims, false)
  return {
    spec,
    free,
    scanned,
    frees: numelOf(free.sizes),
    sources: numelOf(scanned.sizes),
    targets: indices.reduce((n, { size }) => n * size, 1),
    shared: free.strides.every((row) => row.slice(2).every((stride) => stride === 0)),
  }
}

const noDims: Dims = { sizes: [], strides: [] }
const columns = ({ sizes, strides }: Dims, from: number, to?: number): Dims => ({
  sizes,
  strides: strides.map((row) => row.slice(from, to)),
})
const still = (views: readonly View[]): { offset: number }[] => views.map(() => ({ offset: 0 }))
const scratchAt = (slot: number, atomic: boolean): Operand => ({ slot, dtype: 'int32', atomic })

/** Two walks one behind the other: their parameters, and the code of the place of free position `f` and source `s` in each view. */
function twoWalks(free: Dims, scanned: Dims, views: readonly View[], first: number) {
  const outer = walkWords(free, views).words
  const inner = walkWords(scanned, still(views)).words
  return {
    words: [...outer, ...inner],
    code: () => {
      const f = indexed(free.sizes.length, views.length, { i: 'f', first, prefix: 'x' })
      const s = indexed(scanned.sizes.length, views.length, { i: 's', first: first + outer.length, prefix: 'y' })
      return { free: f, scanned: s, at: views.map((_, k) => `${f.at[k]} + ${s.at[k]}`) }
    },
  }
}

/** The target of a source, from its place along each index. */
const targetOf = (steps: readonly string[]): string =>
  steps.reduce((sum, place, k) => (k === 0 ? place : `(${sum}) * ${word(3 + 2 * k)} + ${place}`), '0u')

/** A thread for each source: `body` knows its target as `goal`, free position `f` and number `s`. Parameters: [count, frees, check, size and stride of each index, walks]. */
function sourcesKernel(
  engine: Engine,
  { spec, free, scanned, frees, sources, shared }: Plan,
  scratch: Block,
  name: string,
  moves: boolean,
  body: (keys: string, out: Operand, x: Operand, at: readonly string[]) => string,
): void {
  const { x, out, indices } = spec
  const all = [out, x, ...indices.map(({ index }) => index)]
  const views = moves ? all : all.slice(2)
  const lead = moves ? 2 : 0
  const alone = shared && !moves
  const dims = alone ? noDims : columns(free, 2 - lead)
  const binding = bind(views)
  const dtype = moved(x.dtype)
  const operands = operandsOf(
    views.map((view, k) => ({ dtype: k < lead ? dtype : view.dtype })),
    binding,
    lead / 2,
  )
  const keys = binding.blocks.length
  const first = 3 + 2 * indices.length
  const walks = twoWalks(dims, columns(scanned, 2 - lead), views, first)
  const count = sources * (alone ? 1 : frees)
  engine.run({
    key: `scatter ${name} ${indices.length} ${shared} ${keyOf(operands)} ${dims.sizes.length} ${scanned.sizes.length}`,
    code: () => {
      const { free: f, scanned: s, at } = walks.code()
      const steps = places(operands.slice(lead), at.slice(lead), 3)
      return shader(
        [...operands, scratchAt(keys, name !== 'targets')],
        placeCode(2) +
          perThread(
            0,
            `
  let f = ${alone ? '0u' : `i % ${word(1)}`};
  let s = ${alone ? 'i' : `i / ${word(1)}`};
${[...f.lines, ...s.lines].join('\n')}
  let goal = ${targetOf(steps)};
  ${body(`b${keys}`, operands[0], operands[1], at)}`,
          ),
        { flags: true },
      )
    },
    blocks: [...binding.blocks, scratch, engine.flags],
    words: [count, frees, engine.indexCheck('scatter'), ...indexWords(indices), ...walks.words],
    groups: Math.ceil(count / THREADS),
  })
}

function setLast(engine: Engine, plan: Plan): void {
  const { spec, frees, targets, shared } = plan
  const owners = targets * (shared ? 1 : frees)
  const scratch = engine.alloc(4 * Math.max(1, owners))
  engine.run({
    key: 'scatter clear',
    code: () => shader([scratchAt(0, false)], perThread(0, '  b0[i] = 0u;')),
    blocks: [scratch],
    words: [owners],
    groups: Math.ceil(owners / THREADS),
  })
  const owner = shared ? 'goal' : `goal * ${word(1)} + f`
  sourcesKernel(engine, plan, scratch, 'last', false, (keys) => `atomicMax(&${keys}[${owner}], s + 1u);`)
  const compute = computeType(moved(spec.x.dtype))
  const strides = spec.indices.map((_, k) => word(4 + 2 * k))
  const decode = (places: readonly string[]): string => places.map((place, k) => ` + ${place} * ${strides[k]}`).join('')
  sourcesKernel(
    engine,
    plan,
    scratch,
    'set',
    true,
    (keys, out, x, at) => `
  if (atomicLoad(&${keys}[${owner}]) != s + 1u) { return; }
  ${placesOf('goal', spec.indices.length, 3)}
  ${store(out, `${at[0]}${decode(spec.indices.map((_, k) => `place${k}`))}`, load(x, at[1], compute), compute)}`,
  )
  engine.release(scratch)
}

/** Statements that take a target apart again; the size of index k is parameter `first` + 2 k. */
function placesOf(target: string, indices: number, first: number): string {
  const lines: string[] = []
  for (let k = indices - 1; k >= 0; k--) {
    const rest = k === indices - 1 ? target : `rest${k + 1}`
    const size = word(first + 2 * k)
    lines.push(`let place${k} = ${rest} % ${size}; let rest${k} = ${rest} / ${size};`)
  }
  return lines.join(' ')
}

/** Whether sorting costs less than scanning: both in steps of a workgroup. Few steps are not worth the launches. */
function isSorted({ frees, sources, targets, shared }: Plan): boolean {
  const padded = paddedLength(sources)
  const scanning = shared
    ? targets * Math.ceil(frees / THREADS) * Math.ceil(sources / THREADS)
    : (targets * frees * sources) / THREADS
  const sorting = ((shared ? 1 : frees) * padded * Math.log2(padded) ** 2) / (2 * THREADS)
  return scanning > 2 ** 16 && scanning > sorting
}

/** The sources of each row of targets, sorted by target; those of one target stay in order. Takes the targets over. */
function sortedSources(engine: Engine, { sources, frees, shared }: Plan, goals: Block): Block {
  const [rows, padded] = [shared ? 1 : frees, paddedLength(sources)]
  const entry = entries('b1', false)
  const sorted = engine.alloc(rows * padded * entry.bytes)
  engine.run({
    key: 'scatter entries',
    code: () =>
      shader(
        [scratchAt(0, false), scratchAt(1, false)],
        perThread(
          0,
          `
  let s = i % ${word(1)};
  let row = i / ${word(1)};
  if (s < ${word(2)}) { ${entry.put('i', `b0[s * ${word(3)} + row]`, 's')} } else { ${entry.put('i', entry.last, '0xffffffffu')} }`,
        ),
      ),
    blocks: [goals, sorted],
    words: [rows * padded, padded, sources, rows],
    groups: Math.ceil((rows * padded) / THREADS),
  })
  sortKeys(engine, sorted, rows, padded, false)
  engine.release(goals)
  return sorted
}

/** Parameters: [count, frees, sources, padded length of sorted rows, size and stride of each index, walks]. */
function accumulate(engine: Engine, plan: Plan, op: Exclude<Op, 'set'>): void {
  const { spec, free, scanned, frees, sources, targets, shared } = plan
  const { x, out, indices } = spec
  const goals = engine.alloc(4 * sources * (shared ? 1 : frees))
  const number = shared ? 's' : `s * ${word(1)} + f`
  sourcesKernel(engine, plan, goals, 'targets', false, (keys) => `${keys}[${number}] = goal;`)
  const way = isSorted(plan) ? 'sorted' : shared ? 'together' : 'alone'
  const scratch = way === 'sorted' ? sortedSources(engine, plan, goals) : goals
  const views = [out, x]
  const binding = bind(views)
  const operands = operandsOf(views, binding, 1)
  const keys = `b${binding.blocks.length}`
  const first = 4 + 2 * indices.length
  const walks = twoWalks(columns(free, 0, 2), columns(scanned, 0, 2), views, first)
  const compute = computeType(out.dtype)
  const count = {
    sorted: sources * frees,
    together: targets * Math.ceil(frees / THREADS) * THREADS,
    alone: targets * frees,
  }[way]
  engine.run({
    key: `scatter ${op} ${indices.length} ${shared} ${way} ${keyOf(operands)} ${free.sizes.length} ${scanned.sizes.length}`,
    code: () => {
      const { free: f, scanned: s, at } = walks.code()
      const steps = indices.map((_, k) => ` + place${k} * ${word(5 + 2 * k)}`).join('')
      const begin = `
${f.lines.join('\n')}
  ${placesOf('goal', indices.length, 4)}
  let place = ${f.at[0]}${steps};
  var sum = ${load(operands[0], 'place', compute)};
  var touched = false;`
      const take = `
${s.lines.join('\n')}
      sum = ${merges[compute][op]('sum', load(operands[1], at[1], compute))};
      touched = true;`
      const end = `if (touched && f < ${word(1)}) { ${store(operands[0], 'place', 'sum', compute)} }`
      const body = {
        sorted: () => inOrder(entries(keys, false), shared, begin, take, end),
        together: () => together(keys, begin, take, end),
        alone: () => alone(keys, begin, take, end),
      }[way]()
      return shader([...operands, scratchAt(binding.blocks.length, false)], body)
    },
    blocks: [...binding.blocks, scratch],
    words: [count, frees, sources, paddedLength(sources), ...indexWords(indices), ...walks.words],
    groups: Math.ceil(count / THREADS),
  })
  engine.release(scratch)
}

/** A thread for each sorted source of each free position: the first one of a target goes through all of it. */
const inOrder = (
  entry: ReturnType<typeof entries>,
  shared: boolean,
  begin: string,
  take: string,
  end: string,
): string =>
  perThread(
    0,
    `
  let f = i % ${word(1)};
  let start = i / ${word(1)};
  let row = ${shared ? '0u' : `f * ${word(3)}`};
  let goal = ${entry.key('row + start')};
  if (start > 0u && ${entry.key('row + start - 1u')} == goal) { return; }
${begin}
  for (var next = start; next < ${word(2)} && ${entry.key('row + next')} == goal; next++) {
      let s = ${entry.position('row + next')};${take}
  }
  ${end}`,
  )

/** A thread for each target of each free position. */
const alone = (keys: string, begin: string, take: string, end: string): string =>
  perThread(
    0,
    `
  let f = i % ${word(1)};
  let goal = i / ${word(1)};
${begin}
  for (var s = 0u; s < ${word(2)}; s++) {
    if (${keys}[s * ${word(1)} + f] == goal) {${take}
    }
  }
${end}`,
  )

/** A workgroup for each target and block of free positions: each thread looks at one source, then all take those that were found. */
const together = (keys: string, begin: string, take: string, end: string): string => `
var<workgroup> found: array<atomic<u32>, ${THREADS / 32}>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let blocks = (${word(1)} + ${THREADS - 1}u) / ${THREADS}u;
  let g = group.y * groups.x + group.x;
  let f = (g % blocks) * ${THREADS}u + thread;
  let goal = g / blocks;
${begin}
  for (var start = 0u; start < ${word(2)}; start += ${THREADS}u) {
    if (thread < ${THREADS / 32}u) { atomicStore(&found[thread], 0u); }
    workgroupBarrier();
    let mine = start + thread;
    if (mine < ${word(2)} && ${keys}[mine] == goal) { atomicOr(&found[thread / 32u], 1u << (thread % 32u)); }
    workgroupBarrier();
    for (var part = 0u; part < ${THREADS / 32}u; part++) {
      var bits = atomicLoad(&found[part]);
      while (bits != 0u) {
        let s = start + part * 32u + countTrailingZeros(bits);
        bits &= bits - 1u;${take}
      }
    }
    workgroupBarrier();
  }
  if (g * ${THREADS}u >= ${word(0)}) { return; }
${end}
}`

export const scatter =
  (engine: Engine) =>
  (spec: ScatterSpec): void => {
    if (spec.x.shape.includes(0)) return
    const plan = planOf(spec)
    if (spec.op === 'set') setLast(engine, plan)
    else accumulate(engine, plan, spec.op)
  }
