import { equal, holds, type Row } from 'kindling/notebook'

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 1,
    en: 'a missing category is a category of its own',
    zh: '缺失值自成一类',
    check: ({ data, filled, encoded, X, y }, run) => [
      equal('rows and columns', data.shape, [4, 3]),
      equal('dtypes', { ...data.dtypes }, { NumRooms: 'float64', Alley: 'object', Price: 'int64' }),
      equal('NumRooms as it was read', data.column('NumRooms').tolist(), [null, 2, 4, null]),
      holds('text makes no tensor', run.output('text').includes("column 'Alley' (object) is not numeric: 'Pave'")),
      equal('gaps filled with the mean', filled.column('NumRooms').tolist(), [3, 2, 4, 3]),
      equal('gaps of text are left', filled.column('Alley').tolist(), ['Pave', null, null, null]),
      equal('columns', encoded.names, ['NumRooms', 'Alley_Pave', 'Alley_nan']),
      equal('X', X.tolist(), [
        [3, 1, 0],
        [2, 0, 1],
        [4, 0, 1],
        [3, 0, 1],
      ]),
      equal('y', y.tolist(), [127500, 106000, 178100, 140000]),
      equal('dtypes of the tensors', [X.dtype, y.dtype], ['float64', 'float64']),
      equal('as printed', run.output('dummies').split('\n')[0], '   NumRooms  Alley_Pave  Alley_nan'),
    ],
  },
]
