// The fields of a CSV column as values: what counts as missing, and which dtype fits. The rules are those of pandas's C parser.
import { type Cell, type ColumnDtype, convert, type Stored } from './values.ts'

/** What `pandas.read_csv` of pandas 1 takes for missing; `None` is not among it. */
const missingTexts = [
  ...['', '#N/A', '#N/A N/A', '#NA', '-1.#IND', '-1.#QNAN', '-NaN', '-nan', '1.#IND', '1.#QNAN', '<NA>', 'N/A'],
  ...['NA', 'NULL', 'NaN', 'n/a', 'nan', 'null'],
]

export interface Missing {
  readonly texts: ReadonlySet<string>
  /** Compared as numbers in columns of dtype float64. */
  readonly numbers: ReadonlySet<number>
}

/** A number, or the text of one, also stands for its other spellings: -1 for `-1.0`. */
export function missingFrom(naValues: readonly (string | number)[], keepDefault: boolean): Missing {
  const numbers = naValues.filter((value) => value !== '' && Number.isFinite(Number(value))).map(Number)
  const spelled = numbers.flatMap((number) => (Number.isInteger(number) ? [`${number}`, `${number}.0`] : [`${number}`]))
  const texts = new Set([...(keepDefault ? missingTexts : []), ...naValues.map(String), ...spelled])
  return { texts, numbers: new Set(numbers) }
}

const integer = /^[ \t\v\f\r\n]*[+-]?\d+[ \t\v\f\r\n]*$/
const decimal = /^[ \t\v\f\r\n]*[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?)[ \t\v\f\r\n]*$/i
const words: Readonly<Record<string, boolean>> = {
  ...{ True: true, TRUE: true, true: true },
  ...{ False: false, FALSE: false, false: false },
}
const isWord = (text: string): boolean => Object.hasOwn(words, text)

function toNumber(text: string): number {
  const plain = text.trim()
  if (/inf/i.test(plain)) return plain.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return Number(plain) + 0
}

/** What the cells of a dtype look like, and how they are read. */
const readers: Readonly<
  Record<
    Exclude<ColumnDtype, 'uint8'>,
    { fits: (text: string) => boolean; read: (text: string) => Cell; gaps: boolean }
  >
> = {
  int64: { fits: (text) => integer.test(text) && Number.isSafeInteger(toNumber(text)), read: toNumber, gaps: false },
  float64: { fits: (text) => decimal.test(text), read: toNumber, gaps: true },
  bool: { fits: isWord, read: (text) => words[text], gaps: false },
  object: { fits: () => true, read: (text) => text, gaps: true },
}
/** The dtypes that a caller of `readCsv` can ask for. */
export type CsvDtype = keyof typeof readers

const isMissingText = (text: string, missing: Missing): boolean => missing.texts.has(text)

function readAs(dtype: CsvDtype, fields: readonly string[], missing: Missing): Stored {
  const { read } = readers[dtype]
  const cells = fields.map((text): Cell => {
    if (isMissingText(text, missing)) return null
    const value = read(text)
    return dtype === 'float64' && missing.numbers.has(value as number) ? null : value
  })
  return { dtype, values: convert(cells, dtype) }
}

/** Fields with the narrowest dtype that fits all of them. A column without any value is float64, one without rows object. */
export function inferFields(fields: readonly string[], missing: Missing): Stored {
  if (fields.length === 0) return { dtype: 'object', values: [] }
  const present = fields.filter((text) => !isMissingText(text, missing))
  const gaps = present.length < fields.length
  const all = (dtype: CsvDtype): boolean => present.every(readers[dtype].fits)
  if (!gaps && all('int64')) return readAs('int64', fields, missing)
  // Whole numbers that JavaScript cannot hold keep all their digits, as text.
  const tooLarge = !gaps && present.every((text) => integer.test(text))
  if (!tooLarge && all('float64')) return readAs('float64', fields, missing)
  if (!all('bool')) return readAs('object', fields, missing)
  return gaps ? { ...readAs('bool', fields, missing), dtype: 'object' } : readAs('bool', fields, missing)
}

/** Fields as `dtype`, or the first row that does not fit it. */
export function fieldsAs(dtype: CsvDtype, fields: readonly string[], missing: Missing): Stored | { misfit: number } {
  const { fits, gaps } = readers[dtype]
  const misfit = fields.findIndex((text) => (isMissingText(text, missing) ? !gaps : !fits(text)))
  return misfit >= 0 ? { misfit } : readAs(dtype, fields, missing)
}
