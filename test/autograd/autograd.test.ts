import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import '../../src/devices.ts'
import '../../src/ops/install.ts'
import { detectAnomaly } from '../../src/autograd/anomaly.ts'
import { grad } from '../../src/autograd/backward.ts'
import { gradcheck } from '../../src/autograd/gradcheck.ts'
import { enableGrad, inferenceMode, isGradEnabled, noGrad, setGradEnabled } from '../../src/autograd/noGrad.ts'
import { record } from '../../src/autograd/record.ts'
import { AutogradError, DTypeError, ShapeError } from '../../src/base/errors.ts'
import { mul } from '../../src/ops/arithmetic.ts'
import '../../src/ops/cast.ts'
import { ones, zeros } from '../../src/ops/creation.ts'
import '../../src/ops/slice.ts'
import { tensor as make } from '../../src/ops/tensorOf.ts'
import '../../src/ops/unary.ts'
import { expand } from '../../src/ops/view.ts'
import { contextFollowsAsync } from '../../src/runtime/context.ts'
import { backend } from '../../src/runtime/device.ts'
import { scope } from '../../src/runtime/scope.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'

const leaf = (values: number | number[]): Tensor => make(values, { dtype: 'float32', requiresGrad: true })
const tensor = (values: number | number[]): Tensor => make(values, { dtype: 'float32' })

describe('backward', () => {
  test('adds up over uses and over passes', () => {
    const x = leaf(3)
    x.mul(x).add(x).backward()
    expect(x.grad?.item()).toBe(7)
    x.mul(2).backward()
    expect(x.grad?.item()).toBe(9)
    x.grad?.zero_()
    expect(x.grad?.item()).toBe(0)
  })

  test('weighs the elements with the gradient that is given', () => {
    const x = leaf([1, 2, 3])
    x.mul(x).backward(tensor([1, 10, 100]))
    expect(x.grad?.tolist()).toEqual([2, 40, 600])
    expect(() => x.mul(x).backward(tensor([1]))).toThrow(ShapeError)
    expect(() => x.mul(x).backward()).toThrow('this one has shape [3]')
  })

  test('reaches only leaves that ask for it', () => {
    const [x, y] = [leaf(2), tensor(3)]
    x.mul(y).backward()
    expect([x.grad?.item(), y.grad]).toEqual([3, null])
    expect(() => y.mul(2).backward()).toThrow('does not require grad')
  })

  test('goes a second time only where the graph is retained', () => {
    const x = leaf(3)
    const y = x.mul(x)
    y.backward({ retainGraph: true })
    y.backward()
    expect(x.grad?.item()).toBe(12)
    expect(() => y.backward()).toThrow('trying to go through the graph a second time')
  })

  test('goes through diamonds once', () => {
    const x = leaf(2)
    let y: Tensor = x
    for (let i = 0; i < 40; i++) y = y.add(y).mul(0.5)
    y.backward()
    expect(x.grad?.item()).toBe(1)
  })

  test('goes through ten thousand nodes without recursion', () => {
    const x = leaf(1)
    scope(() => {
      let y: Tensor = x
      for (let i = 0; i < 10_000; i++) y = y.add(1)
      y.backward()
    })
    expect(x.grad?.item()).toBe(1)
  })

  test('does not change a gradient that the caller passes or shares', () => {
    const [x, y] = [leaf([1, 2]), leaf([3, 4])]
    const weights = tensor([1, 1])
    x.add(y).add(x).backward(weights)
    expect(weights.tolist()).toEqual([1, 1])
    expect(x.grad?.tolist()).toEqual([2, 2])
    x.grad?.mul_(5)
    expect(y.grad?.tolist()).toEqual([1, 1])
  })

  test('gives an expanded operand a gradient with memory of its own', () => {
    const x = leaf([1, 2])
    const y = leaf(0)
    x.add(expand(y, [2])).backward(ones(2))
    expect(y.grad?.tolist()).toBe(2)
  })
})

