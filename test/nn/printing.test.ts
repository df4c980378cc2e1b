// Modules print as PyTorch prints them, and a state dict that does not fit is reported in its words. Fixture: scripts/oracle/printedModules.py.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { KindlingError, nn, type Tensor } from '../../src/index.ts'
import * as models from '../../src/models/index.ts'

interface Fixture {
  cases: { source: string; text: string }[]
  errors: Record<'missing' | 'unexpected' | 'size' | 'all' | 'sizeNotStrict', string>
}
const path = join(import.meta.dirname, '../fixtures/modules-printed.json.gz')
const { cases, errors }: Fixture = JSON.parse(gunzipSync(readFileSync(path)).toString())

const twice = (layer: nn.Module): nn.Module => new nn.Sequential(layer, new nn.ReLU(), layer)
const build = (source: string): nn.Module =>
  new Function('nn', 'twice', ...Object.keys(models), `return ${source}`)(
    nn,
    twice,
    ...Object.values(models),
  ) as nn.Module

describe('a module prints as in PyTorch', () => {
  test.each(cases)('$source', ({ source, text }) => {
    const module = build(source)
    expect(String(module)).toBe(text)
    expect(inspect(module)).toBe(text)
  })
})

test('options that PyTorch prints only where they differ are printed', () => {
  expect(String(new nn.ReLU({ inplace: true }))).toBe('ReLU(inplace=True)')
  expect(String(new nn.LeakyReLU({ negativeSlope: 1, inplace: true }))).toBe(
    'LeakyReLU(negative_slope=1.0, inplace=True)',
  )
  expect(String(new nn.Dropout(0.5, { inplace: true }))).toBe('Dropout(p=0.5, inplace=True)')
})

test('text of several lines in extraRepr is indented with the children', () => {
  class Net extends nn.Module {
    fc = new nn.Linear(1, 1)
    override extraRepr(): string {
      return 'a\nb'
    }
  }
  expect(String(new Net())).toBe('Net(\n  a\n  b\n  (fc): Linear(in_features=1, out_features=1, bias=True)\n)')
})

describe('a state dict that does not fit', () => {
  const two = (inFeatures = 2) => new nn.Sequential(new nn.Linear(inFeatures, 3), new nn.Linear(3, 1))
  const message = (state: Record<string, Tensor>, strict = true): string => {
    const net = two()
    const before = [...net.parameters()].map((p) => p.tolist())
    try {
      net.loadStateDict(state, { strict })
    } catch (error) {
      expect(error).toBeInstanceOf(KindlingError)
      // Nothing is written when anything is wrong.
      expect([...net.parameters()].map((p) => p.tolist())).toEqual(before)
      return (error as KindlingError).summary
    }
    return ''
  }
  const without = (state: Record<string, Tensor>, ...keys: string[]) =>
    Object.fromEntries(Object.entries(state).filter(([key]) => !keys.includes(key)))
  const good = two().stateDict()

  test('names what is missing', () => {
    expect(message(without(good, '0.bias', '1.weight'))).toBe(errors.missing)
  })
  test('names what it does not expect', () => {
    expect(message({ ...good, '2.weight': good['0.weight'], extra: good['0.bias'] })).toBe(errors.unexpected)
  })
  test('names sizes that differ, strict or not', () => {
    expect(message(two(4).stateDict())).toBe(errors.size)
    expect(message(two(4).stateDict(), false)).toBe(errors.sizeNotStrict)
  })
  test('names everything at once, in the order of PyTorch', () => {
    expect(message({ ...without(two(4).stateDict(), '1.bias'), x: good['0.bias'] })).toBe(errors.all)
  })
  test('without strict loads what there is and says what was left out', () => {
    const net = two()
    const result = net.loadStateDict({ ...without(good, '0.bias'), extra: good['0.bias'] }, { strict: false })
    expect(result).toEqual({ missingKeys: ['0.bias'], unexpectedKeys: ['extra'] })
    expect(net.stateDict()['0.weight'].tolist()).toEqual(good['0.weight'].tolist())
  })
  test('with something else than a tensor says so', () => {
    expect(message({ ...good, '0.bias': 3 as unknown as Tensor })).toMatch(
      /parameter named "0.bias", expected a Tensor.*received number/,
    )
  })
})
