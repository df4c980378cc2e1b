// The input gradient along one dimension: with steps of s, pixels of x fall into s phases, and those of one phase meet the same taps of the kernel.
import type { ConvSpec } from '../../../runtime/spec.ts'

export interface Phase {
  /** The first pixel, and how many there are, `stride` apart. */
  readonly first: number
  readonly count: number
  /** The first tap, how far the next one is, and how many there are. */
  readonly firstTap: number
  readonly tapStep: number
  readonly taps: number
  /** The output pixel that the first pixel meets with the first tap, and by how many the next tap's is before it. */
  readonly from: number
  readonly back: number
  /** All these output pixels exist. */
  readonly inside: boolean
}

const mod = (a: number, b: number): number => ((a % b) + b) % b

/** Phases that have pixels, along dimension 0 or 1 of the planes. A phase without taps has gradient 0. */
export function phasesOf({ x, w, y, ...spec }: ConvSpec, d: 0 | 1): Phase[] {
  const [stride, padding, dilation] = [spec.stride[d], spec.padding[d], spec.dilation[d]]
  const [size, kernel, outSize] = [x.shape[2 + d], w.shape[2 + d], y.shape[2 + d]]
  const phases: Phase[] = []
  for (let phase = 0; phase < stride; phase++) {
    const first = mod(phase - padding, stride)
    const count = Math.ceil(Math.max(0, size - first) / stride)
    if (count === 0) continue
    const taps = Array.from({ length: kernel }, (_, u) => u).filter((u) => mod(u * dilation, stride) === phase)
    const firstTap = taps[0] ?? 0
    const tapStep = (taps[1] ?? firstTap) - firstTap
    const from = taps.length === 0 ? 0 : (first + padding - firstTap * dilation) / stride
    const back = (tapStep * dilation) / stride
    const least = from - (taps.length - 1) * back
    const inside = taps.length > 0 && least >= 0 && from + count <= outSize
    phases.push({ first, count, firstTap, tapStep, taps: taps.length, from, back, inside })
  }
  return phases
}
