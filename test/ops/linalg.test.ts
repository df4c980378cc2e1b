// Linear algebra against PyTorch in float64: values, gradients, gradients of gradients. Made by scripts/oracle/linalg.py.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { grad } from '../../src/autograd/backward.ts'
import { gradcheck, gradgradcheck } from '../../src/autograd/gradcheck.ts'
import * as torch from '../../src/ops/index.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'
import { onEachDevice } from '../support/ops.ts'
import { leaf, wave } from '../support/samples.ts'

const { linalg } = torch
const infinity = Number.POSITIVE_INFINITY

interface Numbers {
  readonly shape: number[]
  readonly values: (number | string)[]
}
interface Case {
  readonly name: string
  readonly inputs: Numbers[]
  readonly outputs: Numbers[]
  readonly grads?: Numbers[]
  readonly second?: Numbers[]
}
const cases: Case[] = JSON.parse(
  gunzipSync(readFileSync(join(import.meta.dirname, '../fixtures/linalg.json.gz'))).toString(),
)

type Op = (...inputs: Tensor[]) => Tensor | readonly Tensor[]
const sym = (a: Tensor): Tensor => a.add(a.mT).div(2)
const packed = (a: Tensor): readonly [Tensor, Tensor] => {
  const { LU, pivots } = linalg.luFactor(a)
  return [LU, pivots]
}
const ofSvd =
  (fullMatrices: boolean): Op =>
  (a) => {
    const { U, S, Vh } = linalg.svd(a, { fullMatrices })
    const k = S.size(-1)
    return [
      U.narrow(-1, 0, k)
        .matmul(torch.diagEmbed(S.sin()))
        .matmul(Vh.narrow(-2, 0, k)),
      S,
    ]
  }

const ops: Record<string, Op> = {
  cholesky: (a) => linalg.cholesky(sym(a)),
  choleskyUpper: (a) => linalg.cholesky(sym(a), { upper: true }),
  choleskySolve: (b, l) => torch.choleskySolve(b, l),
  choleskySolveUpper: (b, u) => torch.choleskySolve(b, u, { upper: true }),
  choleskyInverse: (l) => torch.choleskyInverse(l),
  det: linalg.det,
  slogdet: linalg.slogdet,
  logdet: torch.logdet,
  inv: linalg.inv,
  invHilbert: linalg.inv,
  solve: (a, b) => linalg.solve(a, b),
  solveRight: (a, b) => linalg.solve(a, b, { left: false }),
  lowerSolve: (a, b) => linalg.solveTriangular(a, b, { upper: false }),
  upperSolve: (a, b) => linalg.solveTriangular(a, b, { upper: true }),
  unitSolve: (a, b) => linalg.solveTriangular(a, b, { upper: true, unitriangular: true }),
  lowerSolveRight: (a, b) => linalg.solveTriangular(a, b, { upper: false, left: false }),
  unitSolveRight: (a, b) => linalg.solveTriangular(a, b, { upper: false, left: false, unitriangular: true }),
  qr: (a) => linalg.qr(a),
  qrComplete: (a) => linalg.qr(a, { mode: 'complete' }),
  qrR: (a) => linalg.qr(a, { mode: 'r' }),
  eigh: (a) => {
    const { eigenvalues, eigenvectors } = linalg.eigh(sym(a))
    return [eigenvectors.matmul(torch.diagEmbed(eigenvalues.sin())).matmul(eigenvectors.mT), eigenvalues]
  },
  eigvalsh: (a) => linalg.eigvalsh(sym(a)),
  eigvalshUpper: (a) => linalg.eigvalsh(a, { UPLO: 'U' }),
  eigvalshLower: (a) => linalg.eigvalsh(a),
  svd: ofSvd(false),
  svdFull: ofSvd(true),
  svdvals: linalg.svdvals,
  pinv: (a) => linalg.pinv(a),
  pinvHermitian: (a) => linalg.pinv(sym(a), { hermitian: true }),
  pinvTolerance: (a) => linalg.pinv(a, { rtol: 0.3 }),
  matrixRank: (a) => linalg.matrixRank(a),
  lu: (a) => linalg.lu(a).slice(1),
  luFactor: (a) => linalg.luFactor(a).LU,
  luFactorEx: (a) => linalg.luFactorEx(a),
  luUnpack: (a) => torch.luUnpack(...packed(a)),
  luSolve: (a, b) => linalg.luSolve(...packed(a), b),
  luSolveRight: (a, b) => linalg.luSolve(...packed(a), b, { left: false }),
  luSolveAdjoint: (a, b) => linalg.luSolve(...packed(a), b, { adjoint: true }),
  luSolveRightAdjoint: (a, b) => linalg.luSolve(...packed(a), b, { left: false, adjoint: true }),
  tensorinv: (a) => linalg.tensorinv(a),
  tensorsolve: (a, b) => linalg.tensorsolve(a, b),
  tensorsolveOfDims: (a, b) => linalg.tensorsolve(a, b, { dims: [1] }),
  vander: (x) => linalg.vander(x, { N: 4 }),
  lstsq: (a, b) => linalg.lstsq(a, b).solution,
  lstsqResiduals: (a, b) => linalg.lstsq(a, b, { driver: 'gelsd' }),
  cond: (a) => linalg.cond(a),
  condOne: (a) => linalg.cond(a, 1),
  condFro: (a) => linalg.cond(a, 'fro'),
  condNuc: (a) => linalg.cond(a, 'nuc'),
  condSmall: (a) => linalg.cond(a, -2),
  matrixExp: linalg.matrixExp,
  matrixPower: (a) => linalg.matrixPower(a, 5),
  matrixPowerNegative: (a) => linalg.matrixPower(a, -3),
  multiDot: (...all) => linalg.multiDot(all),
  cross: (a, b) => torch.cross(a, b),
  linalgCross: (a, b) => linalg.cross(a, b),
  vecdot: (x, y) => linalg.vecdot(x, y),
  vecdotFirst: (x, y) => linalg.vecdot(x, y, { dim: 0 }),
  'matrixNorm fro': (a) => linalg.matrixNorm(a),
  'matrixNorm nuc': (a) => linalg.matrixNorm(a, 'nuc'),
  'matrixNorm 1': (a) => linalg.matrixNorm(a, 1),
  'matrixNorm -1': (a) => linalg.matrixNorm(a, -1),
  'matrixNorm 2': (a) => linalg.matrixNorm(a, 2),
  'matrixNorm -2': (a) => linalg.matrixNorm(a, -2),
  'matrixNorm inf': (a) => linalg.matrixNorm(a, infinity),
  'matrixNorm -inf': (a) => linalg.matrixNorm(a, -infinity),
  matrixNormOfDims: (a) => linalg.matrixNorm(a, 1, { dim: [2, 0], keepdim: true }),
  matrixNormOfDims2: (a) => linalg.matrixNorm(a, 2, { dim: [2, 0], keepdim: true }),
  matrixNormOfDimsNuc: (a) => linalg.matrixNorm(a, 'nuc', { dim: [1, 0] }),
  norm: (a) => linalg.norm(a),
  normOfMatrix: (a) => linalg.norm(a, 2),
  normOfRows: (a) => linalg.norm(a, 3, { dim: 1 }),
  normOfVector: (a) => linalg.norm(a, infinity),
  normNuc: (a) => torch.norm(a, 'nuc', { dim: [0, 2] }),
}

