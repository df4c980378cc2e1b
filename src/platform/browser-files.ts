// Files in a browser: the origin's private file system (OPFS), which a page and its workers share and other sites do not see. Paths begin at its root.
import { DataError } from '../base/errors.ts'
import type { FileStat } from './types.ts'

/** What lib.dom does not know: files that a worker writes in place, and how one gets another name. */
interface SyncFile {
  truncate(size: number): void
  write(data: Uint8Array, options: { at: number }): number
  flush(): void
  close(): void
}
interface WorkerFileHandle {
  createSyncAccessHandle(): Promise<SyncFile>
  move(name: string): Promise<void>
}

const reasons: Readonly<Record<string, string>> = {
  NotFoundError: 'no such file or folder',
  TypeMismatchError: 'a folder where a file is meant, or a file where a folder is',
  QuotaExceededError: 'the storage of this site is full',
  SecurityError: 'this page may not store files',
  NotAllowedError: 'this page may not store files',
  NoModificationAllowedError: 'another page or worker is writing it',
}
const help: Readonly<Record<string, string>> = {
  QuotaExceededError: 'delete data of this site, or ask the browser for more: await navigator.storage.persist().',
}

async function guard<T>(what: string, path: string, work: () => Promise<T>): Promise<T> {
  if (globalThis.navigator?.storage?.getDirectory === undefined)
    throw new DataError(
      `${what}: there is no file storage (OPFS) here: ${path}`,
      'it needs a current browser, and a page served over https or from localhost.',
    )
  try {
    return await work()
  } catch (error) {
    const { name, message } = error as Error
    throw new DataError(`${what}: ${reasons[name] ?? message}: ${path}`, help[name])
  }
}

const partsOf = (path: string): string[] => {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return parts
}

async function folderAt(parts: readonly string[], create = false): Promise<FileSystemDirectoryHandle> {
  let folder = await navigator.storage.getDirectory()
  for (const part of parts) folder = await folder.getDirectoryHandle(part, { create })
  return folder
}

async function fileAt(path: string): Promise<File> {
  const parts = partsOf(path)
  const name = parts.pop() ?? '.'
  return (await (await folderAt(parts)).getFileHandle(name)).getFile()
}

async function write(path: string, data: Uint8Array | readonly Uint8Array[]): Promise<void> {
  const parts = partsOf(path)
  const name = parts.pop() ?? '.'
  const folder = await folderAt(parts, true)
  const pieces = data instanceof Uint8Array ? [data] : data
  if ('createWritable' in FileSystemFileHandle.prototype) await writeBeside(folder, name, pieces)
  else await writeAndRename(folder, name, pieces)
}

/** A writable collects beside the file, and replaces it when it is closed. */
async function writeBeside(
  folder: FileSystemDirectoryHandle,
  name: string,
  pieces: readonly Uint8Array[],
): Promise<void> {
  const isNew = !(await has(folder, name))
  const file = await (await folder.getFileHandle(name, { create: true })).createWritable()
  try {
    // Copies, since memory that threads share cannot be written from.
    for (const piece of pieces) await file.write(new Uint8Array(piece))
    await file.close()
  } catch (error) {
    await file.abort().catch(() => {})
    if (isNew) await folder.removeEntry(name).catch(() => {})
    throw error
  }
}

/** Where there are no writables (Safari before 26), only a worker can write. */
async function writeAndRename(
  folder: FileSystemDirectoryHandle,
  name: string,
  pieces: readonly Uint8Array[],
): Promise<void> {
  const temporary = `${name}.${crypto.randomUUID()}.tmp`
  const handle = (await folder.getFileHandle(temporary, { create: true })) as unknown as WorkerFileHandle
  try {
    const file = await handle.createSyncAccessHandle()
    try {
      let at = 0
      for (const piece of pieces) at += file.write(new Uint8Array(piece), { at })
      file.flush()
    } finally {
      file.close()
    }
    await handle.move(name)
  } catch (error) {
    await folder.removeEntry(temporary).catch(() => {})
    throw error
  }
}

const has = (folder: FileSystemDirectoryHandle, name: string): Promise<boolean> =>
  folder.getFileHandle(name).then(
    () => true,
    ({ name }: Error) => name === 'TypeMismatchError',
  )

export const readFile = (path: string): Promise<Uint8Array> =>
  guard('readFile', path, async () => new Uint8Array(await (await fileAt(path)).arrayBuffer()))

export const writeFileAtomic = (path: string, data: Uint8Array | readonly Uint8Array[]): Promise<void> =>
  guard('writeFile', path, () => write(path, data))

export async function exists(path: string): Promise<boolean> {
  const parts = partsOf(path)
  const name = parts.pop()
  if (name === undefined) return true
  return folderAt(parts).then(
    (folder) => has(folder, name),
    () => false,
  )
}

export const stat = (path: string): Promise<FileStat> =>
  guard('stat', path, async () => {
    try {
      const { size, lastModified } = await fileAt(path)
      return { bytes: size, modified: lastModified, isDirectory: false }
    } catch (error) {
      if (!['TypeMismatchError', 'TypeError'].includes((error as Error).name)) throw error
      await folderAt(partsOf(path))
      return { bytes: 0, modified: 0, isDirectory: true }
    }
  })

export const mkdir = (path: string): Promise<void> =>
  guard('mkdir', path, async () => void (await folderAt(partsOf(path), true)))

export const list = (path: string): Promise<string[]> =>
  guard('list', path, async () => {
    const names: string[] = []
    for await (const name of (await folderAt(partsOf(path))).keys()) names.push(name)
    return names.sort()
  })

export const homeCache = (): string => '/kindling'
