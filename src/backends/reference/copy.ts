// Copies elements between views of any strides and dtypes.
import type { CopySpec } from '../../runtime/spec.ts'
import { Elements, positions } from './values.ts'

export function copy({ x, out }: CopySpec): void {
  const [source, target] = [new Elements(x), new Elements(out)]
  const from = positions(x)
  positions(out).forEach((to, i) => {
    target.write(to, source.read(from[i]))
  })
}
