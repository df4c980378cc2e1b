// Random streams and default weights after `manualSeed`: the same numbers as PyTorch, bit for bit.
import { scope } from '../../src/runtime/scope.ts'
import { Tensor } from '../../src/tensor/tensor.ts'
import type { Fixture } from '../support/safetensors.ts'
import { bind, camelCase } from './bind.ts'
import { mismatch } from './compare.ts'
import { isTensorRef, type TensorRef } from './described.ts'
import { classAt, functionAt, hasMethod, outputsOf, tensorFrom } from './kindling.ts'
import { constructors, type ModuleLike } from './layers.ts'
import { type Line, Missing, runLine } from './report.ts'

const exact = { rtol: 0, atol: 0 }

interface Call {
  readonly call: string
  readonly args?: readonly unknown[]
  readonly shape?: readonly number[]
  readonly input?: TensorRef | readonly number[]
  readonly p?: number
  readonly num_samples?: number
  readonly replacement?: boolean
  readonly out: TensorRef
}
export type Streams = readonly { readonly seed: number; readonly calls: readonly Call[] }[]

/** Draws one call from the default generator. */
function draw(call: Call, tensors: Fixture<unknown>['tensors']): unknown {
  const { args = [], shape = [], input } = call
  const name = camelCase(call.call)
  if (name.endsWith('_')) {
    if (!hasMethod(name)) throw new Missing(`no ${name}`)
    const empty = functionAt('empty')(shape) as unknown as Record<string, (...args: unknown[]) => unknown>
    return empty[name](...args)
  }
  if (name === 'dropout') return functionAt('F.dropout')(functionAt('ones')(shape), { p: call.p })
  const given = isTensorRef(input)
    ? tensorFrom(tensors.get(input.tensor) as never)
    : input && functionAt('tensor')(input)
  if (name === 'multinomial') return functionAt(name)(given, call.num_samples, { replacement: call.replacement })
  return functionAt(name)(...(given === undefined ? args : [given]))
}

/** One line per function. The calls of a seed follow each other on one generator: behind one that is missing the rest cannot be compared. */
export async function* checkStreams(
  { json, tensors }: Fixture<Streams>,
  only: (name: string) => boolean,
): AsyncGenerator<Line> {
  const results = json.flatMap(({ seed, calls }) => {
    let missing: Missing | null = null
    /** What is wrong with the next call of the stream. */
    const check = (body: () => string | null): string | null | Missing => {
      if (missing !== null) return missing
      try {
        return scope(body)
      } catch (error) {
        if (!(error instanceof Missing)) return `threw ${error}`
        missing = error
        return error
      }
    }
    check(() => functionAt('manualSeed')(seed) && null)
    return calls.map((call, i) => {
      const wrong = check(() =>
        mismatch(outputsOf(draw(call, tensors))[0] as Tensor, tensors.get(call.out.tensor) as never, exact),
      )
      return { seed, i, call, wrong }
    })
  })
  for (const [name, calls] of Map.groupBy(results, ({ call }) => `random.${call.call}`)) {
    if (!only(name)) continue
    yield await runLine(
      name,
      calls,
      ({ seed, i }) => `seed ${seed}, call ${i}`,
      ({ wrong }) => {
        if (wrong instanceof Missing) throw wrong
        return wrong
      },
    )
  }
}

type InitEntry = { readonly seed: number } & (
  | { readonly module: string; readonly state: Readonly<Record<string, TensorRef>> }
  | {
      readonly init: string
      readonly args: readonly unknown[]
      readonly shape: readonly number[]
      readonly out: TensorRef
    }
)
export type Inits = readonly InitEntry[]

/** `Conv2d(4,6,(1,2),bias=False)` as a class name, arguments and keywords. */
function parseConstructor(text: string): { name: string; args: unknown[]; kwargs: Record<string, unknown> } {
  const [, name, inside] = text.match(/^(\w+)\((.*)\)$/) as RegExpMatchArray
  const args: unknown[] = []
  const kwargs: Record<string, unknown> = {}
  for (const part of inside.split(/,(?![^(]*\))/)) {
    const [value, key] = part.split('=').reverse()
    const parsed: unknown = JSON.parse(value.replace(/\(/g, '[').replace(/\)/g, ']').toLowerCase())
    if (key === undefined) args.push(parsed)
    else kwargs[key] = parsed
  }
  return { name, args, kwargs }
}

/** Orthogonal matrices come out of a decomposition, truncated normal numbers out of erfinv in float32. */
const initTolerance: Readonly<Record<string, { rtol: number; atol: number }>> = {
  orthogonal_: { rtol: 1e-4, atol: 1e-5 },
  trunc_normal_: { rtol: 1.3e-6, atol: 1e-7 },
}

export async function* checkInits(
  { json, tensors }: Fixture<Inits>,
  only: (name: string) => boolean,
): AsyncGenerator<Line> {
  for (const entry of json) {
    const name = 'module' in entry ? `init.${entry.module}` : `init.${entry.init}`
    if (!only(name)) continue
    yield await runLine(
      name,
      [entry],
      () => `seed ${entry.seed}`,
      () =>
        scope(() => {
          if ('module' in entry) {
            const { name, args, kwargs } = parseConstructor(entry.module)
            const Module = classAt(`nn.${name}`)
            functionAt('manualSeed')(entry.seed)
            const state = (new Module(...bind(constructors[name], args, kwargs)) as ModuleLike).stateDict()
            for (const [key, ref] of Object.entries(entry.state)) {
              const wrong = key in state ? mismatch(state[key], tensors.get(ref.tensor) as never, exact) : 'missing'
              if (wrong !== null) return `${key} ${wrong}`
            }
            return null
          }
          const init = functionAt(`nn.init.${camelCase(entry.init)}`)
          functionAt('manualSeed')(entry.seed)
          const weight = functionAt('zeros')(entry.shape) as Tensor
          init(weight, ...entry.args)
          return mismatch(weight, tensors.get(entry.out.tensor) as never, initTolerance[entry.init] ?? exact)
        }),
    )
  }
}
