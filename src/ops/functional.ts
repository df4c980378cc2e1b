// The functions of neural networks: `F.relu`, `F.conv2d`, `F.crossEntropy`, ... (PyTorch's `torch.nn.functional`).
export * from './activation.ts'
export * from './conv.ts'
export { cosineSimilarity, normalize, pairwiseDistance } from './distance.ts'
export { type EmbeddingOptions, embedding } from './embedding.ts'
export { oneHot } from './gather.ts'
export * from './loss.ts'
export { linear } from './matmul.ts'
export { fold, type PadMode, type PadOptions, pad, pixelShuffle, pixelUnshuffle, unfold } from './pad.ts'
export * from './pool.ts'
export * from './poolVolumes.ts'
export { alphaDropout, type DropoutOptions, dropout, dropout2d } from './random.ts'
export { logSoftmax, softmax, softmin, type SoftmaxOptions } from './softmax.ts'
export { sigmoid, tanh } from './unary.ts'
export { batchNorm, type BatchNormOptions } from './batchNorm.ts'
export {
  groupNorm,
  instanceNorm,
  type InstanceNormOptions,
  layerNorm,
  localResponseNorm,
} from './norm.ts'
export { type AttentionOptions, bilinear, scaledDotProductAttention } from './attention.ts'
export {
  interpolate,
  type InterpolateMode,
  type InterpolateOptions,
  upsampleBilinear,
  upsampleNearest,
} from './interpolate.ts'
