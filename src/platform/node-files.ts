// Files under Node: promises, paths as Node takes them, DataError with the path where something is not there.
import * as fs from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { DataError } from '../base/errors.ts'
import type { FileStat } from './types.ts'

const reasons: Record<string, string> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
  ENOSPC: 'no space left on the disk',
}

async function guard<T>(what: string, path: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new DataError(`${what}: ${reasons[code ?? ''] ?? message}: ${path}`)
  }
}

export async function readFile(path: string): Promise<Uint8Array> {
  const { buffer, byteOffset, length } = await guard('readFile', path, fs.readFile(path))
  return new Uint8Array(buffer, byteOffset, length)
}

async function write(path: string, data: Uint8Array | readonly Uint8Array[]): Promise<void> {
  await fs.mkdir(dirname(path), { recursive: true })
  const temporary = `${path}.${process.pid}.${Date.now().toString(36)}.tmp`
  try {
    const file = await fs.open(temporary, 'wx')
    try {
      for (const part of data instanceof Uint8Array ? [data] : data) await file.writeFile(part)
      await file.sync()
    } finally {
      await file.close()
    }
    await fs.rename(temporary, path)
  } catch (error) {
    await fs.rm(temporary, { force: true })
    throw error
  }
}

export const writeFileAtomic = (path: string, data: Uint8Array | readonly Uint8Array[]): Promise<void> =>
  guard('writeFile', path, write(path, data))

export const exists = (path: string): Promise<boolean> =>
  fs.access(path).then(
    () => true,
    () => false,
  )

export async function stat(path: string): Promise<FileStat> {
  const found = await guard('stat', path, fs.stat(path))
  return { bytes: found.size, modified: found.mtimeMs, isDirectory: found.isDirectory() }
}

export async function mkdir(path: string): Promise<void> {
  await guard('mkdir', path, fs.mkdir(path, { recursive: true }))
}

export const list = async (path: string): Promise<string[]> => (await guard('list', path, fs.readdir(path))).sort()

export function homeCache(): string {
  const { KINDLING_HOME, XDG_CACHE_HOME, LOCALAPPDATA } = process.env
  if (KINDLING_HOME) return KINDLING_HOME
  if (process.platform === 'win32' && LOCALAPPDATA) return join(LOCALAPPDATA, 'kindling')
  return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'kindling')
}
