// What the local object store asks of the file system: durability, hashing, and errors in the port's words.
import { createHash } from 'node:crypto'
import { type FileHandle, open, readdir, rm, stat } from 'node:fs/promises'
import { DhuoError } from '../../errors.js'
import { chunksOf } from './file-chunks.js'

/** Runs file system work. @throws BACKEND_UNAVAILABLE in place of what the file system throws; everything else as it is */
export async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw isSystemError(error) ? unavailable(error) : error
  }
}

/** Says why in words for the client; paths and errno stay in `cause`. */
export function unavailable(cause: unknown): DhuoError {
  const full = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes((cause as NodeJS.ErrnoException)?.code ?? '')
  const message = full ? 'The disk of the object store is full.' : 'The object store cannot read or write its disk.'
  return new DhuoError('BACKEND_UNAVAILABLE', message, { cause })
}

const isSystemError = (error: unknown): boolean =>
  Error.isError(error) && typeof (error as NodeJS.ErrnoException).errno === 'number'

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException)?.code === 'ENOENT'

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

export async function openIfThere(path: string, flags: 'r' | 'r+' = 'r'): Promise<FileHandle | null> {
  try {
    return await open(path, flags)
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

/** Runs `work` and answers whether what it works on was there. */
export async function ifThere(work: Promise<unknown>): Promise<boolean> {
  try {
    await work
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

/** None when there is no such directory. */
export const namesIn = (directory: string): Promise<string[]> =>
  readdir(directory).catch((error) => {
    if (isMissing(error)) return []
    throw error
  })

/** A new name in a directory survives a power cut only once the directory itself was synced. */
export async function syncDirectory(path: string): Promise<void> {
  // Windows cannot open directories, and its journal keeps names without being asked.
  if (process.platform === 'win32') return
  await using directory = await open(path, 'r')
  await directory.sync()
}

/** Idempotent; others may be adding files to it meanwhile. */
export const removeTree = (path: string): Promise<void> => rm(path, { recursive: true, force: true, maxRetries: 5 })

/** SHA-256 of a whole file, in lower-case hex. The next chunk is read while one is hashed; no chunk holds the loop for 1 ms. */
export async function hashFile(file: FileHandle): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of chunksOf(file)) hash.update(chunk)
  return hash.digest('hex')
}

/** Tells this run of the machine from earlier ones; null where the system does not say. */
export const readBootId = async (): Promise<string | null> => {
  await using file = await openIfThere('/proc/sys/kernel/random/boot_id')
  return file === null ? null : (await file.readFile('utf8')).trim()
}
