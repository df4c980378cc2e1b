// The measurements by the names of --only, in the order in which they run.
import { measureBrowser } from './measure/browser.ts'
import { measureCold } from './measure/cold.ts'
import { measureEpoch } from './measure/epoch.ts'
import { measureDispatch, measureMatmul } from './measure/operations.ts'
import { measurePeers } from './measure/peers.ts'
import { measureScaling } from './measure/scaling.ts'
import { measureShares } from './measure/shares.ts'
import { measureSteps } from './measure/steps.ts'
import type { Run } from './run.ts'

export interface Measurement {
  readonly name: string
  readonly measure: (run: Run) => Promise<void>
}

export const measurements: readonly Measurement[] = [
  { name: 'steps', measure: measureSteps },
  { name: 'matmul', measure: measureMatmul },
  { name: 'dispatch', measure: measureDispatch },
  { name: 'epoch', measure: measureEpoch },
  { name: 'cold', measure: measureCold },
  { name: 'peak', measure: measureShares },
  { name: 'peers', measure: measurePeers },
  { name: 'browser', measure: measureBrowser },
  { name: 'scaling', measure: measureScaling },
]

export const groups: readonly string[] = measurements.map(({ name }) => name)
