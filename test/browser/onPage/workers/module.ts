// A module that a page runs by its address.
import type { EngineContext } from '../../../../src/browser/index.ts'

export default function mean({ torch, report }: EngineContext<string>, values: number[]): number {
  report('mean')
  return torch.tensor(values, { dtype: 'float32' }).mean().item()
}
export const most = ({ torch }: EngineContext, values: number[]): number => torch.tensor(values).max().item()
