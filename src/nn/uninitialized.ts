// Parameters and buffers whose shape is not known yet: those of lazy layers before the first call. They hold no elements.
import type { DType } from '../base/dtype.ts'
import { ValueError } from '../base/errors.ts'
import type { DeviceName } from '../runtime/backend.ts'
import { Tensor } from '../tensor/tensor.ts'
import { Parameter } from './parameter.ts'

export interface UninitializedOptions {
  /** Default: float32 when it is made; for `materialize`, as it is. */
  dtype?: DType
  /** Default: the default device when it is made; for `materialize`, where it is. */
  device?: DeviceName
}

/** Everything that asks for the shape, and so every operation, gets this error. */
function unknownShape(x: Tensor): never {
  throw new ValueError(
    `${x.constructor.name}: used before its shape is known`,
    'a lazy layer gets its parameters at its first call: call the network with a batch first.',
  )
}
/** Only `materialize` gives a shape: one that a change of dtype or device would set is dropped. */
function hideShape(x: Tensor): void {
  Object.defineProperty(x, 'shape', { get: () => unknownShape(x), set: () => {}, configurable: true, enumerable: true })
}
/** From here on `x` is an ordinary tensor of `shape`, with undefined contents, of the class of `prototype`. */
function materialize(x: Tensor, prototype: Tensor, shape: readonly number[], options: UninitializedOptions): void {
  const { dtype = x.dtype, device = x.device } = options
  Object.defineProperty(x, 'shape', { value: shape, writable: true })
  const data = Tensor.empty(shape, dtype, device)
  x.setData(data)
  data.dispose()
  Object.setPrototypeOf(x, prototype)
}

/**
 * A parameter without a shape; `to`, `float`, `half` and `double` of its module work on it, other uses throw ValueError.
 * Source: `torch.nn.parameter.UninitializedParameter`.
 */
export class UninitializedParameter extends Parameter {
  constructor({ requiresGrad = true, dtype, device }: UninitializedOptions & { requiresGrad?: boolean } = {}) {
    super(Tensor.empty([0], dtype, device), { requiresGrad })
    hideShape(this)
  }
  /** Makes it a Parameter of `shape`, the same object, with undefined contents. */
  materialize(shape: readonly number[], options: UninitializedOptions = {}): void {
    materialize(this, Parameter.prototype, shape, options)
  }
  override toString(): string {
    return '<UninitializedParameter>'
  }
}

/** The same for a buffer. Source: `torch.nn.parameter.UninitializedBuffer`. */
export class UninitializedBuffer extends Tensor {
  constructor({ dtype, device }: UninitializedOptions = {}) {
    const data = Tensor.empty([0], dtype, device)
    super(data.storage.retain(), data.dtype, data.shape, data.strides)
    data.dispose()
    hideShape(this)
  }
  /** Makes it a tensor of `shape`, the same object, with undefined contents. */
  materialize(shape: readonly number[], options: UninitializedOptions = {}): void {
    materialize(this, Tensor.prototype, shape, options)
  }
  override toString(): string {
    return '<UninitializedBuffer>'
  }
}

/** Whether the shape is not known yet. Source: `torch.nn.parameter.is_lazy`. */
export const isLazy = (x: unknown): x is UninitializedParameter | UninitializedBuffer =>
  x instanceof UninitializedParameter || x instanceof UninitializedBuffer
