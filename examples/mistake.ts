// A mistake: LeNet without the padding of its first convolution. The error names the op, both sizes and the layer.
import * as torch from 'kindling'
import { nn } from 'kindling'

const net = new nn.Sequential(
  new nn.Conv2d(1, 6, 5),
  new nn.AvgPool2d(2),
  new nn.Conv2d(6, 16, 5),
  new nn.AvgPool2d(2),
  new nn.Flatten(),
  new nn.Linear(16 * 5 * 5, 10),
)
try {
  net(torch.rand(64, 1, 28, 28))
} catch (error) {
  console.log(String(error))
}
