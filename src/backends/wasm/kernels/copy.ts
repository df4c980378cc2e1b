// copy: elements from one view to another. Equal dtypes move bits: runs, fills, transposed tiles, or one by one;
// different dtypes are a map of the expression `input(0)`.
import { bytesOf, type ComputeType, computeType, type DType, isFloating } from '../../../base/dtype.ts'
import { input } from '../../../base/expr.ts'
import type { CopySpec } from '../../../runtime/spec.ts'
import { addressOf, type Engine } from '../engine.ts'
import { blockElements, buildLines, buildTiles, stripRows, tileBlock, type Width } from './copy-code.ts'
import { mapKernel } from './map.ts'

/** One dimension of the copy; strides in bytes. */
interface Dim {
  readonly size: number
  readonly x: number
  readonly out: number
}

/** Dimensions of the copy, largest step of `out` first; such as both sides walk alike are one. */
function plan(spec: CopySpec, width: number): Dim[] {
  const { shape } = spec.out
  const all = shape.map((size, d): Dim => ({ size, x: spec.x.strides[d] * width, out: spec.out.strides[d] * width }))
  const sorted = all.filter((dim) => dim.size !== 1).sort((a, b) => Math.abs(b.out) - Math.abs(a.out))
  const dims: Dim[] = []
  for (const dim of sorted) {
    const last = dims.at(-1)
    if (last !== undefined && last.x === dim.size * dim.x && last.out === dim.size * dim.out) {
      dims[dims.length - 1] = { size: last.size * dim.size, x: dim.x, out: dim.out }
    } else dims.push(dim)
  }
  return dims
}

/** In which type a conversion is exact up to its last step. */
function between(from: DType, to: DType): ComputeType {
  return isFloating(from) && (to === 'float64' || to === 'int64') ? 'float64' : computeType(from)
}

export function copy(engine: Engine): (spec: CopySpec) => void {
  const convert = mapKernel(engine)
  return (spec) => {
    const { x, out } = spec
    const sameBits = x.dtype === out.dtype || (x.dtype === 'bool' && out.dtype === 'uint8')
    if (out.shape.includes(0)) return
    if (!sameBits) {
      const compute = between(x.dtype, out.dtype)
      convert({ kind: 'map', exprs: [input(0)], compute, inputs: [x], outputs: [out], scalars: [] })
      return
    }
    const width = bytesOf(x.dtype) as Width
    const dims = plan(spec, width)
    const inner = dims.pop() ?? { size: 1, x: width, out: width }
    const row =
      width === 4 && inner.out === 4 && inner.x !== 0 && inner.size >= 4
        ? dims.findIndex((dim) => dim.x === 4 && dim.size >= 4)
        : -1
    const tiled = inner.x !== width && row >= 0
    const rows = tiled ? dims.splice(row, 1)[0] : { size: 1, x: 0, out: 0 }
    const block = tiled ? tileBlock : blockElements
    const strips = Math.ceil(rows.size / stripRows)
    const blocks = Math.ceil(inner.size / block)
    const outer: Dim[] = [
      ...dims,
      { size: strips, x: stripRows * rows.x, out: stripRows * rows.out },
      { size: blocks, x: block * inner.x, out: block * inner.out },
    ]
    // Few ranks, so that shapes share kernels.
    const rank = outer.length <= 5 ? 5 : Math.max(10, outer.length)
    const padding = Array.from({ length: rank - outer.length }, (): Dim => ({ size: 1, x: 0, out: 0 }))
    const desc = engine.descriptor()
    desc.i32(addressOf(x), addressOf(out), inner.size, block, inner.x, inner.out, rows.size, rows.x, rows.out)
    for (const dim of [...padding, ...outer]) desc.i32(dim.size, dim.x, dim.out)
    const name = tiled
      ? 'tiles'
      : inner.out !== width
        ? 'any'
        : inner.x === width
          ? 'run'
          : inner.x === 0
            ? 'fill'
            : 'any'
    const kernels = engine.kernels(`copy ${width * 8} bits, ${rank} dimensions`, (m) => {
      buildLines(m, width, rank)
      if (width === 4) buildTiles(m, rank)
    })
    let items = strips * blocks
    for (const dim of dims) items *= dim.size
    const elements = Math.min(block, inner.size) * Math.min(stripRows, rows.size)
    engine.dispatch(kernels[name], desc, items, Math.max(1, Math.floor(65536 / (elements * width))))
  }
}
