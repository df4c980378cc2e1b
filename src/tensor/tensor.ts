// Tensor: a handle on a storage with shape, strides, offset and dtype, and its place in the gradient graph.
// Operations are installed as methods by `ops/`; this file holds only what every tensor is.
import { bytesOf, checkDType, type DType, dtypes, isFloating, type TypedArray } from '../base/dtype.ts'
import { AutogradError, DisposedError, DTypeError, KindlingError, ShapeError, ValueError } from '../base/errors.ts'
import { halfFormatOf } from '../base/half.ts'
import { contiguousStrides, formatShape, isContiguous, numelOf } from '../base/shape.ts'
import type { DeviceName } from '../runtime/backend.ts'
import { refuseCapture } from '../runtime/capture.ts'
import { context } from '../runtime/context.ts'
import { backend } from '../runtime/device.ts'
import type { Owned, Scope } from '../runtime/scope.ts'
import type { View } from '../runtime/spec.ts'
import { Storage } from '../runtime/storage.ts'
import { formatTensor } from './format.ts'
import type { Edge, GraphNode } from './graph.ts'

/** Nested arrays of numbers, as `tolist()` gives them. */
export type NestedNumbers = number | boolean | NestedNumbers[]

/** What to free when a handle becomes garbage without having been disposed. Must not reference the handle. */
interface Holding {
  storage: Storage | null
  node: GraphNode | null
}

const abandoned = new FinalizationRegistry<Holding>((holding) => {
  holding.storage?.release()
  holding.node?.release()
})

/**
 * An array of numbers of one dtype with any number of dimensions: a view of a storage, by `shape`, `strides` and `offset`. Operations are methods and
 * functions of the same name; in what is said of a method, `x` or `input` is the tensor itself. Source: `torch.Tensor`.
 */
export class Tensor implements View, Owned {
  // Read-only to everyone but `setData`.
  /** Type of the elements. */
  readonly dtype: DType
  /** The sizes. */
  readonly shape: readonly number[]
  /** For each dimension, how many elements lie from one to the next. */
  readonly strides: readonly number[]
  /** First element, counted in elements from the start of the storage. */
  readonly offset: number
  owner: Scope | null = null
  /** The tensor whose storage this one shows (a view only if it asks for gradients itself), or null. */
  readonly base: Tensor | null
  private readonly holding: Holding
  private edgeIndex = 0
  private wantsGrad = false
  private gradient: Tensor | null = null
  /** Counts rewritings of the history by in-place writes through views; a view compares it with the base's. */
  rebases = 0
  /** Rebuilds the edge of a view after its base was rewritten; installed by autograd. */
  static regenerateEdge: (view: Tensor) => void = () => {}

  /** Shows `storage`; takes over one reference to it. Use the creation functions instead. */
  constructor(
    storage: Storage,
    dtype: DType,
    shape: readonly number[],
    strides: readonly number[],
    offset = 0,
    base: Tensor | null = null,
  ) {
    this.holding = { storage, node: null }
    this.dtype = dtype
    this.shape = shape
    this.strides = strides
    this.offset = offset
    this.base = base
    if (base !== null) this.rebases = base.rebases
    const scope = context.get().scope
    if (scope !== null) scope.adopt(this)
    else this.guard()
  }

  /** A new tensor with undefined contents on `device`. */
  static empty(shape: readonly number[], dtype: DType = 'float32', device?: DeviceName): Tensor {
    for (let d = 0; d < shape.length; d++) {
      if (!Number.isInteger(shape[d]) || shape[d] < 0)
        throw new ShapeError(`empty: sizes must be whole numbers >= 0: ${formatShape(shape)}`)
    }
    checkDType('empty', dtype)
    return new Tensor(
      new Storage(backend(device), numelOf(shape) * bytesOf(dtype)),
      dtype,
      shape.slice(),
      contiguousStrides(shape),
    )
  }

  /** A tensor on the same storage with another geometry; no graph. */
  alias(
    shape: readonly number[] = this.shape,
    strides: readonly number[] = this.strides,
    offset = this.offset,
  ): Tensor {
    // A view that asked for gradients itself is the base of its views: their history ends there.
    const base = this.base === null || this.wantsGrad ? this : this.base
    return new Tensor(this.storage.retain(), this.dtype, shape, strides, offset, base)
  }

  /** Another handle on the same value, with the same place in the graph; not a view: it has no base. */
  aliasWithEdge(): Tensor {
    const twin = new Tensor(this.storage.retain(), this.dtype, this.shape, this.strides, this.offset)
    twin.edge = this.edge
    twin.wantsGrad = this.wantsGrad
    return twin
  }

  /** The memory that this tensor shows. Throws DisposedError once it was given back. */
  get storage(): Storage {
    const storage = this.holding.storage
    if (storage === null) {
      throw new DisposedError(
        `tensor ${formatShape(this.shape)} of ${this.dtype}: used after its memory was given back`,
        'it was made inside a scope that has ended (a loader iteration, a module call or scope()); return it from the scope or call keep() on it there.',
      )
    }
    return storage
  }

