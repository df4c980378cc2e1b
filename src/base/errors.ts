// Every error that Kindling throws on purpose. Form: "op: what is wrong: both values", then an optional "help:" line.

/** Root of Kindling's errors: `message` is `op: what is wrong`, followed by a `help:` line where there is an obvious fix. */
export class KindlingError extends Error {
  // Names are told, since a bundler may shorten those of classes.
  override name = 'KindlingError'
  /** The message without help and without the path of layers. */
  readonly summary: string
  readonly help: string | undefined
  private readonly layers: { key: string; type: string }[] = []

  constructor(summary: string, help?: string) {
    super(summary)
    this.summary = summary
    this.help = help
    this.compose()
  }

  /** Called by `nn.Module` while the error passes through, innermost first: the layer's type, and the name by which it knows the layer before. */
  addLayer(type: string, keyOfInner: string): void {
    const inner = this.layers.at(-1)
    if (inner !== undefined) inner.key = keyOfInner
    this.layers.push({ key: '', type })
    this.compose()
  }

  private compose(): void {
    let text = this.summary
    // Keys are known from the inside out; a path reads from the outside in.
    const keys = this.layers.slice(0, -1).map(({ key }) => key)
    const keysFrom = (k: number): string[] => keys.slice(k).reverse()
    const path = this.layers.map((layer, k) => `${['net', ...keysFrom(k)].join('.')} (${layer.type})`)
    if (path.length > 0) text += `\n  in ${path.join(', called from ')}`
    if (this.help) text += `\n  help: ${this.help}`
    this.message = text
  }
}

/** Shapes or sizes do not fit together. */
export class ShapeError extends KindlingError {
  override name = 'ShapeError'
}
/** A dtype is not accepted here, or two dtypes do not fit together. */
export class DTypeError extends KindlingError {
  override name = 'DTypeError'
}
/** An index, a dimension or a slice is out of range. */
export class IndexError extends KindlingError {
  override name = 'IndexError'
}
/** An argument has a value that the op does not accept. */
export class ValueError extends KindlingError {
  override name = 'ValueError'
}
/** A matrix is singular, not positive-definite, or has no decomposition for another reason. Source: `torch.linalg.LinAlgError`. */
export class LinAlgError extends KindlingError {
  override name = 'LinAlgError'
}
/** The graph cannot be walked: no graph, walked before, or a saved tensor was changed in place. */
export class AutogradError extends KindlingError {
  override name = 'AutogradError'
}
/** A tensor was used after its memory was given back. */
export class DisposedError extends KindlingError {
  override name = 'DisposedError'
}
/** A device is missing, ran out of memory, or two tensors live on different devices. */
export class DeviceError extends KindlingError {
  override name = 'DeviceError'
}
/** A file or data set is missing, truncated or not what it should be. */
export class DataError extends KindlingError {
  override name = 'DataError'
}
