// kindling/nn: modules, layers, losses and initialisers.
import '../devices.ts'
import '../ops/install.ts'
export * from './activation.ts'
export {
  type AttentionCallOptions,
  type AttentionMasks,
  MultiheadAttention,
  type MultiheadAttentionOptions,
} from './attention.ts'
export * from './container.ts'
export {
  Conv1d,
  Conv2d,
  Conv3d,
  type ConvOptions,
  ConvTranspose1d,
  ConvTranspose2d,
  ConvTranspose3d,
  type ConvTransposeOptions,
  type Size,
  type Size1,
  type Size2,
  type Size3,
} from './conv.ts'
export * from './dropout.ts'
export { Embedding, type EmbeddingLayerOptions } from './embedding.ts'
export * as init from './init.ts'
export { Layer } from './layer.ts'
export * from './lazy.ts'
export * from './linear.ts'
export * from './loss.ts'
export { Module } from './module.ts'
export * from './norm.ts'
export { Parameter } from './parameter.ts'
export * from './pool.ts'
export {
  GRU,
  LSTM,
  type LSTMOptions,
  RNN,
  RNNBase,
  type RNNOptions,
  type RecurrentOptions,
} from './recurrent.ts'
export { type CellOptions, GRUCell, LSTMCell, RNNCell } from './recurrentCell.ts'
export * from './shuffle.ts'
export * from './softmax.ts'
export type { LoadResult, StateDict } from './state.ts'
export {
  type DecoderMasks,
  type EncoderMasks,
  type StackOptions,
  Transformer,
  TransformerDecoder,
  TransformerDecoderLayer,
  TransformerEncoder,
  TransformerEncoderLayer,
  type TransformerLayerOptions,
  type TransformerOptions,
} from './transformer.ts'
export type { PackedSequence } from './packed.ts'
export {
  isLazy,
  UninitializedBuffer,
  type UninitializedOptions,
  UninitializedParameter,
} from './uninitialized.ts'
export * as utils from './utils.ts'
