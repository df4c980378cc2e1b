// A training step of a network in jax-js, in Node (jax.ts) and in a browser (browser/jax.ts). The whole step is one jitted function.
// Batch statistics only, no running ones: that is less work than the others do.
import type { Layer, Parameter, Start } from '../start.ts'

// Untyped: the package is not there when the types are checked.
type A = any

/** `jax` is the package, its default device set. Returns the step, which returns the loss. */
export function jaxTraining({ jit, lax, nn, numpy: np, valueAndGrad }: A, start: Start): () => Promise<number> {
  const array = ({ shape, data }: Parameter): A => np.array(data).reshape(shape)
  let parameters: A[] = start.parameters.map(array)
  const images = array(start.images)
  const target = nn.oneHot(np.array(start.labels, { dtype: np.int32 }), 10)

  /** Functions take their arguments over: `x.ref` where x is used again. */
  const rules: { readonly [K in Layer['kind']]: (x: A, layer: Extract<Layer, { kind: K }>, p: A[]) => A } = {
    conv(x, { weight, bias, stride, padding }, p) {
      const sides = [padding, padding]
      return lax.conv(x, p[weight].ref, [stride, stride], [sides, sides]).add(p[bias].ref.reshape([-1, 1, 1]))
    },
    linear: (x, { weight, bias }, p) => np.matmul(x, p[weight].ref.transpose()).add(p[bias].ref),
    norm(x, { weight, bias }, p) {
      const axes = x.ndim === 4 ? [0, 2, 3] : [0]
      const shape = x.ndim === 4 ? [-1, 1, 1] : [-1]
      const centered = x.ref.sub(np.mean(x, axes, { keepdims: true }))
      const deviation = np.sqrt(np.mean(np.square(centered.ref), axes, { keepdims: true }).add(1e-5))
      return centered.div(deviation).mul(p[weight].ref.reshape(shape)).add(p[bias].ref.reshape(shape))
    },
    avgPool: (x, { size, stride }) =>
      lax.reduceWindow(x, (window: A) => np.mean(window), [size, size], [stride, stride]),
    maxPool(x, { size, stride, padding }) {
      // It follows a ReLU here: zeros at the border are as good as minus infinity.
      const none = [0, 0]
      const sides = [padding, padding]
      const padded = padding > 0 ? np.pad(x, [none, none, sides, sides]) : x
      return lax.reduceWindow(padded, (window: A) => np.max(window), [size, size], [stride, stride])
    },
    globalPool: (x) => np.mean(x, [2, 3], { keepdims: true }),
    sigmoid: (x) => nn.sigmoid(x),
    relu: (x) => nn.relu(x),
    flatten: (x) => x.reshape([x.shape[0], -1]),
    residual: (x, { inner, shortcut }, p) => nn.relu(forward(x.ref, inner, p).add(forward(x, shortcut, p))),
  }
  function forward(x: A, layers: Start['layers'], p: A[]): A {
    for (const layer of layers) x = (rules[layer.kind] as (x: A, layer: Layer, p: A[]) => A)(x, layer, p)
    return x
  }

  function lossOf(p: A[], x: A, y: A): A {
    const scores = nn.logSoftmax(forward(x, start.layers, p), -1)
    for (const one of p) one.dispose()
    return scores
      .mul(y)
      .sum()
      .mul(-1 / start.network.batch)
  }
  const update = jit((p: A[], x: A, y: A) => {
    const [loss, gradients] = valueAndGrad(lossOf)(
      p.map((one) => one.ref),
      x,
      y,
    )
    return [loss, p.map((one, i) => one.sub(gradients[i].mul(start.network.lr)))]
  })

  return async () => {
    const [loss, next] = update(parameters, images.ref, target.ref)
    parameters = next
    const [value] = await loss.data()
    // The loss alone may be ready before the parameters are.
    for (const one of parameters) await one.blockUntilReady()
    return value
  }
}
