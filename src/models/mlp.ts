// A multilayer perceptron: linear layers with ReLU between them. Book sections 4.3 and, with dropout, 4.6.
import { ValueError } from '../base/errors.ts'
import { Dropout, Flatten, Linear, type Module, ReLU, Sequential } from '../nn/index.ts'

export interface MlpOptions {
  /** Numbers per sample. Default 784, the pixels of an MNIST image. */
  inputs?: number
  /** Units of the hidden layer, or of each of them. Default 256. */
  hidden?: number | readonly number[]
  /** Probability to drop a unit behind the hidden layers, or behind each of them. Default: no dropout layers. */
  dropout?: number | readonly number[]
  /** Numbers per sample that come out. Default 10. */
  classes?: number
}

/**
 * [N, ...] of `inputs` numbers each -> scores [N, classes]; 203,530 parameters by default. The book's network with dropout, of 269,322, is
 * `mlp({ hidden: [256, 256], dropout: [0.2, 0.5] })`. Throws ValueError where there is not one `dropout` for each hidden layer.
 */
export function mlp({ inputs = 784, hidden = 256, dropout, classes = 10 }: MlpOptions = {}): Sequential {
  const widths = typeof hidden === 'number' ? [hidden] : hidden
  const drops = typeof dropout === 'number' ? widths.map(() => dropout) : dropout
  if (drops && drops.length !== widths.length)
    throw new ValueError(`mlp: dropout needs one number per hidden layer: ${drops.length} and ${widths.length}`)
  const layers: Module[] = [new Flatten()]
  widths.forEach((width, i) => {
    layers.push(new Linear(i === 0 ? inputs : widths[i - 1], width), new ReLU())
    if (drops) layers.push(new Dropout(drops[i]))
  })
  return new Sequential(...layers, new Linear(widths.at(-1) ?? inputs, classes))
}
