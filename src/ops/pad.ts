// Padding and sliding windows: pad, pixelShuffle, unfold (im2col) and fold (col2im).
import { record } from '../autograd/record.ts'
import { ShapeError, ValueError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import { launch } from '../runtime/launch.ts'
import { Tensor } from '../tensor/tensor.ts'
import { underAutocast } from './autocast.ts'
import { type Addressing, readAt, sumAt } from './address.ts'
import { fillWith } from './fill.ts'
import { fromHost } from './host.ts'
import { permute } from './permute.ts'
import { reshape } from './reshape.ts'
import { narrow } from './slice.ts'
import { cloneOf } from './view.ts'

export type PadMode = 'constant' | 'reflect' | 'replicate' | 'circular'
export interface PadOptions {
  /** Default `constant`. */
  mode?: PadMode
  /** The constant. Default 0. */
  value?: number | null
}

/** Padding before and after each dimension. */
function pairsOf(x: Tensor, pad: readonly number[]): [number, number][] {
  if (pad.length % 2 !== 0 || pad.length > 2 * x.ndim || pad.some((n) => !Number.isInteger(n))) {
    throw new ShapeError(
      `pad: an even count of at most ${2 * x.ndim} whole numbers is needed for shape ${formatShape(x.shape)}, got ${formatShape(pad)}`,
    )
  }
  return x.shape.map((_, d) => {
    const k = 2 * (x.ndim - 1 - d)
    return [pad[k] ?? 0, pad[k + 1] ?? 0]
  })
}

/**
 * `pad` counts elements to add [before, after] the last dimension, then the one before it, and so on; negative numbers cut.
 * reflect (needs less padding than the size), replicate and circular pad the last one to three dimensions of a tensor with one or two more.
 * Throws ShapeError where the padding does not fit. Source: `torch.nn.functional.pad`.
 */
export function pad(x: Tensor, pad: readonly number[], { mode = 'constant', value = 0 }: PadOptions = {}): Tensor {
  const pairs = pairsOf(x, pad)
  const shape = x.shape.map((size, d) => size + pairs[d][0] + pairs[d][1])
  shape.forEach((size, d) => {
    if (size < 0)
      throw new ShapeError(
        `pad: dimension ${d} with size ${x.shape[d]} cannot lose ${-pairs[d][0] - pairs[d][1]} elements`,
      )
  })
  if (mode === 'constant') return padConstant(x, pad, pairs, shape, value ?? 0)
  const row = modes[mode]
  if (row === undefined)
    throw new ValueError(`pad: mode must be constant, reflect, replicate or circular, got '${String(mode)}'`)
  const count = pad.length / 2
  if (count < 1 || count > 3 || (x.ndim !== count + 1 && x.ndim !== count + 2)) {
    throw new ShapeError(
      `pad: mode ${mode} pads the last 1 to 3 dimensions of a tensor with one or two more: got ${pad.length} numbers for shape ${formatShape(x.shape)}`,
    )
  }
  const padded = x.shape.map((_, d) => d).slice(-count)
  const indices = padded.map((d) => {
    row.check(x.shape, d, pairs[d])
    return fromHost(
      BigInt64Array.from({ length: shape[d] }, (_, i) => BigInt(row.source(i, x.shape[d], pairs[d]))),
      [shape[d]],
      'int64',
      x.device,
    )
  })
  const where: Addressing = {
    common: shape,
    follows: shape.map((_, d) => (padded.includes(d) ? -1 : d)),
    indexed: padded.map((dim) => ({ dim, start: dim })),
  }
  // PyTorch's list has reflection and replication.
  const [source] = mode === 'circular' ? [x] : underAutocast('pad', x)
  return readAt(`${row.name}${mode === 'circular' ? '' : `${count}D`}Backward0`, source, indices, where)
}

function padConstant(
  x: Tensor,
  given: readonly number[],
  pairs: readonly [number, number][],
  shape: readonly number[],
  value: number,
): Tensor {
  const out = Tensor.empty(shape, x.dtype, x.device)
  fillWith(out, value)
  let [source, target] = [x.detach(), out]
  pairs.forEach(([before, after], d) => {
    const length = Math.max(0, x.shape[d] + Math.min(before, 0) + Math.min(after, 0))
    source = narrow(source, d, length === 0 ? 0 : Math.max(-before, 0), length)
    target = narrow(target, d, length === 0 ? 0 : Math.max(before, 0), length)
  })
  launch({ kind: 'copy', x: source, out: target })
  const back = given.map((n) => -n)
  return record('ConstantPadNdBackward0', [x], out, [], (grad) => [pad(grad, back)])
}

interface PadRow {
  readonly name: string
  /** The position of the source that position `i` of the result shows. */
  source(i: number, size: number, pair: readonly [number, number]): number
  check(shape: readonly number[], d: number, pair: readonly [number, number]): void
}

const refuse = (d: number, shape: readonly number[], pair: readonly [number, number], rule: string): never => {
  throw new ShapeError(`pad: padding ${formatShape(pair)} ${rule} at dimension ${d} of ${formatShape(shape)}`)
}

const modes: { readonly [M in Exclude<PadMode, 'constant'>]: PadRow } = {
  reflect: {
    name: 'ReflectionPad',
    source: (i, size, [before]) => {
      const at = Math.abs(i - before)
      return at < size ? at : 2 * (size - 1) - at
    },
    check: (shape, d, pair) =>
      void (Math.max(...pair) >= shape[d] && refuse(d, shape, pair, 'must be less than the size')),
  },
  replicate: {
    name: 'ReplicationPad',
    source: (i, size, [before]) => Math.min(Math.max(i - before, 0), size - 1),
    check: (shape, d, pair) => void (shape[d] === 0 && refuse(d, shape, pair, 'needs an element to repeat')),
  },
  circular: {
    name: 'CircularPad',
    source: (i, size, [before, after]) => {
      const first = Math.max(-before, 0)
      const length = size - first - Math.max(-after, 0)
      return first + ((((i - Math.max(before, 0)) % length) + length) % length)
    },
    check: (shape, d, pair) =>
      void (Math.max(...pair) > shape[d] && refuse(d, shape, pair, 'goes round more than once')),
  },
}

/** Channels [.., C * r^2, H, W] moved into the plane: [.., C, H * r, W * r]. Source: `torch.nn.functional.pixel_shuffle`. */
export function pixelShuffle(x: Tensor, upscaleFactor: number): Tensor {
  const r = factor('pixelShuffle', x, upscaleFactor)
  const [c, h, w] = x.shape.slice(-3)
  if (c % (r * r) !== 0) throw new ShapeError(`pixelShuffle: ${c} channels are not a multiple of ${r * r}`)
  const lead = x.shape.slice(0, -3)
  const apart = reshape(x.detach(), [...lead, c / (r * r), r, r, h, w])
  const out = reshape(inPlane(apart, lead.length, [0, 3, 1, 4, 2]), [...lead, c / (r * r), h * r, w * r])
  return record('PixelShuffleBackward0', [x], owned(out), [], (grad) => [pixelUnshuffle(grad, r)])
}
/** The inverse of `pixelShuffle`: [.., C, H * r, W * r] to [.., C * r^2, H, W]. Source: `torch.nn.functional.pixel_unshuffle`. */
export function pixelUnshuffle(x: Tensor, downscaleFactor: number): Tensor {
  const r = factor('pixelUnshuffle', x, downscaleFactor)
  const [c, h, w] = x.shape.slice(-3)
  if (h % r !== 0 || w % r !== 0)
    throw new ShapeError(`pixelUnshuffle: height ${h} and width ${w} must be multiples of ${r}`)
  const lead = x.shape.slice(0, -3)
  const apart = reshape(x.detach(), [...lead, c, h / r, r, w / r, r])
  const out = reshape(inPlane(apart, lead.length, [0, 2, 4, 1, 3]), [...lead, c * r * r, h / r, w / r])
  return record('PixelUnshuffleBackward0', [x], owned(out), [], (grad) => [pixelShuffle(grad, r)])
}

function factor(op: string, x: Tensor, r: number): number {
  if (x.ndim < 3) throw new ShapeError(`${op}: at least three dimensions are needed, got ${formatShape(x.shape)}`)
  if (!Number.isInteger(r) || r < 1)
    throw new ValueError(`${op}: the factor must be a whole number greater than zero, got ${r}`)
  return r
}
const inPlane = (x: Tensor, lead: number, order: readonly number[]): Tensor =>
  permute(x, [...Array.from({ length: lead }, (_, d) => d), ...order.map((d) => d + lead)])
/** A result of its own, not a view. */
const owned = (x: Tensor): Tensor => cloneOf(x)

type Pair = number | readonly number[]
const pairOf = (x: Pair): [number, number] => (typeof x === 'number' ? [x, x] : [x[0], x[1] ?? x[0]])

export interface WindowOptions {
  /** Default 1. */
  dilation?: Pair
  /** Zeros around the image. Default 0. */
  padding?: Pair
  /** Default 1. */
  stride?: Pair
}

/** Which element of the padded image [N, C, H, W] each element of [N, C, KH, KW, OH, OW] shows. */
function windows(
  op: string,
  image: readonly number[],
  kernelSize: Pair,
  { dilation = 1, padding = 0, stride = 1 }: WindowOptions,
  device: Tensor['device'],
) {
  const [kernel, gap, border, step] = [kernelSize, dilation, padding, stride].map(pairOf)
  if ([...kernel, ...gap, ...step].some((n) => !(n > 0)) || border.some((n) => n < 0)) {
    throw new ValueError(
      `${op}: kernelSize, dilation and stride must be greater than zero, padding not negative: ${kernel}, ${gap}, ${step}, ${border}`,
    )
  }
  const [n, c, ...plane] = image
  const full = plane.map((size, k) => size + 2 * border[k])
  const count = full.map((size, k) => Math.floor((size - gap[k] * (kernel[k] - 1) - 1) / step[k]) + 1)
  if (count.some((size) => size < 1))
    throw new ShapeError(`${op}: windows of ${formatShape(kernel)} do not fit into ${formatShape(full)}`)
  const line = (k: number): Tensor => {
    const places = new BigInt64Array(kernel[k] * count[k])
    for (let i = 0; i < kernel[k]; i++)
      for (let j = 0; j < count[k]; j++) places[i * count[k] + j] = BigInt(i * gap[k] + j * step[k])
    // [KH, 1, OH] stands at dimensions 2 to 4, [KW, 1, OW] at 3 to 5.
    return fromHost(places, [kernel[k], 1, count[k]], 'int64', device)
  }
  const common = [n, c, ...kernel, ...count]
  const where: Addressing = {
    common,
    follows: [0, 1, -1, -1],
    indexed: [
      { dim: 2, start: 2 },
      { dim: 3, start: 3 },
    ],
  }
  return {
    where,
    indices: [line(0), line(1)],
    full: [n, c, ...full],
    columns: [n, c * kernel[0] * kernel[1], count[0] * count[1]],
    border,
  }
}

/** Windows of an image [N, C, H, W] (or without N) as columns [N, C * KH * KW, L]. Source: `torch.nn.functional.unfold`. */
export function unfold(x: Tensor, kernelSize: Pair, options: WindowOptions = {}): Tensor {
  if (x.ndim === 3)
    return reshape(unfold(reshape(x, [1, ...x.shape]), kernelSize, options), [
      -1,
      unfoldedLength(x, kernelSize, options),
    ])
  if (x.ndim !== 4)
    throw new ShapeError(`unfold: an image [N, C, H, W] or [C, H, W] is needed, got ${formatShape(x.shape)}`)
  const { where, indices, columns, border } = windows('unfold', x.shape, kernelSize, options, x.device)
  const [top, left] = border
  const padded = top === 0 && left === 0 ? x : pad(x, [left, left, top, top])
  return reshape(readAt('Im2ColBackward0', padded, indices, where), columns)
}
const unfoldedLength = (x: Tensor, kernelSize: Pair, options: WindowOptions): number =>
  windows('unfold', [1, ...x.shape], kernelSize, options, x.device).columns[2]

/** The inverse addressing of `unfold`: columns [N, C * KH * KW, L] (or without N) summed into an image [N, C, ...outputSize]. Source: `torch.nn.functional.fold`. */
export function fold(x: Tensor, outputSize: Pair, kernelSize: Pair, options: WindowOptions = {}): Tensor {
  if (x.ndim === 2)
    return reshape(fold(reshape(x, [1, ...x.shape]), outputSize, kernelSize, options), [-1, ...pairOf(outputSize)])
  const [kh, kw] = pairOf(kernelSize)
  if (x.ndim !== 3 || x.shape[1] % (kh * kw) !== 0) {
    throw new ShapeError(`fold: columns [N, C * ${kh} * ${kw}, L] are needed, got ${formatShape(x.shape)}`)
  }
  const { where, indices, full, columns, border } = windows(
    'fold',
    [x.shape[0], x.shape[1] / (kh * kw), ...pairOf(outputSize)],
    kernelSize,
    options,
    x.device,
  )
  if (columns[2] !== x.shape[2])
    throw new ShapeError(
      `fold: ${columns[2]} windows cover the image ${formatShape(pairOf(outputSize))}, got ${x.shape[2]} columns`,
    )
  const [top, left] = border
  const whole = sumAt(reshape(x, where.common), full, indices, where)
  return top === 0 && left === 0 ? whole : pad(whole, [-left, -left, -top, -top])
}
