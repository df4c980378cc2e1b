// A step noted while it runs, so that it can run again without the JavaScript that made it: devices note their kernels, and whoever brings
// values from JavaScript (random numbers, an optimizer's factors) says how they are brought again. `func/capture.ts` is its public face.
import { KindlingError } from '../base/errors.ts'
import type { Backend } from './backend.ts'
import type { Storage } from './storage.ts'

/** What a device notes. */
export interface Recorder {
  /** How many kernels, writes and calls were noted. */
  readonly length: number
  /** Calls `run`, without noting what it does with the device, and notes the call. */
  host(run: () => void): void
  /** How the numbers (`scalars`) of the map that was launched last are changed for the next replay. */
  scalars(): (values: readonly number[]) => void
  /** Ends it. */
  end(): Recording
}

export interface Recording {
  replay(): void
  /** Gives back the memory that only the recording needs. */
  release(): void
}

/** The capture that is going on. */
interface Capture {
  readonly recorders: ReadonlyMap<Backend, Recorder>
  /** Storages that the step touches: kept alive, so that nobody else gets their memory. */
  readonly held: Set<Storage>
  /** Called before each replay. */
  readonly before: (() => void)[]
}
let current: Capture | null = null

export const isCapturing = (): boolean => current !== null

/** Keeps the storage's memory for the replays. */
export function hold(storage: Storage): void {
  if (current === null || current.held.has(storage)) return
  current.held.add(storage.retain())
}

/** Throws KindlingError while a step is captured: `what` would be the same in every replay. */
export function refuseCapture(what: string, help: string): void {
  if (current !== null) throw new KindlingError(`${what} cannot be part of a captured step`, help)
}

/** The device's notes; undefined while nothing is captured. */
export const recorderOf = (backend: Backend): Recorder | undefined => current?.recorders.get(backend)

/** Calls `run`, which may read and write values of the device: now, and again in each replay. */
export function withValues(backend: Backend, run: () => void): void {
  const recorder = recorderOf(backend)
  if (recorder === undefined) return run()
  recorder.host(() => {
    const capture = current
    current = null
    try {
      run()
    } finally {
      current = capture
    }
  })
}

/** Calls `run` before each replay. */
export function beforeReplay(run: () => void): void {
  current?.before.push(run)
}

/** Runs `step` and notes it on every device that takes part. */
export function captured<T>(devices: readonly Backend[], step: () => T): { result: T; recording: Recording } {
  if (current !== null) throw new KindlingError('capture: a step is being captured already')
  const recorders = new Map<Backend, Recorder>()
  for (const device of devices) {
    const recorder = device.record?.()
    if (recorder !== undefined) recorders.set(device, recorder)
  }
  const capture: Capture = { recorders, held: new Set(), before: [] }
  current = capture
  let result: T
  try {
    result = step()
  } catch (error) {
    for (const recorder of recorders.values()) recorder.end().release()
    for (const storage of capture.held) storage.release()
    throw error
  } finally {
    current = null
  }
  const recordings: Recording[] = []
  for (const recorder of recorders.values()) {
    const used = recorder.length > 0
    const recording = recorder.end()
    if (used) recordings.push(recording)
    else recording.release()
  }
  const release = (): void => {
    for (const recording of recordings) recording.release()
    for (const storage of capture.held) storage.release()
    capture.held.clear()
  }
  if (recordings.length > 1) {
    release()
    throw new KindlingError(
      'capture: the step runs on two devices',
      'move everything to one of them first: x.to(device).',
    )
  }
  return {
    result,
    recording: {
      replay() {
        for (const run of capture.before) run()
        recordings[0]?.replay()
      },
      release,
    },
  }
}
