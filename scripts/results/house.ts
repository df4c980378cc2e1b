// The book's section 4.10: five folds of house prices by a linear model, log-RMSE of each.
import * as torch from 'kindling'
import { F, nn, optim, type Tensor } from 'kindling'
import { getDummies, housePrices } from 'kindling/data'
import { loadArray } from 'kindling/d2l'
import { KFold } from 'kindling/model-selection'

export interface HouseRun {
  readonly name: string
  readonly synthetic: boolean
  readonly features: number
  readonly seeds: readonly {
    readonly seed: number
    readonly train: number
    readonly valid: number
    readonly full: number
  }[]
}

const folds = 5
const epochs = 100

/** Trains on the book's recipe for each seed: Adam with a rate of 5, batches of 64. */
export async function houseRun(seeds: readonly number[]): Promise<HouseRun> {
  const { train, test, name, synthetic } = await housePrices()
  const all = train.drop(['Id', 'SalePrice']).concat(test.drop(['Id']))
  const numeric = all.names.filter((column) => all.dtypes[column] !== 'object')
  const filled = all.map(numeric, (column) => column.sub(column.mean()).div(column.std()).fillna(0))
  const X = getDummies(filled, { dummyNa: true }).toTensor({ dtype: 'float32' }).narrow(0, 0, train.shape[0])
  const y = train.columns(['SalePrice']).toTensor({ dtype: 'float32' })
  const rmse = (net: nn.Module, xs: Tensor, ys: Tensor): number =>
    torch.noGrad(() => F.mseLoss(net(xs).clamp(1).log(), ys.log()).sqrt().item() as number)
  const fit = (xs: Tensor, ys: Tensor): nn.Module => {
    const net = new nn.Linear(X.shape[1], 1)
    const optimizer = new optim.Adam(net.parameters(), { lr: 5 })
    for (let epoch = 0; epoch < epochs; epoch++) {
      for (const [x, price] of loadArray([xs, ys], 64)) {
        optimizer.zeroGrad()
        F.mseLoss(net(x), price).backward()
        optimizer.step()
      }
    }
    return net
  }
  const results = seeds.map((seed) => {
    torch.manualSeed(seed)
    const errors = [...new KFold(folds).split(X.shape[0])].map(([learn, hold]) => {
      const [xs, ys] = [X.at(torch.tensor(learn)), y.at(torch.tensor(learn))]
      const net = fit(xs, ys)
      return [rmse(net, xs, ys), rmse(net, X.at(torch.tensor(hold)), y.at(torch.tensor(hold)))]
    })
    const mean = (k: number): number => errors.reduce((sum, pair) => sum + pair[k], 0) / folds
    return { seed, train: mean(0), valid: mean(1), full: rmse(fit(X, y), X, y) }
  })
  return { name, synthetic, features: X.shape[1], seeds: results }
}
