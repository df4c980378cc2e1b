// kindling/plot: figures.
export type { Figure } from './figure.ts'
