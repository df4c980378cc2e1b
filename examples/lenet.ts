// LeNet on handwritten digits, in one file: data, network, training, test, and a checkpoint that Python can read.
// `node examples/lenet.ts` trains four epochs; `--quick` takes 512 images, one epoch, and saves nothing.
import * as torch from 'kindling'
import { F, nn, optim } from 'kindling'
import { DataLoader, Subset } from 'kindling/data'
import { MNIST } from 'kindling/vision'

const quick = process.argv.includes('--quick')
torch.manualSeed(0)

const net = new nn.Sequential(
  new nn.Conv2d(1, 6, 5, { padding: 2 }),
  new nn.Sigmoid(),
  new nn.AvgPool2d(2),
  new nn.Conv2d(6, 16, 5),
  new nn.Sigmoid(),
  new nn.AvgPool2d(2),
  new nn.Flatten(),
  new nn.Linear(16 * 5 * 5, 120),
  new nn.Sigmoid(),
  new nn.Linear(120, 84),
  new nn.Sigmoid(),
  new nn.Linear(84, 10),
)
net.apply((m) => {
  if (m instanceof nn.Linear || m instanceof nn.Conv2d) nn.init.xavierUniform_(m.weight)
})

let shape = torch.rand(1, 1, 28, 28)
for (const layer of net) {
  shape = layer(shape)
  console.log(layer.constructor.name.padEnd(10), shape.shape)
}

const [trainSet, testSet] = [await MNIST(), await MNIST({ train: false })]
const first = (n: number) => Array.from({ length: n }, (_, i) => i)
const train = new DataLoader(quick ? new Subset(trainSet, first(512)) : trainSet, { batchSize: 256, shuffle: true })
const test = new DataLoader(quick ? new Subset(testSet, first(256)) : testSet, { batchSize: 256 })
const optimizer = new optim.Adam(net.parameters(), { lr: 0.01 })

for (let epoch = 1; epoch <= (quick ? 1 : 4); epoch++) {
  net.train()
  let last = 0
  for await (const [images, labels] of train) {
    optimizer.zeroGrad()
    const loss = F.crossEntropy(net(images), labels)
    loss.backward()
    optimizer.step()
    last = loss.item()
  }
  net.eval()
  let correct = 0
  await torch.noGrad(async () => {
    for await (const [images, labels] of test) correct += net(images).argmax(1).eq(labels).sum().item()
  })
  console.log(`epoch ${epoch}: loss ${last.toFixed(3)}, test ${((100 * correct) / test.dataset.length).toFixed(2)} %`)
}
if (!quick) await torch.save(net.stateDict(), 'lenet.safetensors')
