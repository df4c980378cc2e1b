// The worker: the network, its training, and its reading. The page calls these functions by their names.
import * as torch from 'kindling'
import { F, nn, optim } from 'kindling'
import { type Context, expose } from 'kindling/browser'
import { DataLoader } from 'kindling/data'
import { imageToTensor, MNIST } from 'kindling/vision'

/** In the file storage of this site: the next visit begins with a network that can read. */
const saved = '/lenet.safetensors'

torch.manualSeed(0)
/** LeNet with rectifiers and maxima, which learn faster than its sigmoids and means. */
const net = new nn.Sequential(
  new nn.Conv2d(1, 6, 5, { padding: 2 }),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
  new nn.Conv2d(6, 16, 5),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
  new nn.Flatten(),
  new nn.Linear(16 * 5 * 5, 120),
  new nn.ReLU(),
  new nn.Linear(120, 84),
  new nn.ReLU(),
  new nn.Linear(84, 10),
)

export type Progress =
  | { readonly fetched: number; readonly of: number | undefined }
  | { readonly step: number; readonly loss: number; readonly imagesPerSecond: number }
  | { readonly accuracy: number }

async function train(
  context: Context<Progress>,
  { epochs, mirrors }: { epochs: number; mirrors?: string[] },
): Promise<void> {
  const onProgress = (fetched: number, of: number | undefined): void => context.report({ fetched, of })
  const [trainSet, testSet] = [await MNIST({ mirrors, onProgress }), await MNIST({ train: false, mirrors, onProgress })]
  const [batches, tests] = [
    new DataLoader(trainSet, { batchSize: 256, shuffle: true }),
    new DataLoader(testSet, { batchSize: 500 }),
  ]
  const optimizer = new optim.Adam(net.parameters(), { lr: 0.003 })
  let step = 0
  for (let epoch = 0; epoch < epochs; epoch++) {
    const began = performance.now()
    let images = 0
    for await (const [x, y] of batches) {
      const loss = F.crossEntropy(net(x), y)
      optimizer.zeroGrad()
      loss.backward()
      optimizer.step()
      images += x.shape[0]
      const imagesPerSecond = (1000 * images) / (performance.now() - began)
      context.report({ step: ++step, loss: loss.item(), imagesPerSecond })
    }
    let right = 0
    for await (const [x, y] of tests) right += torch.noGrad(() => net(x).argmax(1).eq(y).sum().item())
    context.report({ accuracy: right / testSet.length })
    await torch.save(net.stateDict(), saved)
  }
}

/** The network of the last visit, if there is one. */
async function remember(): Promise<boolean> {
  const state = await torch.load(saved).catch(() => null)
  if (state !== null) net.loadStateDict(state)
  return state !== null
}

/** The probabilities of the ten digits for a picture of 28 x 28, light on black. */
function read(_: Context, picture: ImageBitmap): Float32Array {
  return torch.scope(() =>
    torch.noGrad(() => {
      const x = imageToTensor(picture, { mode: 'L' }).float().div(255).unsqueeze(0)
      return F.softmax(net(x), 1).data() as Float32Array
    }),
  )
}

const functions = { train, remember, read }
export type Functions = typeof functions
expose(functions)
