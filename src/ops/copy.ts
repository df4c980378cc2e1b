// Copies: clone, detach, contiguous, copy_, and copies to another dtype or device.
import { record } from '../autograd/record.ts'
import { type DType, isHalf } from '../base/dtype.ts'
import { AutogradError, ShapeError } from '../base/errors.ts'
import { broadcastShapes, broadcastStrides, formatShape, sameShape } from '../base/shape.ts'
import type { DeviceName } from '../runtime/backend.ts'
import { launch } from '../runtime/launch.ts'
import { scoped } from '../runtime/scope.ts'
import type { View } from '../runtime/spec.ts'
import { Tensor } from '../tensor/tensor.ts'
import { fromHost } from './host.ts'
import { writeInPlace } from './inPlace.ts'
import type { Methods } from './methods.ts'
import { cast } from './pointwise.ts'
import { sumTo } from './sumTo.ts'
import { cloneOf, zerosOf } from './view.ts'

/** A contiguous tensor of its own with the values of `x`, without history. */
export function copyOf(x: Tensor, dtype: DType, device: DeviceName): Tensor {
  const here = Tensor.empty(x.shape, dtype, x.device)
  launch({ kind: 'copy', x, out: here })
  return device === x.device ? here : carry(here, device)
}

/** Whether products and convolutions of the device take `x` without a float32 copy. */
export const takenAsIs = ({ dtype, storage }: View): boolean => storage.backend.narrow?.includes(dtype) ?? false

/**
 * Runs `body`, which writes the operand `result` from the others and records nothing. Where they are floats of 16 bits it gets float32 in their place,
 * and what it wrote is rounded once.
 */
export function inFloat32<T extends Readonly<Record<string, Tensor | null>>>(
  operands: T,
  result: keyof T,
  body: (operands: T) => void,
): void {
  const out = operands[result] as Tensor
  if (!isHalf(out.dtype)) {
    body(operands)
    return
  }
  scoped(() => {
    const wide = (x: Tensor | null): Tensor | null =>
      x === out ? Tensor.empty(x.shape, 'float32', x.device) : x && copyOf(x, 'float32', x.device)
    const widened = Object.fromEntries(Object.entries(operands).map(([name, x]) => [name, wide(x)])) as T
    body(widened)
    launch({ kind: 'copy', x: widened[result] as Tensor, out })
  })
}

/** The bytes on another device. */
function carry(x: Tensor, device: DeviceName): Tensor {
  const out = fromHost(x.data(), x.shape, x.dtype, device)
  const home = x.device
  return record('ToCopyBackward0', [x], out, [], (grad) => [carry(grad, home)])
}

/** The tensor on `device`; itself if it is there. Throws DeviceError where it lies on a device without synchronous reads. */
export function toDevice(x: Tensor, device: DeviceName): Tensor {
  return x.device === device ? x : carry(x, device)
}

/** `toDevice` where values of the tensor's own device cannot be read at once. */
export async function toDeviceAsync(x: Tensor, device: DeviceName): Promise<Tensor> {
  if (x.device === device) return x
  const home = x.device
  const out = fromHost(await x.read(), x.shape, x.dtype, device)
  return record('ToCopyBackward0', [x], out, [], (grad) => [carry(grad, home)])
}

/** A copy with the same values and the same place in the graph. Source: `torch.clone`. */
export function clone(x: Tensor): Tensor {
  return record('CloneBackward0', [x], cloneOf(x), [], (grad) => [grad])
}

/** The same memory without history: no gradient flows through it. Source: `torch.Tensor.detach`. */
export function detach(x: Tensor): Tensor {
  return new Tensor(x.storage.retain(), x.dtype, x.shape, x.strides, x.offset)
}

/** Forgets the history of `x` itself. Throws AutogradError for a view. Source: `torch.Tensor.detach_`. */
export function detach_(x: Tensor): Tensor {
  if (x.base !== null)
    throw new AutogradError('detach_: a view cannot be detached in place', 'use detach() for a tensor without history.')
  x.edge = null
  x.requiresGrad_(false)
  return x
}

/** `x` itself if its elements lie in row-major order, else such a copy. Source: `torch.Tensor.contiguous`. */
export function contiguous(x: Tensor): Tensor {
  return x.isContiguous() ? x : clone(x)
}

/** Writes the values of `source` into `x`, broadcast and converted to its dtype; from another device too. Source: `torch.Tensor.copy_`. */
export function copy_(x: Tensor, source: Tensor): Tensor {
  return copyAs('CopyBackwards', x, source)
}

/** `copy_` under another name in the graph. */
export function copyAs(node: string, x: Tensor, source: Tensor): Tensor {
  const shape = broadcastShapes('copy_', x.shape, source.shape)
  if (!sameShape(shape, x.shape)) {
    throw new ShapeError(`copy_: ${formatShape(source.shape)} does not broadcast to ${formatShape(x.shape)}`)
  }
  if (source.device !== x.device) return copyAs(node, x, toDevice(source, x.device))
  const write = (out: Tensor): void => launch({ kind: 'copy', x: spread(source, x.shape), out })
  // A source that overlaps the target must be read before the target is written.
  return writeInPlace(
    'copy_',
    x,
    [source],
    (self) => recordCopy(node, self, source, write),
    source.storage === x.storage ? undefined : () => write(x),
  )
}

function recordCopy(node: string, self: Tensor, source: Tensor, write: (out: Tensor) => void): Tensor {
  const out = Tensor.empty(self.shape, self.dtype, self.device)
  write(out)
  const { shape, dtype } = source
  return record(node, [self, source], out, [], (grad, _saved, needs) => [
    needs[0] ? zerosOf(grad.shape, grad) : null,
    needs[1] ? cast(sumTo(grad, shape), dtype) : null,
  ])
}

const spread = (x: Tensor, shape: readonly number[]): View => ({
  storage: x.storage,
  dtype: x.dtype,
  offset: x.offset,
  shape,
  strides: broadcastStrides(x.shape, x.strides, shape),
})

export const methods = { clone, detach, detach_, contiguous, copy_ }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
