// Dropout layers: zeroes at random while training, the identity after `eval()`. Srivastava et al. 2014.
import { ValueError } from '../base/errors.ts'
import * as R from '../ops/random.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { InplaceOptions } from './activation.ts'
import { Layer, pythonBool, pythonNumber } from './layer.ts'

abstract class DropoutBase extends Layer {
  readonly p: number
  readonly inplace: boolean
  constructor(p = 0.5, { inplace = false }: InplaceOptions = {}) {
    super()
    if (!(p >= 0 && p <= 1))
      throw new ValueError(`nn.${this.constructor.name}: p is a probability between 0 and 1, got ${p}`)
    this.p = p
    this.inplace = inplace
  }
  protected get options() {
    const { p, training, inplace } = this
    return { p, training, inplace }
  }
  override extraRepr(): string {
    return `p=${pythonNumber(this.p)}, inplace=${pythonBool(this.inplace)}`
  }
}
/** Each element becomes 0 with probability p, else x / (1 - p). Source: `torch.nn.Dropout`. */
export class Dropout extends DropoutBase {
  forward(input: Tensor): Tensor {
    return R.dropout(input, this.options)
  }
}
/** Whole channels of [N, C, L] become 0 with probability p. Source: `torch.nn.Dropout1d`. */
export class Dropout1d extends DropoutBase {
  forward(input: Tensor): Tensor {
    return R.featureDropout(input, this.options)
  }
}
/** Whole channels of [N, C, H, W] become 0 with probability p. Source: `torch.nn.Dropout2d`. */
export class Dropout2d extends DropoutBase {
  forward(input: Tensor): Tensor {
    return R.dropout2d(input, this.options)
  }
}
/** Dropout that keeps mean 0 and variance 1, for networks of `SELU`. Source: `torch.nn.AlphaDropout`. */
export class AlphaDropout extends DropoutBase {
  forward(input: Tensor): Tensor {
    return R.alphaDropout(input, this.options)
  }
}
