// A table that a page downloads, fills and makes a tensor of. The page keeps what it came to.
import { getDummies, readCsv } from '../../src/data/index.ts'

async function houseTensor(): Promise<unknown> {
  const house = await readCsv(new URL('/house.csv', location.href))
  const encoded = getDummies(house.fillna('mean'), { dummyNa: true })
  const dearest = house.query((rows, { op }) => rows.groupby('Alley').rollup({ price: op.max('Price') }))
  return { text: String(encoded), tensor: encoded.toTensor().tolist(), dearest: dearest.toCsv() }
}

const answer = await houseTensor().catch((error: Error) => ({ error: String(error.stack ?? error) }))
Object.assign(globalThis, { answer })
