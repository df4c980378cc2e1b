// Steps that are noted once and run again without the JavaScript that made them. What devices do for it: runtime/capture.ts.
import { KindlingError } from '../base/errors.ts'
import { captured, type Recording } from '../runtime/capture.ts'
import { madeDevices } from '../runtime/device.ts'
import { eachOwned, isThenable, scope } from '../runtime/scope.ts'
import { Tensor } from '../tensor/tensor.ts'

/** A captured step. Source: `torch.cuda.CUDAGraph`. */
export class Capture<T> {
  /** What the step returned: each replay writes its tensors anew. */
  readonly result: T
  private recording: Recording | null

  /** Use `torch.capture`. */
  constructor(result: T, recording: Recording) {
    this.result = result
    this.recording = recording
  }

  /** Runs the step again, and returns `result`. Throws KindlingError after `dispose`. */
  replay(): T {
    if (this.recording === null) throw new KindlingError('capture: replayed after it was disposed')
    this.recording.replay()
    return this.result
  }

  /** Gives back the memory of the step; `result` stays. */
  dispose(): void {
    this.recording?.release()
    this.recording = null
  }
  /** `dispose()`: the end of a block with `using`. */
  [Symbol.dispose](): void {
    this.dispose()
  }
}

/**
 * Runs `step` once and notes its kernels, for steps of fixed shapes: `replay()` runs them again on the same tensors, without the JavaScript of
 * each operation. New data is copied into the tensors that the step read: `X.copy_(batch)`. Random numbers are drawn anew in each replay, and optimizers go on
 * counting and follow their schedulers; everything else that JavaScript computed is as it was. Take a step or two before: what is different the first time,
 * such as the buffers of momentum, must have happened. All memory of the step stays taken until `dispose()`.
 *
 * Throws KindlingError where the step reads values (`item()`), is asynchronous, or runs on two devices. Source: `torch.cuda.graph`.
 */
export function capture<T>(step: () => T): Capture<T> {
  const { result, recording } = captured(madeDevices(), () =>
    scope(() => {
      const value = step()
      if (isThenable(value)) throw new KindlingError('capture: the step is asynchronous', 'await before and after it.')
      return value
    }),
  )
  eachOwned(result, (item) => {
    if (item instanceof Tensor) item.keep()
  })
  return new Capture(result, recording)
}
