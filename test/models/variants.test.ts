// Every network in another form than the course's, trained for a few steps as PyTorch trains it. Fixture: scripts/oracle/variants.py.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import * as torch from '../../src/index.ts'
import { nn } from '../../src/index.ts'
import * as models from '../../src/models/index.ts'
import { followTraining, type Training, usualDrift } from '../conformance/networks.ts'

interface Variant extends Training {
  readonly source: string
  /** [channels, height, width]. */
  readonly image: readonly number[]
  readonly classes: number
  readonly batch: number
  /** Of the last images, after training and `eval()`. */
  readonly scores: readonly (readonly number[])[]
}
const path = join(import.meta.dirname, '../fixtures/variants.json.gz')
const variants: Variant[] = JSON.parse(gunzipSync(readFileSync(path)).toString())

const build = (source: string): nn.Sequential =>
  new Function(...Object.keys(models), `return ${source}`)(...Object.values(models)) as nn.Sequential

describe('a network follows PyTorch loss by loss, and scores alike after eval()', () => {
  test.each(variants)('$source', (variant) => {
    const { source, image, classes, batch, scores } = variant
    let [net, last] = [new nn.Sequential(), torch.empty(0)]
    const difference = followTraining(
      variant,
      () => (net = build(source)),
      usualDrift,
      () => {
        last = torch.rand(batch, ...image).keep()
        return [last, torch.randint(0, classes, [batch])]
      },
    )
    expect(difference).toBeNull()
    const wanted = torch.tensor(scores as number[][])
    const largest = wanted.abs().max().item()
    expect(net.eval()(last).sub(wanted).abs().max().item() / largest).toBeLessThan(usualDrift)
  })
})
