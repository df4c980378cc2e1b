// Tables: what is read and refused, how JavaScript values become columns, selection, gaps, tensors and CSV. `table-oracle.test.ts` compares with pandas.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { concat, getDummies, readCsv, type ReadCsvOptions, type Table, table } from '../../src/data/index.ts'
import { DataError, IndexError, tensor, ValueError } from '../../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'kindling-table-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const contents = (t: Table): Record<string, unknown[]> =>
  Object.fromEntries(t.names.map((name) => [name, t.column(name).tolist()]))
const text = 'k,x,t\n1,1.5,b\n2,,a\n3,2.5,\n4,,b\n'
const small = (): Promise<Table> => readCsv({ text })

test('kindling/data loads no package before the first table', async () => {
  const program = `
    const { registerHooks } = require('node:module')
    const packages = []
    registerHooks({ resolve(name, context, next) {
      const found = next(name, context)
      if (found.url.includes('/node_modules/')) packages.push(found.url)
      return found
    } })
    import('kindling/data').then(async ({ readCsv, getDummies }) => {
      const before = packages.length
      getDummies(await readCsv({ text: 'a\\nx\\n' }))
      console.log(before, packages.length > 0)
    })`
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', program])
  expect(stdout).toBe('0 true\n')
})

describe('readCsv', () => {
  test('reads a path, a file address and a web address', async () => {
    const path = join(folder, 'with space.csv')
    writeFileSync(path, `\ufeff${text}`)
    const server = createServer((_, response) => response.end(text))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    try {
      for (const source of [path, pathToFileURL(path), `http://127.0.0.1:${port}/t.csv`])
        expect(contents(await readCsv(source))).toEqual(contents(await small()))
    } finally {
      server.close()
    }
  })
  test('keeps the digits of whole numbers that JavaScript cannot hold, as text', async () => {
    const ids = await readCsv({ text: 'id\n9007199254740993\n1\n' })
    expect([ids.dtypes, contents(ids)]).toEqual([{ id: 'object' }, { id: ['9007199254740993', '1'] }])
  })
  test('keeps the order of names that are numbers', async () => {
    expect((await readCsv({ text: '2020,2019\n1,2\n' })).names).toEqual(['2020', '2019'])
  })
  test('takes names that objects have from birth', async () => {
    const odd = await readCsv({ text: 'constructor,toString\n1,\n' })
    expect(contents(concat([odd, await small()]))).toMatchObject({ constructor: [1, null, null, null, null] })
  })

  const broken: [string, string, ReadCsvOptions, string][] = [
    ['a long row', 'a,b\n1,2\n"x\ny",4\n3,4,5\n', {}, 'text: line 5 has another number of fields: 3, expected 2'],
    ['a short row', 'a,b\n1,2\n\n\n3\n', {}, 'text: line 5 has another number of fields: 1, expected 2'],
    ['a quote that stays open', 'a,b\n1,2\n1,"2\n3,4\n', {}, 'text: from line 3 on: a quote is opened and not closed'],
    ['a first quote that stays open', '"a,b\n1,2\n', {}, 'text: from line 1 on: a quote is opened and not closed'],
    ['a quote inside a field', 'a,b\n1,5" pipe\n', {}, 'text: line 2, field 2: a quote in the middle of a field'],
    ['text after a quote', 'a,b\n1,"5" pipe\n', {}, 'text: line 2, field 2: a quote in the middle of a field'],
    ['nothing', '', {}, 'text is empty'],
    ['empty lines only', '\n\n', {}, 'text is empty'],
    ['names that do not fit', '1,2\n', { header: ['a'] }, 'text: names: 1, fields of line 1: 2'],
    [
      'text where numbers are asked for',
      'a,b\n\n"x\ny",1\nz,two\n',
      { columns: { b: 'int64' } },
      "text: line 5, column 'b': 'two' is not int64",
    ],
    [
      'a gap where whole numbers are asked for',
      'a,b\n1,NA\n',
      { columns: { b: 'int64' } },
      "text: line 2, column 'b': 'NA' is not int64",
    ],
  ]
  test.each(broken)('refuses %s, with its line', async (_, csv, options, message) => {
    const reading = readCsv({ text: csv }, options)
    await expect(reading).rejects.toThrow(`readCsv: ${message}`)
    await expect(reading).rejects.toThrow(DataError)
  })
  test('refuses a file that is missing or not UTF-8, and options that fit nothing', async () => {
    await expect(readCsv(join(folder, 'none.csv'))).rejects.toThrow(/no such file.*none\.csv/)
    writeFileSync(join(folder, 'latin1.csv'), Uint8Array.of(97, 10, 0xe9, 10))
    await expect(readCsv(join(folder, 'latin1.csv'))).rejects.toThrow(
      /latin1\.csv is not UTF-8 text[^]*save it as UTF-8/,
    )
    await expect(readCsv({ text }, { columns: { y: 'object' } })).rejects.toThrow(
      "readCsv: text has no column 'y'\n  help: the columns are k, x, t.",
    )
    await expect(readCsv({ text }, { separator: '' })).rejects.toThrow(ValueError)
  })
})