  /** Whether the memory was given back. */
  get disposed(): boolean {
    return this.holding.storage === null
  }

  /** The device that holds the values. */
  get device(): DeviceName {
    return this.storage.backend.name
  }
  /** Number of dimensions. */
  get ndim(): number {
    return this.shape.length
  }
  /** Number of dimensions (`ndim`). */
  dim(): number {
    return this.shape.length
  }
  /** Number of elements. */
  numel(): number {
    return numelOf(this.shape)
  }
  /** All sizes, or that of one dimension; negative counts from the end. */
  size(): readonly number[]
  size(dim: number): number
  size(dim?: number): number | readonly number[] {
    return dim === undefined ? this.shape : this.shape[dim < 0 ? dim + this.shape.length : dim]
  }
  /** Whether the elements lie one after another in row-major order. */
  isContiguous(): boolean {
    return isContiguous(this.shape, this.strides)
  }
  /** Whether the dtype is a floating-point one. */
  isFloatingPoint(): boolean {
    return isFloating(this.dtype)
  }
  /** Number of rows: the tensor iterates over its first dimension. */
  get length(): number {
    return this.shape[0] ?? 0
  }

  // --- gradient ---------------------------------------------------------------------------------------------------

  /** Where the gradient of this tensor goes; null where none is wanted. Internal: autograd sets it. */
  get edge(): Edge | null {
    if (this.base !== null && this.base.rebases !== this.rebases) Tensor.regenerateEdge(this)
    const node = this.holding.node
    return node === null ? null : { node, index: this.edgeIndex }
  }
  set edge(edge: Edge | null) {
    edge?.node.retain()
    this.holding.node?.release()
    this.holding.node = edge?.node ?? null
    this.edgeIndex = edge?.index ?? 0
  }

  /** The node of the graph that made this tensor; null for a leaf. */
  get gradFn(): GraphNode | null {
    const edge = this.edge
    return edge !== null && !edge.node.accumulates ? edge.node : null
  }
  /** Whether no operation with a history made this tensor. */
  get isLeaf(): boolean {
    return this.gradFn === null
  }
  /** Whether gradients flow to or through this tensor; setting it is `requiresGrad_`. */
  get requiresGrad(): boolean {
    return this.wantsGrad || this.edge !== null
  }
  set requiresGrad(value: boolean) {
    this.requiresGrad_(value)
  }

  /** Asks for (or stops asking for) gradients of this leaf. Throws AutogradError for a tensor with a history, DTypeError for integers. */
  requiresGrad_(value = true): this {
    if (value && !isFloating(this.dtype))
      throw new DTypeError(
        `requiresGrad_: only floating-point tensors can require gradients, this one is ${this.dtype}`,
      )
    if (!value && this.gradFn !== null) {
      throw new AutogradError(
        'requiresGrad_: can only be switched off on leaf tensors',
        'use detach() for a tensor without history.',
      )
    }
    this.wantsGrad = value
    if (!value) this.edge = null
    return this
  }

  /** The gradient that `backward()` added up; null before. It belongs to this tensor. */
  get grad(): Tensor | null {
    return this.gradient
  }
  set grad(value: Tensor | null) {
    if (value === this.gradient) return
    if (
      value !== null &&
      (value.shape.length !== this.shape.length || value.shape.some((size, d) => size !== this.shape[d]))
    ) {
      throw new ShapeError(
        `grad: a gradient has the shape of its tensor: ${formatShape(value.shape)} for ${formatShape(this.shape)}`,
      )
    }
    // The gradient lives as long as its tensor: in the same scope, or in none.
    if (this.gradient !== null && this.gradient.owner === this.owner) this.gradient.dispose()
    this.gradient = value
    if (this.owner === null) value?.keep()
    else if (value !== null && value.owner !== this.owner) this.owner.take(value)
  }
  /** What a scope gives away together with this tensor. */
  get companion(): Tensor | null {
    return this.gradient
  }

  // --- life ---------------------------------------------------------------------------------------------------------

  /** Takes the tensor out of its scope: it lives until `dispose()` or until it is garbage. */
  keep(): this {
    const owner = this.owner
    if (owner !== null) {
      this.owner = null
      this.guard()
      if (this.gradient?.owner === owner) this.gradient.keep()
    }
    return this
  }

  /** Shows the value of `source` from now on, sharing its memory, and stays the same object: `x.data = source` in PyTorch. No history is recorded. */
  setData(source: Tensor): void {
    const storage = source.storage.retain()
    this.holding.storage?.release()
    this.holding.storage = storage
    const self = this as { dtype: DType; shape: readonly number[]; strides: readonly number[]; offset: number }
    self.dtype = source.dtype
    self.shape = source.shape
    self.strides = source.strides
    self.offset = source.offset
  }

  /** Frees the memory when the handle becomes garbage. Internal: what no scope owns is guarded. */
  guard(): void {
    abandoned.register(this, this.holding, this.holding)
  }

