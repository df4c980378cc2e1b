// Operands of the expression compiler's kernels: stride classes, and code that loads vectors and stores them. map.ts and reduce.ts call it.
import type { Func, Local } from './asm.ts'
import type { Format } from './formats.ts'
import { laneCount, type LaneType, scalarOf } from './lanes.ts'

export { bitsOf, formatOf, fromRaw, halfLanes, laneTypes, toStored } from './formats.ts'

/** How an operand moves along the inner dimension: not at all, element by element, or by any stride. */
export const SPLAT = 0
export const CONTIGUOUS = 1
export const STRIDED = 2
export type StrideClass = 0 | 1 | 2
export const strideClass = (stride: number): StrideClass => (stride === 0 ? SPLAT : stride === 1 ? CONTIGUOUS : STRIDED)

/** One operand where it is used: `address` is that of the first lane of block 0, `stride` in bytes (of class STRIDED). */
export interface Place {
  readonly address: Local
  readonly stride: Local
}

const pushStrided = (f: Func, place: Place, index: number): void => {
  f.get(place.address)
  if (index === 0) return
  f.get(place.stride)
  if (index > 1) {
    f.i32(index)
    f.op('i32.mul')
  }
  f.op('i32.add')
}

/** Pushes the raw vector of block `block` (of laneCount elements); `width` is the element's size in bytes. */
export function pushLoad(f: Func, format: Format, cls: StrideClass, width: number, place: Place, block: number): void {
  const [load, ...ops] = format.load
  const lanes = laneCount[format.raw]
  const at = (): void => f.get(place.address)
  if (cls === CONTIGUOUS && format.loadBlock) {
    format.loadBlock(f, at, block * lanes * width)
    return
  }
  const count = cls === SPLAT ? 1 : lanes
  for (let lane = 0; lane < count; lane++) {
    const index = block * lanes + lane
    if (cls === STRIDED) pushStrided(f, place, index)
    else at()
    f.load(load, cls === CONTIGUOUS ? index * width : 0)
    f.op(...ops)
    if (lane === 0) f.op(`${format.raw}.splat`)
    else f.lane(`${format.raw}.replace_lane`, lane)
  }
}

/** Stores a vector of lane type `format.stored`; changes the local. */
export function emitStore(
  f: Func,
  format: Format,
  cls: StrideClass,
  width: number,
  place: Place,
  block: number,
  value: Local,
  lanes: number,
): void {
  const all = laneCount[format.stored]
  if (cls === CONTIGUOUS && lanes === all && format.storeBlock) {
    format.storeBlock(f, () => f.get(place.address), value, block * all * width)
    return
  }
  const store = format.store[format.store.length - 1]
  for (let lane = 0; lane < lanes; lane++) {
    const index = block * all + lane
    if (cls === STRIDED) pushStrided(f, place, index)
    else f.get(place.address)
    f.get(value)
    f.lane(`${format.stored}.extract_lane`, lane)
    f.op(...format.store.slice(0, -1))
    f.store(store, cls === CONTIGUOUS ? index * width : 0)
  }
}

/** Pushes the scalar of lane type `type` that stands at `address + offset` as f64, in all lanes. */
export function pushScalar(f: Func, type: LaneType, address: Local, offset: number): void {
  const scalar = scalarOf[type]
  f.get(address)
  f.load('f64.load', offset)
  if (scalar === 'f32') f.op('f32.demote_f64')
  else if (scalar !== 'f64') f.op(`${scalar}.trunc_sat_f64_s`)
  f.op(`${type}.splat`)
}
