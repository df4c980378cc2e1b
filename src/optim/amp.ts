// `torch.amp`: mixed precision, casts and loss scaling under one name.
export { autocast, type AutocastOptions } from '../ops/autocast.ts'
export { GradScaler, type GradScalerOptions, type GradScalerState, type Scalable } from './gradScaler.ts'
