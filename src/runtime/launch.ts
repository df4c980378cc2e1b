// The one door from ops to devices: checks that all views live on one device, runs the kernel there, and tells listeners.
import { now } from '#platform'
import { DeviceError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import type { Backend } from './backend.ts'
import { hold, isCapturing } from './capture.ts'
import type { KernelKind, KernelSpec, OptionalKernel, OptionalKind, View } from './spec.ts'

type ViewsOf = { readonly [K in KernelKind]: (spec: Extract<KernelSpec, { kind: K }>) => readonly (View | null)[] }

/** Every view of a spec: outputs first, then what is read. */
const viewsOf: ViewsOf = {
  map: (s) => s.outputs.concat(s.inputs),
  reduce: (s) => s.outputs.concat(s.inputs),
  scan: (s) => [s.out, s.indices, s.x],
  sort: (s) => [s.values, s.indices, s.x],
  gemm: (s) => [s.c, s.a, s.b, s.bias],
  conv: (s) =>
    s.pass === 'forward' ? [s.y, s.x, s.w, s.bias] : s.pass === 'inputGrad' ? [s.x, s.y, s.w] : [s.w, s.x, s.y],
  pool: (s) => (s.pass === 'forward' ? [s.y, s.indices, s.x] : [s.x, s.y, s.indices]),
  softmax: (s) => ('x' in s ? [s.out, s.x] : [s.out, s.y, s.g]),
  crossEntropy: (s) => (s.pass === 'forward' ? [s.loss, s.lse, s.x, s.target] : [s.out, s.g, s.x, s.lse, s.target]),
  gather: (s) => [s.out, s.x, ...s.indices.map((operand) => operand.index)],
  scatter: (s) => [s.out, s.x, ...s.indices.map((operand) => operand.index)],
  copy: (s) => [s.out, s.x],
  bernoulli: (s) => [s.out],
}

const listOf = (spec: KernelSpec): readonly (View | null)[] =>
  (viewsOf[spec.kind] as (spec: KernelSpec) => readonly (View | null)[])(spec)

/** The views that a kernel writes and reads, outputs first. */
export const specViews = (spec: KernelSpec): View[] => listOf(spec).filter((view) => view !== null)

/** What a listener hears after each kernel. On a device that works asynchronously, `ms` is the time to hand the kernel over. */
export interface Launch {
  /** What the kernel computes, of which views. */
  readonly spec: KernelSpec
  /** The device that ran it. */
  readonly device: Backend
  /** Milliseconds. */
  readonly ms: number
}
type Listener = (launch: Launch) => void
const listeners = new Set<Listener>()

/** Calls `listener` after every kernel, for traces and profiles, until the returned function is called. */
export function onLaunch(listener: Listener): () => void {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}

/** Its kind, with the operation and the pass where it has them. */
export function kernelName(spec: KernelSpec): string {
  return [spec.kind, 'op' in spec ? spec.op : '', 'pass' in spec ? spec.pass : ''].filter(Boolean).join(' ')
}

/** One line of text: device, kind, time and views of a kernel; `rate`: what comes behind the time. */
export function describeLaunch({ spec, device, ms }: Launch, rate = ''): string {
  const views = specViews(spec).map((view) => `${view.dtype}${formatShape(view.shape)}`)
  return `${device.name} ${kernelName(spec)} ${ms.toFixed(3)} ms${rate}  ${views.join(' ')}`
}

type SpecOf<K extends KernelKind> = Extract<KernelSpec, { kind: K }>

/**
 * Runs the kernel on the device of its views; `optional` comes along where the kind is one that a device may lack. Throws DeviceError where the views live on
 * different devices.
 */
export function launch(spec: SpecOf<Exclude<KernelKind, OptionalKind>>): void
export function launch<K extends OptionalKind>(spec: SpecOf<K>, optional: OptionalKernel<K>): void
export function launch(spec: KernelSpec, optional?: OptionalKernel<OptionalKind>): void {
  const views = listOf(spec)
  const output = views[0] as View
  const device = output.storage.backend
  for (let k = 1; k < views.length; k++) {
    const other = views[k]?.storage.backend ?? device
    if (other !== device) {
      throw new DeviceError(
        `${spec.kind}: tensors live on different devices: ${device.name} and ${other.name}`,
        'move one of them: x.to(device).',
      )
    }
  }
  // Elementwise kernels have nothing to do for no elements; what others do is their own matter (an empty sum is 0).
  if ((spec.kind === 'map' || spec.kind === 'copy') && output.shape.includes(0)) return
  if (isCapturing()) for (const view of views) if (view !== null) hold(view.storage)
  if (optional !== undefined && !(spec.kind in device.kernels)) device.add?.(optional)
  const run = device.kernels[spec.kind] as (spec: KernelSpec) => void
  if (listeners.size === 0) {
    run(spec)
    return
  }
  const start = now()
  run(spec)
  const ms = now() - start
  for (const listener of listeners) listener({ spec, device, ms })
}
