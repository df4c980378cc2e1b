// Transforms of functions against functorch and torch.autograd.functional, how they nest, and what stays outside. Fixture: scripts/oracle/functional.py.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import * as torch from '../../src/index.ts'
import { DisposedError, DTypeError, F, func, IndexError, ShapeError, type Tensor, ValueError } from '../../src/index.ts'
import { memory, settledStorages } from '../support/memory.ts'

type Nested = number | readonly Nested[]
interface Fixture {
  readonly inputs: Readonly<Record<'x' | 'y' | 'm' | 'v' | 'u', number[]>>
  readonly func: readonly { readonly source: string; readonly value: Nested }[]
}
const path = join(import.meta.dirname, '../fixtures/functional.json.gz')
const fixture: Fixture = JSON.parse(gunzipSync(readFileSync(path)).toString())

const double = (values: Nested): Tensor => torch.tensor(values as number[], { dtype: 'float64' })
const inputs = Object.fromEntries(Object.entries(fixture.inputs).map(([name, values]) => [name, double(values)]))
const { x, y, m, v } = inputs as Record<string, Tensor>

const energy = (a: Tensor, b: Tensor): Tensor => a.sin().mul(b.pow(3)).sum().add(a.mul(b).sum().exp())
const layer = (a: Tensor, w: Tensor): Tensor => w.matmul(a).tanh()
const net = (p: { w: Tensor; b: Tensor }, a: Tensor): Tensor => F.softplus(p.w.matmul(a)).mul(p.b).sum()

const plain = (value: unknown): unknown =>
  value instanceof torch.Tensor ? value.tolist() : Array.isArray(value) ? value.map(plain) : value
function expectClose(got: unknown, wanted: unknown): void {
  if (typeof wanted === 'number') {
    expect(Math.abs((got as number) - wanted), `${got} for ${wanted}`).toBeLessThanOrEqual(
      1e-11 * (1 + Math.abs(wanted)),
    )
    return
  }
  expect((got as unknown[]).length).toBe((wanted as unknown[]).length)
  ;(wanted as unknown[]).forEach((item, i) => expectClose((got as unknown[])[i], item))
}

const scopeOfCases = { func, F, energy, layer, net, ...inputs }
const run = (source: string): unknown =>
  new Function(...Object.keys(scopeOfCases), `return ${source}`)(...Object.values(scopeOfCases))

describe('PyTorch gives the same value', () => {
  test.each(fixture.func)('of $source', ({ source, value }) => expectClose(plain(run(source)), value))
  test.each(fixture.func)('of $source, under noGrad and for arguments that require grad', ({ source, value }) => {
    const values = Object.entries(scopeOfCases).map(([, item]) =>
      item instanceof torch.Tensor ? item.detach().requiresGrad_() : item,
    )
    const again = torch.noGrad(() => new Function(...Object.keys(scopeOfCases), `return ${source}`)(...values))
    expectClose(plain(again), value)
    for (const result of [again].flat(4)) if (result instanceof torch.Tensor) expect(result.requiresGrad).toBe(false)
  })
})

describe('transforms of other transforms and of functions with gradients outside', () => {
  test('the result has no history where nobody outside asked for gradients', () => {
    const results = [
      func.grad(energy)(x, y),
      ...func.gradAndValue(energy)(x, y),
      ...func.jvp(layer, [x, m], [v, m]),
      func.jacrev(layer)(x, m),
      func.hessian(energy)(x, y),
      func.grad((a: Tensor) => func.grad(energy)(a, y).sum())(x),
      func.vjp((a: Tensor) => a, x)[0],
      func.vjp(layer, x, m)[1](torch.ones(2, { dtype: 'float64' }))[1],
    ]
    expect(results.map((result) => result.requiresGrad)).toEqual(results.map(() => false))
  })
  test('gradients flow through results to arguments, and to tensors that the function closes over', () => {
    const weight = y.clone().detach().requiresGrad_()
    const penalty = (a: Tensor): Tensor =>
      func
        .grad((b: Tensor) => energy(b, weight))(a)
        .square()
        .sum()
    expect(torch.gradcheck(penalty, [x.clone().requiresGrad_()])).toBe(true)
    penalty(x).backward()
    const asArgument = func.grad((w: Tensor) => func.grad(energy)(x, w).square().sum())(y)
    expect(torch.allclose(weight.grad as Tensor, asArgument)).toBe(true)
  })
  test.each<[string, (a: Tensor, b: Tensor) => Tensor]>([
    ['grad', (a, b) => func.grad(energy)(a, b)],
    ['jacrev', (a, b) => func.jacrev(layer)(a, b.expand(2, 3))],
    ['the function of vjp', (a, b) => func.vjp(layer, a, m)[1](b.narrow(0, 0, 2))[0]],
    ['jvp', (a, b) => func.jvp((c: Tensor) => c.sin().mul(y), [a], [b])[1]],
    ['hessian', (a, b) => func.hessian(energy)(a, b)],
    ['hvp with createGraph', (a, b) => func.hvp((c: Tensor) => energy(c, y), a, b, { createGraph: true })[1]],
    ['vhp with createGraph', (a, b) => func.vhp((c: Tensor) => energy(c, y), a, b, { createGraph: true })[1]],
    ['jacobian with createGraph', (a, b) => func.jacobian((c: Tensor) => c.exp().mul(b), a, { createGraph: true })],
  ])('the result of %s has the gradients that finite differences show', (_name, f) => {
    // Copies: finite differences move these, not what the functions close over.
    expect(torch.gradcheck(f, [x.clone().requiresGrad_(), y.clone().requiresGrad_()])).toBe(true)
  })
  test('nothing is added to the grad of anything', () => {
    const a = x.detach().requiresGrad_()
    const w = m.detach().requiresGrad_()
    func.jacrev(layer)(a, w)
    func.jvp((b: Tensor) => layer(b, w), [a], [v])
    expect([a.grad, w.grad]).toEqual([null, null])
  })
  test('other uses of an argument inside the function are constants', () => {
    const a = x.detach().requiresGrad_()
    const g = func.grad((b: Tensor) => b.mul(a).sum())(a)
    expect(g.tolist()).toEqual(a.tolist())
    expect(torch.grad(g.sum(), [a])[0].tolist()).toEqual([1, 1, 1])
  })
  test('the graph of a tensor from outside is still there afterwards', () => {
    const a = x.detach().requiresGrad_()
    const h = a.exp()
    torch.noGrad(() => func.grad((b: Tensor) => b.mul(h).sum())(y))
    func.grad((b: Tensor) => b.mul(h).sin().sum())(y)
    h.sum().backward()
    expect(torch.allclose(a.grad as Tensor, x.exp())).toBe(true)
  })
})

