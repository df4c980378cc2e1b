// Live curves.
import type { Figure } from './figure.ts'
export interface AnimatorOptions {
  title?: string
  xlabel?: string
  ylabel?: string
  legend?: readonly string[]
  xlim?: readonly [number, number]
  ylim?: readonly [number, number]
  xscale?: 'linear' | 'log'
  yscale?: 'linear' | 'log'
}
export class Animator {
  constructor(options: AnimatorOptions) {
    void options
  }
  add(x: number, y: number | readonly (number | null)[]): void {
    void [x, y]
  }
  done(): void {}
  figure(): Figure {
    throw new Error('later')
  }
}
