// Custom functions: values and gradients against PyTorch, what the context does, and mistakes. Fixture: scripts/oracle/functional.py.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import * as torch from '../../src/index.ts'
import { AutogradError, autograd, DisposedError, ShapeError, Tensor } from '../../src/index.ts'
import { memory, settledStorages } from '../support/memory.ts'

type Ctx = autograd.FunctionCtx
interface Fixture {
  readonly inputs: Readonly<Record<'x' | 'y' | 'v', number[]>>
  readonly function: { readonly output: number[]; readonly first: (number[] | null)[]; readonly second: number[][] }
}
const path = join(import.meta.dirname, '../fixtures/functional.json.gz')
const fixture: Fixture = JSON.parse(gunzipSync(readFileSync(path)).toString())
const double = (values: number[]): Tensor => torch.tensor(values, { dtype: 'float64' })
const leaf = (values: number[]): Tensor => double(values).requiresGrad_()

/** scale * x * sigmoid(gate * x) */
class ScaledSwish extends autograd.Function {
  static override forward(ctx: Ctx, x: Tensor, scale: number, gate: Tensor): Tensor {
    ctx.saveForBackward(x, gate)
    ctx.scale = scale
    return x.mul(scale).mul(gate.mul(x).sigmoid())
  }
  static override backward(ctx: Ctx, grad: Tensor) {
    const [x, gate] = ctx.savedTensors as [Tensor, Tensor]
    const s = gate.mul(x).sigmoid()
    const slope = s.mul(s.neg().add(1)).mul(x).mul(ctx.scale)
    return [grad.mul(s.mul(ctx.scale).add(slope.mul(gate))), null, grad.mul(slope).mul(x)]
  }
}
class Exp extends autograd.Function {
  static override forward(ctx: Ctx, x: Tensor): Tensor {
    const y = x.exp()
    ctx.saveForBackward(y)
    return y
  }
  static override backward(ctx: Ctx, grad: Tensor) {
    return grad.mul(ctx.savedTensors[0])
  }
}
/** A function from `backward` alone: its value is that of `f`. */
const withBackward = (f: (...xs: any[]) => Tensor | Tensor[], backward: (ctx: Ctx, ...grads: any[]) => any) =>
  class Custom extends autograd.Function {
    static override forward(_ctx: Ctx, ...xs: any[]) {
      return f(...xs)
    }
    static override backward(ctx: Ctx, ...grads: any[]) {
      return backward(ctx, ...grads)
    }
  }

describe('a custom function', () => {
  const close = (got: Tensor, wanted: number[]): void =>
    expect(torch.allclose(got, double(wanted), { rtol: 1e-12, atol: 1e-12 })).toBe(true)
  test('has the output, gradients and gradients of gradients that it has in PyTorch', () => {
    const { inputs, function: wanted } = fixture
    const [a, gate] = [leaf(inputs.x), leaf(inputs.y)]
    const output = ScaledSwish.apply(a, 1.5, gate)
    close(output, wanted.output)
    const first = torch.grad(output.mul(double(inputs.v)).sum(), [a, gate], { createGraph: true })
    first.forEach((g, i) => close(g, wanted.first[i] as number[]))
    const second = torch.grad(first[0].mul(double(inputs.y)).sum().add(first[1].square().sum()), [a, gate])
    second.forEach((g, i) => close(g, wanted.second[i]))
  })
  test('passes gradcheck and gradgradcheck, saving inputs or outputs', () => {
    const [a, gate] = [leaf([0.3, -1.2, 2]), leaf([1, 0.5, -0.7])]
    const swish = (x: Tensor, g: Tensor): Tensor => ScaledSwish.apply(x, 0.7, g)
    expect(torch.gradcheck(swish, [a, gate])).toBe(true)
    expect(torch.gradgradcheck(swish, [a, gate])).toBe(true)
    expect(torch.gradcheck((x) => Exp.apply(x), [a])).toBe(true)
    expect(torch.gradgradcheck((x) => Exp.apply(x), [a])).toBe(true)
  })
  test('has a node of its own name, and no history where nobody asks for gradients', () => {
    const x = leaf([1])
    expect(Exp.apply(x).gradFn?.name).toBe('ExpBackward')
    expect(torch.noGrad(() => Exp.apply(x)).requiresGrad).toBe(false)
    expect(Exp.apply(double([1])).requiresGrad).toBe(false)
    expect(String(Exp.apply(x))).toContain('grad_fn=<ExpBackward>')
  })
  test('takes part in torch.func', () => {
    const x = double([0.5, -1])
    expect(torch.allclose(torch.func.hessian((a: Tensor) => Exp.apply(a).sum())(x), x.exp().diag())).toBe(true)
  })
})

