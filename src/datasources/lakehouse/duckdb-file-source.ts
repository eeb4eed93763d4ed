// Brings a file to where DuckDB may read it, and says how it is read.
import { createReadStream } from 'node:fs'
import { copyFile, link, open, realpath, stat, writeFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { badInput } from '../../errors.js'
import { arrowTable, importArrow } from './duckdb-arrow-import.js'
import { messageOf } from './duckdb-errors.js'
import { quoteText } from './duckdb-project.js'
import { bringFirstLines, bringRowGroups, type Look, RemoteHandle, remoteWhole } from './duckdb-remote-source.js'
import type { Session } from './duckdb-session.js'
import type { SourceFile } from './lakehouse.js'

/** Deeper JSON ends the process: DuckDB's detection of types recurses (1.5.5). */
const maxJsonDepth = 500

/** How long reading a file may take on top of a statement's time: large files are no mistake, files that inflate are. */
export const extraTimeFor = (bytes: number): number => Math.ceil(bytes / 10_000)

/**
 * Puts the file under a name of the exchange (a hard link where that is possible) and calls `work` with what stands for its
 * rows in FROM, and how many of its rows were left out before them. A CSV whose first rows mislead the detection of types is read
 * again, with a look at all of it.
 * @param look what `work` will read; of a file that is not on this machine no more is fetched than that takes
 * @throws DhuoError BAD_USER_INPUT, field `file`
 */
export async function withFileTable<T>(
  session: Session,
  file: SourceFile,
  path: string,
  work: (table: string, skipped: number) => Promise<T>,
  look?: Look,
): Promise<T> {
  const given = /\.gz$/i.test(file.name) ? 'gzip' : /\.zst$/i.test(file.name) ? 'zstd' : 'none'
  const isFar = file.localFile === null && look !== undefined && file.size > remoteWhole
  if (isFar && file.format === 'ARROW') {
    await importArrow(session, new RemoteHandle(file), look.offset + look.limit)
    return work(arrowTable, 0)
  }
  const compression = isFar && isOfLines(file, given) ? 'none' : given
  let skipped = 0
  if (isFar && isOfLines(file, given)) await bringFirstLines(file, path, look, (bytes) => decompressed(bytes, file.name, given))
  else skipped = (isFar && file.format === 'PARQUET' ? await bringRowGroups(file, path, look) : null) ?? (await bring(file, path))
  if ((await stat(path)).size === 0) throw badInput('file', `${file.name} is empty.`)
  switch (file.format) {
    case 'PARQUET':
      return work(`read_parquet(${quoteText(path)})`, skipped)
    case 'ARROW': {
      const handle = await open(path)
      try {
        await importArrow(session, handle, look && look.offset + look.limit)
      } finally {
        await handle.close().catch(() => {})
      }
      return work(arrowTable, 0)
    }
    case 'NDJSON':
    case 'JSON': {
      if (compression === 'zstd') throw badInput('file', `${file.name}: JSON is read plain or with gzip.`)
      await checkJson(session, path, file.name, compression)
      const format = file.format === 'NDJSON' ? 'newline_delimited' : 'auto'
      return work(
        `read_json(${quoteText(path)}, format = '${format}', compression = '${compression === 'gzip' ? 'gzip' : 'uncompressed'}', maximum_depth = 16)`,
        0,
      )
    }
    case 'CSV': {
      const delimiter = await delimiterOf(path, file.name, compression)
      if (compression !== 'none' && look === undefined) await readToEnd(session, path, file.name, compression)
      // The dialect is settled and nothing is skipped: left to itself, the detection would rather take a damaged file for one
      // with other quotes, a comment or a single column than say that it is damaged.
      const csv = (sample: number) =>
        `read_csv(${quoteText(path)}, compression = '${compression}', delim = ${quoteText(delimiter)}, quote = '"', escape = '"', comment = '', skip = 0, strict_mode = true, null_padding = false, allow_quoted_nulls = false, sample_size = ${sample})`
      try {
        return await work(csv(20_480), 0)
      } catch (error) {
        const message = messageOf(error)
        if (/Error when sniffing file/.test(message))
          throw badInput(
            'file',
            `${file.name} is not CSV: its rows differ in their number of fields, or a quote does not end.`,
            error,
          )
        if (session.stopped || !/Conversion Error|Error when converting column/i.test(message)) throw error
        await session.connection.run('ROLLBACK').catch(() => {})
        return work(csv(-1), 0)
      }
    }
  }
}

type Compression = 'gzip' | 'zstd' | 'none'

/** Lines that can be told apart without reading further: zstd within JSON is refused, and that is said elsewhere. */
const isOfLines = ({ format }: SourceFile, compression: Compression): boolean =>
  format === 'CSV' || (format === 'NDJSON' && compression !== 'zstd')

/** All of it. @returns the rows that were left out: none */
async function bring(file: SourceFile, path: string): Promise<0> {
  if (file.localFile === null) {
    await writeFile(path, await file.open(), { flag: 'wx' })
    return 0
  }
  const source = await realpath(file.localFile)
  try {
    await link(source, path)
  } catch {
    // Another file system, or one without links.
    await copyFile(source, path)
  }
  return 0
}

/** Iterating it no further closes the source. */
async function* decompressed(file: Readable, name: string, compression: Compression): AsyncGenerator<Buffer> {
  const bytes =
    compression === 'gzip' ? file.pipe(createGunzip()) : compression === 'zstd' ? file.pipe(createZstdDecompress()) : file
  file.on('error', (error) => bytes.destroy(error))
  try {
    for await (const part of bytes) yield part as Buffer
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (typeof code === 'string' && /^(Z_|ZSTD_|ERR_)/.test(code))
      throw badInput('file', `${name} is not a ${compression} file, or it is cut off.`, error)
    throw error
  } finally {
    file.destroy()
    bytes.destroy()
  }
}

const contentOf = (path: string, name: string, compression: Compression): AsyncGenerator<Buffer> =>
  decompressed(createReadStream(path, { highWaterMark: 256 * 1024 }), name, compression)

/** DuckDB takes a compressed file that is cut off for one that ends there: whoever reads all of it would miss rows unawares. */
async function readToEnd(session: Session, path: string, name: string, compression: Compression): Promise<void> {
  for await (const _ of contentOf(path, name, compression)) if (session.stopped) throw new Error('stopped')
}

/** What separates the names of the first line: the comma, unless another of the usual ones stands there more often. */
async function delimiterOf(path: string, name: string, compression: Compression): Promise<string> {
  const counts = new Map([',', ';', '\t', '|'].map((delimiter) => [delimiter, 0]))
  let inQuotes = false
  let seen = 0
  scan: for await (const part of contentOf(path, name, compression)) {
    for (const character of part.toString('latin1')) {
      if (character === '"') inQuotes = !inQuotes
      else if (!inQuotes && (character === '\n' || character === '\r') && seen > 0) break scan
      else if (!inQuotes && counts.has(character)) counts.set(character, counts.get(character)! + 1)
      seen++
    }
    if (seen > 1_000_000) break
  }
  const [most] = [...counts].sort(([, a], [, b]) => b - a)
  return most![0]
}

/** @throws DhuoError BAD_USER_INPUT when it is nested too deep */
async function checkJson(session: Session, path: string, name: string, compression: Compression): Promise<void> {
  let depth = 0
  let inString = false
  let escaped = false
  for await (const part of contentOf(path, name, compression)) {
    if (session.stopped) throw new Error('stopped')
    for (let i = 0; i < part.length; i++) {
      const byte = part[i]!
      if (inString) {
        if (escaped) escaped = false
        else if (byte === 0x5c) escaped = true
        else if (byte === 0x22) inString = false
      } else if (byte === 0x22) inString = true
      else if (byte === 0x5b || byte === 0x7b) {
        if (++depth > maxJsonDepth) throw badInput('file', `${name} is nested too deep: at most ${maxJsonDepth} levels.`)
      } else if (byte === 0x5d || byte === 0x7d) depth--
    }
  }
}
