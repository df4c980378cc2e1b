import type { Row } from 'kindling/notebook'

/** The notes have no statement on this; the values are checked by test/course/linear-algebra.test.ts. */
export const rows: Row<typeof import('./cells.ts')>[] = []
