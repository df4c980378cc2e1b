// kindling: `import * as torch from 'kindling'`.
import './devices.ts'
import './ops/install.ts'
import { settings as wasmSettings } from './backends/wasm/settings.ts'

export { detectAnomaly } from './autograd/anomaly.ts'
export { type BackwardOptions, type GradOptions, grad } from './autograd/backward.ts'
export { type GradcheckOptions, gradcheck, gradgradcheck } from './autograd/gradcheck.ts'
export { enableGrad, inferenceMode, isGradEnabled, noGrad, setGradEnabled } from './autograd/noGrad.ts'
export { type DType, promoteTypes, resultType } from './base/dtype.ts'
export {
  AutogradError,
  DataError,
  DeviceError,
  DisposedError,
  DTypeError,
  IndexError,
  KindlingError,
  LinAlgError,
  ShapeError,
  ValueError,
} from './base/errors.ts'
export * as autograd from './func/autograd.ts'
export { Capture, capture } from './func/capture.ts'
export * as utils from './func/checkpoint.ts'
export * as func from './func/index.ts'
export { load, type SaveOptions, save } from './io/save.ts'
export * as nn from './nn/index.ts'
export * as F from './ops/functional.ts'
export * from './ops/index.ts'
export * as amp from './optim/amp.ts'
export * as optim from './optim/index.ts'
export type { WasmSettings } from './backends/wasm/settings.ts'
export type { DeviceInfo, DeviceName, MemoryStats, Peak } from './runtime/backend.ts'
export { backend, defaultDevice, setDefaultDevice } from './runtime/device.ts'
export { describeLaunch, type Launch, onLaunch } from './runtime/launch.ts'
export * as profiler from './profiler.ts'
export { Scope, scope } from './runtime/scope.ts'
export { type PrintOptions, setPrintoptions } from './tensor/format.ts'
export { Tensor } from './tensor/tensor.ts'
export * as webgpu from './webgpu.ts'

/** Settings of the devices, to be read and assigned: `torch.backends.wasm.winograd = false`. Source: `torch.backends`. */
export const backends = { wasm: wasmSettings } as const

/** The version of the package. */
export const version = '0.1.0'
