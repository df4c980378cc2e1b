// New values in a part of a copy: selectScatter, sliceScatter, diagonalScatter. The part is named by the view that shows it.
import { record } from '../autograd/record.ts'
import { ShapeError } from '../base/errors.ts'
import { formatShape, sameShape } from '../base/shape.ts'
import { launch } from '../runtime/launch.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Methods } from './methods.ts'
import { type DiagonalOptions, diagonal, select, slice } from './slice.ts'
import { cloneOf, zerosOf } from './view.ts'

/** A copy of `x` in which `take` shows `src`. */
function replaced(name: string, x: Tensor, src: Tensor, take: (x: Tensor) => Tensor): Tensor {
  const out = cloneOf(x)
  const place = take(out)
  if (!sameShape(place.shape, src.shape)) {
    throw new ShapeError(
      `${name.charAt(0).toLowerCase()}${name.slice(1)}: src has shape ${formatShape(src.shape)}, its place ${formatShape(place.shape)}`,
    )
  }
  launch({ kind: 'copy', x: src, out: place })
  const shape = src.shape
  return record(`${name}Backward0`, [x, src], out, [], (grad, _saved, needs) => [
    needs[0] ? replaced(name, grad, zerosOf(shape, grad), take) : null,
    needs[1] ? take(grad) : null,
  ])
}

/** A copy of `x` with `src` at `index` along `dim`. Source: `torch.select_scatter`. */
export function selectScatter(x: Tensor, src: Tensor, dim: number, index: number): Tensor {
  return replaced('SelectScatter', x, src, (whole) => select(whole, dim, index))
}
/** A copy of `x` with `src` at `start:end:step` along `dim`. Source: `torch.slice_scatter`. */
export function sliceScatter(
  x: Tensor,
  src: Tensor,
  dim: number = 0,
  start: number | null = null,
  end: number | null = null,
  step: number = 1,
): Tensor {
  return replaced('SliceScatter', x, src, (whole) => slice(whole, dim, start, end, step))
}
/** A copy of `x` with `src` on a diagonal. Source: `torch.diagonal_scatter`. */
export function diagonalScatter(x: Tensor, src: Tensor, options: DiagonalOptions = {}): Tensor {
  return replaced('DiagonalScatter', x, src, (whole) => diagonal(whole, options))
}

export const methods = { selectScatter, sliceScatter, diagonalScatter }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
