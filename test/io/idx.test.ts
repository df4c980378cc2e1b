// The IDX format: what it says is believed only where the file has it.
import { expect, test } from 'vitest'
import { DataError } from '../../src/index.ts'
import { parseIdx } from '../../src/io/index.ts'

const idx = (type: number, shape: number[], data: number[]): Uint8Array => {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length)
  const view = new DataView(bytes.buffer)
  bytes.set([0, 0, type, shape.length])
  shape.forEach((size, d) => view.setUint32(4 + 4 * d, size))
  bytes.set(data, 4 + 4 * shape.length)
  return bytes
}

test('an array of bytes has its shape and its elements', () => {
  const { shape, data } = parseIdx(idx(8, [2, 3], [1, 2, 3, 4, 5, 6]))
  expect(shape).toEqual([2, 3])
  expect([...data]).toEqual([1, 2, 3, 4, 5, 6])
})
test('a file that lies inside a larger buffer is read from its own start', () => {
  const padded = new Uint8Array([9, 9, 9, ...idx(8, [2], [7, 8])]).subarray(3)
  expect([...parseIdx(padded).data]).toEqual([7, 8])
})
test.each([
  [
    'another format',
    new Uint8Array([0x1f, 0x8b, 8, 0]),
    'labels: not an IDX file: it starts with 1f 8b 08 00, expected 00 00',
  ],
  ['nothing', new Uint8Array(0), 'labels: not an IDX file: it starts with nothing'],
  ['other elements', idx(0x0d, [1], [0, 0, 0, 0]), 'labels: elements of type 0xd, expected unsigned bytes (0x08)'],
  ['a short header', idx(8, [2, 2], []).subarray(0, 10), 'labels: truncated: 10 bytes, its header alone has 12'],
  ['missing elements', idx(8, [2, 3], [1]), 'labels: truncated: 13 bytes, [2, 3] elements need 18'],
  ['too many elements', idx(8, [1], [1, 2]), 'labels: too long: 10 bytes, [1] elements need 9'],
])('a file with %s is refused', (_, bytes, message) => {
  expect(() => parseIdx(bytes, 'labels')).toThrow(message)
  expect(() => parseIdx(bytes, 'labels')).toThrow(DataError)
})
