// The arithmetic of one dimension of a convolution, height or width: which source pixels a destination pixel reads. Used by conv.ts for both.

/** `slab` index of the source pixel of a tap, seen from destination pixel t of a phase: part `i` of the source's step, at t + delta. */
interface Tap {
  readonly tap: number
  readonly i: number
  readonly delta: number
}
/** Destination pixels start, start + dstStep, ... (`count` of them) read the same taps. */
interface Phase {
  readonly start: number
  readonly count: number
  readonly taps: readonly Tap[]
}
export interface Axis {
  readonly srcStep: number
  readonly dstStep: number
  readonly phases: readonly Phase[]
  readonly least: number
  readonly most: number
  /** Pixels of the largest phase. */
  readonly count: number
}

const modulo = (x: number, n: number): number => ((x % n) + n) % n

function axisOf(srcStep: number, dstStep: number, all: readonly Phase[]): Axis {
  const phases = all.filter((phase) => phase.count > 0)
  const deltas = phases.flatMap((phase) => phase.taps.map((tap) => tap.delta))
  return {
    srcStep,
    dstStep,
    phases,
    least: deltas.length > 0 ? Math.min(...deltas) : 0,
    most: deltas.length > 0 ? Math.max(...deltas) : 0,
    count: Math.max(0, ...phases.map((phase) => phase.count)),
  }
}

/** y[t] reads x[t * stride + tap * dilation - padding]. */
export function forwardAxis(out: number, kernel: number, stride: number, padding: number, dilation: number): Axis {
  const taps = Array.from({ length: kernel }, (_, tap) => {
    const at = tap * dilation - padding
    return { tap, i: modulo(at, stride), delta: Math.floor(at / stride) }
  })
  return axisOf(stride, 1, [{ start: 0, count: out, taps }])
}

/** x[s] reads y[(s + padding - tap * dilation) / stride] for the taps where that is whole: the same taps for every stride-th s. */
export function inputGradAxis(size: number, kernel: number, stride: number, padding: number, dilation: number): Axis {
  const phases = Array.from({ length: stride }, (_, f) => {
    const start = modulo(f - padding, stride)
    const first = (start + padding - f) / stride
    const taps = Array.from({ length: kernel }, (_, tap) => tap)
      .filter((tap) => (tap * dilation) % stride === f)
      .map((tap) => ({ tap, i: 0, delta: first - (tap * dilation - f) / stride }))
    return { start, count: Math.max(0, Math.ceil((size - start) / stride)), taps }
  })
  return axisOf(1, stride, phases)
}

/** The columns of a slab that come from the source, per part of the step: first, end, and the source column of the first (see slabCopier). */
export function slabColumns(axis: Axis, columns: number, size: number, columnBytes: number): number[] {
  return Array.from({ length: axis.srcStep }, (_, j) => {
    const clamp = (q: number): number => Math.max(0, Math.min(columns, q))
    const first = clamp(Math.ceil(-j / axis.srcStep) - axis.least)
    const end = Math.max(first, clamp(Math.floor((size - 1 - j) / axis.srcStep) + 1 - axis.least))
    return [first, end, ((axis.least + first) * axis.srcStep + j) * columnBytes]
  }).flat()
}

/**
 * For each pixel of a phase, the taps that read inside a source of `size` pixels: begin and end, in order of `taps`. Both ends move in one
 * direction along the pixels, so a run of pixels needs what its two ends need.
 */
export function tapRanges(axis: Axis, phase: Axis['phases'][number], size: number): number[] {
  const { taps } = phase
  const falling = taps.length > 1 && taps[1].delta * axis.srcStep + taps[1].i < taps[0].delta * axis.srcStep + taps[0].i
  return Array.from({ length: phase.count }, (_, t) => {
    const sources = taps.map((tap) => (t + tap.delta) * axis.srcStep + tap.i)
    const before = sources.filter((source) => source < 0).length
    const behind = sources.filter((source) => source >= size).length
    return falling ? [behind, taps.length - before] : [before, taps.length - behind]
  }).flat()
}
