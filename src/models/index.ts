// kindling/models: the networks of the course, one file each.
import '../devices.ts'
import '../ops/autograd.ts'
import '../ops/index.ts'

export { lenet } from './lenet.ts'
export { mlp } from './mlp.ts'
export { softmaxRegression } from './softmaxRegression.ts'
