// nn.utils: what is done to gradients and sequences around a network. Source: `torch.nn.utils`.
export { clipGradNorm_, clipGradValue_, type ClipOptions } from './clip.ts'
export * as rnn from './packed.ts'
