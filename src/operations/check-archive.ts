// Checks a finished dependency archive as whoever unpacks it will see it: names, layout, sizes.
import { openPromise, validateFileName } from 'yauzl'
import { DhuoError } from '../errors.js'
import type { PythonRuntime } from '../python-runtime.js'
import { sitePackages } from './build-archive.js'

export interface ArchiveBounds {
  /** Of the ZIP file. */
  bytes: number
  /** Of all files, unpacked. */
  unpackedBytes: number
}

/** Every node of a cluster downloads and unpacks it before the first line of a script runs. */
export const archiveBounds: ArchiveBounds = { bytes: 2 * 2 ** 30, unpackedBytes: 8 * 2 ** 30 }

/** @throws PRECONDITION_FAILED */
export async function checkArchive(file: string, runtime: PythonRuntime, bounds: ArchiveBounds): Promise<void> {
  const zip = await openPromise(file, { lazyEntries: true, autoClose: false, strictFileNames: true })
  try {
    const libraries = `${sitePackages(runtime)}/`
    const files = new Set<string>()
    const directories = new Set<string>()
    let unpacked = 0
    for await (const { fileName, uncompressedSize } of zip.eachEntry()) {
      const isPlaced = fileName === 'version.txt' || /^java\/[^/]+\.jar$/.test(fileName) || fileName.startsWith(libraries)
      if (!isPlaced || fileName.endsWith('/') || validateFileName(fileName) !== null)
        throw failure(`it has an entry ${JSON.stringify(fileName)} outside of its layout`)
      if (files.has(fileName)) throw failure(`it has ${fileName} twice`)
      files.add(fileName)
      for (let end = fileName.lastIndexOf('/'); end > 0; end = fileName.lastIndexOf('/', end - 1))
        directories.add(fileName.slice(0, end))
      unpacked += uncompressedSize
      if (unpacked > bounds.unpackedBytes) throw failure(`unpacked it has more than ${bounds.unpackedBytes} bytes`)
    }
    const both = [...files].find((name) => directories.has(name))
    if (both !== undefined) throw failure(`${both} is a file and a directory in it`)
  } finally {
    zip.close()
  }
}

const failure = (why: string): DhuoError => new DhuoError('PRECONDITION_FAILED', `The archive cannot be used: ${why}.`)
