// The numbers that sections 2.3 and 2.4 of the book print.
import { expect, test } from 'vitest'
import * as torch from 'kindling'
import { A, curve, line, shares, slopes, t, u, x } from '../../course/04-linear-algebra/cells.ts'

test('sums, means and running sums of the matrix are those of the book', () => {
  expect(A.sum(0).tolist()).toEqual([40, 45, 50, 55])
  expect(A.sum(1).tolist()).toEqual([6, 22, 38, 54, 70])
  expect(A.mean().item()).toBe(9.5)
  expect(A.cumsum(0).at(-1).tolist()).toEqual([40, 45, 50, 55])
})

test('every row of the shares adds up to 1', () => {
  for (const sum of shares.sum(1).numbers()) expect(sum).toBeCloseTo(1, 6)
})

test('products and norms are those of the book', () => {
  expect(x.dot(torch.ones(4)).item()).toBe(6)
  expect(A.mv(x).tolist()).toEqual([14, 38, 62, 86, 110])
  expect(A.mm(torch.ones(4, 3)).tolist()).toEqual([6, 22, 38, 54, 70].map((sum) => [sum, sum, sum]))
  expect([u.norm().item(), u.abs().sum().item(), torch.ones(4, 9).norm().item()]).toEqual([5, 7, 6])
})

test('the slopes approach 2 as the book prints them', () => {
  expect(slopes.map((slope) => slope.toFixed(5))).toEqual(['2.30000', '2.03000', '2.00300', '2.00030', '2.00003'])
})

test('the tangent touches the curve at 1 and stays below it elsewhere', () => {
  const distance = curve.sub(line)
  expect(distance.at(10).item()).toBeCloseTo(0, 5)
  expect(distance.at(t.sub(1).abs().gt(0.05)).min().item()).toBeGreaterThan(0)
})
