// Unpacks dependency archives, once for each content, into a directory that jobs share.
import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32 } from 'node:zlib'
import { type Entry, openPromise, validateFileName } from 'yauzl'
import { DhuoError, isDhuoError } from '../../errors.js'
import type { JobSubmission } from './job-runner.js'

export interface ArchiveBounds {
  /** Bytes of the ZIP itself. */
  bytes: number
  /** Bytes of all files, unpacked. */
  unpackedBytes: number
  entries: number
}

type Archive = NonNullable<JobSubmission['archive']>

const unusedDays = 7

/** `<directory>/<sha256>/…` is there whole or not at all, and is not changed any more. */
export class LocalArchives {
  readonly #directory: string
  readonly #bounds: ArchiveBounds
  readonly #unpacking = new Map<string, Promise<string>>()

  constructor(directory: string, bounds: ArchiveBounds) {
    this.#directory = directory
    this.#bounds = bounds
  }

  /** Makes the directory, and removes what nobody has used for a week and what a killed server left half done. */
  async prepare(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 })
    const before = Date.now() - unusedDays * 24 * 3600_000
    for (const name of await readdir(this.#directory)) {
      const path = join(this.#directory, name)
      const found = await stat(path).catch(() => null)
      if (found && found.mtimeMs < before) await rm(path, { recursive: true, force: true })
    }
  }

  /** @returns where the archive lies. @throws PRECONDITION_FAILED when it is not what it says, or must not be unpacked */
  async unpacked(archive: Archive): Promise<string> {
    const target = join(this.#directory, archive.sha256)
    const running = this.#unpacking.get(archive.sha256)
    if (running) return running
    const now = new Date()
    const there = await utimes(target, now, now).then(
      () => true,
      () => false,
    )
    if (there) return target
    const unpacking =
      this.#unpacking.get(archive.sha256) ?? this.#unpack(archive, target).finally(() => this.#unpacking.delete(archive.sha256))
    this.#unpacking.set(archive.sha256, unpacking)
    return unpacking
  }

  async #unpack(archive: Archive, target: string): Promise<string> {
    const beside = join(this.#directory, `.${randomUUID()}`)
    await mkdir(beside, { mode: 0o700 })
    try {
      const zip = await this.#verifiedFile(archive, join(beside, 'archive.zip'))
      const files = join(beside, 'files')
      await mkdir(files)
      await this.#extract(zip, files)
      // Another server, or this one before it was asked again, may have been faster: then that one is as good.
      await rename(files, target).catch(async (error: unknown) => {
        if (!(await stat(target).catch(() => null))?.isDirectory()) throw error
      })
      return target
    } catch (error) {
      // zlib's errors have an errno too, but come from no call of the system.
      if (isDhuoError(error) || (error as NodeJS.ErrnoException).syscall !== undefined) throw error
      throw refused(`it is no ZIP file that can be read (${(error as Error).message})`, error)
    } finally {
      await rm(beside, { recursive: true, force: true })
    }
  }

  /** The file whose bytes have the promised digest; `copy` when there is no local one. */
  async #verifiedFile(archive: Archive, copy: string): Promise<string> {
    const hash = createHash('sha256')
    let size = 0
    const measure = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        size += chunk.length
        hash.update(chunk)
        done(size > this.#bounds.bytes ? refused(`it has more than ${this.#bounds.bytes} bytes`) : null, chunk)
      },
    })
    if (archive.localFile === null) await pipeline(await archive.open(), measure, createWriteStream(copy, { mode: 0o600 }))
    else await pipeline(createReadStream(archive.localFile), measure.resume())
    if (hash.digest('hex') !== archive.sha256) throw refused('its bytes are not those of its SHA-256')
    return archive.localFile ?? copy
  }

  async #extract(zip: string, files: string): Promise<void> {
    const reader = await openPromise(zip, {
      lazyEntries: true,
      autoClose: false,
      validateEntrySizes: true,
      strictFileNames: true,
    })
    try {
      if (reader.entryCount > this.#bounds.entries) throw refused(`it has more than ${this.#bounds.entries} entries`)
      let bytes = 0
      for await (const entry of reader.eachEntry()) {
        const path = join(files, safeName(entry))
        bytes += entry.uncompressedSize
        if (bytes > this.#bounds.unpackedBytes) throw refused(`unpacked it has more than ${this.#bounds.unpackedBytes} bytes`)
        if (entry.fileName.endsWith('/')) {
          await mkdir(path, { recursive: true })
          continue
        }
        await mkdir(dirname(path), { recursive: true })
        // Jobs share it. A script that writes into it by mistake shall notice. `wx`: two entries of one name are no archive of ours.
        const mode = (unixMode(entry) & 0o100) === 0 ? 0o444 : 0o555
        await pipeline(
          await reader.openReadStreamPromise(entry),
          checksumOf(entry),
          createWriteStream(path, { flags: 'wx', mode }),
        )
      }
    } catch (error) {
      if (['EEXIST', 'ENOTDIR', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? ''))
        throw refused('two of its entries stand in each other’s way', error)
      throw error
    } finally {
      reader.close()
    }
  }
}

/** Passes the bytes of an entry on; yauzl checks their number, but not their CRC. */
function checksumOf({ crc32: promised, fileName }: Entry): Transform {
  let sum = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sum = crc32(chunk, sum)
      done(null, chunk)
    },
    flush: (done) => done(sum === promised ? null : refused(`the entry ${JSON.stringify(fileName)} is damaged`)),
  })
}

const unixMode = (entry: Entry): number => (entry.versionMadeBy >> 8 === 3 ? entry.externalFileAttributes >>> 16 : 0)

/** The name of an entry, when it is a file or a directory below the archive's root. */
function safeName(entry: Entry): string {
  const shown = JSON.stringify(entry.fileName.slice(0, 200))
  const problem = validateFileName(entry.fileName)
  if (
    problem !== null ||
    entry.fileName.includes('\0') ||
    entry.fileName.split('/').some((part) => part === '.' || part.length > 255)
  )
    throw refused(`the entry ${shown} has a name that leads elsewhere`)
  const type = unixMode(entry) & 0o170_000
  if (type !== 0 && type !== 0o100_000 && type !== 0o040_000) throw refused(`the entry ${shown} is a link or a device`)
  if (entry.isEncrypted()) throw refused(`the entry ${shown} is encrypted`)
  return entry.fileName
}

const refused = (why: string, cause?: unknown): DhuoError =>
  new DhuoError('PRECONDITION_FAILED', `The dependency archive cannot be used: ${why}.`, { cause })
