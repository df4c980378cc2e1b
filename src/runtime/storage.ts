// A refcounted block of device memory. Tensors and saved tensors hold references; the last release frees it.
import { DisposedError } from '../base/errors.ts'
import type { Backend, Handle } from './backend.ts'
import { hold } from './capture.ts'

export class Storage {
  readonly backend: Backend
  readonly bytes: number
  /** Raised by every in-place write; a saved tensor compares it. */
  version = 0
  private handleOrNull: Handle | null
  private refs = 1

  constructor(backend: Backend, bytes: number) {
    this.backend = backend
    this.bytes = bytes
    this.handleOrNull = backend.alloc(bytes)
    hold(this)
  }

  /** The device's name for the memory. */
  get handle(): Handle {
    if (this.refs === 0) throw new DisposedError('storage: used after its memory was given back')
    return this.handleOrNull
  }

  get alive(): boolean {
    return this.refs > 0
  }

  /** Only one handle shows it. */
  get unique(): boolean {
    return this.refs === 1
  }

  retain(): this {
    if (this.refs === 0) throw new DisposedError('storage: used after its memory was given back')
    this.refs++
    return this
  }

  release(): void {
    if (this.refs === 0) return
    this.refs--
    if (this.refs === 0) {
      this.backend.free(this.handleOrNull, this.bytes)
      this.handleOrNull = null
    }
  }
}
