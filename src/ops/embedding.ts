// Embedding: rows of a table by number, with the options of PyTorch's lookup.
import { record, withoutRecording } from '../autograd/record.ts'
import { ShapeError, ValueError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import { scoped } from '../runtime/scope.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { type Addressing, checkNotNegative, indexOf, readAt, sumAt } from './address.ts'
import { ones } from './creation.ts'
import { renorm } from './distance.ts'
import { indexSelect } from './gather.ts'
import { reshape } from './reshape.ts'
import { indexCopy_ } from './scatter.ts'
import { selectScatter } from './scatterView.ts'
import { unique } from './unique.ts'
import { zerosOf } from './view.ts'

export interface EmbeddingOptions {
  /** The row that gets no gradient; negative counts from the end. */
  paddingIdx?: number
  /** Rows that are looked up and have a larger norm are scaled down to it first, in the weight itself. */
  maxNorm?: number
  /** Order of that norm. Default 2. */
  normType?: number
  /** Divide a row's gradient by how often the input names it. Default false. */
  scaleGradByFreq?: boolean
}

/**
 * Rows of `weight` [V, D] by number: `input` (any shape, int64 or int32, 0 to V-1) gives [...input shape, D].
 * Throws IndexError out of range. Source: `torch.nn.functional.embedding`.
 */
export function embedding(
  input: Tensor,
  weight: Tensor,
  { paddingIdx, maxNorm, normType = 2, scaleGradByFreq = false }: EmbeddingOptions = {},
): Tensor {
  if (weight.ndim !== 2)
    throw new ShapeError(`embedding: weight must be a matrix [V, D], got ${formatShape(weight.shape)}`)
  const { shape } = weight
  const [rows, columns] = shape
  if (paddingIdx !== undefined && (paddingIdx < -rows || paddingIdx >= rows)) {
    throw new ValueError(`embedding: paddingIdx ${paddingIdx} is out of range for a weight of ${rows} rows`)
  }
  const index = indexOf('embedding', input)
  checkNotNegative('embedding', index)
  if (maxNorm !== undefined) limitRows(weight, index, normType, maxNorm)
  const where: Addressing = {
    common: [...index.shape, columns],
    follows: [-1, index.ndim],
    indexed: [{ dim: 0, start: 0 }],
  }
  const plain = paddingIdx === undefined && !scaleGradByFreq
  const out = readAt('EmbeddingBackward0', plain ? weight : weight.detach(), [index], where)
  if (plain) return out
  return record('EmbeddingBackward0', [weight], out, [index], (grad, [at]) => {
    const each = scaleGradByFreq ? grad.div(occurrences(at, rows, grad)) : grad
    const sum = sumAt(each, shape, [at], where)
    return [paddingIdx === undefined ? sum : selectScatter(sum, zerosOf([columns], grad), 0, paddingIdx)]
  })
}

/** Scales the rows that `index` names down to the norm `most`. */
function limitRows(weight: Tensor, index: Tensor, order: number, most: number): void {
  withoutRecording(() =>
    scoped(() => {
      const named = unique(index) as Tensor
      indexCopy_(weight, 0, named, renorm(indexSelect(weight, 0, named), order, 0, most))
    }),
  )
}

/** For each element of `index` how often its value appears: [..., 1]. */
function occurrences(index: Tensor, rows: number, like: Tensor): Tensor {
  const flat = reshape(index, [-1])
  const one = ones([flat.shape[0]], { dtype: like.dtype, device: like.device })
  const counts = zerosOf([rows], like).indexAdd(0, flat, one)
  return reshape(indexSelect(counts, 0, flat), [...index.shape, 1])
}
