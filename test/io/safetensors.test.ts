// safetensors files: those of PyTorch are read exactly, damaged and hostile ones refused, and what is written can be read.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import * as torch from '../../src/index.ts'
import { DataError, type Tensor, ValueError } from '../../src/index.ts'
import { decodeSafetensors, encodeSafetensors } from '../../src/io/index.ts'
import { lenet } from '../../src/models/index.ts'
import { oracle } from '../support/safetensors.ts'

const folder = mkdtempSync(join(tmpdir(), 'kindling-io-'))
afterAll(() => rmSync(folder, { recursive: true }))
const checkpoint = (name: string): Uint8Array =>
  new Uint8Array(gunzipSync(readFileSync(join(oracle, 'checkpoints', `${name}.safetensors.gz`))))

/** A file with this header and so many zero bytes. */
function file(header: unknown, dataBytes = 0): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const bytes = new Uint8Array(8 + text.length + dataBytes)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true)
  bytes.set(text, 8)
  return bytes
}
const entry = (data_offsets: unknown, shape: unknown = [1], dtype: unknown = 'F32') => ({ dtype, shape, data_offsets })

describe('files of PyTorch', () => {
  test('give a network the logits that PyTorch computed', () => {
    const net = lenet()
    net.loadStateDict(decodeSafetensors(checkpoint('lenet')).tensors)
    const { input, logits } = decodeSafetensors(checkpoint('lenet_io')).tensors
    expect(torch.allclose(net(input), logits, { rtol: 1e-5, atol: 1e-6 })).toBe(true)
  })
  test('hold every dtype; those that Kindling has not come in a wider one', () => {
    const { tensors } = decodeSafetensors(checkpoint('mixed'))
    const dtypes = Object.fromEntries(Object.entries(tensors).map(([name, x]) => [name, x.dtype]))
    const own = {
      f32: 'float32',
      f64: 'float64',
      f16: 'float16',
      bf16: 'bfloat16',
      i64: 'int64',
      i32: 'int32',
      u8: 'uint8',
      boolean: 'bool',
    }
    expect(dtypes).toMatchObject({ ...own, i16: 'int32', i8: 'int32' })
    expect(tensors.transposed.tolist()).toEqual(tensors.f32.t().tolist())
    expect((tensors.bf16.tolist() as number[]).slice(0, 3)).toEqual([1.0703125, -2.203125, 0.359375])
    expect(tensors.i8.tolist()).toEqual([-128, 127])
    expect(tensors.i64.data().at(0)).toBe(-(2n ** 62n))
    expect([tensors.scalar.shape, tensors.empty.shape]).toEqual([[], [0, 3]])
  })
  test('may have a tensor called __proto__, which stays a name', () => {
    const { tensors } = decodeSafetensors(
      file('{"__proto__": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}', 16),
    )
    expect(Object.keys(tensors)).toEqual(['__proto__'])
    expect((tensors as Record<string, Tensor>)['__proto__'].shape).toEqual([4])
    expect(({} as Record<string, unknown>).shape).toBeUndefined()
  })
})

describe('a damaged or hostile file is refused', () => {
  const good = (): Uint8Array => checkpoint('lenet')
  const lengthened = (): Uint8Array => {
    const bytes = good()
    new DataView(bytes.buffer).setBigUint64(0, 1n << 62n, true)
    return bytes
  }
  const cases: [string, () => Uint8Array, RegExp][] = [
    ['empty', () => new Uint8Array(0), /truncated: 0 bytes/],
    ['with a header length beyond the file', lengthened, /its header should have 4611686018427387904 bytes/],
    ['cut off', () => good().slice(0, -100), /tensor '.*' has data at|bytes of data/],
    ['cut off in its header', () => good().slice(0, 100), /the file is truncated, or no safetensors file/],
    ['with tensors outside the data', () => checkpoint('out_of_range'), /'a' has data at \[0,4000000\]/],
    ['with tensors that overlap', () => checkpoint('overlap'), /'b' starts at 8, expected 16/],
    [
      'with a wrong number of bytes',
      () => checkpoint('wrong_size'),
      /'a' has 16 bytes, its shape \[3\] of F32 needs 12/,
    ],
    ['with a gap', () => file({ a: entry([4, 8]) }, 8), /'a' starts at 4, expected 0/],
    ['with bytes at the end', () => file({ a: entry([0, 4]) }, 8), /8 bytes of data, its tensors have 4/],
    ['with an unknown dtype', () => file({ a: entry([0, 4], [1], 'F8') }, 4), /'a' has dtype F8, known are F32/],
    ['with a dtype that is no text', () => file({ a: entry([0, 4], [1], { toString: 1 }) }, 4), /'a' has dtype/],
    ['with a negative size', () => file({ a: entry([0, 4], [-1]) }, 4), /no proper shape: \[-1\]/],
    ['with a size that is no number', () => file({ a: entry([0, 4], ['1']) }, 4), /no proper shape/],
    ['with offsets in reverse', () => file({ a: entry([4, 0]) }, 4), /has data at \[4,0\]/],
    ['with an entry that is null', () => file({ a: null }), /'a' has dtype undefined/],
    ['whose header is a list', () => file('[]'), /its header is not a JSON object/],
    ['whose header is no JSON', () => file('{"a"'), /its header is not JSON/],
    ['whose header is no UTF-8', () => file('{"\u0000').fill(0xff, 8), /its header is not JSON/],
    ['whose metadata are no texts', () => file({ __metadata__: { a: 1 } }), /metadata must be an object of strings/],
  ]
  test.each(cases)('%s', (_, bytes, message) => {
    const before = torch.backend().stats().storages
    expect(() => decodeSafetensors(bytes(), 'net.safetensors')).toThrow(message)
    expect(() => decodeSafetensors(bytes(), 'net.safetensors')).toThrow(DataError)
    expect(torch.backend().stats().storages).toBe(before)
  })
})

