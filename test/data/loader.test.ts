// DataLoader and data sets: the order of PyTorch, batches, and memory that belongs to the iteration.
import { beforeEach, describe, expect, test } from 'vitest'
import * as torch from '../../src/index.ts'
import { type Tensor, ValueError } from '../../src/index.ts'
import {
  collate,
  ConcatDataset,
  DataLoader,
  type DataLoaderOptions,
  type Dataset,
  randomSplit,
  Subset,
  TensorDataset,
} from '../../src/data/index.ts'
import { memory, settledStorages } from '../support/memory.ts'

beforeEach(() => void torch.manualSeed(1234))

const numbers = (count = 10) => new TensorDataset(torch.arange(count))
/** Samples one by one, at once or later. */
class Slow implements Dataset<readonly [Tensor]> {
  readonly length = 10
  readonly asked: number[] = []
  readonly later: boolean
  constructor(later = true) {
    this.later = later
  }
  get(index: number): readonly [Tensor] | Promise<readonly [Tensor]> {
    this.asked.push(index)
    const make = (): readonly [Tensor] => [torch.tensor(index).mul(1)]
    if (!this.later) return make()
    return new Promise((resolve) => setTimeout(resolve, index % 3)).then(make)
  }
}
const pass = (loader: Iterable<readonly Tensor[]>): unknown[] => Array.from(loader, ([x]) => x.tolist())
async function asyncPass(loader: AsyncIterable<readonly Tensor[]>): Promise<unknown[]> {
  const out: unknown[] = []
  for await (const [x] of loader) out.push(x.tolist())
  return out
}
const storages = (): number => memory().storages

