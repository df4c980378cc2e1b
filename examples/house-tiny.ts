// A table with gaps becomes a tensor: means for missing numbers, zeros and ones for categories.
import { getDummies, readCsv } from 'kindling/data'

const house = await readCsv(new URL('house_tiny.csv', import.meta.url))
console.log(house)
const inputs = house.columns(['NumRooms', 'Alley']).fillna('mean')
const X = getDummies(inputs, { dummyNa: true }) // NumRooms, Alley_Pave, Alley_nan
console.log(X)
console.log(X.toTensor(), house.column('Price').toTensor())
