// Matrix products: plans blocks, packing and scratch for the kernels in gemm-*.ts. Called by the wasm device for GemmSpec; conv has its own plans.
// Sizes are run-time arguments. Every element of C is one chain of sums over k, however C is cut: results are the same for every number of threads.
import { type DType, bytesOf } from '../../../base/dtype.ts'
import { DTypeError } from '../../../base/errors.ts'
import type { GemmSpec, View } from '../../../runtime/spec.ts'
import type { Engine, Kernel } from '../engine.ts'
import { blockFields, blocksKernel, slotBytes } from './gemm-blocks.ts'
import { describe, evenPanels, slotsOf } from './gemm-code.ts'
import { dotBlock, dotFields, dotKernel, dotSlotBytes } from './gemm-dots.ts'
import { type Machine, machineKey, shapeOf } from './gemm-micro.ts'
import { packFields, packKernel, panelsTogether } from './gemm-panels.ts'
import { plainFields, plainKernel, type ScalarType } from './gemm-plain.ts'

/** The machine of the engine for an element type. */
export function machineOf(engine: Engine, type: 'f32' | 'f64'): Machine {
  return { type, width: engine.features.revec ? 2 : 1, fma: engine.features.relaxedFma }
}

/** An operand in bytes; C-like operands: row and column, A: row and k, B: k and column. */
interface Matrix {
  readonly at: number
  readonly batch: number
  readonly row: number
  readonly column: number
}

function matrixOf(view: View): Matrix {
  const bytes = bytesOf(view.dtype)
  const [batch, row, column] = view.strides.map((s) => s * bytes)
  return {
    at: (view.storage.handle as number) + view.offset * bytes,
    batch: view.shape[0] === 1 ? 0 : batch,
    row,
    column,
  }
}

interface Problem {
  readonly batch: number
  readonly m: number
  readonly n: number
  readonly k: number
  readonly a: Matrix
  readonly b: Matrix
  readonly c: Matrix
  readonly bias: Matrix | null
  readonly alpha: number
  readonly beta: number
}

const swapped = (x: Matrix): Matrix => ({ ...x, row: x.column, column: x.row })
/** C' = B' A'. */
const transposed = (p: Problem): Problem => ({
  ...p,
  m: p.n,
  n: p.m,
  a: swapped(p.b),
  b: swapped(p.a),
  c: swapped(p.c),
  bias: p.bias && swapped(p.bias),
})

/** One product with more rows, where all batches share B and A and C go on evenly. */
function batchesAsRows(p: Problem): Problem {
  const even = (x: Matrix): boolean => x.batch === p.m * x.row
  const rows = (x: Matrix): Matrix => ({ ...x, batch: 0 })
  if (p.batch === 1 || p.b.batch !== 0 || !even(p.a) || !even(p.c) || (p.bias && !even(p.bias))) return p
  return { ...p, batch: 1, m: p.batch * p.m, a: rows(p.a), c: rows(p.c), bias: p.bias && rows(p.bias) }
}

/** The descriptor fields of an operand. */
const aFields = (x: Matrix) => ({ a: x.at, aBatch: x.batch, aRow: x.row, aK: x.column })
const bFields = (x: Matrix) => ({ b: x.at, bBatch: x.batch, bK: x.row, bColumn: x.column })
const cFields = (x: Matrix) => ({ c: x.at, cBatch: x.batch, cRow: x.row, cColumn: x.column })
const initFields = (x: Matrix) => ({ init: x.at, initBatch: x.batch, initRow: x.row, initColumn: x.column })
const biasFields = (x: Matrix | null) => ({
  hasBias: x === null ? 0 : 1,
  bias: x?.at ?? 0,
  biasBatch: x?.batch ?? 0,
  biasRow: x?.row ?? 0,
  biasColumn: x?.column ?? 0,
})

const kBlockMost = 256
const rowsPerBlock = 192
const columnPanelsPerBlock = 16
/** Multiplications in an item that are worth handing to another thread. */
const worthSplitting = 1 << 18

const scalarTypes: { readonly [D in DType]?: ScalarType } = {
  float32: 'f32',
  float64: 'f64',
  int32: 'i32',
  int64: 'i64',
  uint8: 'u8',
}

function plain(engine: Engine, type: ScalarType, p: Problem): void {
  const kernel = engine.kernels(`gemm plain ${type}`, (m) => plainKernel(m, 'plain', type)).plain
  const desc = describe(engine, plainFields, {
    ...aFields(p.a),
    ...bFields(p.b),
    ...cFields(p.c),
    ...biasFields(p.bias),
    alpha: p.alpha,
    beta: p.beta,
    hasBeta: Number(p.beta !== 0),
    m: p.m,
    n: p.n,
    k: p.k,
  })
  engine.dispatch(kernel, desc, p.batch * p.m, Math.max(1, Math.floor(65536 / (p.n * (p.k + 1)))))
}

function kernelsOf(engine: Engine, machine: Machine): Record<string, Kernel> {
  return engine.kernels(`gemm ${machineKey(machine)}`, (m) => {
    blocksKernel(m, machine)
    packKernel(m, machine)
    dotKernel(m, machine)
  })
}

