// The buffers that Arrow columns are collected in, and the columns of text and binary.
import duckdb, { type Vector } from '@duckdb/node-bindings'
import * as arrow from 'apache-arrow'

/** Bytes with room for more. */
export class Bytes {
  data = new Uint8Array(1 << 14)
  length = 0

  /** The place of `count` more bytes. */
  grow(count: number): number {
    const start = this.length
    this.length += count
    if (this.length > this.data.length) {
      const larger = new Uint8Array(Math.max(this.data.length * 2, this.length))
      larger.set(this.data.subarray(0, start))
      this.data = larger
    }
    return start
  }

  push(bytes: Uint8Array): void {
    const place = this.grow(bytes.length)
    this.data.set(bytes, place)
  }

  /** What was collected. It lies where the next batch will: it is to be copied before. */
  take(): Uint8Array {
    const bytes = this.data.subarray(0, this.length)
    this.length = 0
    return bytes
  }
}

/** DuckDB's validity masks are Arrow's: a bit for each row, from the lowest, 1 for a value. */
export class Validity {
  rows = 0
  nulls = 0
  #bits: Uint8Array | null = null

  append(vector: Vector, rows: number): void {
    // Typed as never null; it is where all values are there.
    const mask = duckdb.vector_get_validity(vector, Math.ceil(rows / 64) * 8) as Uint8Array | null
    if (mask) this.#appendMask(mask, rows)
    else if (this.#bits) for (let row = 0; row < rows; row++) this.#set(this.rows + row, true)
    this.rows += rows
  }

  #appendMask(mask: Uint8Array, rows: number): void {
    if (this.#bits === null) {
      this.#bits = new Uint8Array(Math.max(256, (this.rows + rows) >> 2))
      for (let row = 0; row < this.rows; row++) this.#set(row, true)
    }
    for (let row = 0; row < rows; row++) {
      const valid = ((mask[row >> 3]! >> (row & 7)) & 1) === 1
      if (!valid) this.nulls++
      this.#set(this.rows + row, valid)
    }
  }

  #set(row: number, valid: boolean): void {
    const byte = row >> 3
    if (byte >= this.#bits!.length) {
      const larger = new Uint8Array(this.#bits!.length * 2)
      larger.set(this.#bits!)
      this.#bits = larger
    }
    if (valid) this.#bits![byte]! |= 1 << (row & 7)
  }

  take(): { length: number; nullCount: number; nullBitmap: Uint8Array | null } {
    const result = { length: this.rows, nullCount: this.nulls, nullBitmap: this.nulls > 0 ? this.#bits : null }
    this.rows = 0
    this.nulls = 0
    this.#bits = null
    return result
  }
}

export const dataOf = (vector: Vector, bytes: number): Uint8Array => duckdb.vector_get_data(vector, bytes)

export const makeData = (type: arrow.DataType, validity: Validity, buffers: object): arrow.Data =>
  arrow.makeData({ type, ...validity.take(), ...buffers } as never)

/** The first offset, 0, is there even for a column without rows. */
export const offsetsOf = (bytes: Uint8Array): Int32Array =>
  bytes.length === 0 ? new Int32Array(1) : new Int32Array(bytes.buffer, 0, bytes.length / 4)

/** Text and binary: 16 bytes a value, which hold up to 12 bytes themselves and a pointer for more. */
export class BytesColumn {
  readonly #bytes = new Bytes()
  #offsets = new Bytes()
  readonly #validity = new Validity()
  constructor(readonly type: arrow.DataType) {}

  append(vector: Vector, rows: number): void {
    const first = this.#validity.rows
    this.#validity.append(vector, rows)
    const entries = dataOf(vector, rows * 16)
    const view = new DataView(entries.buffer, entries.byteOffset, entries.length)
    // Typed as never null; it is where all values are there.
    const mask = duckdb.vector_get_validity(vector, Math.ceil(rows / 64) * 8) as Uint8Array | null
    if (first === 0) this.#offsets.grow(4)
    const start = this.#offsets.grow(rows * 4)
    const offsets = new Int32Array(this.#offsets.data.buffer, start, rows)
    const bytes = this.#bytes
    // Long values mostly lie one after the other: a run of them is fetched at once. That is what makes this fast.
    let runAt = 0
    let runLength = 0
    let runEnd = -1
    const flush = () => {
      if (runLength > 0)
        bytes.push(duckdb.get_data_from_pointer(entries.buffer as ArrayBuffer, entries.byteOffset + runAt, runLength))
      runLength = 0
    }
    let length = bytes.length
    for (let row = 0; row < rows; row++) {
      if (mask === null || (mask[row >> 3]! >> (row & 7)) & 1) {
        const at = row * 16
        const size = view.getUint32(at, true)
        if (size > 12) {
          // Addresses of user space have 47 bits: a number is exact, and no BigInt has to be made for each row.
          const pointer = view.getUint32(at + 8, true) + view.getUint32(at + 12, true) * 2 ** 32
          if (runLength === 0 || pointer !== runEnd) {
            flush()
            runAt = at + 8
          }
          runLength += size
          runEnd = pointer + size
        } else if (size > 0) {
          flush()
          const place = bytes.grow(size)
          const { data } = bytes
          for (let i = 0; i < size; i++) data[place + i] = entries[at + 4 + i]!
        }
        length += size
      }
      offsets[row] = length
    }
    flush()
    if (length > 2 ** 31 - 1) throw new Error('A batch of text is larger than 2 GB')
  }

  finish(): arrow.Data {
    const offsets = this.#offsets.take()
    const data = this.#bytes.take()
    return makeData(this.type, this.#validity, { valueOffsets: offsetsOf(offsets), data })
  }
}
