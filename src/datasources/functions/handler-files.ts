// Puts the files of a handler into a directory of its own: the script, the model's files beside each other, the archive.
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { FunctionDefinition, FunctionFile } from './function-invoker.js'
import { cannotBeLoaded } from './handler-reply.js'

/** As the program around a handler wants to have it: see templates/oci-function/handler_host.py. */
export interface HandlerFiles {
  directory: string
  script: string
  /** The directory of the model's files. */
  model: string
  archive: string | null
}

export interface PlacedFile {
  place: 'script' | 'model' | 'archive'
  name: string
  path: string
  sha256: string
  size: number
}

/**
 * @param directory is emptied first
 * @throws PRECONDITION_FAILED when the files cannot lie beside each other, or the archive is another one than promised
 */
export async function placeHandler(
  directory: string,
  { script, modelFiles, archive }: FunctionDefinition,
): Promise<HandlerFiles & { files: PlacedFile[] }> {
  const model = join(directory, 'model')
  await rm(directory, { recursive: true, force: true })
  for (const each of [join(directory, 'script'), model, join(directory, 'tmp')])
    await mkdir(each, { recursive: true, mode: 0o700 })
  const names = new Set<string>()
  for (const { name } of modelFiles) {
    if (names.has(name)) throw cannotBeLoaded(`two files of the model are called "${name}"`)
    names.add(name)
  }
  const files = [await place('script', script, join(directory, 'script', safe(script.name)))]
  for (const file of modelFiles) files.push(await place('model', file, join(model, safe(file.name))))
  const placed = { directory, model, script: files[0]!.path, files }
  if (archive === null) return { ...placed, archive: null }
  const zip = await place('archive', archive, join(directory, 'archive.zip'))
  if (zip.sha256 !== archive.sha256) throw cannotBeLoaded('the bytes of its archive are not those of their SHA-256')
  return { ...placed, files: [...files, zip], archive: zip.path }
}

/** Removes what servers left behind that are no more. Directories are called `<pid>-<more>`. */
export async function removeLeftovers(root: string, own: string): Promise<void> {
  for (const name of await readdir(root)) {
    const pid = Number.parseInt(name, 10)
    if (name !== own && (pid === process.pid || !isAlive(pid))) await rm(join(root, name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function place(to: PlacedFile['place'], file: FunctionFile, path: string): Promise<PlacedFile> {
  const hash = createHash('sha256')
  let size = 0
  const measure = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk)
      size += chunk.length
      done(null, chunk)
    },
  })
  const bytes = file.localFile === null ? await file.open() : createReadStream(file.localFile)
  await pipeline(bytes, measure, createWriteStream(path, { flags: 'wx', mode: 0o600 }))
  return { place: to, name: file.name, path, sha256: hash.digest('hex'), size }
}

function safe(name: string): string {
  if (/^[^/\\\0]{1,200}$/.test(name) && name !== '.' && name !== '..') return name
  throw cannotBeLoaded('a file has a name that is empty, too long, or leads elsewhere')
}