describe('values of JavaScript', () => {
  test('get the dtype that holds them', async () => {
    const made = await table({
      whole: [1, 2n],
      gap: [1, null],
      float: new Float32Array([1, 2.5]),
      byte: Uint8Array.of(1, 0),
      truth: [true, false],
      doubt: [true, undefined],
      text: new Set(['a', 'b']),
      nothing: [null, Number.NaN],
      tensor: tensor([[1.5], [2]]),
    })
    expect(made.dtypes).toEqual({
      ...{ whole: 'int64', gap: 'float64', float: 'float64', byte: 'uint8', truth: 'bool', doubt: 'object' },
      ...{ text: 'object', nothing: 'float64', tensor: 'float64' },
    })
    expect(contents(made)).toMatchObject({ whole: [1, 2], gap: [1, null], doubt: [true, null], tensor: [1.5, 2] })
    expect(made.shape).toEqual([2, 9])
  })
  test('are refused where they make no table', async () => {
    await expect(table({ a: [1, 2], b: ['x'] })).rejects.toThrow(
      "table: the columns differ in length: 'a' has 2 rows, 'b' 1",
    )
    await expect(table({ a: [1, {}] })).rejects.toThrow("table: column 'a' holds a value of type object at row 1")
    await expect(table({ '': [1] })).rejects.toThrow("table: a column cannot have the name ''")
  })
  test('may be none at all', async () => {
    const none = await table({})
    expect([none.shape, String(none)]).toEqual([[0, 0], 'Empty Table\nColumns: []'])
  })
})

describe('selection', () => {
  test('by name', async () => {
    const t = await small()
    expect(contents(t.columns(['t', 'k']))).toEqual({ t: ['b', 'a', null, 'b'], k: [1, 2, 3, 4] })
    expect(t.drop('x').names).toEqual(['k', 't'])
    expect(t.drop(['x', 't']).names).toEqual(['k'])
    expect(() => t.columns(['k', 'z'])).toThrow("columns: there is no column 'z'\n  help: the columns are k, x, t.")
    expect(() => t.columns(['k', 'k'])).toThrow("columns: 'k' is named twice")
    expect(() => t.column('toString')).toThrow(ValueError)
  })
  test('by position', async () => {
    const t = await small()
    expect(contents(t.iloc('1:3', [0, -1]))).toEqual({ k: [2, 3], t: ['a', null] })
    expect(contents(t.iloc([-1, 0], '1:'))).toEqual({ x: [null, 1.5], t: ['b', 'b'] })
    expect(contents(t.iloc('::3', ':-1'))).toEqual({ k: [1, 4], x: [1.5, null] })
    expect(t.column(-1).name).toBe('t')
    expect(t.iloc('0:0').shape).toEqual([0, 3])
    expect(() => t.iloc(':', [3])).toThrow('iloc: column 3 is out of range for 3 columns')
    expect(() => t.iloc([-5])).toThrow(IndexError)
  })
  test('of rows keeps the dtypes', async () => {
    const t = await small()
    expect([contents(t.rows(1, 3)).k, contents(t.rows(-2)).k, contents(t.head(1)).k]).toEqual([[2, 3], [3, 4], [1]])
    expect(t.rows(1, 2).dtypes).toEqual({ k: 'int64', x: 'float64', t: 'object' })
    expect(t.rows(9).shape).toEqual([0, 3])
  })
  test('with arquero: groups, order, conditions', async () => {
    const t = await small()
    const sums = t.query((rows, { op }) => rows.groupby('t').rollup({ k: op.sum('k'), x: op.mean('x') }))
    expect([contents(sums), sums.dtypes]).toEqual([
      { t: ['b', 'a', null], k: [5, 2, 3], x: [1.5, null, 2.5] },
      { t: 'object', k: 'int64', x: 'float64' },
    ])
    const ordered = t.query((rows, { desc }) => rows.orderby(desc('k')))
    expect([contents(ordered).k, ordered.dtypes]).toEqual([[4, 3, 2, 1], t.dtypes])
    const whole = await table({ a: Float64Array.of(1, 2), b: [1, 2] })
    expect(whole.query((rows) => rows.filter((row: { b: number }) => row.b > 1)).dtypes).toEqual(whole.dtypes)
    expect(whole.query((rows) => rows.rename({ a: 'c' })).dtypes).toEqual({ c: 'float64', b: 'int64' })
  })
})

