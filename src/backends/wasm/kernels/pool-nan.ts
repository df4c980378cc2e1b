// A kernel over planes of float32 in two forms, of which only the exact one knows of NaN: code that need not look for it compares in fewer steps.
//   for each group of planes: x is looked through for NaN; then the form that fits does the group
import type { Func, FuncRef, Local, Module } from '../asm.ts'
import { minus, setMin, sumOf } from './gemm-code.ts'
import { type PoolField, poolFields } from './pool-planes.ts'

/** So many floats are looked through at once: they come to the cache in one stream, and are there still when the kernel reads them. */
const groupSize = 1024

/** (address, count) -> whether any of the floats is NaN; sums of infinities count too. */
function suspects(m: Module): FuncRef {
  return m.func('suspects', ['i32', 'i32'], ['i32'], (f) => {
    const [at, count] = f.args
    const sums = Array.from({ length: 4 }, () => f.local('v128'))
    const stop = f.local('i32')
    const add = (load: string, sum: Local, offset: number): void => {
      f.get(at)
      f.load(load, offset)
      f.get(sum)
      f.op('f32x4.add')
      f.set(sum)
    }
    const until = (bytes: number, body: () => void): void => {
      f.get(at)
      f.get(count)
      f.i32(-bytes / 4)
      f.op('i32.and')
      f.i32(2)
      f.op('i32.shl', 'i32.add')
      f.set(stop)
      f.get(count)
      f.i32(bytes / 4 - 1)
      f.op('i32.and')
      f.set(count)
      f.range(at, at, stop, bytes, body)
    }
    until(64, () => sums.forEach((sum, k) => add('v128.load', sum, 16 * k)))
    until(4, () => add('v128.load32_zero', sums[0], 0))
    sums.forEach((sum) => f.get(sum))
    f.op('f32x4.add', 'f32x4.add', 'f32x4.add')
    f.tee(sums[0])
    f.get(sums[0])
    f.op('f32x4.ne', 'v128.any_true')
  })
}

/** Makes the kernel; all planes of x must be one block of memory. `write` writes a function (desc, begin, end) of the exact form or of the other. */
export function twoForms(m: Module, write: (f: Func, exact: boolean) => void): void {
  const form = (name: string, exact: boolean): FuncRef =>
    m.func(name, ['i32', 'i32', 'i32'], [], (f) => write(f, exact))
  const [fast, exact] = [form('fast', false), form('exact', true)]
  const suspect = suspects(m)
  m.kernel('either', (f, desc, begin, end) => {
    const { x, height, width } = f.locals('i32', 'x', 'height', 'width')
    const { size, first, last, group } = f.locals('i32', 'size', 'first', 'last', 'group')
    for (const [field, local] of Object.entries({ x, height, width })) {
      f.get(desc)
      f.load('i32.load', poolFields[field as PoolField])
      f.set(local)
    }
    sumOf(f, 0, [height, width])
    f.set(size)
    f.i32(groupSize)
    f.get(size)
    f.op('i32.div_u')
    f.tee(group)
    f.i32(1)
    f.get(group)
    f.op('select')
    f.set(group)
    const pass = (callee: FuncRef): void => {
      for (const arg of [desc, first, last]) f.get(arg)
      f.call(callee)
    }
    f.range(first, begin, end, group, () => {
      setMin(f, last, () => sumOf(f, first, [group, 1]), end)
      sumOf(f, x, [first, () => sumOf(f, 0, [size, 4])])
      sumOf(f, 0, [minus(f, last, first), size])
      f.call(suspect)
      f.if(
        () => pass(exact),
        () => pass(fast),
      )
    })
  })
}
