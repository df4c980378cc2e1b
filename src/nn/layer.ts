// Layer: a module from one tensor to one tensor; gives the call its type.
import type { Tensor } from '../tensor/tensor.ts'
import { Module } from './module.ts'

export interface Layer {
  (input: Tensor): Tensor
}

/** Base of the layers that take a tensor and give a tensor. */
export abstract class Layer extends Module {
  abstract override forward(input: Tensor): Tensor
}

/** How PyTorch prints a number that is a float there: 1 as 1.0. */
export const pythonFloat = (value: number): string => {
  if (Number.isInteger(value) && Math.abs(value) < 1e16) return `${value}.0`
  const text = String(value)
  return text.replace(/e([+-])(\d)$/, 'e$10$2')
}
/** How Python prints a boolean. */
export const pythonBool = (value: boolean): string => (value ? 'True' : 'False')
/** How Python prints a size: a number, None, or a tuple of them. */
export function pythonSize(value: number | null | readonly (number | null)[]): string {
  if (value === null) return 'None'
  if (typeof value === 'number') return String(value)
  return value.length === 1 ? `(${pythonSize(value[0])},)` : `(${value.map(pythonSize).join(', ')})`
}
