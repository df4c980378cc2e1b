// The 79 features of a house, under the names of the public data set (De Cock 2011, "Ames, Iowa: Alternative to the Boston Housing
// Data as an End of Semester Regression Project"). Their values here are invented: as many categories and as frequent gaps.
import type { Cell } from '../table/values.ts'
import { type Draw, type House, whole } from './house.ts'

type Make = (house: House, draw: Draw) => Cell
type Lack = (house: House) => boolean

const gaps =
  (share: number, make: Make): Make =>
  (house, draw) =>
    draw.chance(share) ? null : make(house, draw)
/** Missing where the house has no such thing. */
const unless =
  (lack: Lack, make: Make): Make =>
  (house, draw) =>
    lack(house) ? null : make(house, draw)

/** One of the words, each `ratio` times as frequent as the one before. */
function pick(words: string, ratio = 0.4): Make {
  const list = words.split(' ')
  return (_, draw) => draw.one(list, ratio)
}
const grades = ['excellent', 'good', 'average', 'fair', 'poor']
/** One of the first `count` grades, after the standard of the house. */
function grade(count: number): Make {
  const list = grades.slice(0, count)
  const middle = (count - 1) * 0.5
  return ({ standard }, draw) =>
    draw.chance(0.03)
      ? list[draw.index(count, 0.99)]
      : list[whole(middle - 0.6 * standard + draw.normal(0, 0.5), 0, count - 1)]
}
/** An area that few houses have: 0 for the others. */
const area =
  (share: number, mean: number, std: number): Make =>
  (_, draw) =>
    draw.chance(share) ? whole(draw.normal(mean, std), 20, mean + 5 * std) : 0
const count =
  (mean: number, std: number, low: number, high: number): Make =>
  (_, draw) =>
    whole(draw.normal(mean, std), low, high)

const noCellar: Lack = ({ cellar }) => cellar === 0
const noGarage: Lack = ({ cars }) => cars === 0
const noPool: Lack = ({ pool }) => pool === 0
const noFire: Lack = ({ fireplaces }) => fireplaces === 0
const near = 'quiet main-road side-road railway station park playground school'
const walls = 'vinyl metal board plywood wood brick plaster shingle stucco stone glass concrete slate cinder clay'
const styles = ['plain', 'wide', 'split', 'attic']
const sales = ['normal', 'partial', 'family', 'land', 'two-deeds']
const cellarUse = 'bare living leisure storage plain low'

