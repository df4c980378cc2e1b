// Tables: reading a CSV file with gaps, selecting, filling, encoding, and the way to tensors.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getDummies, readCsv } from 'kindling/data'
import { cell } from 'kindling/notebook'

cell('file')
const folder = await mkdtemp(join(tmpdir(), 'kindling-'))
const path = join(folder, 'house_tiny.csv')
await writeFile(
  path,
  `NumRooms,Alley,Price
NA,Pave,127500
2,NA,106000
4,NA,178100
NA,NA,140000
`,
)

cell('read')
const data = await readCsv(path)
await rm(folder, { recursive: true })
console.log(data)
console.log(data.shape, data.dtypes)

cell('select')
const inputs = data.iloc(':', '0:2')
const outputs = data.column(2)
console.log(inputs.names, outputs.tolist())
console.log(data.iloc('1:3', [0, -1]))

cell('text')
try {
  inputs.toTensor()
} catch (error) {
  console.log(String(error))
}

cell('fill')
console.log('mean of the rooms that are known:', inputs.column('NumRooms').mean())
const filled = inputs.fillna('mean')
console.log(filled)

cell('dummies')
const encoded = getDummies(filled, { dummyNa: true })
console.log(encoded)

cell('without')
console.log(getDummies(filled))

cell('tensor')
const X = encoded.toTensor()
const y = outputs.toTensor({ dtype: 'float64' })
console.log(X)
console.log(y)

export { data, encoded, filled, X, y }
