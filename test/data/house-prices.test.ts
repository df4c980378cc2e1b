// House prices: invented ones, and files where they lie. The network is left out: what a server sends is checked by hand.
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { concat, getDummies, housePrices } from '../../src/data/index.ts'

const home = mkdtempSync(join(tmpdir(), 'kindling-houses-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

/** What a process of its own with this `KINDLING_HOME` prints. */
async function inHome(expression: string): Promise<string> {
  const program = `import { housePrices } from 'kindling/data'
    const { train, test, name, synthetic } = await housePrices({ download: false })
    console.log(${expression})`
  const env = { ...process.env, KINDLING_HOME: home }
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { env })
  return stdout
}

describe('invented houses', () => {
  test('have the columns and gaps of the public tables', async () => {
    expect(await inHome('[train.shape, test.shape, name, synthetic].join()')).toBe(
      '1460,81,1459,80,synthetic house prices,true\n',
    )
    const { syntheticHouses } = await import('../../src/data/houses/synthetic.ts')
    const { train, test } = syntheticHouses(0)
    expect([train.names[0], train.names.at(-1), test.names]).toEqual(['Id', 'SalePrice', train.names.slice(0, -1)])
    const features = concat([train.iloc(':', '1:-1'), test.iloc(':', '1:')])
    const numeric = features.names.filter((name) => features.dtypes[name] !== 'object')
    expect([features.shape, numeric.length]).toEqual([[2919, 79], 36])
    const full = features.map(numeric, (x) => x.sub(x.mean()).div(x.std()).fillna(0))
    const encoded = getDummies(full, { dummyNa: true })
    expect(encoded.shape).toEqual([2919, 331])
    expect(encoded.toTensor().isnan().sum().item()).toBe(0)
    const prices = train.column('SalePrice')
    const logs = prices.map((price) => Math.log(Number(price)))
    expect([logs.count(), prices.dtype]).toEqual([1460, 'int64'])
    expect(logs.std()).toBeCloseTo(0.4, 1)
    expect(logs.mean()).toBeCloseTo(12, 0)
  })
  test('are the same for the same seed', async () => {
    const { syntheticHouses } = await import('../../src/data/houses/synthetic.ts')
    const [first, again, other] = [0, 0, 1].map((seed) => syntheticHouses(seed).train.toCsv())
    expect(first === again).toBe(true)
    expect(first === other).toBe(false)
  })
})

describe('files', () => {
  const csv = { train: 'Id,Size,SalePrice\n1,90,100000\n', test: 'Id,Size\n2,80\n' }
  const write = (folder: string): void => {
    mkdirSync(folder, { recursive: true })
    for (const [kind, text] of Object.entries(csv)) writeFileSync(join(folder, `kaggle_house_pred_${kind}.csv`), text)
  }
  test('are read from the folder that is given', async () => {
    const root = join(home, 'own')
    write(root)
    const { train, test, synthetic } = await housePrices({ root })
    expect([train.toCsv(), test.toCsv(), synthetic]).toEqual([csv.train, csv.test, false])
  })
  test('that are not in the folder given are an error', async () => {
    await expect(housePrices({ root: join(home, 'none') })).rejects.toThrow(
      /^housePrices: kaggle_house_pred_train\.csv and kaggle_house_pred_test\.csv are not both in .*none$/,
    )
  })
  test('are read from the cache', async () => {
    write(join(home, 'house-prices'))
    expect(await inHome('[train.shape, name, synthetic].join()')).toBe('1,3,Kaggle house prices,false\n')
  })
})
