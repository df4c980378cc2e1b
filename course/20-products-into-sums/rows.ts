import { atLeast, close, type Row, within } from 'kindling/notebook'

const powers = (values: readonly number[]): number[] => values.map(Math.log10)

export const rows: Row<typeof import('./cells.ts')>[] = [
  {
    row: 32,
    en: 'sums in place of products keep the gradient usable: ResNet and LSTM',
    zh: '把乘法变成加法，梯度就保得住：ResNet 与 LSTM',
    check: ({ norms: [plain, residual], curves, reach: [rnn, halfOpen, open] }) => [
      close('plain: norms in layers 1 and 30, as powers of ten', powers([plain[0], plain[29]]), [-7.48, -1.74], 0.02),
      close('residual: the same', powers([residual[0], residual[29]]), [0.14, -0.02], 0.02),
      within('residual: largest norm over smallest', Math.max(...residual) / Math.min(...residual), [1, 10]),
      atLeast('plain: loss after 100 steps', curves[0][99], 2.2),
      within('residual: loss after 100 steps', curves[1][99], [0.01, 0.15]),
      close('over 100 steps, as powers of ten', powers([rnn[0], halfOpen[0], open[0]]), [-23.83, -20.16, 0.62], 0.1),
      within('gate open: largest over smallest', Math.max(...open) / Math.min(...open), [1, 20]),
    ],
  },
]
