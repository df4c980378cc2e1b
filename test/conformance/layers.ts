// Cases of PyTorch's module tests: constructor, state, outputs, gradients, state afterwards. The table says how each is constructed and called.
import { scope } from '../../src/runtime/scope.ts'
import { Tensor } from '../../src/tensor/tensor.ts'
import type { Fixture } from '../support/safetensors.ts'
import { bind } from './bind.ts'
import { comparesOnGpu, gpuModuleTolerance, mismatch, type Tolerance } from './compare.ts'
import { type Described, decode, flatten, isTensorRef, type TensorRef } from './described.ts'
import { type Class, classAt, outputsOf, tensorFrom } from './kindling.ts'
import { type Line, runLine } from './report.ts'

export interface Case {
  readonly module: string
  readonly training: boolean
  readonly case: number
  readonly desc: string
  readonly args: readonly Described[]
  readonly kwargs: Readonly<Record<string, Described>>
  readonly state: Readonly<Record<string, TensorRef>>
  readonly input: readonly Described[]
  readonly input_kwargs: Readonly<Record<string, Described>>
  readonly out: Described
  readonly cotangents: readonly (TensorRef | null)[]
  readonly param_grads: Readonly<Record<string, TensorRef | null>>
  readonly input_grads: readonly (TensorRef | null)[]
  readonly state_after: Readonly<Record<string, TensorRef>>
}

const conv = 'in_channels out_channels kernel_size | stride padding dilation groups bias'
const transposed = 'in_channels out_channels kernel_size | stride padding output_padding groups bias dilation'
const lazy = (parameters: string) => parameters.replace('in_channels ', '')
const transformerLayer = 'd_model nhead | dim_feedforward dropout activation layer_norm_eps batch_first norm_first'
const recurrent = 'input_size hidden_size | num_layers nonlinearity bias batch_first dropout bidirectional proj_size'
const cell = 'input_size hidden_size | bias nonlinearity'
const statistics = 'num_features | eps momentum affine track_running_stats'

/** Parameters of the constructors. */
export const constructors: Readonly<Record<string, string>> = {
  AdaptiveAvgPool2d: 'output_size',
  AvgPool1d: 'kernel_size | stride padding ceil_mode count_include_pad',
  BatchNorm1d: statistics,
  BatchNorm2d: statistics,
  BatchNorm3d: statistics,
  Bilinear: 'in1_features in2_features out_features | bias',
  Conv1d: conv,
  Conv2d: conv,
  Conv3d: conv,
  ConvTranspose1d: transposed,
  ConvTranspose2d: transposed,
  ConvTranspose3d: transposed,
  CrossEntropyLoss: '| weight ignore_index reduction label_smoothing',
  ELU: '| alpha',
  Embedding: 'num_embeddings embedding_dim | padding_idx',
  GRU: recurrent,
  GRUCell: cell,
  GaussianNLLLoss: '| full eps reduction',
  GroupNorm: 'num_groups num_channels | eps affine',
  Hardswish: '',
  InstanceNorm1d: statistics,
  InstanceNorm2d: statistics,
  InstanceNorm3d: statistics,
  L1Loss: '| reduction',
  LSTM: recurrent,
  LSTMCell: cell,
  LayerNorm: 'normalized_shape | eps elementwise_affine',
  LazyConv1d: lazy(conv),
  LazyConv2d: lazy(conv),
  LazyConv3d: lazy(conv),
  LazyConvTranspose1d: lazy(transposed),
  LazyConvTranspose2d: lazy(transposed),
  LazyConvTranspose3d: lazy(transposed),
  Linear: 'in_features out_features | bias',
  LocalResponseNorm: 'size | alpha beta k',
  MultiheadAttention: 'embed_dim num_heads | dropout bias add_bias_kv add_zero_attn kdim vdim batch_first',
  NLLLoss: '| weight ignore_index reduction',
  RNN: recurrent,
  RNNCell: cell,
  ReLU: '',
  Sigmoid: '',
  Transformer:
    '| d_model nhead num_encoder_layers num_decoder_layers dim_feedforward dropout activation layer_norm_eps batch_first norm_first',
  TransformerDecoderLayer: transformerLayer,
  TransformerEncoderLayer: transformerLayer,
}

/** Parameters of `forward` where some are options; elsewhere all are positional. */
const forwards: Readonly<Record<string, string>> = {
  Linear: 'input',
  MultiheadAttention: 'query key value | key_padding_mask attn_mask need_weights',
  Transformer:
    'src tgt | src_mask tgt_mask memory_mask src_key_padding_mask tgt_key_padding_mask memory_key_padding_mask',
  TransformerDecoderLayer: 'tgt memory | tgt_mask memory_mask tgt_key_padding_mask memory_key_padding_mask',
  TransformerEncoderLayer: 'src | src_mask src_key_padding_mask',
}

