// How samples become a batch: tensors are stacked, numbers become a tensor, anything else stays a list.
import { stack } from '../ops/join.ts'
import { tensor } from '../ops/tensorOf.ts'
import { Tensor } from '../tensor/tensor.ts'

/** One batch column from the same column of each sample. */
function column(values: readonly unknown[]): unknown {
  if (values.every((value) => value instanceof Tensor)) return stack(values)
  if (values.every((value) => typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'))
    return tensor(values)
  return values
}

/** Samples (tuples) to a tuple of batches. Source: `torch.utils.data.default_collate`. */
export function collate<Sample extends readonly unknown[]>(samples: readonly Sample[]): Sample {
  return (samples[0] ?? []).map((_, i) => column(samples.map((sample) => sample[i]))) as unknown as Sample
}
