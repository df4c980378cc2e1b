// Why some of PyTorch's operators and modules are not in Kindling: the reason, and what it holds for. `page.ts` compares it with what is missing.
export const leftOut: Readonly<Record<string, readonly string[]>> = {
  'decompositions and what is made of them (`torch.linalg`): not written yet': [
    'linalg.cholesky',
    'linalg.det',
    'linalg.det.singular',
    'linalg.eigvalsh',
    'linalg.inv',
    'linalg.qr',
    'linalg.slogdet',
    'linalg.solve',
    'linalg.solve_triangular',
    'linalg.svdvals',
    'norm.nuc',
  ],
  'other functions of `torch.linalg`: not written yet; `norm`, `matmul` and `mul` are there': [
    'cross',
    'linalg.cross',
    'linalg.matrix_norm',
    'linalg.matrix_power',
    'linalg.multi_dot',
    'linalg.norm',
    'linalg.norm.subgradients_at_zero',
    'linalg.vecdot',
    'linalg.vector_norm',
  ],
  'not written yet': ['isin', 'sum_to_size'],
  'operators behind `batch_norm` and `layer_norm`, which are there; PyTorch does not document these': [
    'native_batch_norm',
    'native_layer_norm',
  ],
}
