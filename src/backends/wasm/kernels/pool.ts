// 2-d pooling. Fixed windows of float32 whose columns lie side by side have vector kernels, see pool-plans.ts; pool-general.ts does the rest.
import { isFloating } from '../../../base/dtype.ts'
import { DTypeError } from '../../../base/errors.ts'
import type { PoolSpec } from '../../../runtime/spec.ts'
import type { Engine } from '../engine.ts'
import { describe } from './gemm-code.ts'
import { buildGeneral, type GeneralVariant, windowTable } from './pool-general.ts'
import { poolFields, viewFields } from './pool-planes.ts'
import { rowsFollow, vectorPlan } from './pool-plans.ts'

/** Floats of the larger side that a chunk is made of, at least and at most: long stretches of memory for each thread, but enough for all. */
const chunk = { least: 8192, most: 131072 }

export const pool =
  (engine: Engine) =>
  (spec: PoolSpec): void => {
    const { op, pass, x, y, indices, windows } = spec
    if (op === 'avg' && !isFloating(x.dtype)) throw new DTypeError(`pool: the average of ${x.dtype} is not defined`)
    const [batch, channels, height, width] = x.shape
    const planes = batch * channels
    const size = Math.max(1, height * width)
    const plan = vectorPlan(engine, spec)
    if (plan !== null) {
      const share = (planes * size) / (8 * engine.features.threads)
      const grain = Math.max(1, Math.floor(Math.min(chunk.most, Math.max(chunk.least, share)) / size))
      engine.dispatch(plan.kernel, describe(engine, poolFields, { channels, ...plan.fields }), planes, grain)
      return
    }
    const v: GeneralVariant = {
      op,
      pass,
      dtype: x.dtype,
      indices: indices && indices.dtype,
      dense: rowsFollow(x) && x.strides[3] === 1,
    }
    const [outHeight, outWidth] = y.shape.slice(2)
    const descriptor = describe(engine, poolFields, {
      ...viewFields(x, y, indices),
      channels,
      height,
      width,
      outHeight,
      outWidth,
      divisor: spec.divisor ?? 0,
      rowTable: windowTable(engine, spec, 0),
      columnTable: windowTable(engine, spec, 1),
      rowDilation: windows[0].adaptive ? 1 : windows[0].dilation,
      columnDilation: windows[1].adaptive ? 1 : windows[1].dilation,
    })
    const kernel = engine.kernel(`pool ${JSON.stringify(v)}`, (m) => buildGeneral(m, v))
    engine.dispatch(kernel, descriptor, planes, Math.max(1, Math.floor(4096 / size)))
  }
