// Files of the command line: written whole or not at all, and failures told as the user's own.
import { open, rename, rm } from 'node:fs/promises'
import { UserError } from './userError.ts'

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ENOENT: 'no such file or folder',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'there is a file of that name',
  EISDIR: 'it is a folder',
  EROFS: 'the disk is read-only',
  ENOSPC: 'no space left on the disk',
}

/** What is wrong, in words, after a failed call to the file system. */
export function fileReason(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException
  return reasons[code] ?? message
}

/** Runs `work`; a failure becomes a UserError that begins with `what`. */
export async function fileWork<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new UserError(`${what}: ${fileReason(error)}`)
  }
}

/** Writes beside the file and renames: a reader sees the old text or the new one. */
export async function writeAtomic(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  await fileWork(`cannot write ${path}`, async () => {
    try {
      const file = await open(temporary, 'w')
      try {
        await file.writeFile(text)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(temporary, path)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  })
}