const inputOf = ({ shape, values }: Numbers): Tensor =>
  torch.tensor(values.map(Number), { dtype: 'float64' }).reshape(shape)
const listOf = (out: Tensor | readonly Tensor[]): readonly Tensor[] => (Array.isArray(out) ? out : [out as Tensor])
const weighted = (list: readonly Tensor[], of: (i: number) => number): Tensor =>
  list
    .map((x) => {
      const weights = Array.from({ length: x.numel() }, (_, i) => of(i))
      return x.mul(torch.tensor(weights, { dtype: x.dtype }).reshape(x.shape)).sum()
    })
    .reduce((a, b) => a.add(b))

/** Relative to the largest element, as decompositions are exact. */
function expectClose(got: readonly Tensor[], wanted: readonly Numbers[], tolerance: number): void {
  expect(got.map((x) => x.shape)).toEqual(wanted.map(({ shape }) => shape))
  got.forEach((x, k) => {
    const numbers = wanted[k].values.map(Number)
    const most = Math.max(1, ...numbers.map(Math.abs))
    const errors = x.numbers().map((value, i) => (value === numbers[i] ? 0 : Math.abs(value - numbers[i]) / most))
    expect(Math.max(0, ...errors)).toBeLessThan(tolerance)
  })
}

onEachDevice(() => {
  test('the fixture has a case of every op', () => {
    expect(new Set(cases.map(({ name }) => name))).toEqual(new Set(Object.keys(ops)))
  })

  test.each(cases.map((one, i) => [one.name, i, one] as const))(
    "%s (%d) has PyTorch's values and gradients",
    (name, _, one) => {
      const inputs = one.inputs.map((x) =>
        inputOf(x)
          .clone()
          .requiresGrad_(one.grads !== undefined),
      )
      const outputs = listOf(ops[name](...inputs))
      // Its condition number is 1.5e7.
      const ill = name === 'invHilbert' ? 1e3 : 1
      expectClose(outputs, one.outputs, 1e-11 * ill)
      if (one.grads === undefined) return
      const total = weighted(outputs, Math.cos)
      const grads = grad([total], inputs, { createGraph: one.second !== undefined }) as Tensor[]
      expectClose(grads, one.grads, 1e-9 * ill)
      if (one.second === undefined) return
      const second = grad([weighted(grads, Math.sin)], inputs, { allowUnused: true })
      expectClose(
        second.map((g, k) => g ?? torch.zerosLike(inputs[k])),
        one.second,
        1e-7,
      )
    },
  )

  test('float32 is computed in double precision and rounded once', () => {
    const a = wave([3, 3])
    const single = a.float()
    expect(linalg.inv(single).tolist()).toEqual(linalg.inv(single.double()).float().tolist())
    expect(linalg.svdvals(single).tolist()).toEqual(linalg.svdvals(single.double()).float().tolist())
    expect(linalg.inv(single).dtype).toBe('float32')
  })

  test('transposed, sliced and expanded operands', () => {
    const a = wave([4, 6]).at(':', '0:4')
    const close = (x: Tensor, y: Tensor): void => expect(x.sub(y).abs().max().item()).toBeLessThan(1e-10)
    close(linalg.inv(a.t()), linalg.inv(a).t())
    close(
      linalg.solve(a.expand(2, 4, 4), wave([4, 1]).expand(2, 4, 3)).at(1),
      linalg.solve(a, wave([4, 1]).expand(4, 3)),
    )
    close(linalg.svdvals(a.t()), linalg.svdvals(a.contiguous()))
  })

  describe('gradients of any order', () => {
    const definite = (a: Tensor): Tensor => a.matmul(a.mT).add(torch.eye(a.size(-1), { dtype: 'float64' }))
    const smooth: Record<string, (a: Tensor) => Tensor | readonly Tensor[]> = {
      cholesky: (a) => linalg.cholesky(definite(a)),
      choleskyUpper: (a) => linalg.cholesky(definite(a), { upper: true }),
      inv: linalg.inv,
      det: linalg.det,
      slogdet: (a) => linalg.slogdet(a).logabsdet,
      solve: (a) => linalg.solve(a, a.mul(a)),
      solveRight: (a) => linalg.solve(a, a.mul(a), { left: false }),
      solveTriangular: (a) => linalg.solveTriangular(a, a.mul(a), { upper: true }),
      qr: (a) => linalg.qr(a),
      qrWide: (a) => linalg.qr(a.narrow(-2, 0, 2)),
      qrTall: (a) => linalg.qr(a.narrow(-1, 0, 2)),
      lu: (a) => linalg.lu(a).slice(1),
      luWide: (a) => linalg.lu(a.narrow(-2, 0, 2)).slice(1),
      luTall: (a) => linalg.lu(a.narrow(-1, 0, 2)).slice(1),
      luSolve: (a) => linalg.luSolve(...packed(a), a.mul(a)),
      qrOnlyQ: (a) => linalg.qr(a.narrow(-2, 0, 2)).Q,
      eigvalsh: (a) => linalg.eigvalsh(sym(a)),
      eigh: (a) => ops.eigh(a),
      svdvals: linalg.svdvals,
      svd: (a) => ops.svd(a),
      pinv: (a) => linalg.pinv(a.narrow(-1, 0, 2)),
      lstsq: (a) => linalg.lstsq(a.narrow(-1, 0, 2), a).solution,
      cond: (a) => linalg.cond(a),
      matrixExp: linalg.matrixExp,
      matrixPower: (a) => linalg.matrixPower(a, -2),
      multiDot: (a) => linalg.multiDot([a, a.narrow(-1, 0, 1), a.narrow(-2, 0, 1), a]),
      cross: (a) => linalg.cross(a, a.mT),
      vecdot: (a) => linalg.vecdot(a, a.mT),
      nuc: (a) => linalg.matrixNorm(a, 'nuc'),
    }
    test.each(Object.entries(smooth))('%s', (_, f) => {
      gradcheck(f, [leaf([3, 3])])
      gradgradcheck(f, [leaf([3, 3])], { atol: 1e-4 })
    })

    test('of third order, for det, inv and eigvalsh', () => {
      for (const f of [linalg.det, linalg.inv, (a: Tensor) => linalg.eigvalsh(sym(a))]) {
        const second = (a: Tensor): Tensor => {
          const [first] = grad(
            [
              f(a)
                .mul(wave(f(a).shape, 3))
                .sum(),
            ],
            [a],
            { createGraph: true },
          ) as Tensor[]
          return (grad([first.mul(wave([3, 3], 4)).sum()], [a], { createGraph: true }) as Tensor[])[0]
        }
        gradcheck(second, [leaf([3, 3])], { atol: 1e-4 })
      }
    })

    test('of det at singular matrices', () => {
      const rank = (n: number): Tensor =>
        wave([4, n], 1)
          .matmul(wave([n, 4], 2))
          .detach()
          .requiresGrad_()
      gradcheck(linalg.det, [rank(3)])
      gradcheck(linalg.det, [rank(2)])
      gradcheck(linalg.det, [torch.zeros(2, 2, { dtype: 'float64' }).requiresGrad_()])
      gradgradcheck(linalg.det, [rank(3)], { atol: 1e-4 })
    })
  })
})
