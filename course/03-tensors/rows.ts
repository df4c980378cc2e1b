import { equal, type Row } from 'kindling/notebook'

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 2,
    en: 'a reshaped tensor shares memory, where it can be a view',
    zh: 'reshape 后的张量在能成为视图时共享内存',
    check: ({ a, t }) => [
      equal('a after b was filled with 2', a.tolist(), new Array(12).fill(2)),
      equal('dtype of a', a.dtype, 'int64'),
      equal('t after a copy of its transpose was filled with 0', t.tolist(), [
        [0, 1, 2],
        [3, 4, 5],
      ]),
    ],
  },
]
