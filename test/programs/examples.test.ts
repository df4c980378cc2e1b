// The examples run as they stand, and print what they should.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
function run(name: string, ...args: string[]): string[] {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join('examples', `${name}.ts`), ...args], {
    cwd: root,
    encoding: 'utf8',
    timeout: 60_000,
  })
  expect([name, status, stderr]).toEqual([name, 0, ''])
  return stdout.trimEnd().split('\n')
}

describe('the example', () => {
  test('tensors shows views and gradients', () => {
    expect(run('tensors')).toEqual([
      'tensor([2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2])',
      'tensor([ 0.,  4.,  8., 12.])',
      'tensor([1., 1., 1., 1.])',
      'tensor([1., 2.], grad_fn=<SliceBackward0>) 3',
      'tensor([2, 2]) [ 3, 4, 1 ]',
    ])
  })
  test('linear-regression finds weights and bias', () => {
    const lines = run('linear-regression')
    const losses = lines.slice(0, 3).map((line) => Number(line.split('loss ')[1]))
    // Noise of 0.01 leaves a loss of 0.00005.
    expect(losses[0]).toBeLessThan(0.1)
    expect(losses[2]).toBeLessThan(6e-5)
    expect(lines[3]).toMatch(/^w is off by tensor\(\[.*e-0[45], .*e-0[45]\]\) b by -?0\.00\d\d$/)
  })
  test('lenet shows its shapes, trains and tests', () => {
    const lines = run('lenet', '--quick')
    expect(lines.slice(0, 12)).toEqual([
      'Conv2d     [ 1, 6, 28, 28 ]',
      'Sigmoid    [ 1, 6, 28, 28 ]',
      'AvgPool2d  [ 1, 6, 14, 14 ]',
      'Conv2d     [ 1, 16, 10, 10 ]',
      'Sigmoid    [ 1, 16, 10, 10 ]',
      'AvgPool2d  [ 1, 16, 5, 5 ]',
      'Flatten    [ 1, 400 ]',
      'Linear     [ 1, 120 ]',
      'Sigmoid    [ 1, 120 ]',
      'Linear     [ 1, 84 ]',
      'Sigmoid    [ 1, 84 ]',
      'Linear     [ 1, 10 ]',
    ])
    expect(lines[12]).toMatch(/^epoch 1: loss 2\.\d{3}, test \d+\.\d\d %$/)
    expect(lines.length).toBe(13)
  })
  test('residual prints a module of one’s own as PyTorch does', () => {
    expect(run('residual')).toEqual([
      'Residual(',
      '  (conv1): Conv2d(3, 6, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1))',
      '  (conv2): Conv2d(6, 6, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))',
      '  (conv3): Conv2d(3, 6, kernel_size=(1, 1), stride=(2, 2))',
      ')',
      'conv1.weight conv1.bias conv2.weight conv2.bias conv3.weight conv3.bias',
      '[ 4, 6, 3, 3 ]',
    ])
  })
  test('house-tiny makes a tensor of a table with gaps', () => {
    expect(run('house-tiny')).toEqual([
      '   NumRooms Alley   Price',
      '0       NaN  Pave  127500',
      '1       2.0   NaN  106000',
      '2       4.0   NaN  178100',
      '3       NaN   NaN  140000',
      '   NumRooms  Alley_Pave  Alley_nan',
      '0       3.0           1          0',
      '1       2.0           0          1',
      '2       4.0           0          1',
      '3       3.0           0          1',
      'tensor([[3., 1., 0.],',
      '        [2., 0., 1.],',
      '        [4., 0., 1.],',
      '        [3., 0., 1.]], dtype=torch.float64) tensor([127500, 106000, 178100, 140000])',
    ])
  })
  test('mistake names the op, the sizes and the layer', () => {
    expect(run('mistake').slice(0, 2)).toEqual([
      'ShapeError: linear: input has 256 features, weight expects 400: [64, 256] @ [10, 400]ᵀ',
      '  in net.5 (Linear), called from net (Sequential)',
    ])
  })
})
