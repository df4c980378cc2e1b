// A module of one's own: a residual block. Fields that hold layers are registered, and printed as PyTorch prints them.
import * as torch from 'kindling'
import { F, nn, type Tensor } from 'kindling'

export class Residual extends nn.Module {
  conv1: nn.Conv2d
  conv2: nn.Conv2d
  conv3: nn.Conv2d | null
  constructor(inChannels: number, channels: number, { use1x1Conv = false, stride = 1 } = {}) {
    super()
    this.conv1 = new nn.Conv2d(inChannels, channels, 3, { padding: 1, stride })
    this.conv2 = new nn.Conv2d(channels, channels, 3, { padding: 1 })
    this.conv3 = use1x1Conv ? new nn.Conv2d(inChannels, channels, 1, { stride }) : null
  }
  override forward(x: Tensor): Tensor {
    const y = this.conv2(F.relu(this.conv1(x)))
    return F.relu(y.add(this.conv3 ? this.conv3(x) : x))
  }
}

const block = new Residual(3, 6, { use1x1Conv: true, stride: 2 })
console.log(block)
console.log(Object.keys(block.stateDict()).join(' '))
console.log(block(torch.rand(4, 3, 6, 6)).shape)