describe('edge cases', () => {
  const float32 = torch.tensor([1, 2], { dtype: 'float32' })
  test('an argument that is not used, or only as a constant, has zeros', () => {
    expect(
      func
        .grad((a: Tensor, b: Tensor) => b.sum(), { argnums: [0, 1] })(x, y)
        .map((g) => g.tolist()),
    ).toEqual([
      [0, 0, 0],
      [1, 1, 1],
    ])
    expect(
      func
        .jacrev((a: Tensor) => a.detach().mul(2))(float32)
        .tolist(),
    ).toEqual([
      [0, 0],
      [0, 0],
    ])
    expect(func.jvp((_: Tensor) => y, [x], [v])[1].tolist()).toEqual([0, 0, 0])
  })
  test('linear functions have Hessians of zeros, empty outputs empty Jacobians', () => {
    expect(
      func
        .hessian((a: Tensor) => a.sum())(float32)
        .tolist(),
    ).toEqual([
      [0, 0],
      [0, 0],
    ])
    expect(func.jacrev((a: Tensor) => a.at('0:0'))(float32).shape).toEqual([0, 2])
  })
  test('an inner noGrad is respected', () => {
    expect(
      func
        .grad((a: Tensor) =>
          torch
            .noGrad(() => a.exp())
            .mul(a)
            .sum(),
        )(x)
        .tolist(),
    ).toEqual(x.exp().tolist())
  })
  test('arguments that are no tensors are handed on', () => {
    expect(
      func
        .grad((a: Tensor, k: number) => a.mul(k).sum())(float32, 3)
        .tolist(),
    ).toEqual([3, 3])
  })
  test('the function of vjp can be called again, until its scope ends', () => {
    const pull = torch.scope(() => {
      const [, inner] = func.vjp(layer, x, m)
      const one = torch.ones(2, { dtype: 'float64' })
      expect(inner(one)[0].tolist()).toEqual(inner(one)[0].tolist())
      return inner
    })
    expect(() => pull(torch.ones(2, { dtype: 'float64' }))).toThrow(DisposedError)
  })
  test('mistakes are named', () => {
    expect(() => func.grad((a: Tensor) => a.mul(2))(x)).toThrow(ShapeError)
    expect(() => func.grad((a: Tensor) => a.mul(2))(x)).toThrow('must return a scalar, got shape [3]')
    expect(() => func.grad((a: Tensor) => a.sum(), { argnums: 1 as 0 })(x)).toThrow(IndexError)
    expect(() => func.grad((a: Tensor) => a.sum(), { argnums: [0, 0] })(x)).toThrow('an argument twice')
    expect(() => func.grad((a: Tensor) => a.sum())(torch.tensor([1, 2]))).toThrow(DTypeError)
    expect(() => func.vjp((a: Tensor) => a.numel(), x)).toThrow('the function returns no tensor')
    expect(() => func.vjp(layer, x, m)[1](x)).toThrow(ValueError)
    expect(() => func.jvp(layer, [x, m], [x, x])).toThrow('tangent 1 is float64 [3], its primal float64 [2, 3]')
    expect(() => func.grad((a: Tensor) => a.sum() as unknown as [Tensor, Tensor], { hasAux: true })(x)).toThrow(
      'returns [output, aux]',
    )
  })
  test('no memory stays behind', async () => {
    const before = await settledStorages()
    torch.scope(() => {
      func.hessian(energy)(x, y)
      func.jvp(layer, [x, m], [v, m])
      func.vjp(layer, x, m)[1](torch.ones(2, { dtype: 'float64' }))
      func.hvp((a: Tensor) => energy(a, y), x, v)
    })
    expect(memory().storages).toBe(before)
    const [g, value] = func.gradAndValue(energy)(x, y)
    expect(memory().storages).toBe(before + 2)
    for (const one of [g, value]) one.dispose()
  })
})
