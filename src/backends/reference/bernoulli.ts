// Zeros and ones from a generator's stream.
import type { BernoulliSpec } from '../../runtime/spec.ts'
import { Elements, positions } from './values.ts'

export function bernoulli({ out, generator, p, value }: BernoulliSpec): void {
  const target = new Elements(out)
  for (const at of positions(out)) target.write(at, generator.uniform53() < p ? value : 0)
}
