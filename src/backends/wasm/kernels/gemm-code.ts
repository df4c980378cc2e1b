// What the kernels of gemm and conv share: descriptors by field names, scratch per running chunk, and small pieces of code.
import { bytesOf } from '../../../base/dtype.ts'
import type { View } from '../../../runtime/spec.ts'
import type { Func, I32, Local } from '../asm.ts'
import type { Engine } from '../engine.ts'

/** The words of texts such as 'a b c'. */
type Words<S extends string> = S extends `${infer First} ${infer Rest}` ? First | Words<Rest> : S

/** Byte offsets of the fields of a descriptor, in order. An f64 field `x` comes first, at an even place, and is followed by a field `xHigh`. */
export function fields<S extends string>(...names: S[]): Record<Words<S>, number> {
  const all = names.flatMap((text) => text.split(' '))
  return Object.fromEntries(all.map((name, k) => [name, 4 * k])) as Record<Words<S>, number>
}

/** New i32 locals by name. */
export function locals<S extends string>(f: Func, ...names: S[]): Record<Words<S>, Local> {
  const all = names.flatMap((text) => text.split(' ')) as Words<S>[]
  return f.locals('i32', ...all)
}

/** Loads the fields of the descriptor into locals of the same names. */
export function readFields<N extends string>(f: Func, desc: Local, table: Record<N, number>): Record<N, Local> {
  const names = Object.keys(table) as N[]
  const out = f.locals('i32', ...names)
  for (const name of names) {
    f.get(desc)
    f.load('i32.load', table[name])
    f.set(out[name])
  }
  return out
}

/** Per table of fields: name, index of its word, whether it is an f64. */
const fieldLists = new Map<object, (readonly [name: string, word: number, wide: boolean])[]>()

/** Writes a descriptor: `values` by the names of `table`, 0 where there is none. */
export function describe<N extends string>(
  engine: Engine,
  table: Record<N, number>,
  values: Partial<Record<N, number>>,
): number {
  let list = fieldLists.get(table)
  if (list === undefined) {
    const names = (Object.keys(table) as N[]).filter((name) => !name.endsWith('High'))
    list = names.map((name) => [name, table[name] / 4, `${name}High` in table] as const)
    fieldLists.set(table, list)
  }
  const { i32, f64 } = engine
  const { address } = engine.descriptor(Object.keys(table).length * 4)
  const first = address / 4
  for (const [name, word, wide] of list) {
    const value = (values as Record<string, number | undefined>)[name] ?? 0
    if (wide) f64[(first + word) / 2] = value
    else i32[first + word] = value
  }
  return address
}

/** Scratch for each running chunk: the fields `slotFlags`, `slots` and `slotBytes` of a descriptor. */
export function slotsOf(engine: Engine, bytes: number): { slotFlags: number; slots: number; slotBytes: number } {
  const size = (bytes + 127) & -128
  const threads = engine.features.threads
  const flagBytes = (threads * 4 + 63) & -64
  const slotFlags = engine.scratch(flagBytes + threads * size)
  engine.fill(0, slotFlags, flagBytes)
  return { slotFlags, slots: slotFlags + flagBytes, slotBytes: size }
}

/** Bytes between neighbours of each dimension. */
export const byteStrides = (view: View): number[] => view.strides.map((s) => s * bytesOf(view.dtype))

/** A table of 32-bit words, until the spec is done. */
export function wordsAt(engine: Engine, words: readonly number[]): number {
  const at = engine.table(Math.max(words.length, 1) * 4)
  engine.i32.set(words, at / 4)
  return at
}
export function zerosAt(engine: Engine, bytes: number): number {
  const at = engine.scratch(bytes)
  engine.fill(0, at, bytes)
  return at
}

type SlotFields = Record<'slotFlags' | 'slots' | 'slotBytes', Local>
/** Takes one of the slots, of which there are as many as threads; an atomic flag each says whether it is in use. */
export function takeSlot(f: Func, d: SlotFields): { slot: Local; address: Local } {
  const { slot, address } = f.locals('i32', 'slot', 'address')
  f.get(d.slotFlags)
  f.set(slot)
  f.get(d.slots)
  f.set(address)
  f.loop((again) => {
    f.get(slot)
    f.i32(0)
    f.i32(1)
    f.atomic('i32.atomic.rmw.cmpxchg')
    f.if(() => {
      f.inc(slot, 4)
      f.inc(address, d.slotBytes)
      f.br(again)
    })
  })
  return { slot, address }
}
export function giveSlotBack(f: Func, slot: Local): void {
  f.get(slot)
  f.i32(0)
  f.atomic('i32.atomic.store')
}

/** Leaves base + x * y + ... on the stack. */
export function sumOf(f: Func, base: I32, ...terms: (readonly [x: I32, y: I32])[]): void {
  f.push(base)
  for (const [x, y] of terms) {
    f.push(x)
    f.push(y)
    f.op('i32.mul', 'i32.add')
  }
}

/** into = min(x, y), unsigned. */
export function setMin(f: Func, into: Local, x: I32, y: Local | number): void {
  f.push(x)
  f.tee(into)
  f.push(y)
  f.get(into)
  f.push(y)
  f.op('i32.lt_u', 'select')
  f.set(into)
}

export const minus = (f: Func, x: Local, y: Local) => (): void => {
  f.get(x)
  f.get(y)
  f.op('i32.sub')
}

/** into = rest % divisor; rest = rest / divisor: one index out of a combined one, the fastest first. */
export function splitOff(f: Func, rest: Local, divisor: Local, into: Local): void {
  f.get(rest)
  f.get(divisor)
  f.op('i32.rem_u')
  f.set(into)
  f.get(rest)
  f.get(divisor)
  f.op('i32.div_u')
  f.set(rest)
}

/** `lanes` in panels of at most `most`, as even as possible: the first `bigPanels` hold small + 1. */
export function evenPanels(lanes: number, most: number): { panels: number; small: number; bigPanels: number } {
  const panels = Math.ceil(lanes / most)
  return { panels, small: Math.floor(lanes / panels), bigPanels: lanes % panels }
}
/** Leaves the number of lanes of a panel on the stack. */
export function lanesOfPanel(f: Func, panel: Local, small: Local, bigPanels: Local): void {
  f.get(panel)
  f.get(bigPanels)
  f.op('i32.lt_u')
  f.get(small)
  f.op('i32.add')
}
/** Calls `body` for the panels first .. last - 1 that have one lane more, then for the others; either may be none. */
export function byHeight(
  f: Func,
  { first, last, middle }: Readonly<Record<'first' | 'last' | 'middle', Local>>,
  bigPanels: Local,
  body: (first: Local, last: Local, more: 0 | 1) => void,
): void {
  setMin(f, middle, last, bigPanels)
  body(first, middle, 1)
  // max(first, bigPanels)
  f.get(first)
  f.get(bigPanels)
  f.get(first)
  f.get(bigPanels)
  f.op('i32.gt_u', 'select')
  f.set(middle)
  body(middle, last, 0)
}
/** Leaves the first lane of a panel on the stack. */
export function firstOfPanel(f: Func, panel: Local, small: Local, bigPanels: Local): void {
  f.get(panel)
  f.get(small)
  f.op('i32.mul')
  f.get(panel)
  f.get(bigPanels)
  f.get(panel)
  f.get(bigPanels)
  f.op('i32.lt_u', 'select', 'i32.add')
}
