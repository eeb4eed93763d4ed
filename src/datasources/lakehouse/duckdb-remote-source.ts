// Brings of a file elsewhere as much as a look at some of its rows needs: large ones are not fetched whole for ten rows.
import { type FileHandle, open, writeFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { type ParquetFooter, type ParquetRowGroup, parseParquetFooter } from './duckdb-parquet-footer.js'
import type { SourceFile } from './lakehouse.js'

/** Rows at the beginning that a look passes over, and how many it takes. */
export interface Look {
  offset: number
  limit: number
}

/** What is less is fetched whole by one request. */
export const remoteWhole = 2 * 2 ** 20

/** Rows that the detection of types looks at, of CSV and of JSON. */
const sampledRows = 20_480

const tail = 64 * 1024
const maxFooter = 64 * 2 ** 20
/** Of bytes between two ranges that are fetched along with them rather than asked for twice. */
const gap = 256 * 1024

/**
 * A Parquet file of the row groups that have the rows, each at its place; what is between them takes no room on the disk.
 * @returns the rows that were left out before the first of them; null when the file is none that can be picked from, and nothing
 * was written
 */
export async function bringRowGroups(file: SourceFile, path: string, look: Look): Promise<number | null> {
  const footer = await readFooter(file)
  if (footer === null) return null
  const picked = pickRowGroups(footer.rowGroups, look)
  const target = await open(path, 'wx')
  try {
    await target.write('PAR1', 0)
    let end = 4
    for (const { start, end: until } of joined(picked.groups.flatMap(({ ranges }) => ranges))) {
      await writeAt(target, await file.open({ start, end: until - 1 }), start)
      end = Math.max(end, until)
    }
    const bytes = footer.withRowGroups(picked.groups)
    const length = Buffer.alloc(4)
    length.writeUInt32LE(bytes.length)
    await target.write(Buffer.concat([bytes, length, Buffer.from('PAR1')]), 0, undefined, end)
  } finally {
    await target.close()
  }
  return picked.skipped
}

async function readFooter(file: SourceFile): Promise<ParquetFooter | null> {
  const { size } = file
  const last = await buffer(await file.open({ start: Math.max(0, size - tail), end: size - 1 }))
  const length = last.length >= 12 ? last.readUInt32LE(last.length - 8) : 0
  if (last.toString('latin1', last.length - 4) !== 'PAR1' || length > Math.min(maxFooter, size - 12)) return null
  const bytes =
    length + 8 <= last.length
      ? last.subarray(last.length - 8 - length, last.length - 8)
      : await buffer(await file.open({ start: size - 8 - length, end: size - 9 }))
  try {
    return parseParquetFooter(bytes)
  } catch {
    // DuckDB says better what is wrong with it.
    return null
  }
}

/** One group at least: without any there would be no types of columns in some readers' eyes. */
function pickRowGroups(all: readonly ParquetRowGroup[], { offset, limit }: Look): { groups: ParquetRowGroup[]; skipped: number } {
  let before = 0
  let skipped = 0
  const groups: ParquetRowGroup[] = []
  for (const group of all) {
    const isBehind = before >= offset + limit && groups.length > 0
    const isBefore = before + group.rows <= offset && group !== all.at(-1)
    if (isBefore) skipped += group.rows
    else if (!isBehind) groups.push(group)
    before += group.rows
  }
  return { groups, skipped }
}

/** Ranges in the order of their places, those that lie close together as one. */
function joined(ranges: readonly { start: number; end: number }[]): { start: number; end: number }[] {
  const result: { start: number; end: number }[] = []
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    const last = result.at(-1)
    if (last && start - last.end <= gap) last.end = Math.max(last.end, end)
    else result.push({ start, end })
  }
  return result
}

async function writeAt(target: FileHandle, bytes: Readable, position: number): Promise<void> {
  let at = position
  for await (const part of bytes) {
    const { bytesWritten } = await target.write(part as Buffer, 0, undefined, at)
    at += bytesWritten
  }
}

/**
 * The first rows of a file of lines, whole ones, decompressed, and the rest left where it is. Line ends within quotes count as none.
 * @param decompress what its bytes go through; null: they are plain
 */
export async function bringFirstLines(
  file: SourceFile,
  path: string,
  look: Look,
  decompress: (bytes: Readable) => AsyncIterable<Buffer>,
): Promise<void> {
  const lines = Math.max(look.offset + look.limit, sampledRows) + 1
  await writeFile(path, firstLines(decompress(await file.open()), lines, file.format === 'CSV'), { flag: 'wx' })
}

async function* firstLines(bytes: AsyncIterable<Buffer>, lines: number, hasQuotes: boolean): AsyncGenerator<Buffer> {
  let left = lines
  let inQuotes = false
  for await (const part of bytes) {
    for (let i = 0; i < part.length; i++) {
      if (hasQuotes && part[i] === 0x22) inQuotes = !inQuotes
      else if (part[i] === 0x0a && !inQuotes && --left === 0) {
        yield part.subarray(0, i + 1)
        return
      }
    }
    yield part
  }
}

/** What apache-arrow asks of an open file, answered by ranges of one elsewhere: it reads the footer, and batches as they are wanted. */
export class RemoteHandle {
  /** It is looked for, and not used. */
  readonly fd = -1
  readonly #file: SourceFile
  #block = { start: 0, bytes: Buffer.alloc(0) }

  constructor(file: SourceFile) {
    this.#file = file
  }

  async stat(): Promise<{ size: number }> {
    return { size: this.#file.size }
  }

  async read(
    target: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesRead: number; buffer: Uint8Array }> {
    const end = Math.min(position + length, this.#file.size)
    if (end <= position) return { bytesRead: 0, buffer: target }
    const { start, bytes } = this.#block
    if (position < start || end > start + bytes.length) {
      // More than was asked for: the head of a batch is read before its body.
      const last = Math.min(Math.max(end, position + gap), this.#file.size) - 1
      this.#block = { start: position, bytes: await buffer(await this.#file.open({ start: position, end: last })) }
    }
    target.set(this.#block.bytes.subarray(position - this.#block.start, end - this.#block.start), offset)
    return { bytesRead: end - position, buffer: target }
  }

  async close(): Promise<void> {}
}
