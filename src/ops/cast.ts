// Other dtypes and devices: `x.to('float64')`, `x.to('webgpu')`, `x.long()`.
import { type DType, isDType } from '../base/dtype.ts'
import type { DeviceName } from '../runtime/backend.ts'
import { Tensor } from '../tensor/tensor.ts'
import { clone, toDevice, toDeviceAsync } from './copy.ts'
import type { Methods } from './methods.ts'
import { cast } from './pointwise.ts'

export interface ToOptions {
  /** Default: as it is. */
  dtype?: DType
  /** Default: where it is. */
  device?: DeviceName
  /** A copy even where nothing changes. Default false. */
  copy?: boolean
}

/**
 * The tensor in another dtype, on another device, or both; `x` itself where nothing changes. Float to integer truncates; to bool: not zero.
 * A tensor as argument stands for its dtype and device. Gradients flow back through the conversion. Source: `torch.Tensor.to`.
 */
export function to(x: Tensor, target: DType | DeviceName | Tensor | ToOptions): Tensor {
  const { dtype = x.dtype, device = x.device, copy = false } = optionsOf(target)
  const out = toDevice(cast(x, dtype), device)
  return copy && out === x ? clone(x) : out
}

function optionsOf(target: DType | DeviceName | Tensor | ToOptions): ToOptions {
  if (target instanceof Tensor) return { dtype: target.dtype, device: target.device }
  if (typeof target === 'object') return target
  return isDType(target) ? { dtype: target } : { device: target }
}

/**
 * The tensor on another device; `x` itself where it is there. From every device, also where its values cannot be read at once and `to` is an error.
 * Gradients flow back through it. Source: `torch.Tensor.to`.
 */
export function toAsync(x: Tensor, device: DeviceName): Promise<Tensor> {
  return toDeviceAsync(x, device)
}

/** The tensor in `dtype`. Source: `torch.Tensor.type`. */
export function type(x: Tensor, dtype: DType): Tensor {
  return cast(x, dtype)
}
/** The tensor in the dtype of `other`. Source: `torch.Tensor.type_as`. */
export function typeAs(x: Tensor, other: Tensor): Tensor {
  return to(x, other)
}
/** The tensor in float32. */
export function float(x: Tensor): Tensor {
  return cast(x, 'float32')
}
/** The tensor in float64. */
export function double(x: Tensor): Tensor {
  return cast(x, 'float64')
}
/** The tensor in float16. */
export function half(x: Tensor): Tensor {
  return cast(x, 'float16')
}
/** The tensor in bfloat16. */
export function bfloat16(x: Tensor): Tensor {
  return cast(x, 'bfloat16')
}
/** The tensor in int64. */
export function long(x: Tensor): Tensor {
  return cast(x, 'int64')
}
/** The tensor in int32. */
export function int(x: Tensor): Tensor {
  return cast(x, 'int32')
}
/** The tensor in uint8. */
export function byte(x: Tensor): Tensor {
  return cast(x, 'uint8')
}
/** The tensor in bool: true where it is not zero. */
export function bool(x: Tensor): Tensor {
  return cast(x, 'bool')
}

export const methods = { to, toAsync, type, typeAs, float, double, half, bfloat16, long, int, byte, bool }
declare module '../tensor/tensor.ts' {
  interface Tensor extends Methods<typeof methods> {}
}