describe('the order is that of PyTorch', () => {
  const cases: [string, DataLoaderOptions<readonly [Tensor]> & { seed?: number }, number[][][], number][] = [
    [
      'shuffled',
      { batchSize: 3, shuffle: true },
      [
        [[2, 1, 3], [6, 7, 9], [5, 4, 8], [0]],
        [[3, 0, 9], [5, 2, 6], [4, 7, 8], [1]],
      ],
      0.6738061308860779,
    ],
    [
      'without the last short batch',
      { batchSize: 4, shuffle: true, dropLast: true },
      [
        [
          [2, 1, 3, 6],
          [7, 9, 5, 4],
        ],
        [
          [3, 0, 9, 5],
          [2, 6, 4, 7],
        ],
      ],
      0.6738061308860779,
    ],
    [
      'where batches fit exactly',
      { batchSize: 5, shuffle: true },
      [
        [
          [2, 1, 3, 6, 7],
          [9, 5, 4, 8, 0],
        ],
        [
          [3, 0, 9, 5, 2],
          [6, 4, 7, 8, 1],
        ],
      ],
      0.6738061308860779,
    ],
    [
      'with a generator',
      { batchSize: 4, shuffle: true, seed: 7 },
      [
        [
          [1, 3, 5, 7],
          [9, 4, 6, 2],
          [8, 0],
        ],
        [
          [5, 1, 6, 0],
          [9, 7, 8, 4],
          [3, 2],
        ],
      ],
      0.028979241847991943,
    ],
    ['in order', { batchSize: 3 }, [[[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]], 0.25984418392181396],
  ]
  const build = ({ seed, ...options }: (typeof cases)[number][1]) => {
    const generator = seed === undefined ? undefined : new torch.Generator()
    generator?.manualSeed(seed as number)
    return new DataLoader(numbers(), { ...options, generator })
  }
  test.each(cases)('%s, and so is the next random number', (_, options, epochs, next) => {
    const loader = build(options)
    for (const expected of epochs) {
      expect(loader.length).toBe(expected.length)
      expect(pass(loader)).toEqual(expected)
    }
    expect(torch.rand(1).item()).toBe(next)
  })
  test.each(cases)('%s, with for await', async (_, options, epochs, next) => {
    const loader = build(options)
    for (const expected of epochs) expect(await asyncPass(loader)).toEqual(expected)
    expect(torch.rand(1).item()).toBe(next)
  })
  test('after a pass that was left early', () => {
    const loader = new DataLoader(numbers(), { batchSize: 3, shuffle: true })
    for (const [x] of loader) {
      expect(x.tolist()).toEqual([2, 1, 3])
      break
    }
    expect(pass(loader)).toEqual([[3, 0, 9], [5, 2, 6], [4, 7, 8], [1]])
  })
})

describe('batches', () => {
  test('stack tensors, collect numbers, and list the rest', () => {
    const [x, n, b, s] = collate([
      [torch.ones(2), 1, true, 'a'],
      [torch.zeros(2), 2, false, 'b'],
    ]) as unknown as [Tensor, Tensor, Tensor, string[]]
    expect(x.shape).toEqual([2, 2])
    expect([n.dtype, n.tolist()]).toEqual(['int64', [1, 2]])
    expect([b.dtype, b.tolist()]).toEqual(['bool', [true, false]])
    expect(s).toEqual(['a', 'b'])
  })
  test('are made by a function of one’s own', async () => {
    const largest = (samples: readonly (readonly [Tensor])[]) =>
      [torch.tensor(Math.max(...samples.map(([x]) => x.item())))] as const
    const loader = new DataLoader(numbers(5), { batchSize: 2, collate: largest })
    expect(pass(loader)).toEqual([1, 3, 4])
    expect(await asyncPass(loader)).toEqual([1, 3, 4])
  })
  test('of an empty data set are none', async () => {
    expect(pass(new DataLoader(numbers(0)))).toEqual([])
    expect(await asyncPass(new DataLoader(numbers(0)))).toEqual([])
  })
  test('take the rows of several tensors together', () => {
    const set = new TensorDataset(torch.arange(6).reshape(3, 2), torch.tensor([7, 8, 9]))
    const [[x, y]] = new DataLoader(set, { batchSize: 3, shuffle: true })
    expect(set.length).toBe(3)
    expect([x.shape, y.shape]).toEqual([[3, 2], [3]])
  })
  test('need whole sizes', () => {
    expect(() => new DataLoader(numbers(), { batchSize: 0 })).toThrow(
      'DataLoader: batchSize must be a whole number >= 1, got 0',
    )
    expect(() => new DataLoader(numbers(), { prefetch: -1 })).toThrow(ValueError)
  })
})

describe('a data set that loads asynchronously', () => {
  test('comes in order, read ahead', async () => {
    const set = new Slow()
    const seen: number[] = []
    for await (const [x] of new DataLoader(set, { batchSize: 2, prefetch: 2 }))
      seen.push(set.asked.length, ...(x.tolist() as number[]))
    expect(seen).toEqual([6, 0, 1, 8, 2, 3, 10, 4, 5, 10, 6, 7, 10, 8, 9])
  })
  test('is not read ahead where it need not wait', async () => {
    const set = new Slow(false)
    for await (const [x] of new DataLoader(set, { batchSize: 5 }))
      expect(set.asked.length).toBe((x.tolist() as number[])[0] + 5)
  })
  test('needs for await', () => {
    expect(() => pass(new DataLoader(new Slow()))).toThrow(/this data set loads asynchronously[^]*for await/)
  })
  test('that fails rejects in its turn, and nothing else is reported', async () => {
    const set: Dataset<readonly [Tensor]> = {
      length: 6,
      get: async (index) => {
        if (index === 3) throw new Error('broken sample')
        return [torch.tensor(index)]
      },
    }
    const before = await settledStorages()
    const seen: unknown[] = []
    await expect(
      (async () => {
        for await (const [x] of new DataLoader(set, { batchSize: 1 })) seen.push(x.tolist())
      })(),
    ).rejects.toThrow('broken sample')
    expect(seen).toEqual([[0], [1], [2]])
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(storages()).toBe(before)
  })
})

describe('a data set that reads ahead', () => {
  /** Late and early files by turns; a random number for each sample when it is made, as the images of a folder have. */
  class Noisy implements Dataset<readonly [Tensor, Tensor]> {
    readonly length = 7
    get(index: number): Promise<readonly [Tensor, Tensor]> {
      return this.prefetch(index).then((make) => make())
    }
    async prefetch(index: number): Promise<() => readonly [Tensor, Tensor]> {
      await new Promise((resolve) => setTimeout(resolve, (index * 3) % 5))
      const read = torch.tensor(index).mul(1)
      return () => [read.add(0), torch.rand([]).mul(1)]
    }
  }
  /** The same, without waiting. */
  const plain: Dataset<readonly [Tensor, Tensor]> = { length: 7, get: (i) => [torch.tensor(i), torch.rand([])] }
  const options = { batchSize: 2, shuffle: true }
  const pass = async (set: Dataset<readonly [Tensor, Tensor]>): Promise<unknown[]> => {
    const seen: unknown[] = []
    for await (const [x, noise] of new DataLoader(set, options))
      seen.push(x.tolist(), noise.tolist(), torch.rand(1).item())
    return seen
  }
  test('makes its random choices in the order of a plain loop, whatever is read first', async () => {
    const expected: unknown[] = []
    for (const [x, noise] of new DataLoader(plain, options))
      expected.push(x.tolist(), noise.tolist(), torch.rand(1).item())
    torch.manualSeed(1234)
    expect(await pass(new Noisy())).toEqual(expected)
  })
  test('does so in parts and together with others', async () => {
    const order = [4, 1, 6, 0, 3]
    const expected = await pass(new ConcatDataset([new Subset(plain, order), plain]))
    for (const sets of [
      [new Subset(new Noisy(), order), new Noisy()],
      [new Subset(new Noisy(), order), plain],
      [new Subset(plain, order), new Noisy()],
    ]) {
      torch.manualSeed(1234)
      expect(await pass(new ConcatDataset(sets))).toEqual(expected)
    }
    expect((await new Subset(new Noisy(), order).get(2))[0].item()).toBe(6)
    expect((await new ConcatDataset([plain, new Noisy()]).get(9))[0].item()).toBe(2)
  })
  test('gives its memory back, after a pass, a break and an error', async () => {
    const before = await settledStorages()
    await pass(new Noisy())
    for await (const [x] of new DataLoader(new Noisy(), options)) {
      x.add(1)
      break
    }
    await expect(async () => {
      for await (const [x] of new DataLoader(new Noisy(), options)) {
        x.add(1)
        throw new Error('stop')
      }
    }).rejects.toThrow('stop')
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(storages()).toBe(before)
  })
  test('needs for await', () => {
    expect(() => [...new DataLoader(new Noisy())]).toThrow(/this data set loads asynchronously/)
  })
})

describe('each iteration', () => {
  const set = numbers(6)
  test('frees what its body made when the next begins', async () => {
    let previous: Tensor | null = null
    const before = await settledStorages()
    for (const [x] of new DataLoader(set, { batchSize: 2 })) {
      expect(previous?.disposed ?? true).toBe(true)
      previous = x.add(1)
      expect(previous.disposed).toBe(false)
    }
    expect(previous?.disposed).toBe(true)
    expect(storages()).toBe(before)
  })
  test('frees its batch in for await, too', async () => {
    const before = await settledStorages()
    let last: Tensor | null = null
    for await (const [x] of new DataLoader(new Slow(), { batchSize: 3 })) {
      expect(last?.disposed ?? true).toBe(true)
      last = x.mul(2)
      await null
      last = last.add(1)
    }
    expect(last?.disposed).toBe(true)
    expect(storages()).toBe(before)
  })
  test('spares what is kept', () => {
    const kept: Tensor[] = []
    for (const [x] of new DataLoader(set, { batchSize: 3 })) kept.push(x.sum().keep())
    expect(kept.map((x) => x.item())).toEqual([3, 12])
    for (const x of kept) x.dispose()
  })
  test('ends with break and with an exception, and the scope outside is back', async () => {
    const before = await settledStorages()
    const outer = torch.scope(() => {
      for (const [x] of new DataLoader(set)) {
        x.add(1)
        break
      }
      expect(() => {
        for (const [x] of new DataLoader(set)) {
          x.add(1)
          throw new Error('stop')
        }
      }).toThrow('stop')
      expect(storages()).toBe(before)
      return torch.ones(1)
    })
    expect(outer.disposed).toBe(false)
    outer.dispose()
    for await (const [x] of new DataLoader(new Slow())) {
      x.add(1)
      break
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(storages()).toBe(before)
    const free = torch.ones(1)
    expect(free.owner).toBeNull()
    free.dispose()
  })
  test('inside another one belongs to it', async () => {
    const before = await settledStorages()
    for (const [x] of new DataLoader(set, { batchSize: 3 })) {
      const mine = x.add(1)
      for (const [y] of new DataLoader(set, { batchSize: 2 })) {
        expect(mine.disposed).toBe(false)
        y.add(mine.at(0))
      }
      const after = mine.mul(2)
      expect(after.disposed).toBe(false)
      expect(after.owner).toBe(mine.owner)
    }
    expect(storages()).toBe(before)
  })
  test('does not touch tensors of the data set that a collate function hands on', async () => {
    const owned = torch.ones(2)
    const loader = new DataLoader<readonly [Tensor]>(
      { length: 2, get: () => [owned] },
      { collate: ([sample]) => sample },
    )
    for (const [x] of loader) expect(x).toBe(owned)
    for await (const [x] of loader) expect(x).toBe(owned)
    expect(owned.disposed).toBe(false)
    owned.dispose()
  })
})

describe('loops that run side by side', () => {
  const sums = async (factor: number): Promise<number[]> => {
    const out: number[] = []
    const total = torch.zeros(1)
    for await (const [x] of new DataLoader(new Slow(), { batchSize: 2 })) {
      const y = x.mul(factor)
      await new Promise((resolve) => setTimeout(resolve, 1))
      total.add_(y.sum())
      out.push(total.item())
    }
    total.dispose()
    return out
  }
  const expected = (factor: number) => [1, 6, 15, 28, 45].map((sum) => sum * factor)
  test('do not free each other’s tensors', async () => {
    const before = await settledStorages()
    const results = await Promise.all([sums(1), sums(2), sums(3)])
    expect(results).toEqual([expected(1), expected(2), expected(3)])
    expect(storages()).toBe(before)
  })
  test('do not leave their scope to code that started them', async () => {
    const running = sums(1)
    const mine = torch.ones(1)
    expect(await running).toEqual(expected(1))
    expect(mine.disposed).toBe(false)
    const later = torch.ones(1)
    expect(later.owner).toBeNull()
    mine.dispose()
    later.dispose()
  })
  test('keep the gradient mode', async () => {
    const modes: boolean[] = []
    const w = torch.ones(1, { requiresGrad: true })
    await Promise.all([
      torch.noGrad(async () => {
        for await (const [x] of new DataLoader(new Slow(), { batchSize: 5 })) modes.push(x.mul(w).requiresGrad)
      }),
      (async () => {
        for await (const [x] of new DataLoader(new Slow(), { batchSize: 5 })) modes.push(x.mul(w).requiresGrad)
      })(),
    ])
    expect(modes.sort()).toEqual([false, false, true, true])
  })
})

describe('parts of data sets', () => {
  test('randomSplit draws as PyTorch does', () => {
    const parts = (lengths: number[], count = 10) => randomSplit(numbers(count), lengths).map((part) => part.indices)
    expect(parts([3, 7])).toEqual([
      [5, 4, 8],
      [2, 6, 9, 1, 7, 0, 3],
    ])
    torch.manualSeed(1234)
    expect(parts([0.5, 0.25, 0.25])).toEqual([
      [5, 4, 8, 2, 6, 9],
      [1, 7],
      [0, 3],
    ])
    torch.manualSeed(1234)
    expect(parts([0.3, 0.3, 0.4])).toEqual([
      [5, 4, 8],
      [2, 6, 9],
      [1, 7, 0, 3],
    ])
    const generator = new torch.Generator().manualSeed(42)
    expect(randomSplit(numbers(5), [2, 3], { generator }).map((part) => part.indices)).toEqual([
      [2, 4],
      [3, 0, 1],
    ])
    expect(parts([0.5, 0.5], 1)).toEqual([[0], []])
    expect(() => parts([3, 3])).toThrow('randomSplit: the lengths sum to 6, the data set has 10 samples')
  })
  test('Subset gives the chosen samples, in batches too', () => {
    const part = new Subset(numbers(), [7, 2, 5])
    expect(part.length).toBe(3)
    expect((part.get(-1) as readonly [Tensor])[0].item()).toBe(5)
    expect(pass(new DataLoader(part, { batchSize: 2 }))).toEqual([[7, 2], [5]])
    expect(() => new Subset(numbers(), [10])).toThrow('Subset: index 10 is out of range for 10 samples')
  })
  test('ConcatDataset puts one after another', () => {
    const both = new ConcatDataset([numbers(2), numbers(3)])
    expect(both.length).toBe(5)
    expect(pass(new DataLoader(both, { batchSize: 3 }))).toEqual([
      [0, 1, 0],
      [1, 2],
    ])
    expect(() => both.get(5)).toThrow(torch.IndexError)
  })
  test('TensorDataset needs tensors of one length, and keeps them', () => {
    expect(() => new TensorDataset(torch.ones(2), torch.ones(3))).toThrow(
      'TensorDataset: the tensors must have the same first size, got 2 and 3',
    )
    const set = torch.scope(() => ({ set: new TensorDataset(torch.arange(3)) })).set
    expect(set.get(1)[0].item()).toBe(1)
  })
})
