// A training step of a network in TensorFlow.js, in Node (tfjs.ts) and in a browser (browser/tfjs.ts).
// Batch statistics only, no running ones: that is less work than the others do.
import type { Layer, Parameter, Start } from '../start.ts'

// Untyped: the packages are not there when the types are checked.
type T = any

/** `tf` is the package, its backend set. Returns the step, which returns the loss. */
export function tfjsTraining(tf: T, start: Start): () => Promise<number> {
  /** TensorFlow's order: filters [kh, kw, in, out], matrices [in, out]. */
  function variable({ shape, data }: Parameter): T {
    const order = shape.length === 4 ? [2, 3, 1, 0] : shape.length === 2 ? [1, 0] : null
    const x = tf.tensor(data, shape)
    return tf.variable(order ? tf.transpose(x, order) : x)
  }
  const variables = start.parameters.map(variable)
  const images = tf.transpose(tf.tensor(start.images.data, start.images.shape), [0, 2, 3, 1])
  const target = tf.oneHot(tf.tensor1d(start.labels, 'int32'), 10).cast('float32')

  /** Images are [N, H, W, C], as TensorFlow.js wants them. */
  const rules: { readonly [K in Layer['kind']]: (x: T, layer: Extract<Layer, { kind: K }>) => T } = {
    conv: (x, { weight, bias, stride, padding }) =>
      tf.add(tf.conv2d(x, variables[weight], stride, padding, 'NHWC', [1, 1], 'floor'), variables[bias]),
    linear: (x, { weight, bias }) => tf.add(tf.matMul(x, variables[weight]), variables[bias]),
    norm(x, { weight, bias }) {
      const { mean, variance } = tf.moments(x, x.rank === 4 ? [0, 1, 2] : [0])
      return tf.batchNorm(x, mean, variance, variables[bias], variables[weight], 1e-5)
    },
    avgPool: (x, { size, stride, padding }) => tf.avgPool(x, size, stride, padding, 'floor'),
    maxPool: (x, { size, stride, padding }) => tf.maxPool(x, size, stride, padding, 'floor'),
    globalPool: (x) => tf.mean(x, [1, 2], true),
    sigmoid: (x) => tf.sigmoid(x),
    relu: (x) => tf.relu(x),
    // The order of PyTorch, which the weights behind it have.
    flatten: (x) => tf.reshape(tf.transpose(x, [0, 3, 1, 2]), [x.shape[0], -1]),
    residual: (x, { inner, shortcut }) => tf.relu(tf.add(forward(x, inner), forward(x, shortcut))),
  }
  function forward(x: T, layers: Start['layers']): T {
    for (const layer of layers) x = (rules[layer.kind] as (x: T, layer: Layer) => T)(x, layer)
    return x
  }

  const optimizer = tf.train.sgd(start.network.lr)
  return async () => {
    const cost = optimizer.minimize(
      () => tf.losses.softmaxCrossEntropy(target, forward(images, start.layers)),
      true,
      variables,
    )
    const [loss] = await cost.data()
    cost.dispose()
    return loss
  }
}

/**
 * Gives the WebAssembly backend the one gradient that it lacks, that of a convolution's filter, as matrix products: for each place in the
 * window, what it saw times the gradient.
 */
export function patchWasm(tf: T): void {
  tf.registerKernel({
    kernelName: 'Conv2DBackpropFilter',
    backendName: 'wasm',
    kernelFunc({ inputs, attrs }: T) {
      const { x, dy } = inputs
      const { strides, pad, filterShape } = attrs
      const [kh, kw, channels, filters] = filterShape
      const [n, height, width] = dy.shape
      const stride = Array.isArray(strides) ? strides[0] : strides
      const p = typeof pad === 'number' ? pad : 0
      return tf.tidy(() => {
        const padded = tf.pad(tf.clone(x), [
          [0, 0],
          [p, p + stride],
          [p, p + stride],
          [0, 0],
        ])
        const gradient = tf.reshape(dy, [n * height * width, filters])
        const places: T[] = []
        for (let i = 0; i < kh; i++) {
          for (let j = 0; j < kw; j++) {
            const ends = [n, i + (height - 1) * stride + 1, j + (width - 1) * stride + 1, channels]
            const seen = tf.stridedSlice(padded, [0, i, j, 0], ends, [1, stride, stride, 1])
            const columns = tf.transpose(tf.reshape(seen, [n * height * width, channels]))
            places.push(tf.matMul(columns, gradient))
          }
        }
        return tf.reshape(tf.stack(places), filterShape)
      })
    },
  })
}
