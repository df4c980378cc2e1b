// Gradients against finite differences. Tests of every op call it; users call it for ops of their own.
import { AutogradError, ValueError } from '../base/errors.ts'
import { formatShape } from '../base/shape.ts'
import { scope } from '../runtime/scope.ts'
import { elementOffsets, Tensor } from '../tensor/tensor.ts'
import { grad } from './backward.ts'

export interface GradcheckOptions {
  /** Half the distance between the two points of a difference. Default 1e-6. */
  eps?: number
  /** Default 1e-5. */
  atol?: number
  /** Default 1e-3. */
  rtol?: number
}

type Outputs = Tensor | readonly Tensor[]
const listOf = (outputs: Outputs): readonly Tensor[] => (outputs instanceof Tensor ? [outputs] : outputs)

/**
 * Compares the gradients of `f` at `inputs` (float64; those with requiresGrad are checked) with central differences of sum(output * v), v being
 * fixed weights. Returns true, or throws AutogradError naming the first element that differs. Source: `torch.autograd.gradcheck`.
 */
export function gradcheck(
  f: (...inputs: Tensor[]) => Outputs,
  inputs: readonly Tensor[],
  options: GradcheckOptions = {},
): true {
  const { eps = 1e-6, atol = 1e-5, rtol = 1e-3 } = options
  const checked = inputs.filter((x) => x.requiresGrad)
  if (checked.length === 0) throw new ValueError('gradcheck: none of the inputs requires grad')
  for (const x of checked) {
    if (x.dtype !== 'float64') throw new ValueError(`gradcheck: inputs must be float64, got ${x.dtype}`)
  }
  return scope(() => {
    const analytical = gradientsOf(f, inputs, checked)
    checked.forEach((x, k) => {
      const numerical = differences(() => weighted(f, inputs), x, eps)
      numerical.forEach((expected, i) => {
        const got = analytical[k][i]
        if (Math.abs(got - expected) <= atol + rtol * Math.abs(expected)) return
        throw new AutogradError(
          `gradcheck: gradient of input ${inputs.indexOf(x)} ${formatShape(x.shape)} at element ${i} is ${got}, finite differences give ${expected}`,
        )
      })
    })
    return true as const
  })
}

/** `gradcheck` of the gradient itself: the second derivatives. Source: `torch.autograd.gradgradcheck`. */
export function gradgradcheck(
  f: (...inputs: Tensor[]) => Outputs,
  inputs: readonly Tensor[],
  options: GradcheckOptions = {},
): true {
  const first = (...at: Tensor[]): Tensor[] => {
    const outputs = listOf(f(...at)).filter((out) => out.requiresGrad)
    const wanted = at.filter((x) => x.requiresGrad)
    const grads = grad(outputs, wanted, { gradOutputs: outputs.map(weightsFor), createGraph: true, allowUnused: true })
    return grads.filter((g) => g !== null)
  }
  return gradcheck(first, inputs, options)
}

/** A fixed weight for element i: different from its neighbours', never zero. */
const weight = (i: number): number => Math.cos(1.7 * i + 0.3) + (i % 2 === 0 ? 1.5 : -1.5)

function weightsFor(out: Tensor): Tensor {
  const weights = Tensor.empty(out.shape, out.dtype, out.device)
  weights.hostView().forEach((_, i, all) => {
    all[i] = weight(i)
  })
  return weights
}

function gradientsOf(
  f: (...inputs: Tensor[]) => Outputs,
  inputs: readonly Tensor[],
  checked: readonly Tensor[],
): number[][] {
  const outputs = listOf(f(...inputs)).filter((out) => out.requiresGrad)
  if (outputs.length === 0) return checked.map((x) => new Array<number>(x.numel()).fill(0))
  const grads = grad(outputs, checked, { gradOutputs: outputs.map(weightsFor), allowUnused: true })
  return grads.map((g, k) => g?.numbers() ?? new Array<number>(checked[k].numel()).fill(0))
}

/** The sum of all outputs' elements, weighted as in `gradientsOf`. */
function weighted(f: (...inputs: Tensor[]) => Outputs, inputs: readonly Tensor[]): number {
  return scope(() => {
    let sum = 0
    for (const out of listOf(f(...inputs))) {
      if (out.isFloatingPoint()) out.numbers().forEach((value, i) => (sum += value * weight(i)))
    }
    return sum
  })
}

function differences(measure: () => number, x: Tensor, eps: number): number[] {
  const values = x.hostView() as Float64Array
  // Inner functions may themselves need gradients (gradgradcheck), so recording stays on.
  return Array.from(elementOffsets(x.shape, x.strides), (at) => {
    const before = values[at]
    values[at] = before + eps
    const above = measure()
    values[at] = before - eps
    const below = measure()
    values[at] = before
    return (above - below) / (2 * eps)
  })
}
