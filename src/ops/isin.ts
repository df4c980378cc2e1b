// Which elements are in a set of others. The set is made on the host.
import { resultType } from '../base/dtype.ts'
import { DTypeError, ValueError } from '../base/errors.ts'
import { Tensor } from '../tensor/tensor.ts'
import { fromHost } from './host.ts'
import { cast } from './pointwise.ts'
import { tensor } from './tensorOf.ts'

export interface IsinOptions {
  /** No element occurs twice on either side: says nothing here. */
  assumeUnique?: boolean
  /** True where the element is not in the set. Default false. */
  invert?: boolean
}

/**
 * For each element whether it equals one of `testElements`: bool in the shape of `elements`. One of them may be a number. NaN equals nothing.
 * Waits for the device. Source: `torch.isin`.
 */
export function isin(
  elements: Tensor | number,
  testElements: Tensor | number,
  { invert = false }: IsinOptions = {},
): Tensor {
  const like = [elements, testElements].find((x) => x instanceof Tensor)
  if (like === undefined) throw new ValueError('isin: elements or testElements must be a tensor')
  const dtype = resultType(elements, testElements)
  const [from, among] = [elements, testElements].map((x) => {
    const typed = x instanceof Tensor ? x : tensor(x, { device: like.device })
    if (typed.dtype === 'bool') throw new DTypeError('isin: not defined for bool', 'convert first: x.long().')
    return cast(typed.detach(), dtype)
  })
  // int64 values need bigints, floats of 16 bits are no numbers in an array.
  const valuesOf = (x: Tensor): ArrayLike<number | bigint> => (dtype === 'int64' ? x.data() : x.numbers())
  const set = new Set(Array.from(valuesOf(among)))
  // A Set finds NaN.
  set.delete(Number.NaN)
  const data = valuesOf(from)
  const out = new Uint8Array(data.length)
  for (let i = 0; i < data.length; i++) out[i] = set.has(data[i]) === invert ? 0 : 1
  return fromHost(out, from.shape, 'bool', from.device)
}
