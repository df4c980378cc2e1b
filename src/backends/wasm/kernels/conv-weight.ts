// The kernel of convolution's weight gradient: dots along pixels. The gradient of y is copied into rows as wide as the slab of x, with zeros where
// the slab's rows go on beyond the output, so a weight is the dot product of two runs at a fixed distance.
//   items: part of the batch x group x block of outputs x block of channels
//   for groups of images, bands of rows:  copy their slabs and gradients
//     for panels of outputs, pairs of (channel, tap):  acc += gradient . slab[table], over all images of the group
//   partial[part][weight] = sum of the lanes of acc; a second pass adds the parts in their order
import type { Local, Module } from '../asm.ts'
import { slabCopier } from './conv-slab.ts'
import { callByRows, dot, type Machine, shapeOf } from './gemm-micro.ts'
import { fields, giveSlotBack, locals, minus, readFields, setMin, splitOff, sumOf, takeSlot } from './gemm-code.ts'

export const weightGradFields = fields(
  'src srcImage srcGroup srcChannel srcRow srcColumnStep srcRows columnTable stepH stepW channelBytes slabRows',
  'slabColumns slabFirst y yImage yGroup yChannel yRow yColumn yRows yColumns yTable yChannelBytes partial',
  'partialPart table taps images parts imagesPerPart groups bands bandRows outputs outputBlock outputBlocks',
  'channels channelBlock channelBlocks slotFlags slots slotBytes accBytes slabBytes yBytes imagesAtOnce tileRows',
)

export function weightGradKernel(mod: Module, m: Machine): void {
  const { bytes, rows: maxRows, vector } = shapeOf(m)
  const cellBytes = vector * bytes
  const slab = slabCopier(mod, bytes)
  const variants = ([1, 2] as const).map((columns) =>
    Array.from({ length: maxRows }, (_, r) => dot(mod, m, r + 1, columns)),
  )
  mod.kernel('weightGrad', (f, desc, begin, end) => {
    const d = readFields(f, desc, weightGradFields)
    const { slot, address: acc } = takeSlot(f, d)
    const l = locals(
      f,
      'item rest part group o0 oc c0 cc slab ys image lastImage band t0 rows steps k ks o height accRow a b0 b1 cell',
      'out blocks copied toSlab toY aSkip bSkip',
    )
    const sum = f.local(m.type)
    f.get(acc)
    f.get(d.accBytes)
    f.op('i32.add')
    f.tee(l.slab)
    f.get(d.slabBytes)
    f.get(d.imagesAtOnce)
    f.op('i32.mul', 'i32.add')
    f.set(l.ys)
    const scale = (x: Local, by: Local | number): void => {
      f.get(x)
      f.push(by)
      f.op('i32.mul')
      f.set(x)
    }
    const slabAt = (k: number, into: Local): void => {
      sumOf(f, d.table, [l.k, 4])
      f.load('i32.load', 4 * k)
      f.get(l.slab)
      f.op('i32.add')
      f.set(into)
    }
    const multiply = (columns: 1 | 2): void => {
      sumOf(f, acc, [l.o, l.accRow], [l.k, cellBytes])
      f.set(l.cell)
      callByRows(f, l.height, variants[columns - 1], () => {
        for (const x of [l.a, d.yChannelBytes, l.b0, l.b1, l.cell, l.accRow, l.steps, l.blocks, l.aSkip, l.bSkip])
          f.get(x)
      })
    }
    f.range(l.item, begin, end, 1, () => {
      f.get(l.item)
      f.set(l.rest)
      splitOff(f, l.rest, d.channelBlocks, l.c0)
      splitOff(f, l.rest, d.outputBlocks, l.o0)
      splitOff(f, l.rest, d.groups, l.group)
      f.get(l.rest)
      f.set(l.part)
      scale(l.c0, d.channelBlock)
      setMin(f, l.cc, minus(f, d.channels, l.c0), d.channelBlock)
      scale(l.o0, d.outputBlock)
      setMin(f, l.oc, minus(f, d.outputs, l.o0), d.outputBlock)
      f.get(l.cc)
      f.get(d.taps)
      f.op('i32.mul')
      f.tee(l.ks)
      f.i32(cellBytes)
      f.op('i32.mul')
      f.set(l.accRow)
      f.get(acc)
      f.i32(0)
      f.get(l.oc)
      f.get(l.accRow)
      f.op('i32.mul', 'memory.fill')

      f.get(l.part)
      f.get(d.imagesPerPart)
      f.op('i32.mul')
      f.set(l.image)
      setMin(f, l.lastImage, () => sumOf(f, l.image, [d.imagesPerPart, 1]), d.images)
      f.range(l.image, l.image, l.lastImage, d.imagesAtOnce, () => {
        setMin(f, l.blocks, minus(f, l.lastImage, l.image), d.imagesAtOnce)
        f.range(l.band, 0, d.bands, 1, () => {
          f.get(l.band)
          f.get(d.bandRows)
          f.op('i32.mul')
          f.set(l.t0)
          setMin(f, l.rows, minus(f, d.yRows, l.t0), d.bandRows)
          f.get(l.slab)
          f.set(l.toSlab)
          f.get(l.ys)
          f.set(l.toY)
          f.range(
            l.copied,
            l.image,
            () => sumOf(f, l.image, [l.blocks, 1]),
            1,
            () => {
              sumOf(f, d.src, [l.copied, d.srcImage], [l.group, d.srcGroup], [l.c0, d.srcChannel])
              for (const x of [d.srcChannel, d.srcRow, d.srcColumnStep, l.toSlab, l.cc]) f.get(x)
              for (const x of [d.stepH, d.stepW, d.slabRows, d.slabColumns]) f.get(x)
              sumOf(f, l.t0, [d.slabFirst, 1])
              for (const x of [d.srcRows, d.columnTable, d.channelBytes]) f.get(x)
              f.call(slab)
              sumOf(f, d.y, [l.copied, d.yImage], [l.group, d.yGroup], [l.o0, d.yChannel])
              for (const x of [d.yChannel, d.yRow, d.yColumn, l.toY, l.oc]) f.get(x)
              f.i32(1)
              f.i32(1)
              for (const x of [l.rows, d.slabColumns, l.t0, d.yRows, d.yTable, d.yChannelBytes]) f.get(x)
              f.call(slab)
              f.inc(l.toSlab, d.slabBytes)
              f.inc(l.toY, d.yBytes)
            },
          )
          // logical vectors up to the last output pixel of the last row
          f.get(l.rows)
          f.i32(1)
          f.op('i32.sub')
          f.get(d.slabColumns)
          f.op('i32.mul')
          f.get(d.yColumns)
          f.op('i32.add')
          f.i32(vector - 1)
          f.op('i32.add')
          f.i32(vector)
          f.op('i32.div_u')
          f.set(l.steps)
          for (const [total, skip] of [
            [d.yBytes, l.aSkip],
            [d.slabBytes, l.bSkip],
          ] as const) {
            f.get(total)
            f.get(l.steps)
            f.i32(cellBytes)
            f.op('i32.mul', 'i32.sub')
            f.set(skip)
          }
          f.range(l.o, 0, l.oc, d.tileRows, () => {
            setMin(f, l.height, minus(f, l.oc, l.o), d.tileRows)
            sumOf(f, l.ys, [l.o, d.yChannelBytes])
            f.set(l.a)
            f.range(
              l.k,
              0,
              () => {
                f.get(l.ks)
                f.i32(-2)
                f.op('i32.and')
              },
              2,
              () => {
                slabAt(0, l.b0)
                slabAt(1, l.b1)
                multiply(2)
              },
            )
            f.get(l.ks)
            f.i32(1)
            f.op('i32.and')
            f.if(() => {
              slabAt(0, l.b0)
              multiply(1)
            })
          })
        })
      })
      // partial[part][(group * outputs + o) * channels * taps + c0 * taps + k]
      f.get(acc)
      f.set(l.cell)
      f.range(l.o, 0, l.oc, 1, () => {
        f.get(l.group)
        f.get(d.outputs)
        f.op('i32.mul')
        f.get(l.o0)
        f.op('i32.add')
        f.get(l.o)
        f.op('i32.add')
        f.get(d.channels)
        f.op('i32.mul')
        f.get(l.c0)
        f.op('i32.add')
        f.get(d.taps)
        f.op('i32.mul')
        f.i32(bytes)
        f.op('i32.mul')
        sumOf(f, d.partial, [l.part, d.partialPart])
        f.op('i32.add')
        f.set(l.out)
        f.range(l.k, 0, l.ks, 1, () => {
          f.get(l.cell)
          f.load(`${m.type}.load`)
          for (let lane = 1; lane < vector; lane++) {
            f.get(l.cell)
            f.load(`${m.type}.load`, lane * bytes)
            f.op(`${m.type}.add`)
          }
          f.set(sum)
          f.get(l.out)
          f.get(sum)
          f.store(`${m.type}.store`)
          f.inc(l.cell, cellBytes)
          f.inc(l.out, bytes)
        })
      })
    })
    giveSlotBack(f, slot)
  })
}

