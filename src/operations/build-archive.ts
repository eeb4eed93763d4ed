// Puts wheels, modules and jars together as the dependency archive that OCI Data Flow wants; the same input gives the same bytes.
import { Readable } from 'node:stream'
import { type Entry, openPromise, validateFileName, type ZipFile } from 'yauzl'
import { DhuoError } from '../errors.js'
import { nameOfRuntime, type PythonRuntime } from '../python-runtime.js'
import type { ArchiveEntry } from './archive-files.js'

/** Zips are read at several places at once, so they are files; all else is streamed. */
export interface ArchiveInput {
  runtime: PythonRuntime
  /** What pip found, in the order of the names. */
  packages: readonly ZipSource[]
  /** In place of them: an archive in this layout, with nothing but packages. */
  archive: ZipSource | null
  /** What the deployment brings by itself: it stands in place of files of packages. */
  wheels: readonly ZipSource[]
  zips: readonly ZipSource[]
  modules: readonly ArchiveEntry[]
  jars: readonly ArchiveEntry[]
}

export interface ZipSource {
  fileName: string
  path: string
}

export interface OpenedArchive {
  /** By name. */
  entries: ArchiveEntry[]
  /** After the entries were read. */
  close(): void
}

export const sitePackages = ({ version }: PythonRuntime): string => `python/lib/python${version.join('.')}/site-packages`

const mostEntries = 200_000

/**
 * Names of entries are checked here, and sizes by whoever reads them.
 * @throws PRECONDITION_FAILED a zip that cannot be read, or that holds what must not be unpacked
 */
export async function openArchive(input: ArchiveInput): Promise<OpenedArchive> {
  const opened: ZipFile[] = []
  const close = (): void => {
    for (const zip of opened) zip.close()
  }
  const root = sitePackages(input.runtime)
  const found = new Map<string, ArchiveEntry>()
  const own = new Map<string, string>()
  const addOwn = (entry: ArchiveEntry, from: string): void => {
    const other = own.get(entry.name)
    if (other !== undefined) throw failure(`The libraries ${other} and ${from} both bring ${entry.name}.`)
    own.set(entry.name, from)
    found.set(entry.name, entry)
  }
  try {
    for (const source of input.packages)
      for await (const entry of entriesOf(source, opened, wheelPath)) {
        const name = `${root}/${entry.name}`
        // Two packages that bring one file: the first keeps it. Which one pip would take depends on its order of installing.
        if (!found.has(name)) found.set(name, { ...entry, name })
      }
    if (input.archive) for await (const entry of entriesOf(input.archive, opened, (path) => path)) found.set(entry.name, entry)
    for (const source of input.wheels)
      for await (const entry of entriesOf(source, opened, wheelPath))
        addOwn({ ...entry, name: `${root}/${entry.name}` }, source.fileName)
    for (const source of input.zips)
      for await (const entry of entriesOf(source, opened, (path) => path))
        addOwn({ ...entry, name: `${root}/${entry.name}` }, source.fileName)
    for (const { name, open } of input.modules) addOwn({ name: `${root}/${name}`, open }, name)
    for (const { name, open } of input.jars) addOwn({ name: `java/${name}`, open }, name)
    found.set('version.txt', versionFile(input.runtime))
    if (found.size > mostEntries) throw failure(`The archive would have more than ${mostEntries} files.`)
    // By code unit: an order of words depends on the language.
    return { entries: [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1)), close }
  } catch (error) {
    close()
    throw error
  }
}

/** Informative; that it has no date keeps the archive the same. */
const versionFile = (runtime: PythonRuntime): ArchiveEntry => ({
  name: 'version.txt',
  open: async () => Readable.from([Buffer.from(`DHuO Graph dependency archive 1\n${nameOfRuntime(runtime)}\n`)]),
})

async function* entriesOf(
  { path, fileName }: ZipSource,
  opened: ZipFile[],
  place: (path: string) => string | null,
): AsyncGenerator<ArchiveEntry> {
  const zip = await openPromise(path, {
    lazyEntries: true,
    autoClose: false,
    validateEntrySizes: true,
    strictFileNames: true,
  }).catch((cause: unknown) => {
    throw failure(`${fileName} is no ZIP file that can be read.`, cause)
  })
  opened.push(zip)
  const entries: Entry[] = []
  try {
    for await (const entry of zip.eachEntry()) {
      requireHarmless(entry, fileName)
      entries.push(entry)
      if (entries.length > mostEntries) throw failure(`${fileName} has more than ${mostEntries} entries.`)
    }
  } catch (error) {
    if ((error as Error).name === 'DhuoError') throw error
    throw failure(`${fileName} cannot be read: ${(error as Error).message}.`, error)
  }
  for (const entry of entries) {
    const name = entry.fileName.endsWith('/') || isCompiled(entry.fileName) ? null : place(entry.fileName)
    if (name !== null) yield { name, open: () => zip.openReadStreamPromise(entry) }
  }
}

/** What Python makes by itself, with dates in it. */
const isCompiled = (path: string): boolean => path.endsWith('.pyc') || path.includes('__pycache__/')

/**
 * Where a file of a wheel is installed; null for programs, headers and data, which scripts do not import.
 * https://packaging.python.org/en/latest/specifications/binary-distribution-format/#the-data-directory
 */
function wheelPath(path: string): string | null {
  const [, kind, rest] = /^[^/]+\.data\/([^/]+)\/(.+)$/.exec(path) ?? []
  if (kind === undefined) return path
  return kind === 'purelib' || kind === 'platlib' ? rest! : null
}

function requireHarmless(entry: Entry, fileName: string): void {
  const name = entry.fileName
  const shown = JSON.stringify(name.slice(0, 200))
  const parts = name.replace(/\/$/, '').split('/')
  if (
    validateFileName(name) !== null ||
    /\p{Cc}/u.test(name) ||
    parts.some((part) => part === '' || part === '.' || part.length > 255)
  )
    throw failure(`${fileName} has an entry ${shown}, a name that leads elsewhere.`)
  const type = entry.versionMadeBy >> 8 === 3 ? (entry.externalFileAttributes >>> 16) & 0o170_000 : 0
  if (type !== 0 && type !== 0o100_000 && type !== 0o040_000)
    throw failure(`${fileName} has an entry ${shown} that is a link or a device.`)
  if (entry.isEncrypted()) throw failure(`${fileName} has an entry ${shown} that is encrypted.`)
}

const failure = (message: string, cause?: unknown): DhuoError => new DhuoError('PRECONDITION_FAILED', message, { cause })