  /** Gives the memory back now. Views and saved values that share it keep it alive. */
  dispose(): void {
    const { storage, node } = this.holding
    if (storage === null) return
    this.holding.storage = null
    this.holding.node = null
    this.owner = null
    abandoned.unregister(this.holding)
    storage.release()
    node?.release()
  }

  /** `dispose()`: the end of a block with `using`. */
  [Symbol.dispose](): void {
    this.dispose()
  }

  // --- values -------------------------------------------------------------------------------------------------------

  /** The storage's elements from `offset` on, live, for reading and writing at once. Float16 and bfloat16 as bits. Throws DeviceError on a device without synchronous reads. */
  hostView(): TypedArray {
    refuseCapture('reading values of a tensor', 'return the tensor from the step, and read it after each replay.')
    const size = bytesOf(this.dtype)
    let last = 0
    for (let d = 0; d < this.shape.length; d++) last += (this.shape[d] - 1) * this.strides[d]
    const count = this.numel() === 0 ? 0 : last + 1
    // The offset of an empty part may lie outside.
    const bytes = this.storage.backend.bytes(this.storage.handle, count === 0 ? 0 : this.offset * size, count * size)
    return new dtypes[this.dtype].array(bytes.buffer, bytes.byteOffset, count)
  }

  /** The elements in row-major order, copied: a typed array of the dtype (BigInt64Array for int64; float16 and bfloat16 as bits). */
  data(): TypedArray {
    const source = this.hostView()
    if (this.isContiguous()) return source.slice()
    const out = new dtypes[this.dtype].array(new ArrayBuffer(this.numel() * bytesOf(this.dtype)))
    const offsets = elementOffsets(this.shape, this.strides)
    for (let i = 0; i < out.length; i++) out[i] = source[offsets[i]]
    return out
  }

  /** The elements in row-major order as numbers; int64 values beyond 2^53 lose their last bits. */
  numbers(): number[] {
    const data = this.data()
    if (data instanceof BigInt64Array) return Array.from(data, Number)
    const half = halfFormatOf(this.dtype)
    return half === null ? Array.from(data as Float32Array) : Array.from(data as Uint16Array, half.toNumber)
  }

  /** The only element as a number (booleans as 1 and 0 become true and false in `tolist`). Throws ShapeError if there are more, ValueError if an int64 does not fit a number. */
  item(): number {
    if (this.numel() !== 1)
      throw new ShapeError(
        `item: only a tensor with one element has an item, this one has shape ${formatShape(this.shape)}`,
      )
    const value = this.hostView()[0]
    if (typeof value !== 'bigint') return halfFormatOf(this.dtype)?.toNumber(value) ?? value
    if (BigInt(Number(value)) !== value || Math.abs(Number(value)) > Number.MAX_SAFE_INTEGER) {
      throw new ValueError(
        `item: ${value} does not fit a JavaScript number`,
        'data() gives int64 values exactly, as bigints.',
      )
    }
    return Number(value)
  }

  /** Nested arrays; a number for a 0-d tensor, booleans for bool. */
  tolist(): NestedNumbers {
    const flat = this.numbers()
    let next = 0
    const nest = (d: number): NestedNumbers => {
      if (d < this.shape.length) return Array.from({ length: this.shape[d] }, () => nest(d + 1))
      const value = flat[next++]
      return this.dtype === 'bool' ? value !== 0 : value
    }
    return nest(0)
  }

  /** The elements in row-major order, copied, on every device. */
  async read(): Promise<TypedArray> {
    const size = bytesOf(this.dtype)
    const bytes = await this.storage.backend.read(this.storage.handle, 0, this.storage.bytes)
    const all = new dtypes[this.dtype].array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.byteLength / size))
    const out = new dtypes[this.dtype].array(new ArrayBuffer(this.numel() * size))
    const offsets = elementOffsets(this.shape, this.strides)
    for (let i = 0; i < out.length; i++) out[i] = all[this.offset + offsets[i]]
    return out
  }

  toString(): string {
    return this.disposed ? `tensor(<disposed> ${formatShape(this.shape)}, dtype=${this.dtype})` : formatTensor(this)
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }

  /** A tensor has no single primitive value; one element converts, as in Python's `float(x)`. */
  [Symbol.toPrimitive](hint: string): number | string {
    if (hint === 'string') return this.toString()
    if (hint === 'number' && this.numel() === 1) return this.item()
    throw new KindlingError(
      'tensor: JavaScript operators do not work on tensors',
      'write a.add(b), a.mul(b), a.eq(b); x.item() gives the number of a one-element tensor.',
    )
  }
}

/** Offsets (in elements, from the first) of all elements in row-major order. */
export function elementOffsets(shape: readonly number[], strides: readonly number[]): Int32Array {
  const out = new Int32Array(numelOf(shape))
  let filled = 1
  // Grow from the innermost dimension: each dimension repeats the pattern so far, shifted by its stride.
  for (let d = shape.length - 1; d >= 0; d--) {
    for (let i = 1; i < shape[d]; i++) {
      for (let j = 0; j < filled; j++) out[i * filled + j] = out[j] + i * strides[d]
    }
    filled *= shape[d]
  }
  return out
}
