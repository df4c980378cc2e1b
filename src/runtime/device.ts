// The devices of the process by name. The package's entry point says how each is made; it is made when first asked for.
import { DeviceError } from '../base/errors.ts'
import type { Backend, DeviceName } from './backend.ts'

const factories = new Map<DeviceName, () => Backend>()
const made = new Map<DeviceName, Backend>()
let current: DeviceName = 'wasm'

/** Says how device `name` is made; it replaces a device of that name only for tensors that are made later. */
export function setBackendFactory(name: DeviceName, factory: () => Backend): void {
  factories.set(name, factory)
  made.delete(name)
}

/** The device `name`, or the default device. Throws DeviceError where there is none of that name. */
export function backend(name: DeviceName = current): Backend {
  const found = made.get(name)
  if (found !== undefined) return found
  const factory = factories.get(name)
  if (factory === undefined) {
    const known = [...factories.keys()].join(', ') || 'none'
    throw new DeviceError(
      `device: there is no device ${name} here: known are ${known}`,
      name === 'reference' ? "import 'kindling/reference'." : undefined,
    )
  }
  const device = factory()
  made.set(name, device)
  return device
}

/** The devices that were made so far. */
export const madeDevices = (): Backend[] => [...made.values()]

/** The device on which tensors are made where no other is named. */
export const defaultDevice = (): DeviceName => current

/** Throws DeviceError where there is no such device. */
export function setDefaultDevice(name: DeviceName): void {
  backend(name)
  current = name
}
