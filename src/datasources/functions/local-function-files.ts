// Puts the files of a handler into a directory of its own: the script, the model's files beside each other, the archive.
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { DhuoError } from '../../errors.js'
import type { FunctionDefinition, FunctionFile } from './function-invoker.js'

export interface HandlerFiles {
  directory: string
  script: string
  model: string
  archive: string | null
}

/** @throws PRECONDITION_FAILED when the files cannot lie beside each other, or the archive is another one than promised */
export async function placeHandler(
  directory: string,
  { script, modelFiles, archive }: FunctionDefinition,
): Promise<HandlerFiles> {
  const model = join(directory, 'model')
  await rm(directory, { recursive: true, force: true })
  for (const each of [join(directory, 'script'), model, join(directory, 'tmp')])
    await mkdir(each, { recursive: true, mode: 0o700 })
  const names = new Set<string>()
  for (const { name } of modelFiles) {
    if (names.has(name)) throw refused(`two files of the model are called "${name}"`)
    names.add(name)
  }
  const placed = { directory, model, script: join(directory, 'script', safe(script.name)) }
  await place(script, placed.script)
  for (const file of modelFiles) await place(file, join(model, safe(file.name)))
  if (archive === null) return { ...placed, archive: null }
  const zip = join(directory, 'archive.zip')
  if ((await place(archive, zip)) !== archive.sha256) throw refused('the bytes of its archive are not those of their SHA-256')
  return { ...placed, archive: zip }
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

/** @returns the SHA-256 of the bytes */
async function place(file: FunctionFile, path: string): Promise<string> {
  const hash = createHash('sha256')
  const measure = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk)
      done(null, chunk)
    },
  })
  const bytes = file.localFile === null ? await file.open() : createReadStream(file.localFile)
  await pipeline(bytes, measure, createWriteStream(path, { flags: 'wx', mode: 0o600 }))
  return hash.digest('hex')
}

function safe(name: string): string {
  if (/^[^/\\\0]{1,200}$/.test(name) && name !== '.' && name !== '..') return name
  throw refused('a file has a name that is empty, too long, or leads elsewhere')
}

const refused = (why: string): DhuoError => new DhuoError('PRECONDITION_FAILED', `The handler cannot be loaded: ${why}.`)