describe('gaps', () => {
  test('are filled by value, by column, and by the means of numbers', async () => {
    const t = await small()
    expect(contents(t.fillna('mean'))).toEqual({ ...contents(t), x: [1.5, 2, 2.5, 2] })
    expect(contents(t.fillna(0))).toMatchObject({ x: [1.5, 0, 2.5, 0], t: ['b', 'a', 0, 'b'] })
    expect(contents(t.fillna({ t: 'mean' }))).toEqual({ ...contents(t), t: ['b', 'a', 'mean', 'b'] })
    expect(t.fillna({ x: 'none' }).dtypes.x).toBe('object')
    expect(t.fillna(0).dtypes).toEqual(t.dtypes)
    expect(() => t.fillna({ z: 0 })).toThrow("fillna: there is no column 'z'")
  })
  test('stay in a column without any value, whose statistics are NaN', async () => {
    const t = await readCsv({ text: 'a,b\n,1\nNA,2\n' })
    expect(contents(t.fillna('mean')).a).toEqual([null, null])
    const a = t.column('a')
    expect([a.mean(), a.std(), a.median(), a.sum(), a.min(), a.count(), a.unique()]).toEqual([
      ...[Number.NaN, Number.NaN, Number.NaN],
      ...[0, null, 0, []],
    ])
  })
})

describe('a column', () => {
  test('is standardised with its own mean and deviation', async () => {
    const t = (await small()).map(['k', 'x'], (c) => c.sub(c.mean()).div(c.std()))
    const z = Math.sqrt(0.5)
    expect(contents(t).x).toEqual([-z, null, z, null].map((v) => (v === null ? null : expect.closeTo(v, 14))))
    expect([t.dtypes.k, t.names]).toEqual(['float64', ['k', 'x', 't']])
  })
  test('of whole numbers stays so under whole numbers', async () => {
    const k = (await small()).column('k')
    expect([k.add(1).dtype, k.mul(2).tolist(), k.sub(0.5).dtype, k.div(1).dtype]).toEqual([
      ...['int64', [2, 4, 6, 8]],
      ...['float64', 'float64'],
    ])
  })
  test('maps its values, gaps included', async () => {
    const t = await small()
    expect(
      t
        .column('x')
        .map((x) => x ?? 'none')
        .tolist(),
    ).toEqual([1.5, 'none', 2.5, 'none'])
    expect(contents(t.map('t', (c) => [...c].map((x, row) => `${x}${row}`))).t).toEqual(['b0', 'a1', 'null2', 'b3'])
  })
  test('of text has an order and no mean', async () => {
    const t = (await small()).column('t')
    expect([t.min(), t.max(), [...t.valueCounts()]]).toEqual([
      'a',
      'b',
      [
        ['b', 2],
        ['a', 1],
      ],
    ])
    expect(() => t.mean()).toThrow("mean: column 't' (object) is not numeric: 'b' at row 0")
  })
  test('is added, or takes the place of another', async () => {
    const t = (await small()).assign({ y: tensor([5, 6, 7, 8]), k: [0, 0, 0, 1] })
    expect(t.names).toEqual(['k', 'x', 't', 'y'])
    expect(contents(t)).toMatchObject({ k: [0, 0, 0, 1], y: [5, 6, 7, 8] })
    expect(() => t.assign({ z: [1] })).toThrow(ValueError)
  })
})

