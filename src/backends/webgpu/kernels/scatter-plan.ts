// What the kernels of scatter share: how the common shape is taken apart (see scatter.ts), and the kernel that works out each source's target.
import { numelOf } from '../../../base/shape.ts'
import { collapse, type Dims } from '../../../runtime/dims.ts'
import type { ScatterSpec, View } from '../../../runtime/spec.ts'
import type { Engine } from '../engine.ts'
import { indexWords, moved, placeCode, places } from '../indices.ts'
import type { Block } from '../memory.ts'
import { bind, keyOf, type Operand, operandsOf, perThread, shader, THREADS, word } from '../shader.ts'
import { indexed, walkWords } from '../walk.ts'

export interface Plan {
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

export function planOf(spec: ScatterSpec): Plan {
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
export const columns = ({ sizes, strides }: Dims, from: number, to?: number): Dims => ({
  sizes,
  strides: strides.map((row) => row.slice(from, to)),
})
const still = (views: readonly View[]): { offset: number }[] => views.map(() => ({ offset: 0 }))
export const scratchAt = (slot: number, atomic: boolean): Operand => ({ slot, dtype: 'int32', atomic })

/** Two walks one behind the other: their parameters, and the code of the place of free position `f` and source `s` in each view. */
export function twoWalks(free: Dims, scanned: Dims, views: readonly View[], first: number) {
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
export function sourcesKernel(
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

/** Statements that take a target apart again; the size of index k is parameter `first` + 2 k. */
export function placesOf(target: string, indices: number, first: number): string {
  const lines: string[] = []
  for (let k = indices - 1; k >= 0; k--) {
    const rest = k === indices - 1 ? target : `rest${k + 1}`
    const size = word(first + 2 * k)
    lines.push(`let place${k} = ${rest} % ${size}; let rest${k} = ${rest} / ${size};`)
  }
  return lines.join(' ')
}
