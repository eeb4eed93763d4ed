// Reads the footer of a Parquet file so far that row groups can be picked, and writes it anew with these alone.

/** Row groups of a file, and where the bytes of each are. Offsets in the file, ends excluded. */
export interface ParquetRowGroup {
  rows: number
  ranges: { start: number; end: number }[]
  /** Its description in the footer. */
  bytes: Buffer
}

export interface ParquetFooter {
  rowGroups: ParquetRowGroup[]
  /** The footer as it would be if the file had these row groups only, at the same places. */
  withRowGroups(kept: readonly ParquetRowGroup[]): Buffer
}

/** Types of the compact protocol: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md */
const [boolTrue, boolFalse, byte, i16, i32, i64, double, binary, list, set, map, struct] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]

/**
 * FileMetaData of https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift. What is not needed is passed
 * over and goes along as it is.
 * @throws an Error when it is not one
 */
export function parseParquetFooter(footer: Buffer): ParquetFooter {
  const reader = new CompactReader(footer)
  let rowCount: [number, number] | null = null
  let groups: [number, number] | null = null
  let rowGroups: ParquetRowGroup[] = []
  reader.struct((id, type) => {
    const start = reader.at
    if (id === 3 && type === i64) {
      reader.integer()
      rowCount = [start, reader.at]
    } else if (id === 4 && type === list) {
      rowGroups = reader.list(() => rowGroup(reader))
      groups = [start, reader.at]
    } else reader.skip(type)
  })
  if (rowCount === null || groups === null) throw new Error('The footer lacks its row groups.')
  const [[rowsStart, rowsEnd], [listStart, listEnd]] = [rowCount, groups] as [[number, number], [number, number]]
  return {
    rowGroups,
    withRowGroups: (kept) =>
      Buffer.concat([
        footer.subarray(0, rowsStart),
        zigzag(kept.reduce((sum, { rows }) => sum + rows, 0)),
        footer.subarray(rowsEnd, listStart),
        listHeader(kept.length, struct),
        ...kept.map(({ bytes }) => bytes),
        footer.subarray(listEnd),
      ]),
  }
}

function rowGroup(reader: CompactReader): ParquetRowGroup {
  const start = reader.at
  const ranges: ParquetRowGroup['ranges'] = []
  let rows = 0
  reader.struct((id, type) => {
    if (id === 1 && type === list) reader.list(() => ranges.push(columnChunk(reader)))
    else if (id === 3 && type === i64) rows = reader.integer()
    else reader.skip(type)
  })
  return { rows, ranges, bytes: reader.bytes.subarray(start, reader.at) }
}

function columnChunk(reader: CompactReader): { start: number; end: number } {
  let [size, dataPage, dictionaryPage] = [-1, -1, 0]
  reader.struct((id, type) => {
    if (id === 3 && type === struct)
      reader.struct((id, type) => {
        if (id === 7 && type === i64) size = reader.integer()
        else if (id === 9 && type === i64) dataPage = reader.integer()
        else if (id === 11 && type === i64) dictionaryPage = reader.integer()
        else reader.skip(type)
      })
    else reader.skip(type)
  })
  if (size < 0 || dataPage < 0) throw new Error('A column lacks its place.')
  // Some writers say 0 where there is no dictionary.
  const start = dictionaryPage > 0 ? Math.min(dictionaryPage, dataPage) : dataPage
  return { start, end: start + size }
}

class CompactReader {
  at = 0
  constructor(readonly bytes: Buffer) {}

  /** `field` reads the value of each field, all of it. */
  struct(field: (id: number, type: number) => void): void {
    for (let id = 0; ; ) {
      const header = this.#byte()
      if (header === 0) return
      const delta = header >> 4
      id = delta === 0 ? this.integer() : id + delta
      field(id, header & 0x0f)
    }
  }

  list<T>(item: () => T): T[] {
    const { count, type } = this.#listHeader()
    if (type !== struct) throw new Error('A list holds something else.')
    return Array.from({ length: count }, item)
  }

  /** Zigzag. Larger than 2^53 no offset of a file is. */
  integer(): number {
    const value = this.#varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  skip(type: number): void {
    if (type === boolTrue || type === boolFalse) return
    if (type === byte) this.#move(1)
    else if (type === i16 || type === i32 || type === i64) this.#varint()
    else if (type === double) this.#move(8)
    else if (type === binary) this.#move(this.#varint())
    else if (type === list || type === set) {
      const { count, type: inner } = this.#listHeader()
      // In a list a truth value takes a byte.
      for (let i = 0; i < count; i++) this.skip(inner === boolTrue || inner === boolFalse ? byte! : inner)
    } else if (type === map) this.#skipMap()
    else if (type === struct) this.struct((_, inner) => this.skip(inner))
    else throw new Error(`There is no type ${type}.`)
  }

  #skipMap(): void {
    const count = this.#varint()
    if (count === 0) return
    const types = this.#byte()
    for (let i = 0; i < count; i++) for (const type of [types >> 4, types & 0x0f]) this.skip(type)
  }

  #listHeader(): { count: number; type: number } {
    const header = this.#byte()
    const count = header >> 4 === 15 ? this.#varint() : header >> 4
    // Each item takes a byte at least: a count that is made up must not be walked through.
    if (count > this.bytes.length - this.at) throw new Error('A list is longer than the footer.')
    return { count, type: header & 0x0f }
  }

  #varint(): number {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const next = this.#byte()
      value += (next & 0x7f) * factor
      if (next < 128) return value
    }
  }

  #byte(): number {
    const value = this.bytes[this.at++]
    if (value === undefined) throw new Error('The footer is cut off.')
    return value
  }

  #move(count: number): void {
    this.at += count
    if (this.at > this.bytes.length) throw new Error('The footer is cut off.')
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return Buffer.from([...bytes, rest])
}

const zigzag = (value: number): Buffer => varint(value * 2)

const listHeader = (count: number, type: number | undefined): Buffer =>
  count < 15 ? Buffer.from([(count << 4) | type!]) : Buffer.concat([Buffer.from([0xf0 | type!]), varint(count)])
