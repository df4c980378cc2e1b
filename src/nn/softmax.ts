// Softmax layers: each normalises over one dimension.
import * as S from '../ops/softmax.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { Layer } from './layer.ts'

abstract class AlongDim extends Layer {
  readonly dim: number
  constructor(dim: number) {
    super()
    this.dim = dim
  }
  override extraRepr(): string {
    return `dim=${this.dim}`
  }
}
/** exp(x) normalised over `dim`. Source: `torch.nn.Softmax`. */
export class Softmax extends AlongDim {
  forward(input: Tensor): Tensor {
    return S.softmax(input, this.dim)
  }
}
/** softmax(-x) over `dim`. Source: `torch.nn.Softmin`. */
export class Softmin extends AlongDim {
  forward(input: Tensor): Tensor {
    return S.softmin(input, this.dim)
  }
}
/** log(softmax(x)) over `dim`. Source: `torch.nn.LogSoftmax`. */
export class LogSoftmax extends AlongDim {
  forward(input: Tensor): Tensor {
    return S.logSoftmax(input, this.dim)
  }
}
