// `torch.func`: functions that take a function and give its derivatives.
export { type FunctionalOptions, hessian, hvp, jacobian, type Jacobian, jacrev, vhp } from './jacobian.ts'
export { type Chosen, grad, gradAndValue, jvp, type Like, type TransformOptions, vjp } from './transforms.ts'
export type { Argnums } from './trace.ts'
