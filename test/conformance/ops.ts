// The table of the conformance run: how each of PyTorch's operators is called in Kindling. Read by `operators.ts`.
// A row lists PyTorch's parameters in its order: before the bar they are positional, after it they go into the options object.
// `?`: may be left out (undefined stands in its place); `~`: may be left out and leaves no gap; `...`: the arguments are all tensors of a list.
import { Tensor } from '../../src/tensor/tensor.ts'
import type { StoredTensor } from '../support/safetensors.ts'

export type Arguments = readonly unknown[]
export type Callable = (...args: any[]) => any

export interface Row {
  readonly parameters: string
  /** Kindling's name, where it is not PyTorch's in camelCase; dots reach into namespaces. */
  readonly as?: string
  /** For what is not a plain call: `f` is Kindling's function, `args` are the bound arguments with the options object at the end if there are any. */
  readonly call?: (f: Callable, args: Arguments) => unknown
  /** A property of a tensor instead of a function. */
  readonly property?: string
  /** Relative and absolute tolerance instead of PyTorch's 1.3e-6 and 1e-5, and why. */
  readonly loose?: readonly [number, string]
  /** The absolute tolerance on a GPU, and why. */
  readonly looseOnGpu?: readonly [number, string]
  /** Another function without which there is no such variant. */
  readonly needs?: string
  /** PyTorch's outputs in Kindling's order, where the order means nothing. */
  readonly rearrange?: (args: Arguments, outputs: readonly StoredTensor[]) => readonly StoredTensor[]
  /** The values of the result mean nothing. */
  readonly shapesOnly?: boolean | ((args: Arguments) => boolean)
}

const unary = 'input'
const binary = 'input other'
const reduction = 'input dim? | keepdim'
const sumLike = 'input dim? | keepdim dtype'

const longSum = [1e-4, 'long sums in another order'] as const
const decomposition = [1e-4, 'a decomposition amplifies rounding'] as const
const transcendental = [1e-4, 'gradients of transcendental functions amplify rounding'] as const

/** Python's `other op self`. */
const reversed = (name: string): Row => ({ parameters: binary, as: name, call: (f, [x, other]) => f(other, x) })

/** `std(x, unbiased)` has a second form in which the second argument is not a dimension. */
const spread: Row = {
  parameters: 'input dim? | unbiased correction keepdim',
  call: (f, [x, dim, options]) => {
    if (typeof dim === 'boolean') return f(x, undefined, { unbiased: dim })
    return options === undefined ? (dim === undefined ? f(x) : f(x, dim)) : f(x, dim, options)
  },
}

/** Tensors one by one, where Kindling takes a list. */
const asList: Row['call'] = (f, args) => {
  const tensors = args.filter((x) => x instanceof Tensor)
  return f(tensors, ...args.slice(tensors.length))
}

/** A list of tensors, where Kindling takes them one by one. */
const spreadList: Row['call'] = (f, args) => f(...args.flat())

/** PyTorch's empty list stands for the default. */
const withoutEmpty = (options: unknown): object =>
  Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => !(Array.isArray(value) && value.length === 0)))

/** Without `sorted` PyTorch gives unique values in the order of its hash table, and the other outputs count in that order. */
const sortUnique: Row['rearrange'] = ([, options], [values, ...rest]) => {
  const { sorted, dim, returnInverse } = options as { sorted?: boolean; dim?: number | null; returnInverse?: boolean }
  if (sorted !== false || (dim !== undefined && dim !== null)) return [values, ...rest]
  const order = [...values.data.keys()].sort((a, b) => Number(values.data[a]) - Number(values.data[b]))
  const pick = (x: StoredTensor, at: (i: number) => number | bigint): StoredTensor => {
    const copy = x.data.slice()
    for (let i = 0; i < copy.length; i++) copy[i] = at(i)
    return { ...x, data: copy }
  }
  const reordered = (x: StoredTensor): StoredTensor => pick(x, (i) => x.data[order[i]])
  const renumbered = (x: StoredTensor): StoredTensor => pick(x, (i) => BigInt(order.indexOf(Number(x.data[i]))))
  return [reordered(values), ...rest.map((x, i) => (returnInverse && i === 0 ? renumbered(x) : reordered(x)))]
}

