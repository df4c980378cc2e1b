// The parameters of the kernel of products, in their order: product.ts writes them, product-code.ts reads them.

/** Digits and their steps are numbered from the outermost. */
const names = [
  ...['groups', 'mTiles', 'nTiles', 'splits', 'depth', 'm', 'n', 'k', 'n1', 'n2', 'k1', 'k2'],
  ...['aAt', 'bAt', 'cAt', 'biasAt', 'rowAt', 'columnAt', 'height', 'width'],
  ...['aBatch', 'bBatch', 'cBatch', 'biasBatch', 'cSplit', 'aM', 'cM', 'biasM', 'alpha', 'beta'],
  ...['aK0', 'bK0', 'rowK0', 'columnK0', 'aK1', 'bK1', 'rowK1', 'columnK1', 'aK2', 'bK2', 'rowK2', 'columnK2'],
  ...['bN0', 'cN0', 'biasN0', 'rowN0', 'columnN0', 'bN1', 'cN1', 'biasN1', 'rowN1', 'columnN1'],
  ...['bN2', 'cN2', 'biasN2', 'rowN2', 'columnN2'],
] as const
const places = new Map<string, number>(names.map((name, k) => [name, k]))
/** Where a parameter lies. */
export function parameterOf(name: string): number {
  const place = places.get(name)
  if (place === undefined) throw new RangeError(`product: no parameter ${name}`)
  return place
}
