// Layers for sequences that the bench trains, the same as in training.py: a layer of PyTorch's, and a linear layer that classifies every position.
// training.ts finds them by the names in networks.json.
import { nn, type Tensor } from 'kindling'

const classes = 10

class Positions extends nn.Module {
  readonly body: nn.LSTM | nn.TransformerEncoderLayer
  readonly head: nn.Linear
  constructor(body: nn.LSTM | nn.TransformerEncoderLayer, features: number) {
    super()
    this.body = body
    this.head = new nn.Linear(features, classes)
  }
  override forward(x: Tensor): Tensor {
    const features = this.body instanceof nn.LSTM ? this.body(x)[0] : this.body(x)
    return this.head(features.flatten(0, 1))
  }
}
interface Positions {
  (x: Tensor): Tensor
}

/** One layer of 256 units. */
export const lstmLayer = (): Positions => new Positions(new nn.LSTM(256, 256), 256)

/** 8 heads and 2048 units between the linear layers, dropout 0.1 as by default: the masks are PyTorch's. */
export const transformerLayer = (): Positions =>
  new Positions(new nn.TransformerEncoderLayer(256, 8, { batchFirst: true }), 256)
