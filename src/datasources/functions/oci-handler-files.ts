// Hands the files of handlers over to functions: through a bucket, at URLs that are good for an hour.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FunctionDefinition } from './function-invoker.js'
import { type PlacedFile, placeHandler } from './handler-files.js'
import type { OciHandoffBucket } from './oci-handoff-bucket.js'

/** As templates/oci-function/func.py wants it. */
export interface HandedHandler {
  key: string
  files: (Pick<PlacedFile, 'place' | 'name' | 'sha256' | 'size'> & { object: string })[]
  /** What stands before each `object`. Whoever has it can read the files until it expires. */
  from: string
}

/** Digits of the key's digest: names of functions and folders, which keys may not fit. */
export const handlerName = (key: string): string => `dhuo-${createHash('sha256').update(key).digest('hex').slice(0, 32)}`

/*
 * functions/<name>/<number>       a file of the handler
 * functions/<name>/handler.json   what they are: written last, so where it is the others are too
 */
export class OciHandlerFiles {
  readonly #bucket: OciHandoffBucket
  readonly #known = new Map<string, Promise<HandedHandler['files']>>()

  constructor(bucket: OciHandoffBucket) {
    this.#bucket = bucket
  }

  /** Brings the files there, once for each key. @throws PRECONDITION_FAILED as `placeHandler` */
  async handOver(definition: FunctionDefinition): Promise<HandedHandler> {
    const { key } = definition
    const folder = folderOf(key)
    const known = this.#known.get(key) ?? this.#filesOf(definition, folder)
    this.#known.set(key, known)
    known.catch(() => this.#known.delete(key))
    return { key, files: await known, from: await this.#bucket.urlOf(folder, 'AnyObjectRead') }
  }

  async remove(key: string): Promise<void> {
    this.#known.delete(key)
    await this.#bucket.removeFolder(folderOf(key))
  }

  /** Asks again whether the files are there: a function did not find them. */
  forget(key: string): Promise<void> {
    this.#known.delete(key)
    return this.#bucket.revoke(folderOf(key))
  }

  async #filesOf(definition: FunctionDefinition, folder: string): Promise<HandedHandler['files']> {
    const there = (await this.#bucket.findJson(`${folder}handler.json`)) as { files: HandedHandler['files'] } | null
    if (there) return there.files
    // Sizes and digests are known only when all bytes have come: https://docs.oracle.com/iaas/api/#/en/objectstorage/latest/Object/PutObject
    const directory = await mkdtemp(join(tmpdir(), 'dhuo-handler-'))
    try {
      const placed = await placeHandler(directory, definition)
      const files: HandedHandler['files'] = []
      for (const [number, { path, ...file }] of placed.files.entries()) {
        const object = String(number)
        await this.#bucket.put(folder + object, () => createReadStream(path), file.size)
        files.push({ ...file, object })
      }
      await this.#bucket.putJson(`${folder}handler.json`, { key: definition.key, files })
      return files
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  }
}

const folderOf = (key: string): string => `functions/${handlerName(key)}/`