export const partsFields = fields('partial partialPart parts dst row table k')

/** dst[row * rowStride + table[k]] = sum over the parts, in their order. Items: rows (outputs of all groups). */
export function sumPartsKernel(mod: Module, m: Machine): void {
  const { bytes } = shapeOf(m)
  mod.kernel('sumParts', (f, desc, begin, end) => {
    const d = readFields(f, desc, partsFields)
    const l = locals(f, 'item k part from to')
    const sum = f.local(m.type)
    f.range(l.item, begin, end, 1, () => {
      f.range(l.k, 0, d.k, 1, () => {
        f.get(l.item)
        f.get(d.k)
        f.op('i32.mul')
        f.get(l.k)
        f.op('i32.add')
        f.i32(bytes)
        f.op('i32.mul')
        f.get(d.partial)
        f.op('i32.add')
        f.set(l.from)
        f.constant(m.type, 0)
        f.set(sum)
        f.range(l.part, 0, d.parts, 1, () => {
          f.get(sum)
          f.get(l.from)
          f.load(`${m.type}.load`)
          f.op(`${m.type}.add`)
          f.set(sum)
          f.inc(l.from, d.partialPart)
        })
        f.get(d.dst)
        f.get(l.item)
        f.get(d.row)
        f.op('i32.mul', 'i32.add')
        f.get(d.table)
        f.get(l.k)
        f.i32(4)
        f.op('i32.mul', 'i32.add')
        f.load('i32.load')
        f.op('i32.add')
        f.get(sum)
        f.store(`${m.type}.store`)
      })
    })
  })
}
