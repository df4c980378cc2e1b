// Compiled, never run: which indices the compiler lets through.
import '../../src/ops/indexing.ts'
import type { SliceString } from '../../src/ops/sliceString.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'

declare const x: Tensor
declare const i: number
declare const j: number
declare const text: string

x.at(0)
x.at(-1, '1:2', ':', '::2', '-3:', ':-1', '1:5:2', '...')
x.at('...', null, true)
x.at(`${i}:${j}`)
x.at(`${i}:`, `:${j}`, `${i}:${j}:2`)
x.at(
  x,
  [0, 2],
  [
    [0, 1],
    [1, 0],
  ],
  [true, false],
)
x.set([0, '1:2'], 5)
x.set('1:2', x)
x.set(x, true)
x.set(0, 1)
x.set([[0, 2]], 1)
const rows: Tensor[] = [...x]
for (const row of x) row.at(0)
const bounds: SliceString = `${i}:${j}`

// @ts-expect-error not a slice
x.at('abc')
// @ts-expect-error not a slice
x.at('1;2')
// @ts-expect-error a number as text is not a slice
x.at('1')
// @ts-expect-error any text
x.at(text)
// @ts-expect-error four parts
x.at('1:2:3:4')
// @ts-expect-error undefined is not an index
x.at(undefined)
// @ts-expect-error not a slice
x.set(['a:b'], 0)
// @ts-expect-error a value is needed
x.set('1:2')

export { bounds, rows }