/** Packs every panel of `x` (lanes by row, k by column) and returns the packed operand's address and bytes between batches. */
function pack(
  engine: Engine,
  machine: Machine,
  x: Matrix,
  batch: number,
  lanes: number,
  k: number,
  width: { padded: number } | { most: number },
  alpha: number,
): { at: number; batch: number } {
  const { bytes } = shapeOf(machine)
  const even = 'most' in width ? evenPanels(lanes, width.most) : null
  const padded = 'padded' in width ? width.padded : 0
  const panels = even?.panels ?? Math.ceil(lanes / padded)
  const batchBytes = (even ? lanes : panels * padded) * k * bytes
  const at = engine.scratch(batch * batchBytes)
  // Where lanes are contiguous, several panels are packed together.
  const together = x.row === bytes ? panelsTogether : 1
  const groups = Math.ceil(panels / together)
  const desc = describe(engine, packFields, {
    together,
    groups,
    alpha,
    scale: Number(alpha !== 1),
    src: x.at,
    srcBatch: x.batch,
    srcLane: x.row,
    srcK: x.column,
    dst: at,
    dstBatch: batchBytes,
    k,
    lanes,
    panels,
    laneSmall: even?.small ?? 0,
    bigPanels: even?.bigPanels ?? 0,
    padded,
  })
  const grain = Math.max(1, Math.floor(32768 / (16 * k * together)))
  engine.dispatch(kernelsOf(engine, machine).pack, desc, batch * groups, grain)
  return { at, batch: batchBytes }
}

/** Few rows against contiguous columns of B: dot products, nothing is packed (but rows of A that are not contiguous). */
function dots(engine: Engine, machine: Machine, p: Problem): void {
  const { bytes } = shapeOf(machine)
  let { a } = p
  if (a.column !== bytes) {
    const batches = a.batch === 0 ? 1 : p.batch
    const rows = pack(engine, machine, a, batches, p.m, p.k, { most: 1 }, 1)
    a = { at: rows.at, batch: batches === 1 ? 0 : rows.batch, row: p.k * bytes, column: bytes }
  }
  const blocks = Math.ceil(p.n / dotBlock)
  const desc = describe(engine, dotFields, {
    ...cFields(p.c),
    ...biasFields(p.bias),
    ...slotsOf(engine, dotSlotBytes),
    alpha: p.alpha,
    beta: p.beta,
    hasBeta: Number(p.beta !== 0),
    m: p.m,
    n: p.n,
    k: p.k,
    blocks,
    x: a.at,
    xBatch: a.batch,
    xRow: a.row,
    w: p.b.at,
    wBatch: p.b.batch,
    wRow: p.b.column,
  })
  engine.dispatch(
    kernelsOf(engine, machine).dots,
    desc,
    p.batch * blocks,
    Math.max(1, Math.floor(worthSplitting / (dotBlock * p.k * p.m))),
  )
}

/** What the first block of k adds to, and its bytes from one panel of columns to the next. */
function initial(engine: Engine, machine: Machine, p: Problem): Matrix & { readonly panel: number } {
  const { bytes, columns } = shapeOf(machine)
  if (p.beta === 0 && p.bias !== null) return { ...p.bias, panel: columns * p.bias.column }
  if (p.beta === 0) {
    const at = engine.scratch(columns * bytes)
    engine.fill(0, at, columns * bytes)
    return { at, batch: 0, row: 0, column: bytes, panel: 0 }
  }
  if (p.beta !== 1 || p.bias !== null) plain(engine, machine.type, { ...p, k: 0, alpha: 1 })
  return { ...p.c, panel: columns * p.c.column }
}

