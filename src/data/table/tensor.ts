// Columns side by side as a tensor.
import { type DType, isFloating } from '../../base/dtype.ts'
import { DataError } from '../../base/errors.ts'
import { fromTypedArray } from '../../ops/tensorOf.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { Column } from './column.ts'

/** float64 where a column is float64 or object, else int64, or what all columns are. */
function commonDtype(columns: readonly Column[]): DType {
  const kinds = new Set(columns.map(({ dtype }) => dtype))
  if (kinds.has('object') || kinds.has('float64') || kinds.size === 0) return 'float64'
  const [only] = kinds
  return kinds.size === 1 ? (only as DType) : 'int64'
}

/** `shape` is that of the rows, with the columns last. Throws DataError for text, and for a gap where the dtype has no NaN. */
export function tensorOf(columns: readonly Column[], shape: readonly number[], dtype = commonDtype(columns)): Tensor {
  const numbers = new Float64Array(shape.reduce((a, b) => a * b, 1))
  for (const [c, column] of columns.entries()) {
    const values = column.numbers('toTensor')
    const gap = isFloating(dtype) ? -1 : values.findIndex(Number.isNaN)
    if (gap >= 0) {
      throw new DataError(
        `toTensor: column '${column.name}' has no value at row ${gap}, and ${dtype} has no NaN`,
        'fillna(value) fills the gaps.',
      )
    }
    for (let row = 0; row < values.length; row++) numbers[row * columns.length + c] = values[row]
  }
  return fromTypedArray(numbers, shape, { dtype })
}
