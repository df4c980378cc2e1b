// Zeros and ones from a generator's stream, for dropout: MT19937 in runs of vectors. Called by the wasm device for BernoulliSpec.
// Word k + 624 of the stream follows from words k, k + 1 and k + 397, so a vector of words is made at once; it runs on one thread, because each block
// of words needs the one before.
import { stateWords } from '../../../base/mt19937.ts'
import type { BernoulliSpec } from '../../../runtime/spec.ts'
import type { Func, FuncRef, Local, Module } from '../asm.ts'
import { addressOf, type Engine } from '../engine.ts'
import { describe, fields, locals, minus, readFields, setMin } from './gemm-code.ts'

const later = 397
/** Blocks of words that are made at once, behind the one that stands there; what they take stays in the nearest cache. */
const blocks = 4
const blockBytes = 4 * stateWords

const drawFields = fields('words next out count high low value')

/** The tempered word of each lane, or of one number. */
function temper(f: Func, word: Local, type: 'i32x4' | 'i32'): void {
  const bits = type === 'i32' ? 'i32' : 'v128'
  const t = f.local(bits)
  const steps = [
    ['shr_u', 11, null],
    ['shl', 7, 0x9d2c5680],
    ['shl', 15, 0xefc60000],
    ['shr_u', 18, null],
  ] as const
  f.get(word)
  f.set(t)
  for (const [shift, by, mask] of steps) {
    f.get(t)
    f.get(t)
    f.i32(by)
    f.op(`${type}.${shift}`)
    if (mask !== null) {
      if (type === 'i32') f.i32(mask)
      else f.v128i32(mask)
      f.op(`${bits}.and`)
    }
    f.op(`${bits}.xor`)
    f.set(t)
  }
  f.get(t)
}

/** (words): the next `blocks` blocks behind the first. */
function twister(mod: Module): FuncRef {
  return mod.func('twist', ['i32'], [], (f) => {
    const [word] = f.args
    const end = f.local('i32')
    const halves = [0, 16]
    const y = halves.map(() => f.local('v128'))
    const low = halves.map(() => f.local('v128'))
    f.get(word)
    f.i32(blocks * blockBytes)
    f.op('i32.add')
    f.set(end)
    f.while(
      () => {
        f.get(word)
        f.get(end)
        f.op('i32.lt_u')
      },
      () => {
        halves.forEach((half, h) => {
          f.get(word)
          f.load('v128.load', 4 + half)
          f.set(low[h])
        })
        halves.forEach((half, h) => {
          f.get(word)
          f.load('v128.load', half)
          f.v128i32(-0x80000000)
          f.op('v128.and')
          f.get(low[h])
          f.v128i32(0x7fffffff)
          f.op('v128.and', 'v128.or')
          f.i32(1)
          f.op('i32x4.shr_u')
          f.get(low[h])
          f.i32(31)
          f.op('i32x4.shl')
          f.i32(31)
          f.op('i32x4.shr_s')
          f.v128i32(0x9908b0df)
          f.op('v128.and', 'v128.xor')
          f.get(word)
          f.load('v128.load', 4 * later + half)
          f.op('v128.xor')
          f.set(y[h])
        })
        for (const h of [1, 0]) {
          f.get(word)
          f.get(y[h])
          f.store('v128.store', blockBytes + halves[h])
        }
        f.inc(word, 32)
      },
    )
  })
}

/** One item. On return `next` counts the words from `words` on that were used, and the blocks stand behind each other there. */
function build(mod: Module): void {
  const twist = twister(mod)
  mod.kernel('draw', (f, desc) => {
    const d = readFields(f, desc, drawFields)
    const l = locals(f, 'made left many group word other')
    const [high, low, value] = [d.high, d.low, d.value].map((number) => {
      const lanes = f.local('v128')
      f.get(number)
      f.op('i32x4.splat')
      f.set(lanes)
      return lanes
    })
    f.i32(stateWords)
    f.set(l.made)
    f.while(
      () => f.get(d.count),
      () => {
        minus(f, l.made, d.next)()
        f.i32(2)
        f.op('i32.lt_u')
        f.if(() => {
          f.inc(d.next, () => {
            f.i32(stateWords)
            f.get(l.made)
            f.op('i32.sub')
          })
          f.get(d.words)
          f.get(d.words)
          f.get(l.made)
          f.i32(stateWords)
          f.op('i32.sub')
          f.i32(4)
          f.op('i32.mul', 'i32.add')
          f.i32(blockBytes)
          f.op('memory.copy')
          f.get(d.words)
          f.call(twist)
          f.i32((1 + blocks) * stateWords)
          f.set(l.made)
        })
        const pairs = (): void => {
          minus(f, l.made, d.next)()
          f.i32(1)
          f.op('i32.shr_u')
        }
        setMin(f, l.many, pairs, d.count)
        f.inc(d.count, () => {
          f.i32(0)
          f.get(l.many)
          f.op('i32.sub')
        })
        f.get(d.words)
        f.get(d.next)
        f.i32(4)
        f.op('i32.mul', 'i32.add')
        f.set(l.word)
        f.inc(d.next, () => {
          f.get(l.many)
          f.i32(2)
          f.op('i32.mul')
        })
        f.get(l.many)
        f.i32(7)
        f.op('i32.and')
        f.set(l.left)
        f.get(l.many)
        f.i32(3)
        f.op('i32.shr_u')
        f.set(l.group)
        f.while(
          () => f.get(l.group),
          () => {
            eight(f, l.word, d.out, { high, low, value })
            f.inc(l.word, 64)
            f.inc(d.out, 32)
            f.inc(l.group, -1)
          },
        )
        f.while(
          () => f.get(l.left),
          () => {
            one(f, l.word, l.other, d)
            f.inc(l.word, 8)
            f.inc(d.out, 4)
            f.inc(l.left, -1)
          },
        )
      },
    )
    f.get(desc)
    f.get(d.next)
    f.store('i32.store', drawFields.next)
  })
}

