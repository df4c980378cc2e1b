// Random operands and arguments: what every family's table draws from. Sizes are small and odd, with zeros, ones and 0-d tensors among them.
import { type DType, isFloating } from '../../src/base/dtype.ts'
import { halfFormatOf } from '../../src/base/half.ts'
import { contiguousStrides, numelOf } from '../../src/base/shape.ts'
import { Random } from '../support/views.ts'
import { Operand } from './case.ts'

/** What the elements are like. */
export type Values =
  /** Roughly normal. */
  | 'normal'
  /** Halves from -3 to 3: ties, and results that can be told apart. */
  | 'small'
  /** Normal, with NaN, infinities, signed zeros and large numbers among them. */
  | 'special'
  /** Normal, with NaN, infinities and signed zeros among them: for sums, which overflow in another order elsewhere. */
  | 'infinite'
  /** Between 0 and 1, the ends included. */
  | 'unit'
  /** Between 0.1 and 3. */
  | 'positive'
  /** Zeros and halves only. */
  | 'zeros'

export interface TensorOptions {
  readonly dtype?: DType
  readonly values?: Values
  /** Whether a gradient may be asked for. Default true. */
  readonly grad?: boolean
  /** Contiguous. */
  readonly plain?: boolean
  /** No element is shown twice: what is equal by that has a variance that is rounding only, in PyTorch as here. */
  readonly distinct?: boolean
}

export const floats = ['float32', 'float32', 'float32', 'float64', 'float16', 'bfloat16'] as const
export const integers = ['int64', 'int64', 'int32', 'uint8'] as const
export const anyDType: readonly DType[] = [...floats, ...integers, 'bool']

const sizes = [1, 1, 2, 3, 3, 4, 5, 5, 7, 8, 17, 33]
const specials = [Number.NaN, Infinity, -Infinity, -0, 0, 1, -1, 0.5, 1e4, -1e4, 1e-6, 3e38, -3e38, 1e-40, 65504]

const infinities = [Number.NaN, Infinity, -Infinity, -0, 0]

const extremes: { readonly [D in DType]?: readonly (number | bigint)[] } = {
  int64: [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, -(2n ** 31n), 2n ** 32n],
  int32: [2 ** 31 - 1, -(2 ** 31), 65536, -65537],
  uint8: [255, 128, 127],
}

/** The nearest number that the dtype holds. */
const rounded: { readonly [D in DType]?: (x: number) => number } = {
  float32: Math.fround,
  float16: Math.f16round,
  bfloat16: (x) => halfFormatOf('bfloat16')?.round(x) ?? x,
}

export class Draw extends Random {
  /** Whether gradients are asked for in this case at all. */
  wantsGrad = true

