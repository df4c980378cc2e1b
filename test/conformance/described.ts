// Values as the fixture descriptions write them: plain JSON, or an object for what JSON cannot say.
export interface TensorRef {
  readonly tensor: string
  readonly requires_grad?: boolean
}
export type Described =
  | null
  | boolean
  | number
  | string
  | Described[]
  | TensorRef
  | { dtype: string }
  | { float: string }
  | { int: string }
  | { slice: (number | null)[] }
  | { ellipsis: true }
  | { repr: string }

export const isTensorRef = (value: unknown): value is TensorRef =>
  typeof value === 'object' && value !== null && 'tensor' in value

/** A Python number that JSON cannot write. */
function specialNumber(text: string): number {
  const known: Record<string, number> = { inf: Infinity, '-inf': -Infinity, nan: Number.NaN }
  return known[text] ?? Number(text)
}

/** A described value as Kindling takes it; `tensor` makes the tensors. None stays null. */
export function decode(value: Described, tensor: (ref: TensorRef) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => decode(item, tensor))
  if (isTensorRef(value)) return tensor(value)
  if ('dtype' in value) return value.dtype
  if ('float' in value) return specialNumber(value.float)
  if ('int' in value) return Number(value.int)
  if ('slice' in value)
    return value.slice
      .map((part) => part ?? '')
      .join(':')
      .replace(/:$/, '')
  if ('ellipsis' in value) return '...'
  return value.repr
}

/** Tensor references of a described value, in order. */
export function flatten(value: Described): Described[] {
  return Array.isArray(value) ? value.flatMap(flatten) : [value]
}

/** Short text of a described value for messages: tensors by their shape. */
export function summary(
  value: Described,
  stored: (ref: TensorRef) => { dtype: string; shape: readonly number[] },
): string {
  if (Array.isArray(value)) return `[${value.map((item) => summary(item, stored)).join(', ')}]`
  if (isTensorRef(value)) {
    const { dtype, shape } = stored(value)
    return `${dtype === 'float32' ? '' : dtype}<${shape.join('x')}>`
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return String(decode(value, () => null))
}
