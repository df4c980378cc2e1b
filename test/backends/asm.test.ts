import { expect, test } from 'vitest'
import { type Func, Module, type ValType } from '../../src/backends/wasm/asm.ts'
import { hostMath } from '../../src/backends/wasm/host.ts'
import { opcodes } from '../../src/backends/wasm/opcodes.ts'

const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true })

type Run = (...args: (number | bigint)[]) => number | bigint
function compile(m: Module): Record<string, Run> {
  const imports = { k: { memory }, h: hostMath() }
  return new WebAssembly.Instance(new WebAssembly.Module(m.bytes()), imports).exports as Record<string, Run>
}
function one(params: ValType[], results: ValType[], body: (f: Func) => void): Run {
  const m = new Module()
  m.func('run', params, results, body, { export: true })
  return compile(m).run
}

test('every instruction of the tables is one that the engine knows', () => {
  // Behind `unreachable` the stack holds whatever an instruction wants.
  const rest = { plain: [], memory: [0, 0], memoryLane: [0, 0, 0], lane: [0], atomic: [2, 0] } as const
  for (const [table, immediates] of Object.entries(rest) as [keyof typeof rest, readonly number[]][]) {
    for (const [name, code] of opcodes[table]) {
      const m = new Module()
      m.func('probe', [], [], (f) => {
        f.op('unreachable')
        // 64-bit atomics are not in the table, so that 2 is the right alignment of all.
        f.code.push(...code, ...immediates)
        if (name !== 'nop' && name !== 'atomic.fence') f.op('drop')
      })
      expect(WebAssembly.validate(m.bytes()), name).toBe(true)
    }
  }
})

const f32 = [1.5, -2, 0.25, 8]
const i32 = [7, -3, 1 << 30, 5]
test.each<[string, 'f32' | 'i32', number[], number[], number[]]>([
  ['f32x4.add', 'f32', f32, [1, 2, 3, 4], [2.5, 0, 3.25, 12]],
  ['f32x4.sub', 'f32', f32, [1, 2, 3, 4], [0.5, -4, -2.75, 4]],
  ['f32x4.div', 'f32', f32, [1, 2, 4, 4], [1.5, -1, 0.0625, 2]],
  ['f32x4.min', 'f32', f32, [1, 2, 3, 4], [1, -2, 0.25, 4]],
  ['f32x4.pmax', 'f32', f32, [1, 2, 3, 4], [1.5, 2, 3, 8]],
  ['i32x4.sub', 'i32', i32, [1, 2, 3, 4], [6, -5, (1 << 30) - 3, 1]],
  ['i32x4.mul', 'i32', i32, [1, 2, 4, 4], [7, -6, 0, 20]],
  ['i32x4.max_s', 'i32', i32, [8, -4, 3, 4], [8, -3, 1 << 30, 5]],
  ['i32x4.lt_u', 'i32', i32, [8, 4, 3, 4], [-1, 0, 0, 0]],
  ['v128.xor', 'i32', i32, [7, 0, 0, 1], [0, -3, 1 << 30, 4]],
])('%s computes lane by lane', (name, type, a, b, expected) => {
  const run = one(['i32'], [], (f) => {
    f.get(f.args[0])
    f.get(f.args[0])
    f.load('v128.load')
    f.get(f.args[0])
    f.load('v128.load', 16)
    f.op(name)
    f.store('v128.store', 32)
  })
  const words = new (type === 'f32' ? Float32Array : Int32Array)(memory.buffer, 256, 12)
  words.set([...a, ...b])
  run(256)
  expect([...words.subarray(8)]).toEqual(expected)
})

test('constants of every type and size come through', () => {
  for (const n of [0, -1, 63, 64, -64, -65, 2 ** 31 - 1, -(2 ** 31), 2 ** 32 - 1]) {
    expect(one([], ['i32'], (f) => f.i32(n))()).toBe(n | 0)
  }
  for (const n of [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)]) expect(one([], ['i64'], (f) => f.i64(n))()).toBe(n)
  for (const x of [0, -0, 0.1, Infinity, Number.NaN]) {
    expect(one([], ['f64'], (f) => f.f64(x))()).toBe(x)
    expect(one([], ['f32'], (f) => f.f32(x))()).toBe(Math.fround(x))
  }
  const lane2 = one([], ['f32'], (f) => {
    f.v128f32(2.5)
    f.lane('f32x4.extract_lane', 2)
  })
  expect(lane2()).toBe(2.5)
})

test('range counts upwards by its step, also over addresses above 2 GiB and not at all', () => {
  const count = one(['i32', 'i32', 'i32'], ['i32'], (f) => {
    const { i, n } = f.locals('i32', 'i', 'n')
    f.range(i, f.args[0], f.args[1], f.args[2], () => f.inc(n, 1))
    f.get(n)
  })
  expect(count(0, 10, 3)).toBe(4)
  expect(count(5, 5, 1)).toBe(0)
  expect(count(6, 5, 1)).toBe(0)
  expect(count(2 ** 31 - 16, 2 ** 31 + 16, 4)).toBe(8)
})

test('branches leave blocks and repeat loops at any depth', () => {
  // Collatz: steps until 1.
  const steps = one(['i32'], ['i32'], (f) => {
    const [x] = f.args
    const n = f.local('i32')
    f.block((done) => {
      f.loop((again) => {
        f.get(x)
        f.i32(1)
        f.op('i32.eq')
        f.brIf(done)
        f.get(x)
        f.i32(1)
        f.op('i32.and')
        f.if(
          () => {
            f.get(x)
            f.i32(3)
            f.op('i32.mul')
            f.i32(1)
            f.op('i32.add')
          },
          () => {
            f.get(x)
            f.i32(1)
            f.op('i32.shr_u')
          },
          'i32',
        )
        f.set(x)
        f.inc(n, 1)
        f.br(again)
      })
    })
    f.get(n)
  })
  expect(steps(27)).toBe(111)
})

test('functions call each other and the host whatever the order in which they were made', () => {
  const m = new Module()
  const square = m.func('square', ['f64'], ['f64'], (f) => {
    f.get(f.args[0])
    f.get(f.args[0])
    f.op('f64.mul')
  })
  const body = (f: Func) => {
    f.get(f.args[0])
    f.call(square)
    f.call(m.host('exp'))
    f.f64(2)
    f.call(m.host('pow'))
  }
  m.func('run', ['f64'], ['f64'], body, { export: true })
  expect(m.exports).toEqual(['run'])
  expect(compile(m).run(1.5)).toBe(Math.exp(2.25) ** 2)
})

test('locals of mixed types keep their own values', () => {
  const run = one([], ['f64'], (f) => {
    const locals = (['i32', 'f64', 'f64', 'v128', 'f64'] as const).map((type) => f.local(type))
    const floats = locals.filter((l) => l.type === 'f64')
    floats.forEach((l, k) => {
      f.f64(10 ** k)
      f.set(l)
    })
    f.f64(0)
    for (const l of floats) {
      f.get(l)
      f.op('f64.add')
    }
  })
  expect(run()).toBe(111)
})

test('a name that is no instruction is an error when the code is written', () => {
  expect(() => one([], [], (f) => f.op('f32x4.addd'))).toThrow('no instruction f32x4.addd')
})
