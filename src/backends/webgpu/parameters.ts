// Parameters of a kernel by name: the same list of names gives the order of the words and the WGSL that reads them.
import { word } from './shader.ts'

export interface Parameters<Name extends string> {
  /** The words in their order. Whole numbers, which may be negative, or bits. */
  readonly words: (values: Readonly<Record<Name, number>>) => number[]
  /** WGSL: the parameter as u32, i32, f32. */
  readonly u: (name: Name) => string
  readonly i: (name: Name) => string
  readonly f: (name: Name) => string
}

export function parameters<const Name extends string>(names: readonly Name[]): Parameters<Name> {
  const places = new Map(names.map((name, k) => [name, word(k)]))
  const u = (name: Name): string => places.get(name) as string
  return {
    words: (values) => names.map((name) => values[name]),
    u,
    i: (name) => `bitcast<i32>(${u(name)})`,
    f: (name) => `bitcast<f32>(${u(name)})`,
  }
}
