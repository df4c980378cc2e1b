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

/** How Python prints a number: with an exponent below 0.0001 and from 1e16 on. */
export function pythonNumber(value: number): string {
  const [mantissa, exponent] = value.toExponential().split('e')
  const power = Number(exponent)
  if (value === 0 || !Number.isFinite(value) || (power >= -4 && power < 16)) return String(value)
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
}
/** The same for what is a float there: 1 as 1.0. */
export const pythonFloat = (value: number): string => {
  const text = pythonNumber(value)
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}
/** How Python prints a boolean. */
export const pythonBool = (value: boolean): string => (value ? 'True' : 'False')
/** How Python prints a size: a number, None, or a tuple of them. */
export function pythonSize(value: number | null | readonly (number | null)[]): string {
  if (value === null) return 'None'
  if (typeof value === 'number') return String(value)
  return value.length === 1 ? `(${pythonSize(value[0])},)` : `(${value.map(pythonSize).join(', ')})`
}
