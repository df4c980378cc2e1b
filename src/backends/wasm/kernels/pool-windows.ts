// Windows of one size sliding over planes of float32, whose columns lie side by side: strips of columns of y, from top to bottom.
// What a row of x means for the windows of a strip stays in registers while they share it.
//
//   for each plane: for each strip of 4 * vectors columns of y (the last one shifted back):
//     for each row of windows, after as many as it takes to fill the ring:
//       the ring moves on by stride[0] of its size[0] rows; each new one: row(x) -> entries of the ring
//       close(ring) -> y
//
// Rows outside the plane stand for the first or the last one; which they wanted to be is told as well. Columns outside are memory of
// something else: strips mask them.
import type { Func } from '../asm.ts'
import type { Planes } from './pool-planes.ts'
import { type Sliding, type Strip, type Vectors, vectorsIn, vectorsOf } from './pool-strips.ts'

/** Of each row of the window, what the row left. */
export type Ring = readonly (readonly Vectors[])[]

export interface Body {
  /** How many vectors a row leaves in the ring. */
  readonly keeps: number
  /** In front of a strip of other columns than the last one. */
  readonly open: () => void
  /** In front of every strip. */
  readonly start?: () => void
  readonly row: (into: readonly Vectors[]) => void
  /** Where the next row of x comes, instead of the last one once more. */
  readonly next?: () => void
  readonly close: (ring: Ring) => void
}

/** What eachPlane asks for: code in front of the planes, and the loops over one. A column of windows is so many bytes of y and of the indices. */
export function slide(
  f: Func,
  p: Planes,
  s: Sliding,
  l: Strip,
  [outBytes, indexBytes]: readonly [number, number],
  body: Body,
): () => void {
  const [height] = s.size
  const step = 4 * vectorsIn(s)
  const fresh = Math.min(height, s.stride[0])
  const lead = Math.ceil((height - fresh) / s.stride[0])
  const { start, j, opened, last, left } = f.locals('i32', 'start', 'j', 'opened', 'last', 'left')
  const ring = Array.from({ length: height }, () => Array.from({ length: body.keeps }, () => vectorsOf(f, s)))

  f.get(p.height)
  f.i32(1)
  f.op('i32.sub')
  f.set(last)
  f.i32(-(2 ** 31))
  f.set(opened)
  const strip = (): void => {
    f.get(j)
    f.i32(s.stride[1])
    f.op('i32.mul')
    f.get(p.padLeft)
    f.op('i32.sub')
    f.tee(l.column)
    f.i32(4)
    f.op('i32.mul')
    f.get(p.x)
    f.op('i32.add')
    f.set(l.at)
    for (const [pointer, base, bytes] of [
      [l.out, p.y, outBytes],
      [l.index, p.indices, indexBytes],
    ] as const) {
      f.get(base)
      f.get(j)
      f.i32(bytes)
      f.op('i32.mul', 'i32.add')
      f.set(pointer)
    }
    f.get(l.column)
    f.get(opened)
    f.op('i32.ne')
    f.if(() => {
      f.get(l.column)
      f.set(opened)
      body.open()
    })
    body.start?.()
    f.i32(-lead * s.stride[0])
    f.get(p.padTop)
    f.op('i32.sub')
    f.tee(l.first)
    f.i32(height - fresh)
    f.op('i32.add')
    // At most 0: the strip begins in the first row.
    f.set(l.wanted)
    f.get(p.outHeight)
    f.i32(lead)
    f.op('i32.add')
    f.set(left)
    const nextRow = (): void => {
      f.get(l.wanted)
      f.get(last)
      f.op('i32.lt_u')
      f.if(() => {
        f.inc(l.at, p.xRow)
        body.next?.()
      })
      f.inc(l.wanted, 1)
    }
    const close = (): void => {
      body.close(ring)
      f.inc(l.out, p.yRow)
      f.inc(l.index, p.indexRow)
    }
    f.while(
      () => f.get(left),
      () => {
        for (let u = 0; u + fresh < height; u++) {
          ring[u].forEach((vectors, k) =>
            vectors.forEach((local, q) => {
              f.get(ring[u + fresh][k][q])
              f.set(local)
            }),
          )
        }
        for (let u = height - fresh; u < height; u++) {
          body.row(ring[u])
          nextRow()
        }
        for (let u = height; u < s.stride[0]; u++) nextRow()
        if (lead === 0) close()
        else {
          f.get(left)
          f.get(p.outHeight)
          f.op('i32.le_u')
          f.if(close)
        }
        f.inc(l.first, s.stride[0])
        f.inc(left, -1)
      },
    )
  }

  return () => {
    if (s.strip === 'narrow') {
      f.i32(0)
      f.set(j)
      return strip()
    }
    f.range(start, 0, p.outWidth, step, () => {
      // j = min(start, outWidth - step)
      f.get(p.outWidth)
      f.i32(step)
      f.op('i32.sub')
      f.tee(j)
      f.get(start)
      f.get(j)
      f.get(start)
      f.op('i32.lt_u', 'select')
      f.set(j)
      strip()
    })
  }
}
