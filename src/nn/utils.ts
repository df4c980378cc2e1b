// nn.utils: what is done to gradients, sequences, parameters and networks from outside. Source: `torch.nn.utils`.
export { clipGradNorm_, clipGradValue_, type ClipOptions } from './clip.ts'
export { deepcopy } from './copy.ts'
export * as rnn from './packed.ts'
export { parametersToVector, vectorToParameters } from './vector.ts'
