// The house prices of the book's chapter 4: found on disk, else downloaded and checked, else invented.
import { exists } from '#platform'
import { DataError } from '../base/errors.ts'
import { cacheFolder, fetchChecked, keepInCache } from './fetched.ts'
import type { Table } from './table/table.ts'
import { type CsvSource, readCsv } from './tables.ts'

export interface HousePricesOptions {
  /** A folder with the two CSV files. Nothing else is searched then. */
  root?: string
  /** Fetch what is not found. Default true. */
  download?: boolean
}

export interface HousePrices {
  /** 1460 rows, 81 columns: `Id`, 79 features, `SalePrice`. */
  readonly train: Table
  /** 1459 rows without `SalePrice`. */
  readonly test: Table
  /** What the data are, for a caption. */
  readonly name: string
  /** Whether the houses are invented. */
  readonly synthetic: boolean
}

/** SHA-1 of the files, as the book has them. */
const files = {
  'kaggle_house_pred_train.csv': '585e9cc93e70b39160e7921475f9bcd7d31219ce',
  'kaggle_house_pred_test.csv': 'fa19780a7b011d9b009e8bff8e99922a8ee2eb90',
} as const
const fileNames = Object.keys(files) as (keyof typeof files)[]

const pathsIn = (folder: string): string[] => fileNames.map((file) => `${folder}/${file}`)

async function holdsFiles(folder: string): Promise<boolean> {
  const found = await Promise.all(pathsIn(folder).map(exists))
  return found.every(Boolean)
}

async function read(sources: readonly CsvSource[]): Promise<HousePrices> {
  const [train, test] = await Promise.all(sources.map((source) => readCsv(source)))
  return { train, test, name: 'Kaggle house prices', synthetic: false }
}

/** Downloaded into the cache; null where a file cannot be had. */
async function fetchAll(folder: string): Promise<HousePrices | null> {
  const contents = await Promise.all(fileNames.map((file) => fetchChecked('housePrices', file, files[file]))).catch(
    () => null,
  )
  if (contents === null) return null
  await Promise.all(contents.map((bytes, i) => keepInCache(pathsIn(folder)[i], bytes)))
  return read(contents.map((bytes) => ({ text: new TextDecoder().decode(bytes) })))
}

/**
 * The tables of Kaggle's "House Prices" (De Cock 2011): from `root`, from the cache, or downloaded. Where they cannot be had the houses are invented:
 * the same columns with other categories, and prices after size, quality, age and neighbourhood; `synthetic` and `name` say so. Throws DataError
 * where `root` has not both files.
 */
export async function housePrices(options: HousePricesOptions = {}): Promise<HousePrices> {
  const { root } = options
  if (root !== undefined) {
    if (await holdsFiles(root)) return read(pathsIn(root))
    throw new DataError(`housePrices: ${fileNames.join(' and ')} are not both in ${root}`)
  }
  const folder = cacheFolder('house-prices')
  if (await holdsFiles(folder)) return read(pathsIn(folder))
  const fetched = options.download === false ? null : await fetchAll(folder)
  if (fetched !== null) return fetched
  const { syntheticHouses } = await import('./houses/synthetic.ts')
  return { ...syntheticHouses(0), name: 'synthetic house prices', synthetic: true }
}
