// The share of the machine's measured multiply-add peak that matrix products and convolutions reach inside a training step.
import { answerOf } from '../contender.ts'
import type { KernelReport, KernelTime } from '../kernels.ts'
import { networkOf } from '../networks.ts'
import { kindling } from '../programs.ts'
import { rowOf } from '../report/rows.ts'
import type { Run } from '../run.ts'

/** Sizes of square matrices. */
const products = ['256', '512', '1024']

export async function measureShares(run: Run): Promise<void> {
  const { threads: counts, avx2: modes, nets, quick } = run.options
  // Networks without products of any size say nothing here.
  const names = nets.filter((name) => name !== 'softmax-regression')
  for (const threads of counts) {
    for (const avx2 of modes) {
      for (const name of [...products, ...names]) {
        run.progress(`share of the peak: ${name}, ${threads} threads`)
        const isProduct = products.includes(name)
        const args = [name, '--steps', isProduct ? '15' : quick ? '3' : '5']
        const report = await answerOf<KernelReport>(kindling('kernels', args, threads, avx2), run.signal)
        addRows(run, isProduct ? `${name} x ${name}` : networkOf(name).title, report, { threads, avx2 })
      }
    }
  }
}

function addRows(
  run: Run,
  title: string,
  { peakGflops, networks }: KernelReport,
  mode: { threads: number; avx2: boolean },
): void {
  const head = { group: 'peak', metric: '% of peak', better: 'higher', ...mode } as const
  const share = (kernels: readonly KernelTime[]): number => {
    const sum = (of: (one: KernelTime) => number): number => kernels.reduce((total, one) => total + of(one), 0)
    return (100 * sum(({ operations }) => operations)) / sum(({ ms }) => ms) / 1e6 / peakGflops
  }
  const peak = `peak ${peakGflops.toFixed(0)} GFLOP/s`
  for (const kernels of Object.values(networks)) {
    for (const [kind, ones] of Map.groupBy(kernels, (one) => one.kind)) {
      run.add(rowOf({ ...head, name: `${title}, ${kind}` }, [share(ones)], null, peak))
      if (!kind.startsWith('conv')) continue
      // Every convolution by itself is in the file, not in the table.
      for (const [shape, same] of Map.groupBy(ones, (one) => one.shape)) {
        const row = rowOf({ ...head, name: `${title}, ${kind} ${shape}` }, [share(same)], null, peak)
        run.add({ ...row, group: 'convolutions' })
      }
    }
  }
}