describe('the context', () => {
  test('says which arguments want gradients', () => {
    const seen: (readonly boolean[])[] = []
    class Add extends autograd.Function {
      static override forward(ctx: Ctx, a: Tensor, _text: string, b: Tensor): Tensor {
        seen.push(ctx.needsInputGrad)
        return a.add(b)
      }
      static override backward(ctx: Ctx, grad: Tensor) {
        seen.push(ctx.needsInputGrad)
        return [ctx.needsInputGrad[0] ? grad : null, null, ctx.needsInputGrad[2] ? grad : null]
      }
    }
    const b = leaf([1])
    Add.apply(double([1]), 'text', b)
      .sum()
      .backward()
    expect(seen).toEqual([
      [false, false, true],
      [false, false, true],
    ])
    expect(b.grad?.tolist()).toEqual([1])
  })
  test('keeps nulls in their places, and has saved tensors only in backward', () => {
    class Keeps extends autograd.Function {
      static override forward(ctx: Ctx, x: Tensor): Tensor {
        ctx.saveForBackward(null, x, null)
        ctx.context = ctx
        expect(() => ctx.savedTensors).toThrow(AutogradError)
        return x.mul(2)
      }
      static override backward(ctx: Ctx, grad: Tensor) {
        const [before, x, after] = ctx.savedTensors
        expect([before, x.tolist(), after]).toEqual([null, [3], null])
        return grad.mul(2)
      }
    }
    Keeps.apply(leaf([3]))
      .sum()
      .backward()
    expect.assertions(2)
  })
  test('notices that a saved tensor was written to', () => {
    const x = leaf([1, 2])
    const y = Exp.apply(x)
    torch.noGrad(() => y.add_(1))
    expect(() => y.sum().backward()).toThrow(/modified by an in-place operation.*saved by ExpBackward/)
  })
  test('a tensor in a field instead is gone with the call', () => {
    class Careless extends autograd.Function {
      static override forward(ctx: Ctx, x: Tensor): Tensor {
        ctx.y = x.exp()
        return ctx.y.mul(2)
      }
      static override backward(ctx: Ctx, grad: Tensor) {
        return grad.mul(ctx.y)
      }
    }
    expect(() =>
      Careless.apply(leaf([1]))
        .sum()
        .backward(),
    ).toThrow(DisposedError)
  })
})

describe('outputs', () => {
  class Parts extends autograd.Function {
    static override forward(ctx: Ctx, x: Tensor, materialize: boolean): [Tensor, Tensor, Tensor] {
      const [even, mask] = [x.round(), x.gt(0)]
      ctx.markNonDifferentiable(even)
      ctx.setMaterializeGrads(materialize)
      return [x.mul(3), even, mask]
    }
    static override backward(_ctx: Ctx, ...grads: (Tensor | null)[]) {
      given.push(grads.map((g) => g?.tolist() ?? null))
      return [grads[0]?.mul(3) ?? null, null]
    }
  }
  const given: unknown[] = []
  test('that are marked, or are not real, carry no gradient; missing gradients arrive as zeros or null', () => {
    const x = leaf([1.4, -2])
    const outputs = Parts.apply(x, true)
    expect(outputs.map((out) => out.requiresGrad)).toEqual([true, false, false])
    outputs[0].sum().backward()
    expect(x.grad?.tolist()).toEqual([3, 3])
    Parts.apply(x, false)[0].sum().backward()
    expect(given).toEqual([
      [
        [1, 1],
        [0, 0],
        [false, false],
      ],
      [[1, 1], null, null],
    ])
  })
  test('may be the input itself, or several', () => {
    const Same = withBackward(
      (x: Tensor) => x,
      (_ctx, grad: Tensor) => grad.mul(-1),
    )
    const x = leaf([2, 5])
    const y = Same.apply(x) as Tensor
    y.sum().backward()
    expect([x.isLeaf, y.tolist(), x.grad?.tolist()]).toEqual([true, [2, 5], [-1, -1]])
    const Two = withBackward(
      (a: Tensor) => [a.mul(2), a.mul(3)],
      (_ctx, g: Tensor, h: Tensor) => g.mul(2).add(h.mul(3)),
    )
    const [, h] = Two.apply(x) as Tensor[]
    expect(torch.grad(h.sum(), [x])[0].tolist()).toEqual([3, 3])
  })
})

describe('gradients', () => {
  test('are summed over what was broadcast, and get the dtype of the argument', () => {
    const Scale = withBackward(
      (a: Tensor, b: Tensor) => a.mul(b),
      (_ctx, grad: Tensor) => [null, grad],
    )
    const b = torch.ones(3, 1, { dtype: 'float32', requiresGrad: true })
    ;(Scale.apply(torch.ones(2, 3, 4, { dtype: 'float64' }), b) as Tensor).sum().backward()
    expect([b.grad?.dtype, b.grad?.tolist()]).toEqual(['float32', [[8], [8], [8]]])
  })
  test('must fit in number, place and shape', () => {
    const run = (backward: (g: Tensor) => unknown, ...rest: unknown[]) => {
      const Custom = withBackward(
        (a: Tensor) => a.mul(1),
        (_ctx, g: Tensor) => backward(g),
      )
      return () => (Custom.apply(leaf([1, 2]), ...rest) as Tensor).sum().backward()
    }
    expect(run((g) => g, 5)).toThrow('Custom.backward: returned 1 gradients for 2 arguments of forward')
    expect(run((g) => [g, g])).toThrow('returned 2 gradients for 1 arguments')
    expect(run((g) => [g, g], 5)).toThrow('returned a gradient for argument 1, which is no tensor')
    expect(run((g) => g.at(0))).toThrow(ShapeError)
    expect(run((g) => [g, null, undefined])).not.toThrow()
    expect(() => autograd.Function.apply(leaf([1]))).toThrow('forward is not defined')
  })
  test('a graph that is dropped or used up gives its memory back', async () => {
    const x = leaf([1, 2])
    const before = await settledStorages()
    torch.scope(() => void Exp.apply(x))
    expect(memory().storages).toBe(before)
    torch.scope(() => Exp.apply(x).sum().backward())
    x.grad = null
    expect(memory().storages).toBe(before)
  })
})