function blocks(engine: Engine, machine: Machine, p: Problem): void {
  const { bytes, rows, columns } = shapeOf(machine)
  const init = initial(engine, machine, p)
  const panel = evenPanels(p.m, rows)
  const kBlocks = Math.ceil(p.k / kBlockMost)
  const kBlock = Math.ceil(p.k / kBlocks)
  const columnPanels = Math.ceil(p.n / columns)

  // A is read in place while few columns use it; B in place where its rows are contiguous and few rows use it.
  const large = p.m * p.k * p.n > 1 << 20
  const severalRowBlocks = p.m > 2 * rowsPerBlock
  // Small products of a batch: an item packs both operands, as in attention.
  const together =
    !large && p.batch > 1 && p.alpha === 1 && !severalRowBlocks && p.m >= 4 * rows && p.n >= 2 * columns && p.k >= 16
  const packA = p.alpha !== 1 || large || together
  const inPlaceB = p.b.column === bytes && (p.m <= 4 * rows || p.k * p.n * bytes <= 16384)
  const packB = together ? 2 : inPlaceB ? 1 : severalRowBlocks ? 0 : p.b.column === bytes ? 3 : 2

  // An item that takes all columns packs its rows by itself: they stay in its cache, where all of A would go through memory. With several blocks of
  // k its part of C has to stay there, too.
  const packByItem =
    together || (packA && p.alpha === 1 && severalRowBlocks && columnPanels <= (kBlocks === 1 ? 64 : 32))

  let rowPanelsPerBlock = Math.min(
    panel.panels,
    packB >= 2 ? Math.ceil((2 * rowsPerBlock) / rows) : rowsPerBlock / rows,
  )
  let columnsPerBlock = packByItem ? columnPanels : Math.min(columnPanels, columnPanelsPerBlock)
  // How C is cut does not change its bits, and what is packed or read once for all of C is better not done for each part.
  const enough = engine.features.threads === 1 ? 1 : 8
  for (;;) {
    const items = p.batch * Math.ceil(panel.panels / rowPanelsPerBlock) * Math.ceil(columnPanels / columnsPerBlock)
    const each = rowPanelsPerBlock * rows * columnsPerBlock * columns * p.k
    if (items >= enough || each < worthSplitting || (rowPanelsPerBlock === 1 && columnsPerBlock === 1)) break
    if (!packByItem && columnsPerBlock > 1 && (packB >= 2 || columnsPerBlock * columns >= rowPanelsPerBlock * rows))
      columnsPerBlock = Math.ceil(columnsPerBlock / 2)
    else rowPanelsPerBlock = Math.ceil(rowPanelsPerBlock / 2)
  }
  if (packByItem && !together) {
    // Even blocks, a multiple of four.
    const four = 4 * Math.ceil(Math.ceil(panel.panels / rowPanelsPerBlock) / 4)
    rowPanelsPerBlock = Math.ceil(panel.panels / four)
  }
  const rowBlocks = Math.ceil(panel.panels / rowPanelsPerBlock)
  const columnBlocks = Math.ceil(columnPanels / columnsPerBlock)

  let a: Partial<Record<keyof typeof blockFields, number>> = aFields(p.a)
  if (packByItem) a = { ...aFields(p.a), aPacked: 2 }
  else if (packA) {
    const packed = pack(engine, machine, p.a, p.a.batch === 0 ? 1 : p.batch, p.m, p.k, { most: rows }, p.alpha)
    a = { a: packed.at, aBatch: p.a.batch === 0 ? 0 : packed.batch, aPacked: 1 }
  }
  let b: Partial<Record<keyof typeof blockFields, number>> = { ...bFields(p.b), bPanel: columns * p.b.column, packB }
  if (packB === 0) {
    const packed = pack(engine, machine, swapped(p.b), p.b.batch === 0 ? 1 : p.batch, p.n, p.k, { padded: columns }, 1)
    b = { b: packed.at, bBatch: p.b.batch === 0 ? 0 : packed.batch, bPanel: columns * p.k * bytes, bK: columns * bytes }
  }
  const desc = describe(engine, blockFields, {
    ...a,
    ...b,
    ...cFields(p.c),
    ...initFields(init),
    initPanel: init.panel,
    ...slotsOf(
      engine,
      slotBytes(machine, kBlock, packB === 3 ? columnsPerBlock : 1, packByItem ? rowPanelsPerBlock * rows : 0),
    ),
    n: p.n,
    k: p.k,
    kBlock,
    rowPanels: panel.panels,
    rowsSmall: panel.small,
    bigPanels: panel.bigPanels,
    columnPanels,
    rowBlocks,
    rowPanelsPerBlock,
    columnBlocks,
    columnPanelsPerBlock: columnsPerBlock,
  })
  const each = (p.m * p.n * p.k) / (rowBlocks * columnBlocks)
  engine.dispatch(
    kernelsOf(engine, machine).gemm,
    desc,
    p.batch * rowBlocks * columnBlocks,
    Math.max(1, Math.floor(worthSplitting / each)),
  )
}

export const gemm =
  (engine: Engine) =>
  (spec: GemmSpec): void => {
    const [batch, m, k] = spec.a.shape
    const n = spec.b.shape[2]
    if (batch * m * n === 0) return
    const scalarType = scalarTypes[spec.c.dtype]
    if (scalarType === undefined) throw new DTypeError(`gemm: dtype ${spec.c.dtype} is not supported`)
    const bias = spec.bias && matrixOf(spec.bias)
    const operands = {
      a: matrixOf(spec.a),
      b: matrixOf(spec.b),
      c: matrixOf(spec.c),
      bias,
      alpha: spec.alpha,
      beta: spec.beta,
    }
    let problem = batchesAsRows({ batch, m, n, k, ...operands })
    if (k === 0 || (scalarType !== 'f32' && scalarType !== 'f64')) return plain(engine, scalarType, problem)
    const machine = machineOf(engine, scalarType)
    const { bytes } = shapeOf(machine)
    const fewRows = (p: Problem): boolean => p.m <= (p.k >= 192 ? 12 : 3) && p.k >= 32 && p.b.row === bytes && p.n > p.m
    const few = fewRows(problem)
    const columnsFirst = problem.c.column !== bytes && problem.c.row === bytes
    if ((problem.n <= 12 && !few && fewRows(transposed(problem))) || (columnsFirst && !few))
      problem = transposed(problem)
    if (fewRows(problem)) dots(engine, machine, problem)
    else blocks(engine, machine, problem)
  }