describe('what is written', () => {
  test('comes back with every dtype, shape and value', async () => {
    const tensors = {
      scalar: torch.tensor(1.5),
      empty: torch.empty(0, 3),
      view: torch.arange(12).reshape(3, 4).t(),
      half: torch.tensor([0.5, 65504], { dtype: 'float16' }),
      brain: torch.tensor([0.1, 3e38], { dtype: 'bfloat16' }),
      double: torch.tensor([Math.PI], { dtype: 'float64' }),
      int: torch.tensor([1, -2], { dtype: 'int32' }),
      long: torch.tensor([2n ** 62n + 1n]),
      byte: torch.tensor([255], { dtype: 'uint8' }),
      bool: torch.tensor([true, false]),
      'a "name", naïve': torch.ones(1),
    }
    const path = join(folder, 'all.safetensors')
    await torch.save(tensors, path, { metadata: { format: 'pt' } })
    const back = await torch.load(path)
    expect(Object.keys(back)).toEqual(Object.keys(tensors))
    for (const [name, x] of Object.entries(tensors)) {
      expect([name, back[name].dtype, back[name].shape]).toEqual([name, x.dtype, x.shape])
      expect(back[name].data()).toEqual(x.data())
    }
    expect(decodeSafetensors(readFileSync(path)).metadata).toEqual({ format: 'pt' })
  })
  test('is read from a Buffer of Node too, whose slice() copies nothing', () => {
    const bytes = Buffer.concat([Buffer.from('xyz'), ...encodeSafetensors({ a: torch.arange(5), b: torch.ones(3) })])
    const { tensors } = decodeSafetensors(bytes.subarray(3))
    expect([tensors.a.tolist(), tensors.b.tolist()]).toEqual([
      [0, 1, 2, 3, 4],
      [1, 1, 1],
    ])
  })
  test('aligns the data to 8 bytes', () => {
    const [length, header] = encodeSafetensors({ a: torch.ones(1) })
    expect([length.length, header.length % 8]).toEqual([8, 0])
  })
  test('replaces a file as a whole and leaves nothing behind when it fails', async () => {
    const path = join(folder, 'again.safetensors')
    await torch.save({ a: torch.ones(3) }, path)
    await expect(torch.save({ a: 1 as unknown as Tensor }, path)).rejects.toThrow("save: 'a' is no tensor but number")
    expect((await torch.load(path)).a.tolist()).toEqual([1, 1, 1])
    mkdirSync(join(folder, 'taken'))
    writeFileSync(join(folder, 'taken', 'x'), '')
    await expect(torch.save({ a: torch.ones(3) }, join(folder, 'taken'))).rejects.toThrow(DataError)
    expect(readdirSync(folder).filter((name) => name.includes('tmp'))).toEqual([])
  })
  test('cannot use the name that the format reserves', () => {
    expect(() => encodeSafetensors({ __metadata__: torch.ones(1) })).toThrow(ValueError)
  })
  test('is missed where it is not', async () => {
    await expect(torch.load(join(folder, 'nothing.safetensors'))).rejects.toThrow(
      /load: no such file: .*nothing.safetensors/,
    )
  })
})
