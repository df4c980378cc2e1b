// Finds compiled kernels by numbers (expressions, dtypes, stride classes): building a string for each call would cost more than a small kernel.
import { type ComputeType, type DType, dtypes } from '../../base/dtype.ts'
import type { Kernel } from './engine.ts'
import type { StrideClass } from './operands.ts'

const dtypeNumber = Object.fromEntries(Object.keys(dtypes).map((name, k) => [name, k])) as Record<DType, number>
export const computeNumber: Record<ComputeType, number> = { float32: 0, float64: 1, int32: 2, int64: 3 }

interface Typed {
  readonly dtype: DType
}
type Trie = Map<number, Trie | Kernel>

/** A tree of numbers: ids (not negative), variant and number of operands (negative), then packed dtypes and classes. */
export class KernelCache {
  private readonly root: Trie = new Map()

  /** `code` (expressions, for example) and `variant` tell the code. */
  find(
    code: readonly { readonly id: number }[],
    variant: number,
    operands: readonly Typed[],
    classes: readonly StrideClass[],
    make: () => Kernel,
  ): Kernel {
    let level = this.root
    for (let k = 0; k < code.length; k++) level = next(level, code[k].id)
    level = next(level, -1 - (64 * variant + operands.length))
    let packed = 1
    for (let k = 0; k < operands.length; k++) {
      packed = packed * 32 + dtypeNumber[operands[k].dtype] * 4 + classes[k]
      if (packed > 2 ** 46) {
        level = next(level, packed)
        packed = 1
      }
    }
    let kernel = level.get(-1 - packed) as Kernel | undefined
    if (kernel === undefined) level.set(-1 - packed, (kernel = make()))
    return kernel
  }
}

function next(level: Trie, key: number): Trie {
  let found = level.get(key) as Trie | undefined
  if (found === undefined) level.set(key, (found = new Map()))
  return found
}
