// `torch.save` and `torch.load` for state dicts, as safetensors files.
import { exists, readFile, writeFileAtomic } from '#platform'
import { DataError, ValueError } from '../base/errors.ts'
import { Tensor } from '../tensor/tensor.ts'
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts'

export interface SaveOptions {
  /** Strings stored beside the tensors. */
  metadata?: Readonly<Record<string, string>>
}

/** Writes named tensors (a state dict) as a safetensors file: the whole file, or nothing. */
export async function save(
  tensors: Readonly<Record<string, Tensor>>,
  path: string,
  { metadata }: SaveOptions = {},
): Promise<void> {
  for (const [name, value] of Object.entries(tensors)) {
    if (!(value instanceof Tensor))
      throw new ValueError(
        `save: '${name}' is no tensor but ${typeof value}`,
        'save(net.stateDict(), path) saves a network.',
      )
  }
  await writeFileAtomic(path, encodeSafetensors(tensors, metadata))
}

/** Reads a safetensors file. Throws DataError where it is missing or damaged. */
export async function load(path: string): Promise<Record<string, Tensor>> {
  if (!(await exists(path))) throw new DataError(`load: no such file: ${path}`)
  return decodeSafetensors(await readFile(path), path).tensors
}
