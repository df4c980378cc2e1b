// `torch.autograd`: operations of one's own. Gradients themselves are in `torch`: grad, noGrad, gradcheck.
export { Function, type FunctionClass, FunctionCtx } from './function.ts'