describe('toTensor', () => {
  test('has the dtype of the columns, NaN for gaps', async () => {
    const t = await table({ i: [1, 2], f: [0.5, null], b: [true, false], u: Uint8Array.of(3, 4) })
    const of = (names: string[], dtype?: 'float32' | 'int64') => {
      const x = t.columns(names).toTensor({ dtype })
      return [x.dtype, x.tolist()]
    }
    expect(of(['i', 'f', 'b'])).toEqual([
      'float64',
      [
        [1, 0.5, 1],
        [2, Number.NaN, 0],
      ],
    ])
    expect(of(['i', 'b', 'u'])).toEqual([
      'int64',
      [
        [1, 1, 3],
        [2, 0, 4],
      ],
    ])
    expect(of(['u'])).toEqual(['uint8', [[3], [4]]])
    expect(of(['b'])).toEqual(['bool', [[true], [false]]])
    expect(of(['i', 'f'], 'float32')).toEqual([
      'float32',
      [
        [1, 0.5],
        [2, Number.NaN],
      ],
    ])
    expect(t.column('i').toTensor().shape).toEqual([2])
  })
  test('names the column and the first value that is no number', async () => {
    const t = await small()
    expect(() => t.toTensor()).toThrow(
      "toTensor: column 't' (object) is not numeric: 'b' at row 0\n  help: getDummies(",
    )
    expect(() => t.toTensor()).toThrow(DataError)
    expect(() => t.column('x').toTensor({ dtype: 'int64' })).toThrow(
      "toTensor: column 'x' has no value at row 1, and int64 has no NaN\n  help: fillna(value) fills the gaps.",
    )
  })
  test('takes objects that are all numbers or truth values', async () => {
    const doubt = (await readCsv({ text: 'a,b\nTrue,1\n,2\n' })).toTensor()
    expect([doubt.dtype, doubt.tolist()]).toEqual([
      'float64',
      [
        [1, 1],
        [Number.NaN, 2],
      ],
    ])
  })
})

describe('CSV', () => {
  test('is written and read again', async () => {
    const t = await table({
      'a b': ['x,y', 'say "no"', null],
      n: [1, null, 1e-7],
      k: [1, 2, 3],
      t: [true, false, true],
    })
    expect(t.toCsv()).toBe('a b,n,k,t\n"x,y",1.0,1,True\n"say ""no""",,2,False\n,1e-07,3,True\n')
    const path = join(folder, 'new', 'out.csv')
    await t.writeCsv(path)
    const again = await readCsv(path)
    expect([contents(again), again.dtypes]).toEqual([contents(t), t.dtypes])
  })
  test('takes another separator, no header, a word for gaps', async () => {
    const t = await small()
    expect(t.toCsv({ separator: ';', header: false, naRep: 'NA' })).toBe('1;1.5;b\n2;NA;a\n3;2.5;NA\n4;NA;b\n')
    expect(() => t.toCsv({ separator: '::' })).toThrow(ValueError)
  })
})

test('dummies under a name that is taken are refused', async () => {
  const t = await table({ a: ['x'], a_x: [1] })
  expect(() => getDummies(t)).toThrow("getDummies: there would be two columns 'a_x'\n  help: another prefixSep")
  expect(getDummies(t, { prefixSep: '=' }).names).toEqual(['a_x', 'a=x'])
  expect(() => getDummies(t, { columns: ['z'] })).toThrow("drop: there is no column 'z'")
})
test('rows below rows of a table without rows keep their dtypes', async () => {
  const t = await small()
  expect(concat([t.rows(0, 0), t]).dtypes).toEqual(t.dtypes)
  expect(concat([t, t.rows(0, 0)]).shape).toEqual([4, 3])
})
