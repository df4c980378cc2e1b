// Curves that grow while a program runs. A listener of the whole program, or an element of a page, sees each new point.
import { ShapeError, ValueError } from '../base/errors.ts'
import type { AxesOptions } from './axis.ts'
import type { Figure, FigureOptions } from './figure.ts'
import { type Curve, drawCurves } from './lines.ts'

export interface AnimatorOptions extends FigureOptions, AxesOptions {
  /** A name for each series. Without it they are called `y0`, `y1`. */
  legend?: readonly string[]
}

/** Called after each `add`, and by `done` with `finished`. */
export type AnimationListener = (animator: Animator, finished: boolean) => void

let listener: AnimationListener | null = null

/** Sets what sees all animators of the program, or nothing. */
export function animate(next: AnimationListener | null): void {
  listener = next
}

/** Source: `d2l.Animator`, section 3.6. */
export class Animator {
  readonly options: AnimatorOptions
  private readonly curves: { x: number[]; y: number[] }[] = []
  private element: Element | null = null
  private drawing = false

  constructor(options: AnimatorOptions = {}) {
    const { legend } = options
    if (legend && new Set(legend).size < legend.length)
      throw new ValueError(`Animator: a name stands twice in the legend: ${legend.join(', ')}`)
    this.options = options
    for (const _ of legend ?? []) this.curves.push({ x: [], y: [] })
    // Bad limits and scales are errors here, not after the first epoch.
    this.figure()
  }

  /** A point for each series at `x`; null leaves its series as it is, NaN is a gap. */
  add(x: number, y: number | readonly (number | null)[]): void {
    const values = typeof y === 'number' ? [y] : y
    if (this.curves.length === 0) for (const _ of values) this.curves.push({ x: [], y: [] })
    if (values.length !== this.curves.length)
      throw new ShapeError(
        `Animator.add: ${values.length} values for ${this.curves.length} series`,
        'null leaves a series as it is.',
      )
    for (const [i, value] of values.entries()) {
      if (value === null) continue
      this.curves[i].x.push(x)
      this.curves[i].y.push(value)
    }
    this.redraw()
    listener?.(this, false)
  }

  /** Tells the listener that no more will come. */
  done(): void {
    listener?.(this, true)
  }

  /** The points of each series by its name. */
  get points(): Readonly<Record<string, readonly (readonly [x: number, y: number])[]>> {
    const names = this.options.legend ?? this.curves.map((_, i) => `y${i}`)
    return Object.fromEntries(this.curves.map(({ x, y }, i) => [names[i], x.map((value, k) => [value, y[k]] as const)]))
  }

  /** The curves as they are now. */
  figure(): Figure {
    const finite = (value: number): number => (Number.isFinite(value) ? value : Number.NaN)
    const curves: Curve[] = this.curves.map(({ x, y }) => ({ x: x.map(finite), y: y.map(finite) }))
    return drawCurves('Animator', curves, this.options)
  }

  /** Shows the curves inside an element of a page, now and again when there are new points, once a frame at most. */
  mount(element: Element): void {
    this.element = element
    this.redraw()
  }

  private redraw(): void {
    if (this.element === null || this.drawing) return
    this.drawing = true
    const draw = (): void => {
      this.drawing = false
      this.element?.replaceChildren(this.figure().toElement(this.element.ownerDocument))
    }
    if (typeof requestAnimationFrame === 'function') requestAnimationFrame(draw)
    else queueMicrotask(draw)
  }
}
