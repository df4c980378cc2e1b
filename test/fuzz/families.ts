// The tables of all families: an operator's row draws the arguments of a call.
import type { Argument, Case, Rule } from './case.ts'
import { Draw } from './draw.ts'
import { activation } from './families/activation.ts'
import { casts } from './families/casts.ts'
import { compare } from './families/compare.ts'
import { conv } from './families/conv.ts'
import { indexing } from './families/indexing.ts'
import { join } from './families/join.ts'
import { losses } from './families/losses.ts'
import { matmul } from './families/matmul.ts'
import { norm } from './families/norm.ts'
import { pool } from './families/pool.ts'
import { pointwise } from './families/pointwise.ts'
import { random } from './families/random.ts'
import { reduce } from './families/reduce.ts'
import { scans } from './families/scan.ts'
import { sorts } from './families/sort.ts'
import { views } from './families/views.ts'

/** Draws the arguments of one call. */
export type DrawCall = (draw: Draw) => readonly Argument[]

export interface Row {
  readonly draw: DrawCall
  /** There is also `name_`; or there is nothing else. */
  readonly inPlace?: true | 'only'
  readonly rule?: Rule
  /** How often it can be differentiated, where that is not twice. */
  readonly order?: 0 | 1
}

export type Family = Readonly<Record<string, Row | DrawCall>>

export const families: Readonly<Record<string, Family>> = {
  pointwise,
  compare,
  reduce,
  scan: scans,
  sort: sorts,
  views,
  indexing,
  join,
  matmul,
  conv,
  pool,
  norm,
  losses,
  activation,
  random,
  casts,
}

const strict: Rule = { strict: true }
const familyRules: Readonly<Record<string, Rule>> = {
  pointwise: strict,
  compare: strict,
  activation: strict,
  casts: strict,
  // Equal values are divided by the root of eps: 316 times what they differ by.
  norm: { roundings: 64 },
}

const rowOf = (row: Row | DrawCall): Row => (typeof row === 'function' ? { draw: row } : row)

/** A number for each case of each family: the seed of everything that is drawn for it. */
function seedOf(family: string, seed: number, number: number): number {
  let hash = seed | 0
  for (const text of [family, String(number)])
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) ^ (hash >>> 13)
  return hash | 0
}

/** Case `number` of a family: the same for the same seed. */
export function drawCase(family: string, seed: number, number: number): Case {
  const own = seedOf(family, seed, number)
  const draw = new Draw(own)
  // The first numbers of neighbouring seeds resemble each other.
  for (let i = 0; i < 4; i++) draw.next()
  const table = Object.entries(families[family])
  const op = draw.pick(table)
  const row = rowOf(op[1])
  const order = Math.min(draw.pick([0, 1, 1, 2]), row.order ?? 2) as Case['order']
  draw.wantsGrad = order > 0
  const inPlace = row.inPlace === 'only' || (row.inPlace === true && draw.chance(0.3))
  return {
    family,
    number,
    seed: own >>> 0,
    op: op[0].split(' ')[0],
    inPlace,
    args: row.draw(draw),
    order,
    cotangents: own ^ 0x5bd1e995,
    rule: { ...familyRules[family], ...row.rule },
  }
}
