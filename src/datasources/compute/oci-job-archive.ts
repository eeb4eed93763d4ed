// Puts files behind those of a ZIP archive without reading what is in it: its bytes are copied, and a new directory stands at the end.
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import { DhuoError } from '../../errors.js'
import type { ReadableBytes } from './oci-job-objects.js'

interface AddedFile {
  /** A relative path that the archive does not have. */
  name: string
  bytes: Buffer
}

/** Where the directory of an archive is. */
interface Directory {
  offset: number
  size: number
  count: number
}

const nothing: Directory = { offset: 0, size: 0, count: 0 }
const largest16 = 0xffff
const largest32 = 0xffffffff

/**
 * @param file a ZIP; null: the added files alone
 * @throws PRECONDITION_FAILED the file is no ZIP that is put together in the usual way
 */
export async function extendArchive(file: string | null, added: readonly AddedFile[]): Promise<ReadableBytes> {
  const old = file === null ? nothing : await readDirectory(file)
  const entries: Buffer[] = []
  const index: Buffer[] = []
  let offset = old.offset
  for (const { name, bytes } of added) {
    const entry = Buffer.concat([localHeader(name, bytes), bytes])
    entries.push(entry)
    index.push(directoryEntry(name, bytes, offset))
    offset += entry.length
  }
  if (offset > largest32) throw unusable('is too large')
  const [newEntries, newIndex] = [Buffer.concat(entries), Buffer.concat(index)]
  const end = endOf({ offset, size: old.size + newIndex.length, count: old.count + added.length })
  const part = (from: number, size: number): AsyncIterable<Buffer> | Buffer[] =>
    file === null || size === 0 ? [] : createReadStream(file, { start: from, end: from + size - 1 })
  return {
    size: offset + old.size + newIndex.length + end.length,
    open: async () =>
      Readable.from(
        (async function* () {
          yield* part(0, old.offset)
          yield newEntries
          yield* part(old.offset, old.size)
          yield newIndex
          yield end
        })(),
        { objectMode: false },
      ),
  }
}

/** https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3: the end first, which is read from the back. */
async function readDirectory(path: string): Promise<Directory> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const tail = Buffer.alloc(Math.min(size, largest16 + 22 + 20))
    await file.read(tail, 0, tail.length, size - tail.length)
    const at = tail.lastIndexOf('PK\x05\x06', undefined, 'latin1')
    if (at === -1 || at + 22 > tail.length) throw unusable('is no ZIP file')
    const directory = { count: tail.readUInt16LE(at + 10), size: tail.readUInt32LE(at + 12), offset: tail.readUInt32LE(at + 16) }
    const isLarge = directory.count === largest16 || directory.size === largest32 || directory.offset === largest32
    const found = isLarge ? await readLargeDirectory(file, tail, at) : directory
    if (found.offset + found.size > size - 22) throw unusable('is damaged')
    return found
  } finally {
    await file.close()
  }
}

/** ZIP64: a pointer stands before the end, to a record with wider numbers. */
async function readLargeDirectory(file: Awaited<ReturnType<typeof open>>, tail: Buffer, end: number): Promise<Directory> {
  const pointer = end - 20
  if (pointer < 0 || tail.toString('latin1', pointer, pointer + 4) !== 'PK\x06\x07') throw unusable('is damaged')
  const record = Buffer.alloc(56)
  await file.read(record, 0, 56, Number(tail.readBigUInt64LE(pointer + 8)))
  if (record.toString('latin1', 0, 4) !== 'PK\x06\x06') throw unusable('is damaged')
  const [count, size, offset] = [32, 40, 48].map((at) => Number(record.readBigUInt64LE(at)))
  return { count: count!, size: size!, offset: offset! }
}

/** What both headers have: names in UTF-8, not compressed, of 1 January 1980, so that the same files give the same bytes. */
function fieldsOf(name: string, bytes: Buffer): Buffer {
  const fields = Buffer.alloc(26)
  fields.writeUInt16LE(20, 0)
  fields.writeUInt16LE(0x0800, 2)
  fields.writeUInt16LE(0x21, 8)
  fields.writeUInt32LE(crc32(bytes), 10)
  fields.writeUInt32LE(bytes.length, 14)
  fields.writeUInt32LE(bytes.length, 18)
  fields.writeUInt16LE(Buffer.byteLength(name), 22)
  return fields
}

const localHeader = (name: string, bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), fieldsOf(name, bytes), Buffer.from(name)])

function directoryEntry(name: string, bytes: Buffer, offset: number): Buffer {
  const tail = Buffer.alloc(14)
  // A file of Unix that its owner may write and everybody read.
  tail.writeUInt32LE((0o100644 << 16) >>> 0, 6)
  tail.writeUInt32LE(offset, 10)
  return Buffer.concat([Buffer.from('PK\x01\x02\x1e\x03', 'latin1'), fieldsOf(name, bytes), tail, Buffer.from(name)])
}

function endOf({ offset, size, count }: Directory): Buffer {
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 0, 'latin1')
  end.writeUInt16LE(Math.min(count, largest16), 8)
  end.writeUInt16LE(Math.min(count, largest16), 10)
  end.writeUInt32LE(size, 12)
  end.writeUInt32LE(offset, 16)
  if (count < largest16) return end
  const record = Buffer.alloc(56)
  record.write('PK\x06\x06', 0, 'latin1')
  record.writeBigUInt64LE(44n, 4)
  record.writeUInt16LE(45, 12)
  record.writeUInt16LE(45, 14)
  for (const [value, at] of [
    [count, 24],
    [count, 32],
    [size, 40],
    [offset, 48],
  ] as const)
    record.writeBigUInt64LE(BigInt(value), at)
  const pointer = Buffer.alloc(20)
  pointer.write('PK\x06\x07', 0, 'latin1')
  pointer.writeBigUInt64LE(BigInt(offset + size), 8)
  pointer.writeUInt32LE(1, 16)
  return Buffer.concat([record, pointer, end])
}

const unusable = (why: string): DhuoError => new DhuoError('PRECONDITION_FAILED', `The dependency archive ${why}.`)
