// Listings of generated code: exact for small functions, and readable for the code of every kernel.
import { expect, test } from 'vitest'
import { type Func, Module } from '../../src/backends/wasm/asm.ts'
import { listing } from '../../src/backends/wasm/listing.ts'
import * as torch from '../../src/index.ts'
import { F } from '../../src/index.ts'
import { type Compilation, onCompile } from '../../src/runtime/compile.ts'

const linesOf = (write: (f: Func, m: Module) => void, params: 'i32'[] = ['i32', 'i32']): string[] => {
  const m = new Module()
  m.func('f', params, [], (f) => write(f, m))
  return listing(m).split('\n')
}

test('a kernel is shown with its loops, the names of its locals, offsets and operators', () => {
  const m = new Module()
  m.kernel('scale', (f, desc, begin, end) => {
    const { item, at } = f.locals('i32', 'item', 'at')
    const x = f.local('v128')
    f.range(item, begin, end, 1, () => {
      f.get(desc)
      f.load('i32.load', 8)
      f.get(item)
      f.i32(16)
      f.op('i32.mul', 'i32.add')
      f.set(at)
      f.get(at)
      f.load('v128.load')
      f.v128f32(0.5)
      f.op('f32x4.mul')
      f.set(x)
      f.get(at)
      f.get(x)
      f.store('v128.store', 16)
    })
  })
  expect(listing(m).split('\n')).toEqual([
    'kernel scale(desc: i32, begin: i32, end: i32)',
    '  item = begin',
    '  L0: block',
    '    if i32.eqz(item < end): leave L0',
    '    L1: loop',
    '      at = i32.load(desc, +8) + (item * 16)',
    '      v5 = f32x4.mul(v128.load(at), f32x4(0.5))',
    '      v128.store(at, v5, +16)',
    '      item = item + 1',
    '      if item < end: again L1',
  ])
})

test('what a statement would change is kept before it', () => {
  expect(
    linesOf((f) => {
      const [p, q] = f.args
      f.get(p)
      f.get(p)
      f.load('i32.load')
      f.inc(p, 4)
      f.get(q)
      f.i32(7)
      f.store('i32.store')
      f.op('i32.add')
      f.set(q)
    }),
  ).toEqual([
    'func f(p0: i32, p1: i32)',
    '  t0 = p0',
    '  t1 = i32.load(p0)',
    '  p0 = p0 + 4',
    '  i32.store(p1, 7)',
    '  p1 = t0 + t1',
  ])
})

test('results of blocks and of calls have names; code behind a jump is shown as far as it goes', () => {
  const m = new Module()
  const half = m.func('half', ['f64'], ['f64'], (f) => {
    f.get(f.args[0])
    f.f64(0.5)
    f.op('f64.mul')
  })
  m.func('f', ['i32'], ['f64'], (f) => {
    f.get(f.args[0])
    f.if(
      () => f.f64(-1),
      () => {
        const three = f.local('f64')
        f.atStart(() => {
          f.f64(3)
          f.set(three)
        })
        f.get(three)
        f.call(half)
        f.call(m.host('exp'))
      },
      'f64',
    )
    f.return()
    f.op('drop')
  })
  expect(listing(m).split('\n')).toEqual([
    'func half(p0: f64): f64',
    '  return f64.mul(p0, 0.5)',
    'func f(p0: i32): f64',
    '  v1 = 3',
    '  L0: if p0',
    '    L0 = -1',
    '  else',
    '    t0 = half(v1)',
    '    t1 = exp(t0)',
    '    L0 = t1',
    '  return L0',
    '  drop(?)',
  ])
})

test('vectors, lanes, shuffles, atomics and constants of every type', () => {
  expect(
    linesOf((f) => {
      const [p] = f.args
      const v = f.local('v128')
      f.v128i32(-1)
      f.v128i64(2)
      f.shuffle32(0, 4, 1, 5)
      f.set(v)
      f.get(p)
      f.get(v)
      f.memoryLane('v128.load32_lane', 2, 4)
      f.set(v)
      f.get(p)
      f.get(v)
      f.lane('f32x4.extract_lane', 3)
      f.store('f32.store')
      f.get(p)
      f.i32(0)
      f.i32(1)
      f.atomic('i32.atomic.rmw.cmpxchg', 8)
      f.op('drop')
      f.get(p)
      f.i64(-5)
      f.store('i64.store')
      f.get(p)
      f.i32(0)
      f.i32(64)
      f.op('memory.fill')
    }),
  ).toEqual([
    'func f(p0: i32, p1: i32)',
    '  v2 = i8x16.shuffle(i32x4(-1), v128(0x2 0x0 0x2 0x0), 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23)',
    '  v2 = v128.load32_lane(p0, v2, +4, lane 2)',
    '  f32.store(p0, f32x4.extract_lane(v2, lane 3))',
    '  drop(i32.atomic.rmw.cmpxchg(p0, 0, 1, +8))',
    '  i64.store(p0, -5n)',
    '  memory.fill(p0, 0, 64)',
  ])
})

test('the code of every kind of kernel can be listed', () => {
  const heard: Compilation[] = []
  const stop = onCompile((compilation) => heard.push(compilation))
  torch.scope(() => {
    const x = torch.rand(2, 16, 20, 20)
    for (const [w, stride] of [
      [torch.rand(16, 16, 3, 3), 1],
      [torch.rand(16, 16, 3, 3), 2],
    ] as const)
      F.conv2d(x, w, null, { stride })
    F.conv2d(torch.rand(1, 2, 9, 9), torch.rand(3, 2, 3, 3))
    F.maxPool2d(x, 2)
    F.avgPool2d(x, 3)
    F.crossEntropy(torch.rand(5, 3), torch.tensor([0, 1, 2, 0, 1]))
    x.relu().pow(2).sum()
    x.max(1)
    x.logSoftmax(1)
    x.cumsum(3)
    x.sort()
    x.at(x.gt(0.5))
    x.to('int64').to('float16').to('float64').exp()
    torch.rand(33, 17).matmul(torch.rand(17, 5))
    torch.zeros(5).scatterAdd(0, torch.tensor([1, 1]), torch.ones(2))
  })
  stop()
  expect(new Set(heard.map(({ name }) => name.split(' ')[0])).size).toBeGreaterThan(10)
  for (const { name, bytes, generateMs, compileMs, text } of heard) {
    expect(bytes).toBeGreaterThan(100)
    expect(Math.min(generateMs, compileMs)).toBeGreaterThanOrEqual(0)
    const code = text()
    expect(code, name).toMatch(/^kernel \S+\(desc: i32, begin: i32, end: i32\)$/m)
    expect(code, name).not.toContain('?')
    expect(code, name).not.toContain('undefined')
  }
})