type Lanes = Readonly<Record<'high' | 'low' | 'value', Local>>

/** Eight elements. The upper word decides, but where it equals the threshold's; then the lower words are looked at, too. */
function eight(f: Func, word: Local, out: Local, { high, low, value }: Lanes): void {
  const groups = [0, 32]
  const [upper, hit, even] = [0, 1, 2].map(() => groups.map(() => f.local('v128')))
  const mixed = f.local('v128')
  const load = (at: number, lanes: [number, number, number, number]): void => {
    for (const half of [0, 16]) {
      f.get(word)
      f.load('v128.load', at + half)
    }
    f.shuffle32(...lanes)
    f.set(mixed)
    temper(f, mixed, 'i32x4')
  }
  groups.forEach((at, g) => {
    load(at, [0, 2, 4, 6])
    f.v128i32(0x1fffff)
    f.op('v128.and')
    f.tee(upper[g])
    f.get(high)
    f.op('i32x4.lt_s')
    f.set(hit[g])
    f.get(upper[g])
    f.get(high)
    f.op('i32x4.eq')
    f.set(even[g])
  })
  f.get(even[0])
  f.get(even[1])
  f.op('v128.or', 'v128.any_true')
  f.if(() =>
    groups.forEach((at, g) => {
      load(at, [1, 3, 5, 7])
      f.get(low)
      f.op('i32x4.lt_u')
      f.get(even[g])
      f.op('v128.and')
      f.get(hit[g])
      f.op('v128.or')
      f.set(hit[g])
    }),
  )
  for (const g of [1, 0]) {
    f.get(out)
    f.get(hit[g])
    f.get(value)
    f.op('v128.and')
    f.store('v128.store', 16 * g)
  }
}

function one(f: Func, word: Local, other: Local, d: Readonly<Record<'out' | 'high' | 'low' | 'value', Local>>): void {
  const tempered = (at: number): void => {
    f.get(word)
    f.load('i32.load', at)
    f.set(other)
    temper(f, other, 'i32')
  }
  const upper = f.local('i32')
  f.get(d.out)
  f.get(d.value)
  f.i32(0)
  tempered(0)
  f.i32(0x1fffff)
  f.op('i32.and')
  f.tee(upper)
  f.get(d.high)
  f.op('i32.lt_s')
  f.get(upper)
  f.get(d.high)
  f.op('i32.eq')
  tempered(4)
  f.get(d.low)
  f.op('i32.lt_u', 'i32.and', 'i32.or', 'select')
  f.store('i32.store')
}

/** A number of 53 bits is below p where its integer is below p * 2^53, rounded up: upper and lower word. */
function thresholdOf(p: number): { high: number; low: number } {
  const least = Math.ceil(p * 2 ** 53)
  return { high: Math.floor(least / 2 ** 32), low: (least % 2 ** 32) | 0 }
}

const float = new Float32Array(1)
const floatBits = new Int32Array(float.buffer)

export const bernoulli =
  (engine: Engine) =>
  ({ out, generator, p, value }: BernoulliSpec): void => {
    const count = out.shape.reduce((n, size) => n * size, 1)
    const { draw } = engine.kernels('bernoulli', build)
    const words = engine.scratch((1 + blocks) * blockBytes)
    float[0] = value
    const desc = describe(engine, drawFields, {
      words,
      out: addressOf(out),
      count,
      ...thresholdOf(p),
      value: floatBits[0],
    })
    const next = (desc + drawFields.next) / 4
    const block = (index: number): Int32Array => {
      const first = words / 4 + index * stateWords
      return engine.i32.subarray(first, first + stateWords)
    }
    engine.host(() => {
      engine.i32[next] = generator.copyState(block(0))
    })
    engine.dispatch(draw, desc, 1, 1)
    engine.host(() => {
      const used = engine.i32[next]
      const last = Math.max(0, Math.ceil(used / stateWords) - 1)
      generator.moveTo(block(last), used - last * stateWords)
    })
  }
