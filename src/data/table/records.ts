// The lines of a CSV text as fields, by csv-parse: strict about quotes and lengths, with its complaints in our words.
// Its build for browsers serves Node as well.
import { parse } from 'csv-parse/browser/esm/sync'
import { DataError, ValueError } from '../../base/errors.ts'

export interface Row {
  readonly record: readonly string[]
  /** `lines`: the line where the record ends, from 1. */
  readonly info: { readonly lines: number }
}

const grammar = { bom: true, skip_empty_lines: true, info: true } as const

/** All lines that are not empty, with as many fields each. Throws DataError with the line where that is not so, or a quote is misplaced. */
export function rowsOf(text: string, name: string, separator: string): Row[] {
  try {
    return parse(text, { ...grammar, delimiter: separator }) as unknown as Row[]
  } catch (error) {
    throw damage(error as Damage, text, name, separator)
  }
}

/** An error of csv-parse, with the fields that its types leave out. */
interface Damage extends Error {
  readonly code: string
  readonly lines: number
  /** The number of complete records before. */
  readonly records: number
  readonly column: number
  readonly record?: readonly string[]
}

function damage(
  { code, lines, column, record, records, message }: Damage,
  text: string,
  name: string,
  separator: string,
): Error {
  const at = `readCsv: ${name}: line ${lines}`
  const help = 'a quote inside a field is written twice, and the field stands in quotes.'
  switch (code) {
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH':
      return new DataError(
        `${at} has another number of fields: ${record?.length}, expected ${message.replace(/.*expect (\d+).*/, '$1')}`,
        'a field that holds the separator needs quotes around it; { separator } chooses another one.',
      )
    case 'CSV_QUOTE_NOT_CLOSED':
      return new DataError(
        `readCsv: ${name}: from line ${lineAfter(records, text, separator)} on: a quote is opened and not closed`,
        help,
      )
    case 'INVALID_OPENING_QUOTE':
    case 'CSV_INVALID_CLOSING_QUOTE':
      return new DataError(`${at}, field ${column + 1}: a quote in the middle of a field`, help)
    default:
      return new ValueError(`readCsv: ${message}`)
  }
}

/** The line after the first `records` records. */
function lineAfter(records: number, text: string, separator: string): number {
  if (records === 0) return 1
  const complete = parse(text, { ...grammar, delimiter: separator, to: records }) as unknown as Row[]
  return complete[records - 1].info.lines + 1
}