const words = (text: string): string[] => text.trim().split(/\s+/)
const one = (names: string) => Object.fromEntries(words(names).map((name) => [name, unary]))
const two = (names: string) => Object.fromEntries(words(names).map((name) => [name, binary]))
const products: Record<string, Row> = Object.fromEntries(
  ['bmm', 'dot', 'inner', 'matmul', 'mm', 'mv', 'vdot'].map((name) => [name, { parameters: binary, loose: longSum }]),
)
const activation = (names: string) => Object.fromEntries(words(names).map((name) => [`nn.functional.${name}`, unary]))
const conv = 'input weight bias? | stride padding dilation groups'
const convTransposed = 'input weight bias? | stride padding output_padding groups dilation'
const loss = (options = '') => `input target | ${options} reduction`
const interpolate = {
  parameters: 'input | size scale_factor mode align_corners',
  loose: [1e-5, 'weights of the neighbours are rounded in another order'] as const,
}
const averagePool: Row = {
  parameters: 'input kernel_size | stride padding ceil_mode count_include_pad divisor_override',
  call: (f, [x, size, options]) => f(x, size, withoutEmpty(options)),
}
const pool = 'input kernel_size | stride padding dilation ceil_mode return_indices'

export const table: Readonly<Record<string, string | Row>> = {
  ...one(`
    abs acos acosh argwhere asin asinh atan atanh bool ceil clone contiguous corrcoef cos cosh deg2rad erf erfc
    erfinv exp exp2 expm1 fliplr flipud float floor frac int isfinite isinf isnan isneginf isposinf lgamma
    log log10 log1p log2 logical_not long max.reduction_no_dim
    min.reduction_no_dim msort neg positive rad2deg ravel reciprocal rsqrt sgn sigmoid sign signbit sin sinc sinh
    sqrt square t tan tanh trace trunc
  `),
  ...two(`
    atan2 clamp_max clamp_min copysign eq equal expand_as float_power floor_divide fmax fmin fmod ge gt heaviside
    hypot kron le logaddexp logaddexp2 logical_and logical_or logical_xor lt max.binary maximum
    min.binary minimum mul ne outer remainder reshape_as take true_divide view_as xlogy
  `),
  ...activation(`
    celu elu hardsigmoid hardswish leaky_relu logsigmoid mish relu relu6 selu silu softsign tanhshrink
  `),

  // Python's operators and properties.
  H: { parameters: unary, property: 'H' },
  T: { parameters: unary, property: 'T' },
  __getitem__: {
    parameters: 'input index',
    as: 'at',
    call: (f, [x, index]) => (Array.isArray(index) ? f(x, ...index) : f(x, index)),
  },
  __radd__: reversed('add'),
  __rdiv__: reversed('div'),
  __rmatmul__: { ...reversed('matmul'), loose: longSum },
  __rmod__: reversed('remainder'),
  __rmul__: reversed('mul'),
  // PyTorch copies the base into a new tensor, which cuts its gradient off.
  __rpow__: { parameters: binary, as: 'pow', call: (f, [x, other]) => f((other as Tensor).detach(), x) },
  __rsub__: reversed('sub'),

  // Arithmetic.
  add: 'input other | alpha',
  addcdiv: {
    parameters: 'input tensor1 tensor2 | value',
    loose: [1e-4, 'gradients sum large quotients of both signs'],
  },
  addcmul: 'input tensor1 tensor2 | value',
  clamp: 'input min? max?',
  'div.floor_rounding': 'input other | rounding_mode',
  'div.no_rounding_mode': binary,
  'div.trunc_rounding': 'input other | rounding_mode',
  digamma: { parameters: unary, loose: [1e-4, "PyTorch's own gradient is 1.3e-5 off beside the poles"] },
  fill: 'input value',
  zero_: { parameters: unary, call: (f, [x]) => f((x as Tensor).clone()) },
  lerp: 'input end weight',
  logit: 'input | eps',
  nan_to_num: 'input | nan posinf neginf',
  round: 'input | decimals',
  'round.decimals_0': 'input | decimals',
  'round.decimals_3': 'input | decimals',
  'round.decimals_neg_3': 'input | decimals',
  pow: { parameters: binary, loose: transcendental },
  rsub: 'input other | alpha',
  sub: 'input other | alpha',
  where: { parameters: 'input condition other', call: (f, [x, condition, other]) => f(condition, x, other) },
  allclose: 'input other | rtol atol equal_nan',
  isclose: 'input other | rtol atol equal_nan',

  // Reductions.
  all: reduction,
  amax: reduction,
  amin: reduction,
  aminmax: 'input | dim keepdim',
  any: reduction,
  argmax: reduction,
  argmin: reduction,
  count_nonzero: 'input dim?',
  dist: 'input other p?',
  logsumexp: 'input dim | keepdim',
  'max.reduction_with_dim': reduction,
  mean: sumLike,
  median: reduction,
  'min.reduction_with_dim': reduction,
  mode: reduction,
  nanmean: sumLike,
  nanmedian: reduction,
  nansum: sumLike,
  norm: 'input p? | dim keepdim',
  'norm.fro': 'input p? | dim keepdim',
  'norm.inf': 'input p? | dim keepdim',
  'norm.nuc': { parameters: 'input p? | dim keepdim', loose: decomposition, needs: 'linalg.svdvals' },
  prod: sumLike,
  quantile: 'input q dim? | keepdim interpolation',
  std: spread,
  std_mean: spread,
  sum: sumLike,
  var: spread,
  var_mean: spread,
  kthvalue: 'input k dim? | keepdim',
  cov: 'input | correction fweights aweights',
  histc: 'input | bins min max',
  unique: { parameters: 'input | sorted return_inverse return_counts dim', rearrange: sortUnique },
  unique_consecutive: 'input | return_inverse return_counts dim',
  trapezoid: 'y x? | dx dim',

  // Along a dimension.
  argsort: 'input dim? | descending',
  cummax: 'input dim',
  cummin: 'input dim',
  cumprod: 'input dim | dtype',
  cumsum: 'input dim | dtype',
  diff: 'input | n dim prepend append',
  flip: 'input dims',
  gradient: 'input | spacing dim edge_order',
  log_softmax: 'input dim | dtype',
  'log_softmax.dtype': 'input dim | dtype',
  logcumsumexp: {
    parameters: 'input dim',
    looseOnGpu: [5e-3, 'the gradient is a difference of exponentials up to 10,000 of logarithms rounded to float32'],
  },
  renorm: 'input p dim maxnorm',
  roll: 'input shifts dims?',
  rot90: 'input k? dims?',
  softmax: 'input dim | dtype',
  'softmax.with_dtype': 'input dim | dtype',
  sort: 'input dim? | descending stable',
  topk: 'input k dim? | largest sorted',
  searchsorted: 'sorted_sequence values | out_int32 right side sorter',
  bucketize: 'input boundaries | out_int32 right',

  // Shapes and views.
  ...Object.fromEntries(
    words('atleast_1d atleast_2d atleast_3d').map((name) => [name, { parameters: '...tensors', call: spreadList }]),
  ),
  block_diag: '...tensors',
  broadcast_tensors: '...tensors',
  broadcast_to: 'input shape',
  cartesian_prod: '...tensors',
  cat: 'tensors dim?',
  chunk: 'input chunks dim?',
  column_stack: 'tensors',
  combinations: 'input | r with_replacement',
  constant_pad_nd: { parameters: 'input pad | value', as: 'F.pad' },
  diag: 'input diagonal?',
  diag_embed: 'input | offset dim1 dim2',
  diagflat: 'input offset?',
  diagonal: 'input | offset dim1 dim2',
  dsplit: 'input indices_or_sections',
  dstack: 'tensors',
  expand: 'input sizes',
  flatten: 'input start_dim? end_dim?',
  hsplit: 'input indices_or_sections',
  hstack: 'tensors',
  'meshgrid.list_of_tensors': 'tensors | indexing',
  'meshgrid.variadic_tensors': { parameters: '...tensors | indexing', call: asList },
  movedim: 'input source destination',
  narrow: {
    parameters: 'input dim start length',
    call: (f, [x, dim, start, length]) => f(x, dim, start instanceof Tensor ? start.item() : start, length),
  },
  permute: 'input dims',
  repeat: 'input sizes',
  repeat_interleave: 'input repeats dim?',
  reshape: 'input shape',
  select: 'input dim index',
  slice: 'input dim? start? end? step?',
  split: 'input split_size dim?',
  'split.list_args': 'input split_size dim?',
  split_with_sizes: 'input split_sizes dim?',
  squeeze: 'input dim?',
  stack: 'tensors dim?',
  // One list, or the sizes one by one.
  sum_to_size: { parameters: 'input a b~ c~ d~', call: (f, [x, ...sizes]) => f(x, sizes.flat()) },
  tensor_split: 'input indices_or_sections dim?',
  tile: 'input dims',
  transpose: 'input dim0 dim1',
  tril: 'input diagonal?',
  triu: 'input diagonal?',
  unbind: 'input dim?',
  unflatten: 'input dim sizes',
  unfold: 'input dim size step',
  unsqueeze: 'input dim',
  view: 'input shape',
  vsplit: 'input indices_or_sections',
  vstack: 'tensors',

  // Indexing.
  gather: 'input dim index',
  index_add: 'input dim index source | alpha',
  index_copy: 'input dim index source',
  index_fill: 'input dim index value',
  index_put: 'input indices values | accumulate',
  index_select: 'input dim index',
  masked_fill: 'input mask value',
  masked_scatter: 'input mask source',
  masked_select: 'input mask',
  nonzero: 'input | as_tuple',
  put: 'input index source | accumulate',
  scatter: 'input dim index src',
  scatter_add: 'input dim index src',
  'scatter_reduce.amax': 'input dim index src reduce | include_self',
  'scatter_reduce.amin': 'input dim index src reduce | include_self',
  'scatter_reduce.mean': 'input dim index src reduce | include_self',
  'scatter_reduce.prod': 'input dim index src reduce | include_self',
  'scatter_reduce.sum': 'input dim index src reduce | include_self',
  select_scatter: 'input src dim index',
  slice_scatter: 'input src dim? start? end? step?',
  take_along_dim: 'input indices dim?',

  // Creation.
  arange: {
    parameters: 'start end~ step~ | dtype',
    call: (f, args) => f(...args.map((x) => (typeof x === 'boolean' ? Number(x) : x))),
  },
  empty_like: { parameters: 'input | dtype', shapesOnly: true },
  eye: 'n m~ | dtype requires_grad',
  full_like: 'input fill_value | dtype',
  linspace: 'start end steps | dtype',
  logspace: 'start end steps | base dtype',
  new_empty: { parameters: 'input size | dtype', shapesOnly: true },
  new_full: 'input size fill_value | dtype',
  new_ones: 'input size | dtype',
  new_zeros: 'input size | dtype',
  ones_like: 'input | dtype',
  zeros_like: 'input | dtype',

  // Products of matrices.
  ...products,
  addbmm: { parameters: 'input batch1 batch2 | beta alpha', loose: longSum },
  addmm: { parameters: 'input mat1 mat2 | beta alpha', loose: longSum },
  'addmm.decomposed': { parameters: 'input mat1 mat2 | beta alpha', loose: longSum },
  addmv: { parameters: 'input mat vec | beta alpha', loose: longSum },
  addr: 'input vec1 vec2 | beta alpha',
  baddbmm: { parameters: 'input batch1 batch2 | beta alpha', loose: longSum },
  cdist: {
    parameters: 'x1 x2 | p compute_mode',
    loose: [1e-3, 'PyTorch takes p = 2 from a matrix product, which cancels between near points'],
  },
  cross: 'input other | dim',
  isin: 'input other | assume_unique invert',
  einsum: { parameters: 'tensors equation', call: (f, [tensors, equation]) => f(equation, ...(tensors as unknown[])) },
  tensordot: { parameters: 'a b dims?', loose: longSum },

  // Linear algebra.
  'linalg.det': { parameters: unary, loose: decomposition },
  'linalg.inv': { parameters: unary, loose: decomposition },
  'linalg.slogdet': { parameters: unary, loose: decomposition },
  'linalg.solve': { parameters: 'input other | left', loose: decomposition },
  'linalg.svdvals': { parameters: unary, loose: decomposition },
  'linalg.cholesky': { parameters: 'input | upper', loose: decomposition },
  'linalg.cross': 'input other | dim',
  'linalg.det.singular': { parameters: unary, loose: decomposition },
  'linalg.eigvalsh': { parameters: 'input | UPLO', loose: decomposition },
  'linalg.matrix_norm': { parameters: 'input ord? | dim keepdim dtype', loose: decomposition },
  'linalg.matrix_power': { parameters: 'input n', loose: decomposition },
  'linalg.multi_dot': { parameters: 'tensors', loose: longSum },
  'linalg.norm': { parameters: 'input ord? | dim keepdim dtype', loose: decomposition },
  'linalg.norm.subgradients_at_zero': { parameters: 'input ord? | dim keepdim dtype', loose: decomposition },
  'linalg.qr': { parameters: 'input | mode', loose: decomposition },
  'linalg.solve_triangular': { parameters: 'a b | upper left unitriangular', loose: decomposition },
  'linalg.vecdot': 'x y | dim',
  'linalg.vector_norm': 'input ord? | dim keepdim dtype',

  // Layers as functions.
  native_batch_norm: 'input weight bias running_mean running_var training momentum eps',
  native_layer_norm: {
    parameters: 'input normalized_shape weight bias eps',
    loose: [4e-3, "one element is divided by sqrt(eps): PyTorch's float32 gives 4e-4, its float64 0, as Kindling"],
  },
  'nn.functional._scaled_dot_product_attention': {
    parameters: 'query key value | attn_mask dropout_p need_attn_weights is_causal',
    as: 'F.scaledDotProductAttention',
    shapesOnly: ([, , , options]) => (options as { dropoutP?: number }).dropoutP !== 0,
    loose: [2e-4, "softmax of large scores; PyTorch's float64 is nearer to Kindling's values than to its own float32"],
    // PyTorch's private form gives the weights even where they are not asked for.
    call: (f, [query, key, value, options]) => f(query, key, value, { ...(options as object), needAttnWeights: true }),
  },
  'nn.functional.adaptive_avg_pool1d': 'input output_size',
  'nn.functional.adaptive_avg_pool2d': 'input output_size',
  'nn.functional.adaptive_avg_pool3d': 'input output_size',
  'nn.functional.adaptive_max_pool1d': 'input output_size | return_indices',
  'nn.functional.adaptive_max_pool2d': 'input output_size | return_indices',
  'nn.functional.adaptive_max_pool3d': 'input output_size | return_indices',
  'nn.functional.avg_pool1d': 'input kernel_size | stride padding ceil_mode count_include_pad',
  'nn.functional.avg_pool2d': averagePool,
  'nn.functional.avg_pool3d': averagePool,
  'nn.functional.batch_norm': 'input running_mean running_var weight? bias? | training momentum eps',
  'nn.functional.bilinear': 'input1 input2 weight bias?',
  'nn.functional.conv1d': { parameters: conv, loose: longSum },
  'nn.functional.conv2d': { parameters: conv, loose: longSum },
  'nn.functional.conv_transpose1d': { parameters: convTransposed, loose: longSum },
  'nn.functional.conv_transpose2d': { parameters: convTransposed, loose: longSum },
  'nn.functional.conv_transpose3d': { parameters: convTransposed, loose: longSum },
  'nn.functional.cosine_similarity': 'x1 x2 | dim eps',
  'nn.functional.embedding': { parameters: 'weight input', call: (f, [weight, input]) => f(input, weight) },
  'nn.functional.gelu': 'input | approximate',
  'nn.functional.glu': 'input dim?',
  'nn.functional.group_norm': {
    parameters: 'input num_groups weight? bias? | eps',
    loose: [2e-4, 'differences of two elements are divided by sqrt(eps)'],
  },
  'nn.functional.hardshrink': 'input | lambd',
  'nn.functional.hardtanh': 'input | min_val max_val',
  'nn.functional.instance_norm': 'input | running_mean running_var weight bias use_input_stats momentum eps',
  'nn.functional.interpolate.area': interpolate,
  'nn.functional.interpolate.bicubic': interpolate,
  'nn.functional.interpolate.bilinear': interpolate,
  'nn.functional.interpolate.linear': interpolate,
  'nn.functional.interpolate.nearest': interpolate,
  'nn.functional.interpolate.trilinear': interpolate,
  'nn.functional.layer_norm': {
    parameters: 'input normalized_shape weight? bias? | eps',
    loose: [1e-3, "one element is divided by sqrt(eps); PyTorch's float64 gives Kindling's values"],
  },
  'nn.functional.linear': 'input weight bias?',
  'nn.functional.local_response_norm': 'input size | alpha beta k',
  'nn.functional.max_pool1d': pool,
  'nn.functional.max_pool2d': pool,
  'nn.functional.max_pool3d': pool,
  'nn.functional.normalize': 'input | p dim eps',
  'nn.functional.pad.circular': 'input pad | mode value',
  'nn.functional.pad.constant': 'input pad | mode value',
  'nn.functional.pad.reflect': 'input pad | mode value',
  'nn.functional.pad.replicate': 'input pad | mode value',
  'nn.functional.pairwise_distance': 'x1 x2 | p eps keepdim',
  'nn.functional.pixel_shuffle': 'input upscale_factor',
  'nn.functional.pixel_unshuffle': 'input downscale_factor',
  'nn.functional.prelu': 'input weight',
  'nn.functional.softmin': 'input dim | dtype',
  'nn.functional.softmin.with_dtype': 'input dim | dtype',
  'nn.functional.softplus': 'input | beta threshold',
  'nn.functional.softshrink': 'input | lambd',
  'nn.functional.threshold': 'input threshold value',
  'nn.functional.unfold': 'input kernel_size | dilation padding stride',
  'nn.functional.upsample_bilinear': 'input | size scale_factor',
  'nn.functional.upsample_nearest': 'input | size scale_factor',

  // Losses.
  'nn.functional.binary_cross_entropy': loss('weight'),
  'nn.functional.binary_cross_entropy_with_logits': loss('weight pos_weight'),
  'nn.functional.cosine_embedding_loss': 'input1 input2 target | margin reduction',
  'nn.functional.cross_entropy': loss('weight ignore_index label_smoothing'),
  'nn.functional.gaussian_nll_loss': 'input target var | full eps reduction',
  'nn.functional.hinge_embedding_loss': loss('margin'),
  'nn.functional.huber_loss': loss('delta'),
  'nn.functional.kl_div': loss('log_target'),
  'nn.functional.l1_loss': loss(),
  'nn.functional.margin_ranking_loss': 'input1 input2 target | margin reduction',
  'nn.functional.mse_loss': loss(),
  'nn.functional.multi_margin_loss': loss('p margin weight'),
  'nn.functional.multilabel_margin_loss': loss(),
  'nn.functional.multilabel_soft_margin_loss': loss('weight'),
  'nn.functional.nll_loss': loss('weight ignore_index'),
  'nn.functional.poisson_nll_loss': loss('log_input full eps'),
  'nn.functional.smooth_l1_loss': loss('beta'),
  'nn.functional.soft_margin_loss': loss(),
  'nn.functional.triplet_margin_loss': 'anchor positive negative | margin p eps swap reduction',
}