describe('grad', () => {
  test('returns gradients without storing them, and again of gradients', () => {
    const x = leaf([0, 2, -1])
    const [g] = grad(x.mul(x).mul(x), x, { gradOutputs: [ones(3)], createGraph: true }) as [Tensor]
    expect(g.tolist()).toEqual([0, 12, 3])
    const [gg] = grad(g, x, { gradOutputs: [ones(3)], createGraph: true }) as [Tensor]
    expect(gg.tolist()).toEqual([0, 12, -6])
    const [ggg] = grad(gg, x, { gradOutputs: [ones(3)] }) as [Tensor]
    expect([ggg.tolist(), x.grad]).toEqual([[6, 6, 6], null])
  })

  test('gives gradients of the gradient that it starts from, also where this is a leaf', () => {
    const [x, v] = [leaf([1, 2]), leaf([3, 4])]
    const [first] = grad(x.mul(x), x, { gradOutputs: [v], createGraph: true })
    expect(grad(first, v, { gradOutputs: [tensor([1, 10])] })[0].tolist()).toEqual([2, 40])
  })
  test('gives gradients of tensors on the way', () => {
    const x = leaf(3)
    const y = x.mul(2)
    expect(grad(y.mul(y), y)[0]?.item()).toBe(12)
  })

  test('leaves alone what does not lead to its inputs', () => {
    const [x, y] = [leaf(3), leaf(4)]
    let visited = 0
    const other = y.mul(y)
    other.registerHook(() => void visited++)
    expect(grad(x.mul(x).add(other), x)[0]?.item()).toBe(6)
    expect(visited).toBe(0)
    other.backward()
    expect(y.grad?.item()).toBe(8)
  })

  test('complains about inputs that were not used', () => {
    const [x, y] = [leaf(3), leaf(4)]
    expect(() => grad(x.mul(2), y)).toThrow('was not used')
    expect(grad(x.mul(2), y, { allowUnused: true })).toEqual([null])
    expect(() => grad(x.mul(2), tensor(1))).toThrow(AutogradError)
  })
})

describe('createGraph', () => {
  test('makes stored gradients part of a graph', () => {
    const x = leaf(3)
    x.mul(x).mul(x).backward({ createGraph: true })
    const first = x.grad as Tensor
    expect([first.item(), first.requiresGrad]).toEqual([27, true])
    expect(grad(first, x)[0]?.item()).toBe(18)
  })
})

describe('saved tensors', () => {
  test('that are written in place stop the backward pass, with both versions named', () => {
    const x = leaf([1, 2])
    const y = x.mul(2)
    const z = y.mul(y)
    y.add_(1)
    expect(() => z.backward(ones(2))).toThrow(
      /modified by an in-place operation: float32 \[2\], saved by MulBackward0 .* is at version 1; expected version 0/,
    )
  })

  test('outlive the scope of their tensor and go when backward has used them', () => {
    const x = leaf([1, 2, 3])
    const weights = ones(3)
    const before = backend().stats().used
    const y = scope(() => x.mul(2).exp().sin())
    expect(backend().stats().used).toBeGreaterThan(before)
    y.backward(weights)
    y.dispose()
    x.grad = null
    expect(backend().stats().used).toBe(before)
  })

  test('go with the last tensor of a graph that nobody runs', () => {
    const x = leaf([1, 2, 3])
    scope(() => x.exp())
    const before = backend().stats()
    for (let i = 0; i < 5; i++) scope(() => void x.mul(2).exp().sin().mul(x))
    expect(backend().stats()).toEqual(before)
  })

  test('leave memory as it was after each step', () => {
    const w = leaf([0.5, -0.5])
    const step = (): void =>
      scope(() => {
        w.mul(tensor([1, 2]))
          .sigmoid()
          .backward(ones(2))
        noGrad(() => {
          w.sub_((w.grad as Tensor).mul(0.1))
          w.grad?.zero_()
        })
      })
    step()
    const before = backend().stats()
    for (let i = 0; i < 10; i++) step()
    expect(backend().stats()).toEqual(before)
  })
})

describe('hooks', () => {
  test('see the gradient and may replace it', () => {
    const x = leaf([1, 2])
    const y = x.mul(3)
    const seen: unknown[] = []
    const handle = y.registerHook((g) => {
      seen.push(g.tolist())
      return g.mul(10)
    })
    y.mul(2).backward(ones(2))
    expect([seen, x.grad?.tolist()]).toEqual([[[2, 2]], [60, 60]])
    handle.remove()
    x.mul(1).backward(ones(2))
    expect([seen.length, x.grad?.tolist()]).toEqual([1, [61, 61]])
  })

  test('on a leaf run before its gradient is stored', () => {
    const x = leaf(1)
    x.registerHook((g) => g.mul(-1))
    x.mul(5).backward()
    expect(x.grad?.item()).toBe(-5)
  })

  test('may keep the gradient that they see', () => {
    const x = leaf([1, 2])
    const y = x.mul(3)
    let kept: Tensor | undefined
    y.registerHook((g) => {
      kept = g.keep()
    })
    y.add(y).backward(ones(2))
    expect(kept?.tolist()).toEqual([2, 2])
  })

  test('a gradient that somebody sees is not written over by the next one', () => {
    const x = leaf([1, 2, 3])
    const seen: Tensor[] = []
    const y = x.mul(2)
    const z = y.mul(3)
    y.retainGrad()
    z.registerHook((g) => void seen.push(g.keep()))
    const given = tensor([1, 10, 100])
    z.mul(5).backward(given)
    expect(given.numbers()).toEqual([1, 10, 100])
    expect(seen[0].numbers()).toEqual([5, 50, 500])
    expect(y.grad?.numbers()).toEqual([15, 150, 1500])
    expect(x.grad?.numbers()).toEqual([30, 300, 3000])
    const way = x.mul(2)
    const gradients = grad(way.mul(3), [way, x], { gradOutputs: [given] })
    expect(gradients.map((g) => g.numbers())).toEqual([
      [3, 30, 300],
      [6, 60, 600],
    ])
  })
  test('a gradient that goes two ways is not written over on one of them', () => {
    const x = leaf([1, 2, 3])
    const y = leaf([1, 1, 1])
    const sum = x.mul(2).add(y.mul(3))
    sum.mul(sum).backward(tensor([1, 1, 1]))
    expect(x.grad?.numbers()).toEqual([20, 28, 36])
    expect(y.grad?.numbers()).toEqual([30, 42, 54])
  })
  test('retainGrad stores the gradient of a tensor on the way', () => {
    const x = leaf([1, 2])
    const y = x.mul(3)
    y.retainGrad()
    y.mul(y).backward(ones(2))
    expect([y.grad?.tolist(), x.grad?.tolist()]).toEqual([
      [6, 12],
      [18, 36],
    ])
    expect(() => tensor(1).registerHook(() => {})).toThrow(AutogradError)
  })
})

