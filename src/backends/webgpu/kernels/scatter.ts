// Writing through index tensors, in row-major order of the sources, with the same bits in every run: no sum depends on which thread comes first.
// The common shape has free dimensions, in which sources and targets agree, and scanned ones, in which the indices say where a source goes: its target.
// First every source's target is worked out. `set`: the last source of each target is found by atomic maxima, then it alone writes.
// Others: whoever owns a target scans all sources and takes those that are meant for it, in order; accumulators are float32 until the end, in float16 too.
// That costs targets * sources comparisons: of a whole workgroup together where all free positions share the targets (rows of an embedding), else of a thread.
// Where that is too much, sources are sorted by their targets first, and a thread goes through those of one target.
import { type ComputeType, computeType } from '../../../base/dtype.ts'
import type { ScatterSpec } from '../../../runtime/spec.ts'
import type { Engine } from '../engine.ts'
import { indexWords, moved } from '../indices.ts'
import type { Block } from '../memory.ts'
import { bind, keyOf, load, operandsOf, perThread, shader, store, THREADS, word } from '../shader.ts'
import { columns, type Plan, placesOf, planOf, scratchAt, sourcesKernel, twoWalks } from './scatter-plan.ts'
import { entries, paddedLength, sortKeys } from './sort-keys.ts'

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
