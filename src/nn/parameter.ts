// Parameter: a tensor that a module learns. It belongs to its module, so no scope ever frees it.
import { isFloating } from '../base/dtype.ts'
import { Tensor } from '../tensor/tensor.ts'

/** Shares the memory of `data` and requires gradients unless told otherwise. Source: `torch.nn.Parameter`. */
export class Parameter extends Tensor {
  constructor(data: Tensor, { requiresGrad = isFloating(data.dtype) }: { requiresGrad?: boolean } = {}) {
    super(data.storage.retain(), data.dtype, data.shape, data.strides, data.offset)
    this.keep()
    this.requiresGrad_(requiresGrad)
  }

  override toString(): string {
    return `Parameter containing:\n${super.toString()}`
  }
}
