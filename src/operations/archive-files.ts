// Streams several files as one ZIP, entry by entry: nothing is built on disk, and the same files give the same bytes.
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { ZipArchive } from 'archiver'

export interface ArchiveEntry {
  /** A relative path with slashes, unique. */
  name: string
  open(): Promise<Readable>
}

/** The least date that a ZIP can hold: when files were saved is no part of what they are. */
const date = new Date('1980-01-01T00:00:00Z')

/** Compressed already, or weights, which are as good as random: to compress them costs much and saves little. */
const incompressible =
  /\.(7z|avif|bin|br|bz2|ckpt|gguf|gz|h5|jar|jpe?g|keras|lz4|mp4|npz|onnx|orc|parquet|png|pth?|safetensors|tgz|webp|whl|xz|zip|zst)$/i

/**
 * The stream fails as a whole when a file cannot be read; destroying it closes the file that is being read.
 * @param entries are read one after the other, in this order
 */
export function archiveFiles(entries: readonly ArchiveEntry[]): Readable {
  const zip = new ZipArchive({ zlib: { level: 6 } })
  const gone = new AbortController()
  zip.once('close', () => gone.abort())
  fill(zip, entries, gone.signal).catch((error: Error) => zip.destroy(gone.signal.aborted ? undefined : error))
  return zip
}

async function fill(zip: ZipArchive, entries: readonly ArchiveEntry[], gone: AbortSignal): Promise<void> {
  for (const { name, open } of entries) {
    const file = await open()
    // archiver does not listen: an error that nobody hears ends the process.
    file.on('error', (error) => zip.destroy(error))
    try {
      gone.throwIfAborted()
      const done = once(zip, 'entry', { signal: gone })
      zip.append(file, { name, date, mode: 0o644, store: incompressible.test(name) })
      await done
    } finally {
      file.destroy()
    }
  }
  await zip.finalize()
}
