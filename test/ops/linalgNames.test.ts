// Linear algebra: errors, dtypes, empty and singular matrices, other names. Values are in linalg.test.ts.
import { expect, test } from 'vitest'
import { DTypeError, LinAlgError, ShapeError, ValueError } from '../../src/base/errors.ts'
import { grad } from '../../src/autograd/backward.ts'
import * as torch from '../../src/ops/index.ts'
import { tensor } from '../../src/ops/tensorOf.ts'
import { Tensor } from '../../src/tensor/tensor.ts'
import { nameOf, onEachDevice } from '../support/ops.ts'
import { wave } from '../support/samples.ts'

const { linalg } = torch
const float = (data: Parameters<typeof tensor>[0]): Tensor => tensor(data, { dtype: 'float32' })
const infinity = Number.POSITIVE_INFINITY

onEachDevice(() => {
  const ones = (): Tensor => torch.ones(2, 2)
  const oneOfTwo = (): Tensor => torch.stack([torch.eye(2), ones()])

  test('a singular matrix is named, in a stack by its number', () => {
    expect(() => linalg.inv(ones())).toThrow(LinAlgError)
    expect(() => linalg.inv(ones())).toThrow('linalg.inv: the matrix is singular: diagonal element 2 of U is zero')
    expect(() => linalg.inv(oneOfTwo())).toThrow('linalg.inv: (batch element 1) the matrix is singular')
    expect(() => linalg.luSolve(torch.eye(2), tensor([1, 3]), torch.ones(2, 1))).toThrow('rows from 1 to 2, got 3')
    expect(() => linalg.luFactor(oneOfTwo())).toThrow(
      'linalg.luFactor: (batch element 1) diagonal element 2 of U is zero',
    )
    expect(linalg.lu(ones()).U.tolist()).toEqual([
      [1, 1],
      [0, 0],
    ])
    expect(() => ones().inverse()).toThrow('inverse: the matrix is singular')
    expect(() => linalg.solve(oneOfTwo(), torch.ones(2, 2, 1))).toThrow('linalg.solve: (batch element 1) the matrix')
    expect(linalg.invEx(oneOfTwo()).info.tolist()).toEqual([0, 2])
    expect(linalg.invEx(oneOfTwo()).info.dtype).toBe('int32')
    expect(linalg.LinAlgError).toBe(LinAlgError)
  })

  test('a matrix that is not positive-definite is named', () => {
    const bad = float([
      [1, 2],
      [2, 1],
    ])
    expect(() => linalg.cholesky(bad)).toThrow(
      'linalg.cholesky: the input is not positive-definite: its leading minor of order 2 is not positive',
    )
    expect(() => torch.cholesky(torch.stack([torch.eye(2), torch.eye(2).neg()]))).toThrow(
      'cholesky: (batch element 1) the input is not positive-definite: its leading minor of order 1',
    )
    expect(linalg.choleskyEx(torch.stack([torch.eye(2), bad])).info.tolist()).toEqual([0, 2])
  })

  test('shapes that do not fit', () => {
    for (const f of [linalg.inv, linalg.det, linalg.cholesky, linalg.eigvalsh, linalg.matrixExp, torch.logdet])
      expect(() => f(torch.ones(2, 3))).toThrow('square matrices are needed, got 2 x 3: [2, 3]')
    for (const f of [linalg.inv, linalg.qr, linalg.svd, linalg.matrixNorm, linalg.pinv, linalg.matrixRank])
      expect(() => f(torch.ones(2))).toThrow('matrices [..., m, n] are needed, got [2]')
    expect(() => linalg.solve(torch.eye(3), torch.ones(2, 2))).toThrow('sizes do not fit A X = B')
    expect(() => linalg.solve(torch.eye(3), torch.ones(3), { left: false })).toThrow('sizes do not fit X A = B')
    expect(() => linalg.solve(torch.ones(1, 1), torch.ones(1), { left: false })).toThrow('a vector on the left')
    expect(() => linalg.solveTriangular(torch.eye(2), torch.ones(2), { upper: true })).toThrow(ShapeError)
    expect(() => linalg.lstsq(torch.ones(3, 2), torch.ones(2, 1))).toThrow('rows and leading dimensions differ')
    expect(() => linalg.matrixNorm(torch.ones(2, 2), 1, { dim: [0, 0] })).toThrow('two different dimensions')
    expect(() => linalg.norm(torch.ones(2, 2, 2), 2)).toThrow('one or two dimensions are needed, got [2, 2, 2]')
    expect(() => linalg.norm(torch.ones(2, 2, 2), null, { dim: [0, 1, 2] })).toThrow('one or two dimensions')
    expect(() => torch.norm(torch.ones(2, 2, 2), 'nuc')).toThrow("'nuc' needs two dimensions")
    expect(() => torch.cross(ones(), ones())).toThrow('no dimension of size 3 in [2, 2]')
    expect(() => linalg.cross(torch.ones(3), torch.ones(2, 3))).toThrow('as many dimensions are needed')
    expect(() => linalg.multiDot([torch.eye(2), torch.ones(3, 2)])).toThrow('tensors 0 and 1 cannot be multiplied')
    expect(() => linalg.multiDot([torch.eye(2), torch.ones(2), torch.eye(2)])).toThrow('tensor 1 has shape [2]')
    expect(() => linalg.multiDot([torch.eye(2)])).toThrow('at least two tensors are needed, got 1')
  })

  test('words and numbers that are not known', () => {
    expect(() => linalg.qr(ones(), { mode: 'full' as 'r' })).toThrow("got 'full'")
    expect(() => linalg.eigvalsh(ones(), { UPLO: 'X' as 'L' })).toThrow("UPLO must be 'L' or 'U', got 'X'")
    expect(() => linalg.matrixNorm(ones(), 3)).toThrow('order 3 does not exist')
    expect(() => linalg.norm(ones(), 0)).toThrow(ValueError)
    expect(() => torch.norm(ones(), 'bla' as 'fro')).toThrow("'fro' or 'nuc', got 'bla'")
    expect(() => linalg.matrixPower(ones(), 1.5)).toThrow('the power must be a whole number, got 1.5')
    expect(() => linalg.lstsq(ones(), ones(), { driver: 'x' as 'gels' })).toThrow("got 'x'")
  })

  test('integers, low precision and mixed dtypes are refused as in PyTorch', () => {
    const whole = torch.eye(2, { dtype: 'int64' })
    const half = torch.eye(2, { dtype: 'float16' })
    for (const f of [linalg.inv, linalg.det, linalg.qr, linalg.svdvals, linalg.eigvalsh, linalg.cholesky]) {
      expect(() => f(whole)).toThrow('expected a floating-point tensor, got int64')
      expect(() => f(half)).toThrow('low precision is not supported, got float16')
    }
    expect(() => linalg.solve(torch.eye(2), torch.ones(2, { dtype: 'float64' }))).toThrow(DTypeError)
    expect(() => linalg.vecdot(whole, whole)).toThrow('expected a floating-point tensor, got int64')
    expect(() => linalg.matrixPower(whole, -1)).toThrow(DTypeError)
    expect(linalg.matrixPower(whole.mul(2), 3).tolist()).toEqual([
      [8, 0],
      [0, 8],
    ])
    expect(torch.cross(tensor([1, 2, 3]), tensor([4, 5, 6])).tolist()).toEqual([-3, 6, -3])
    expect(() => torch.cross(torch.ones(3, { dtype: 'bool' }), torch.ones(3, { dtype: 'bool' }))).toThrow(DTypeError)
    expect(linalg.matrixNorm(half, 1).dtype).toBe('float16')
    expect(() => linalg.matrixNorm(half, 2)).toThrow(DTypeError)
    expect(linalg.norm(torch.eye(2), null, { dtype: 'float64' }).dtype).toBe('float64')
    expect(() => linalg.norm(wave([2]), null, { dtype: 'float32' })).toThrow('dtype must not be narrower')
  })

  test('under autocast 16 bits become float32; vector norms and products stay', () => {
    const a = torch.eye(3, { dtype: 'bfloat16' }).add(0.125).requiresGrad_()
    const b = torch.ones(3, 2, { dtype: 'float16' })
    torch.autocast(() => {
      const results = [
        linalg.inv(a),
        linalg.solve(a, b),
        linalg.solve(a.float(), b),
        linalg.solveTriangular(a, b, { upper: true }),
        linalg.cholesky(a),
        torch.choleskySolve(b, a),
        linalg.qr(a).R,
        linalg.eigvalsh(a),
        linalg.svdvals(a),
        linalg.det(a),
        linalg.pinv(a),
        linalg.pinv(a, { hermitian: true }),
        linalg.lstsq(a, b).solution,
        linalg.cond(a),
        linalg.matrixNorm(a),
        linalg.matrixNorm(a, 1),
        linalg.norm(a, 2),
        linalg.lu(a).U,
        linalg.matrixExp(a),
      ]
      expect(results.map((x) => x.dtype)).toEqual(results.map(() => 'float32'))
      const { LU, pivots } = linalg.luFactor(a.float())
      const exact = linalg.solve(a.float(), b.float())
      expect(linalg.luSolve(LU, pivots, b).sub(exact).abs().max().item()).toBeLessThan(1e-6)
      expect([linalg.norm(a), linalg.vecdot(a, a), linalg.multiDot([a, a])].map((x) => x.dtype)).toEqual(
        results.slice(0, 3).map(() => 'bfloat16'),
      )
      results[0].sum().backward()
    })
    expect(a.grad?.dtype).toBe('bfloat16')
  })

  test('matrices without elements', () => {
    const none = torch.zeros(3, 0, 0)
    expect(linalg.det(none).tolist()).toEqual([1, 1, 1])
    expect(linalg.slogdet(none).logabsdet.tolist()).toEqual([0, 0, 0])
    expect(linalg.inv(none).shape).toEqual([3, 0, 0])
    expect(linalg.solve(none, torch.zeros(3, 0, 2)).shape).toEqual([3, 0, 2])
    expect(linalg.svd(torch.zeros(2, 0)).U.tolist()).toEqual([
      [1, 0],
      [0, 1],
    ])
    expect(linalg.pinv(torch.zeros(2, 0)).shape).toEqual([0, 2])
    expect(linalg.matrixRank(torch.zeros(2, 0, 3)).tolist()).toEqual([0, 0])
    expect(linalg.cond(torch.zeros(2, 0, 0), 1).tolist()).toEqual([0, 0])
    expect(linalg.cond(torch.zeros(0, 2), 1).item()).toBe(0)
    expect(linalg.eigh(none).eigenvalues.shape).toEqual([3, 0])
    expect(linalg.matrixNorm(torch.zeros(0, 3), 'nuc').item()).toBe(0)
    expect(linalg.matrixNorm(torch.zeros(0, 3), 1).item()).toBe(0)
    expect(() => linalg.matrixNorm(torch.zeros(3, 0), 1)).toThrow()
  })

  test('norms of no elements: 0, in torch.linalg an error where there is no identity', () => {
    expect(torch.norm(torch.zeros(0), infinity).item()).toBe(0)
    expect(torch.norm(torch.zeros(0, 3), -1, { dim: 0 }).tolist()).toEqual([0, 0, 0])
    expect(linalg.vectorNorm(torch.zeros(0)).item()).toBe(0)
    expect(() => linalg.vectorNorm(torch.zeros(0), infinity)).toThrow('order Infinity of no elements does not exist')
    expect(() => linalg.vectorNorm(torch.zeros(0, 3), -1, { dim: 0 })).toThrow(ShapeError)
    expect(linalg.vectorNorm(torch.zeros(0, 3), infinity, { dim: 1 }).shape).toEqual([0])
  })

  test('singular matrices where they are allowed', () => {
    expect(linalg.slogdet(ones()).map((x) => x.item())).toEqual([0, -infinity])
    expect(torch.logdet(torch.eye(3).neg()).item()).toBeNaN()
    expect(torch.logdet(torch.zeros(2, 2)).item()).toBe(-infinity)
    expect(linalg.cond(torch.zeros(2, 2), 1).item()).toBe(infinity)
    expect(linalg.cond(torch.zeros(2, 2)).item()).toBeNaN()
    expect(linalg.solveTriangular(torch.zeros(2, 2), torch.ones(2, 1), { upper: false }).tolist()).toEqual([
      [infinity],
      [Number.NaN],
    ])
    const x = ones().requiresGrad_()
    expect(grad([linalg.slogdet(x).logabsdet], [x])[0]?.tolist()).toEqual([
      [infinity, -infinity],
      [-infinity, infinity],
    ])
    expect(linalg.matrixRank(ones()).item()).toBe(1)
    expect(linalg.matrixRank(ones(), { hermitian: true }).item()).toBe(1)
    expect(linalg.matrixRank(ones(), { atol: 10 }).item()).toBe(0)
  })

  test('NaN goes through LU and eigenvalues; singular values refuse it', () => {
    const bad = torch.full([2, 2], Number.NaN)
    expect(linalg.inv(bad).numbers()).toEqual([1, 2, 3, 4].map(() => Number.NaN))
    expect(linalg.eigvalsh(bad).tolist()).toEqual([Number.NaN, Number.NaN])
    expect(linalg.slogdet(bad).sign.item()).toBe(0)
    expect(() => linalg.svdvals(torch.stack([torch.eye(2), bad]))).toThrow('(batch element 1) the singular values')
  })

  test("LAPACK's signs: R keeps the sign of what needs no reflection", () => {
    const { Q, R } = linalg.qr(
      float([
        [2, 1],
        [0, -3],
      ]),
    )
    expect(Q.tolist()).toEqual([
      [1, 0],
      [0, 1],
    ])
    expect(R.tolist()).toEqual([
      [2, 1],
      [0, -3],
    ])
    expect(linalg.qr(ones(), { mode: 'r' }).Q.shape).toEqual([0])
  })

  test('what has no gradient says so', () => {
    const x = wave([4, 3]).requiresGrad_()
    const through = (mode: 'r' | 'complete') => () => linalg.qr(x, { mode }).R.sum().backward()
    expect(through('r')).toThrow("mode 'r' has no gradient")
    expect(through('complete')).toThrow('no gradient for more rows than columns: 4 and 3')
    expect(linalg.matrixRank(x).requiresGrad).toBe(false)
  })

  test("gradients of parts: of Q, of U, of eigenvectors alone, of a stack's one matrix", () => {
    const x = wave([2, 3, 3]).requiresGrad_()
    linalg.inv(x).at(1).sum().backward()
    expect(x.grad?.at(0).eq(0).all().item()).toBe(1)
    const y = wave([3, 3]).requiresGrad_()
    linalg.svd(y).U.sum().backward()
    expect(y.grad?.numbers().every(Number.isFinite)).toBe(true)
  })

  test("the nodes have PyTorch's names", () => {
    const a = wave([3, 3]).requiresGrad_()
    const s = a.matmul(a.mT).add(torch.eye(3, { dtype: 'float64' }))
    const names: [Tensor, string][] = [
      [linalg.inv(a), 'LinalgInvExBackward0'],
      [a.inverse(), 'LinalgInvExBackward0'],
      [linalg.det(a), 'LinalgDetBackward0'],
      [linalg.slogdet(a).sign, 'LinalgSlogdetBackward0'],
      [torch.logdet(a), 'WhereBackward0'],
      [linalg.solve(a, a), 'LinalgSolveExBackward0'],
      [linalg.solve(a, a, { left: false }), 'LinalgSolveExBackward0'],
      [linalg.solveTriangular(a, a, { upper: true, left: false }), 'LinalgSolveTriangularBackward0'],
      [linalg.cholesky(s), 'LinalgCholeskyExBackward0'],
      [torch.cholesky(s), 'CholeskyBackward0'],
      [linalg.lu(a).U, 'LinalgLuBackward0'],
      [linalg.luFactor(a).LU, 'LinalgLuFactorExBackward0'],
      [linalg.qr(a).R, 'LinalgQrBackward0'],
      [linalg.eigvalsh(a), 'LinalgEighBackward0'],
      [linalg.svdvals(a), 'LinalgSvdBackward0'],
      [linalg.norm(a), 'LinalgVectorNormBackward0'],
      [linalg.norm(a, 2), 'AmaxBackward0'],
      [linalg.norm(a, 1), 'AmaxBackward0'],
      [torch.norm(a, 'nuc'), 'SumBackward1'],
      [torch.norm(a), 'NormBackward1'],
      [linalg.cross(a, a), 'LinalgCrossBackward0'],
      [linalg.vecdot(a, a), 'SumBackward1'],
      [linalg.matrixPower(a, 0), 'CopyBackwards'],
      [linalg.matrixPower(a, 1), 'CloneBackward0'],
      [linalg.matrixPower(a, 3), 'MmBackward0'],
      [linalg.matrixExp(a), 'LinalgMatrixExpBackward0'],
      [linalg.pinv(a), 'LinalgPinvBackward0'],
      [linalg.lstsq(a, a).solution, 'LinalgLstsqBackward0'],
      [a.sumToSize(1, 3), 'SumBackward1'],
    ]
    expect(names.map(([x]) => nameOf(x))).toEqual(names.map(([, name]) => name))
  })

  test('older names and methods', () => {
    const a = wave([3, 3])
    const same = (x: Tensor, y: Tensor): void => expect(x.tolist()).toEqual(y.tolist())
    const s = a.matmul(a.mT).add(torch.eye(3, { dtype: 'float64' }))
    same(a.det(), linalg.det(a))
    same(torch.slogdet(a)[1], linalg.slogdet(a).logabsdet)
    same(a.logdet(), torch.logdet(a))
    same(torch.inverse(a), linalg.inv(a))
    same(s.cholesky({ upper: true }), linalg.cholesky(s, { upper: true }))
    same(a.qr()[1], linalg.qr(a).R)
    same(torch.qr(a.narrow(1, 0, 2), { some: false })[0], linalg.qr(a.narrow(1, 0, 2), { mode: 'complete' }).Q)
    same(a.matrixExp(), linalg.matrixExp(a))
    same(a.matrixPower(2), linalg.matrixPower(a, 2))
    same(a.pinverse(), linalg.pinv(a, { rtol: 1e-15 }))
    same(torch.chainMatmul(a, a), linalg.multiDot([a, a]))
    same(a.cross(a.t()), torch.cross(a, a.t()))
    same(linalg.diagonal(a), a.diagonal())
    const { U, S, V } = torch.svd(a.narrow(1, 0, 2))
    expect([U.shape, S.shape, V.shape]).toEqual([[3, 2], [2], [2, 2]])
    same(V, linalg.svd(a.narrow(1, 0, 2)).Vh.mT)
    expect(a.narrow(1, 0, 2).svd({ some: false }).U.shape).toEqual([3, 3])
    expect(torch.svd(a.narrow(1, 0, 2), { computeUv: false }).U.tolist()).toEqual(torch.zeros(3, 3).tolist())
  })

  test('tensors as matrices, and powers', () => {
    const whole = torch.eye(6).reshape(2, 3, 6)
    expect(linalg.tensorinv(whole).shape).toEqual([6, 2, 3])
    expect(() => linalg.tensorinv(whole, { ind: 1 })).toThrow(
      'the product of the first 1 sizes is not that of the rest',
    )
    expect(() => linalg.tensorinv(whole, { ind: 0 })).toThrow('ind must be a whole number above 0, got 0')
    expect(linalg.tensorsolve(whole, torch.ones(2, 3)).shape).toEqual([6])
    expect(() => linalg.tensorsolve(torch.ones(2, 2, 3), torch.ones(2))).toThrow('do not make a square matrix')
    expect(linalg.vander(tensor([1, 2, 3])).tolist()).toEqual([
      [1, 1, 1],
      [1, 2, 4],
      [1, 3, 9],
    ])
    expect(() => linalg.vander(wave([2, 3]), { N: 1 })).toThrow('N must be a whole number above 1, got 1')
    expect(() => linalg.vander(torch.ones(2, { dtype: 'bool' }))).toThrow(DTypeError)
    expect(() => linalg.vander(torch.tensor(2))).toThrow(ShapeError)
  })

  test('least squares: which results a driver gives', () => {
    const a = float([
      [1, 0],
      [0, 1],
      [1, 1],
    ])
    const b = float([[1], [2], [4]])
    const close = (x: Tensor, wanted: number[]): void =>
      expect(x.numbers()).toEqual(wanted.map((value) => expect.closeTo(value, 6)))
    const plain = linalg.lstsq(a, b)
    close(plain.solution, [4 / 3, 7 / 3])
    expect([plain.residuals.shape, plain.rank.item(), plain.singularValues.shape]).toEqual([[0], 2, [0]])
    close(linalg.lstsq(a, b, { driver: 'gels' }).residuals, [1 / 3])
    expect(linalg.lstsq(a, b, { driver: 'gels' }).rank.shape).toEqual([0])
    close(linalg.lstsq(a, b, { driver: 'gelsd' }).singularValues, [Math.sqrt(3), 1])
    expect(linalg.lstsq(a, b.squeeze(1)).solution.shape).toEqual([2])
    // Of rank 1: the shortest of many solutions, and no residuals.
    const flat = linalg.lstsq(torch.ones(3, 2), b, { driver: 'gelsd' })
    close(flat.solution, [7 / 6, 7 / 6])
    expect([flat.rank.item(), flat.residuals.shape]).toEqual([1, [0]])
  })
})
