// House prices that nobody paid: two tables of invented houses, the same on every machine for the same seed.
import { Generator } from '../../base/random.ts'
import { Column } from '../table/column.ts'
import { Table } from '../table/table.ts'
import { columns } from './columns.ts'
import { Draw, drawHouse } from './house.ts'

const sizes = { train: 1460, test: 1459 } as const

/** As the public tables: 81 columns for training, 80 for the test, which has no prices. */
export function syntheticHouses(seed: number): { train: Table; test: Table } {
  const draw = new Draw(new Generator(seed))
  const houses = Array.from({ length: sizes.train + sizes.test }, () => {
    const house = drawHouse(draw)
    return { price: house.price, cells: columns.map(([, make]) => make(house, draw)) }
  })
  const all = Table.from([
    Column.of(
      'Id',
      houses.map((_, i) => i + 1),
    ),
    ...columns.map(([name], c) =>
      Column.of(
        name,
        houses.map(({ cells }) => cells[c]),
      ),
    ),
    Column.of(
      'SalePrice',
      houses.map(({ price }) => price),
    ),
  ])
  return { train: all.rows(0, sizes.train), test: all.rows(sizes.train).drop('SalePrice') }
}