describe('the gradient mode', () => {
  test('noGrad records nothing and hands back its result', () => {
    const x = leaf(2)
    const y = noGrad(() => x.mul(3))
    expect([y.requiresGrad, y.item(), isGradEnabled()]).toEqual([false, 6, true])
    expect(noGrad(() => enableGrad(() => x.mul(3))).requiresGrad).toBe(true)
    expect(inferenceMode(() => x.mul(3)).requiresGrad).toBe(false)
    expect(setGradEnabled(false, () => isGradEnabled())).toBe(false)
    expect(() =>
      noGrad(() => {
        throw new Error('inside')
      }),
    ).toThrow('inside')
    expect(isGradEnabled()).toBe(true)
  })

  test.skipIf(!contextFollowsAsync)('follows await inside, and does not leak into other tasks', async () => {
    const inside: boolean[] = []
    const task = noGrad(async () => {
      await sleep(5)
      inside.push(isGradEnabled())
      return leaf(1).mul(2).requiresGrad
    })
    expect(isGradEnabled()).toBe(true)
    await sleep(1)
    expect(isGradEnabled()).toBe(true)
    expect(await task).toBe(false)
    expect([inside, isGradEnabled()]).toEqual([[false], true])
  })

  test.skipIf(!contextFollowsAsync)('setGradEnabled switches the running code only', async () => {
    await Promise.resolve().then(() => {
      setGradEnabled(false)
      expect(isGradEnabled()).toBe(false)
    })
    expect(isGradEnabled()).toBe(true)
  })

  test('integer tensors cannot require gradients', () => {
    expect(() => make([1, 2], { requiresGrad: true })).toThrow(DTypeError)
  })
})

test('anomaly mode names the operation whose gradient is NaN and where it was called', () => {
  const x = leaf([0, 1])
  const failing = (): void =>
    detectAnomaly(() =>
      x
        .mul(0)
        .sqrt()
        .backward(tensor([0, 1])),
    )
  expect(failing).toThrow(/SqrtBackward0 returned NaN in gradient 0[^]*autograd\.test/)
  expect(() =>
    x
      .mul(0)
      .sqrt()
      .backward(tensor([0, 1])),
  ).not.toThrow()
})

test('gradcheck finds a wrong gradient', () => {
  const x = make([1, 2], { dtype: 'float64', requiresGrad: true })
  const wrong = (a: Tensor): Tensor =>
    record(
      'WrongBackward0',
      [a],
      noGrad(() => a.mul(3)),
      [],
      (g) => [mul(g, 2)],
    )
  expect(() => gradcheck(wrong, [x])).toThrow(
    /gradient of input 0 \[2\] at element 0 is 4.9[0-9]+, finite differences give 7.3/,
  )
  expect(gradcheck((a) => a.mul(3), [x])).toBe(true)
  expect(() => gradcheck((a) => a, [zeros(2)])).toThrow('none of the inputs requires grad')
})

test('views follow in-place writes into their base and into each other', () => {
  const x = leaf([1, 2, 3])
  const y = x.mul(1)
  const view = y.narrow(0, 0, 2)
  y.mul_(10)
  expect(view.tolist()).toEqual([10, 20])
  view.mul(view).backward(ones(2))
  expect(x.grad?.tolist()).toEqual([200, 400, 0])
})

test('a leaf that nobody holds can be collected', async () => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  let collected = false
  const registry = new FinalizationRegistry(() => (collected = true))
  ;(() => {
    const x = leaf([1, 2])
    x.mul(2).dispose()
    registry.register(x, null)
  })()
  for (let i = 0; i < 10 && !collected; i++) {
    gc()
    await sleep(5)
  }
  expect(collected).toBe(true)
})