  chance(p: number): boolean {
    return this.next() < p
  }
  maybe<T>(p: number, make: () => T): T | undefined {
    return this.chance(p) ? make() : undefined
  }
  list<T>(count: number, make: (i: number) => T): T[] {
    return Array.from({ length: count }, (_, i) => make(i))
  }
  shuffled<T>(items: readonly T[]): T[] {
    const out = [...items]
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.int(0, i)
      ;[out[i], out[j]] = [out[j], out[i]]
    }
    return out
  }
  size(zero = 0.04): number {
    return this.chance(zero) ? 0 : this.pick(sizes)
  }

  /** Sizes whose product stays below `most`; once in a while far above, to cross the thresholds of threads and blocks. */
  shape(rank = this.pick([0, 1, 1, 2, 2, 2, 3, 3, 4, 5]), most = this.chance(0.02) ? 40_000 : 1500): number[] {
    const out: number[] = []
    let count = 1
    for (let d = 0; d < rank; d++) {
      let size = this.size()
      if (count * size > most) size = this.pick([1, 2])
      out.push(size)
      count *= Math.max(size, 1)
    }
    return this.shuffled(out)
  }

  /** A dimension of a tensor of `rank` dimensions, counted from either end; once in a while one too far. */
  dim(rank: number): number {
    if (this.chance(0.01)) return this.pick([rank, -rank - 1])
    const ends = Math.max(rank, 1)
    return this.int(-ends, ends - 1)
  }
  /** Different dimensions. */
  dims(rank: number, count = this.int(1, Math.max(rank, 1))): number[] {
    const all = this.shuffled(Array.from({ length: rank }, (_, d) => d)).slice(0, count)
    return all.map((d) => (this.chance(0.4) ? d - rank : d))
  }
  /** No dimension, one, or several: the argument of reductions. */
  someDims(rank: number): number | number[] | undefined {
    return this.pick([() => undefined, () => this.dim(rank), () => this.dims(rank)])()
  }

  dtype(of: readonly DType[] = anyDType): DType {
    return this.pick(of)
  }

  /** One element. */
  element(dtype: DType, values: Values): number | bigint {
    if (dtype === 'bool') return this.int(0, 1)
    if (!isFloating(dtype)) {
      const large = values === 'special' && this.chance(0.2) ? extremes[dtype] : undefined
      const x = large ? this.pick(large) : this.int(values === 'positive' ? 1 : values === 'unit' ? 0 : -5, 6)
      return dtype === 'uint8' ? Number(x) & 255 : dtype === 'int64' ? BigInt(x) : x
    }
    return (rounded[dtype] ?? Number)(this.real(values))
  }
  private real(values: Values): number {
    if (values === 'normal') return this.normal()
    if (values === 'small') return this.int(-6, 6) / 2
    if (values === 'unit') return this.chance(0.05) ? this.int(0, 1) : this.next()
    if (values === 'positive') return 0.1 + 2.9 * this.next()
    if (values === 'zeros') return this.pick([0, 0, 0, 0.5])
    if (values === 'infinite') return this.chance(0.1) ? this.pick(infinities) : this.normal()
    return this.chance(0.25) ? this.pick(specials) : this.normal() * this.pick([1, 1, 1, 100])
  }

  /** Mostly normal numbers. */
  values(): Values {
    return this.pick(['normal', 'normal', 'normal', 'small', 'zeros', 'special'])
  }
  /** For what adds up. */
  summands(): Values {
    return this.pick(['normal', 'normal', 'normal', 'small', 'zeros', 'infinite'])
  }
  /** Without infinities and NaN. */
  tame(): Values {
    return this.pick(['normal', 'normal', 'small'])
  }

  /** A tensor of `shape`: contiguous, permuted, with steps and gaps, expanded, with an offset. */
  tensor(shape: readonly number[], options: TensorOptions = {}): Operand {
    const dtype = options.dtype ?? this.dtype()
    const values = options.values ?? this.values()
    const { strides, offset, length } = options.plain ? layoutOf(shape) : this.layout(shape, !options.distinct)
    const grad = this.wantsGrad && (options.grad ?? true) && isFloating(dtype) && this.chance(0.8)
    return new Operand({
      dtype,
      shape,
      strides,
      offset,
      grad,
      values: this.list(length, () => this.element(dtype, values)),
    })
  }

  /** Integers from `low` to `high`, both included, mostly int64; once in a while one outside. */
  indices(shape: readonly number[], low: number, high: number, dtype: DType = 'int64', outside = 0.01): Operand {
    const { strides, offset, length } = this.layout(shape)
    const wrong = this.chance(outside)
    const one = (): bigint | number => {
      const x =
        wrong && this.chance(0.2) ? this.pick([low - 1, high + 1, high + 1000]) : high < low ? 0 : this.int(low, high)
      return dtype === 'int64' ? BigInt(x) : x
    }
    return new Operand({ dtype, shape, strides, offset, values: this.list(length, one) })
  }

  mask(shape: readonly number[]): Operand {
    return this.tensor(shape, { dtype: 'bool' })
  }

  private layout(
    shape: readonly number[],
    mayExpand = true,
  ): { strides: readonly number[]; offset: number; length: number } {
    if (this.chance(0.45)) return layoutOf(shape)
    const order = this.chance(0.6) ? this.shuffled(shape.map((_, d) => d)) : shape.map((_, d) => d)
    const strides = new Array<number>(shape.length)
    let step = this.pick([1, 1, 1, 2, 3])
    const expanded = mayExpand && this.chance(0.15)
    for (const d of order.reverse()) {
      if (expanded && this.chance(0.4)) {
        strides[d] = 0
        continue
      }
      strides[d] = step
      step *= Math.max(shape[d], 1) + this.pick([0, 0, 1, 2])
    }
    const offset = this.pick([0, 0, 1, 3, 4])
    const last = shape.reduce((sum, size, d) => sum + Math.max(size - 1, 0) * strides[d], 0)
    return { strides, offset, length: offset + last + 1 + this.pick([0, 0, 2]) }
  }

  /** A shape that broadcasts with `shape`: some dimensions of size 1, some missing in front. */
  broadcastable(shape: readonly number[]): number[] {
    const part = shape.slice(this.chance(0.3) ? this.int(0, shape.length) : 0)
    const out = part.map((size) => (this.chance(0.2) ? 1 : size))
    if (this.chance(0.01) && out.length > 0) out[this.int(0, out.length - 1)] += 1
    return out
  }

  /** Options with the fields that were drawn. */
  options<T extends Record<string, unknown>>(fields: T, p = 0.4): { [name: string]: never } {
    const entries = Object.entries(fields)
      .filter(([, make]) => make !== undefined && this.chance(p))
      .map(([name, make]) => [name, typeof make === 'function' ? make() : make])
    return Object.fromEntries(entries)
  }
}

const layoutOf = (shape: readonly number[]) => ({
  strides: contiguousStrides(shape),
  offset: 0,
  length: numelOf(shape),
})