/** What the checks use of a module. */
export interface ModuleLike {
  (...args: unknown[]): unknown
  train(mode: boolean): unknown
  stateDict(): Record<string, Tensor>
  loadStateDict(state: Record<string, Tensor>): unknown
  namedParameters(): Iterable<readonly [string, Tensor]>
  parameters(): Iterable<Tensor>
}

/** Sums over features, heads and time steps, added up in another order. */
const looseOnCpu = { rtol: 1e-4, atol: 1e-5 }
const loose = (): Tolerance => (comparesOnGpu() ? gpuModuleTolerance : looseOnCpu)

type Tensors = Fixture<unknown>['tensors']

/**
 * One line per module class. `exact` holds what PyTorch answers in float64 where its float32 rounding is itself beyond the tolerance: a value may
 * agree with either.
 */
export async function* checkModules(
  { json, tensors }: Fixture<readonly Case[]>,
  exact: Tensors,
  only: (name: string) => boolean,
): AsyncGenerator<Line> {
  for (const [name, cases] of Map.groupBy(json, (c) => c.module)) {
    if (!only(name)) continue
    const label = (c: Case) =>
      `case ${c.case}${c.training ? '' : ' eval'} (${JSON.stringify([...c.args, c.kwargs]).slice(1, -1)}${c.desc && `, ${c.desc}`})`
    yield await runLine(name, cases, label, (c) => scope(() => checkCase(c, classAt(name), tensors, exact)))
  }
}

function checkCase(c: Case, Module: Class, tensors: Tensors, exact: Tensors): string | null {
  const stored = (ref: TensorRef) => {
    const found = tensors.get(ref.tensor)
    if (found === undefined) throw new Error(`the fixture has no tensor ${ref.tensor}`)
    return found
  }
  const differs = (actual: Tensor, ref: TensorRef): string | null => {
    const wrong = mismatch(actual, stored(ref), loose())
    const finer = exact.get(ref.tensor)
    return wrong !== null && finer && mismatch(actual, finer, loose()) === null ? null : wrong
  }
  const name = c.module.replace('nn.', '')
  const plain = (value: Described) => decode(value, (ref) => tensorFrom(stored(ref)))
  const options = Object.fromEntries(Object.entries(c.kwargs).map(([key, value]) => [key, plain(value)]))
  const args = c.args.map((value) =>
    typeof value === 'object' && value !== null && 'repr' in value
      ? value.repr.replace(/.*function (\w+).*/, '$1')
      : plain(value),
  )
  const net = new Module(...bind(constructors[name] ?? '', args, options)) as ModuleLike
  net.train(c.training)

  const inputs = c.input.map((value, i) => {
    const wanted = isTensorRef(c.input_grads[i])
    return decode(value, (ref) => tensorFrom(stored(ref), wanted))
  })
  const inputOptions = Object.fromEntries(Object.entries(c.input_kwargs).map(([key, value]) => [key, plain(value)]))
  const call = () => (name in forwards ? net(...bind(forwards[name], inputs, inputOptions)) : net(...inputs))
  // A lazy module has its parameters only after the first call.
  if (name.startsWith('Lazy')) call()
  net.loadStateDict(Object.fromEntries(Object.entries(c.state).map(([key, ref]) => [key, tensorFrom(stored(ref))])))

  const actual = outputsOf(call()).filter((value) => value !== null && value !== undefined)
  const expected = flatten(c.out).filter(isTensorRef)
  if (actual.length !== expected.length) return `${actual.length} outputs, PyTorch ${expected.length}`
  for (const [i, ref] of expected.entries()) {
    const wrong = differs(actual[i] as Tensor, ref)
    if (wrong !== null) return `output ${i} ${wrong}`
  }

  const roots = c.cotangents.flatMap((ref, i) =>
    ref === null ? [] : [{ output: actual[i] as Tensor, cotangent: tensorFrom(stored(ref)) }],
  )
  roots.forEach(({ output, cotangent }, i) => {
    output.backward(cotangent, { retainGraph: i < roots.length - 1 })
  })
  const found: [string, Tensor, TensorRef | null | undefined][] = [...net.namedParameters()].map(([key, parameter]) => [
    key,
    parameter,
    c.param_grads[key],
  ])
  inputs.forEach((input, i) => {
    if (input instanceof Tensor) found.push([`input ${i}`, input, c.input_grads[i]])
  })
  for (const [key, leaf, ref] of found) {
    if (!isTensorRef(ref)) continue
    const wrong = leaf.grad === null ? 'missing' : differs(leaf.grad, ref)
    if (wrong !== null) return `gradient of ${key} ${wrong}`
  }

  const after = net.stateDict()
  for (const [key, ref] of Object.entries(c.state_after)) {
    const wrong = key in after ? differs(after[key], ref) : 'missing'
    if (wrong !== null) return `state afterwards ${key} ${wrong}`
  }
  return null
}
