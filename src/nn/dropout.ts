// Dropout: zeroes elements at random while training. Srivastava et al. 2014.
import { ValueError } from '../base/errors.ts'
import { dropout } from '../ops/random.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { Layer } from './layer.ts'

/** Each element becomes 0 with probability p, else x / (1 - p); the identity after `eval()`. Source: `torch.nn.Dropout`. */
export class Dropout extends Layer {
  readonly p: number
  constructor(p = 0.5) {
    super()
    if (!(p >= 0 && p <= 1)) throw new ValueError(`nn.Dropout: p is a probability between 0 and 1, got ${p}`)
    this.p = p
  }
  forward(input: Tensor): Tensor {
    return dropout(input, { p: this.p, training: this.training })
  }
  override extraRepr(): string {
    return `p=${this.p}, inplace=False`
  }
}