/** In the order of the public data set, without the number and the price. */
export const columns: readonly (readonly [name: string, make: Make])[] = [
  [
    'MSSubClass',
    ({ upper }, draw) => draw.one(upper > 0 ? [60, 70, 75, 80, 160, 180, 190] : [20, 30, 40, 45, 50, 85, 90, 120], 0.5),
  ],
  ['MSZoning', gaps(0.002, pick('low medium floating high trade', 0.25))],
  ['LotFrontage', gaps(0.166, ({ lot }, draw) => whole(Math.sqrt(lot) * 0.7 + draw.normal(0, 12), 21, 310))],
  ['LotArea', ({ lot }) => lot],
  ['Street', pick('paved gravel', 0.01)],
  ['Alley', gaps(0.93, pick('gravel paved', 0.7))],
  ['LotShape', pick('regular bent irregular odd', 0.4)],
  ['LandContour', pick('level hill bank hollow', 0.15)],
  ['Utilities', gaps(0.001, pick('all some', 0.01))],
  ['LotConfig', pick('inside corner end two-sides three-sides', 0.3)],
  ['LandSlope', pick('gentle moderate steep', 0.1)],
  ['Neighborhood', ({ neighborhood }) => neighborhood],
  ['Condition1', pick(`${near} market`, 0.25)],
  ['Condition2', pick(near, 0.1)],
  ['BldgType', pick('single end-row row duplex converted', 0.3)],
  ['HouseStyle', ({ upper }, draw) => `${upper > 0 ? 'high' : 'low'}-${draw.one(styles, 0.4)}`],
  ['OverallQual', ({ quality }) => quality],
  ['OverallCond', ({ condition }) => condition],
  ['YearBuilt', ({ built }) => built],
  ['YearRemodAdd', ({ renewed }) => renewed],
  ['RoofStyle', pick('gable hip flat barn mansard shed', 0.3)],
  ['RoofMatl', pick('shingle tar wood tile metal membrane roll gravel', 0.15)],
  ['Exterior1st', gaps(0.001, pick(walls, 0.7))],
  ['Exterior2nd', gaps(0.001, pick(`${walls} other`, 0.7))],
  ['MasVnrType', gaps(0.008, pick('without brick stone block', 0.45))],
  ['MasVnrArea', gaps(0.008, area(0.4, 260, 150))],
  ['ExterQual', grade(4)],
  ['ExterCond', grade(5)],
  ['Foundation', pick('concrete cinder brick slab stone wood', 0.6)],
  ['BsmtQual', unless(noCellar, grade(4))],
  ['BsmtCond', unless(noCellar, grade(4))],
  ['BsmtExposure', unless(noCellar, pick('closed average good least', 0.4))],
  ['BsmtFinType1', unless(noCellar, pick(cellarUse, 0.7))],
  ['BsmtFinSF1', ({ finishedCellar }) => finishedCellar],
  ['BsmtFinType2', unless(noCellar, pick(cellarUse, 0.2))],
  ['BsmtFinSF2', area(0.12, 300, 150)],
  ['BsmtUnfSF', ({ cellar, finishedCellar }) => cellar - finishedCellar],
  ['TotalBsmtSF', ({ cellar }) => cellar],
  ['Heating', pick('gas-air gas-water gravity wall steam floor', 0.05)],
  ['HeatingQC', grade(5)],
  ['CentralAir', ({ built }, draw) => (draw.chance(built < 1945 ? 0.3 : 0.02) ? 'no' : 'yes')],
  ['Electrical', gaps(0.001, pick('breaker fuse old-fuse poor-fuse mixed', 0.1))],
  ['1stFlrSF', ({ ground }) => ground],
  ['2ndFlrSF', ({ upper }) => upper],
  ['LowQualFinSF', area(0.014, 300, 100)],
  ['GrLivArea', ({ living }) => living],
  ['BsmtFullBath', ({ finishedCellar }, draw) => (finishedCellar > 0 && draw.chance(0.6) ? 1 : 0)],
  ['BsmtHalfBath', ({ cellar }, draw) => (cellar > 0 && draw.chance(0.06) ? 1 : 0)],
  ['FullBath', ({ living }, draw) => whole(living / 1000 + draw.normal(0, 0.3), 1, 4)],
  ['HalfBath', ({ upper }, draw) => (draw.chance(upper > 0 ? 0.65 : 0.15) ? 1 : 0)],
  ['BedroomAbvGr', ({ rooms }, draw) => whole(rooms * 0.45 + draw.normal(0, 0.5), 1, 8)],
  ['KitchenAbvGr', count(1, 0.2, 1, 3)],
  ['KitchenQual', gaps(0.001, grade(4))],
  ['TotRmsAbvGrd', ({ rooms }) => rooms],
  ['Functional', gaps(0.001, pick('typical minor-1 minor-2 moderate major-1 major-2 severe', 0.15))],
  ['Fireplaces', ({ fireplaces }) => fireplaces],
  ['FireplaceQu', unless(noFire, grade(5))],
  ['GarageType', unless(noGarage, pick('attached detached built-in cellar carport two-kinds', 0.4))],
  ['GarageYrBlt', unless(noGarage, ({ built, renewed }, draw) => (draw.chance(0.8) ? built : renewed))],
  ['GarageFinish', unless(noGarage, pick('bare rough finished', 0.75))],
  ['GarageCars', ({ cars }) => cars],
  ['GarageArea', ({ cars }, draw) => (cars === 0 ? 0 : whole(cars * 250 + draw.normal(0, 60), 160, 1500))],
  ['GarageQual', unless(noGarage, grade(5))],
  ['GarageCond', unless(noGarage, grade(5))],
  ['PavedDrive', pick('paved dirt part', 0.08)],
  ['WoodDeckSF', area(0.48, 190, 110)],
  ['OpenPorchSF', area(0.55, 85, 60)],
  ['EnclosedPorch', area(0.14, 160, 70)],
  ['3SsnPorch', area(0.016, 200, 80)],
  ['ScreenPorch', area(0.08, 190, 80)],
  ['PoolArea', ({ pool }) => pool],
  ['PoolQC', unless(noPool, grade(3))],
  ['Fence', gaps(0.8, pick('private wire wood open', 0.5))],
  ['MiscFeature', gaps(0.96, pick('shed second-garage lift court', 0.3))],
  ['MiscVal', area(0.03, 1500, 1200)],
  ['MoSold', ({ month }) => month],
  ['YrSold', ({ year }) => year],
  ['SaleType', gaps(0.001, pick('deed new officer contract low-1 low-2 low-3 cash other', 0.3))],
  ['SaleCondition', ({ forced }, draw) => (forced ? 'forced' : draw.one(sales, 0.1))],
]
