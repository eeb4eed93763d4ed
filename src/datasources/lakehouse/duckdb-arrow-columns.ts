// Collects the raw vectors of DuckDB's chunks into the buffers of Arrow columns: memory is copied, values are not looked at.
import {
  type DuckDBArrayType,
  type DuckDBDecimalType,
  type DuckDBListType,
  type DuckDBMapType,
  type DuckDBStructType,
  type DuckDBType,
  DuckDBTypeId,
} from '@duckdb/node-api'
import duckdb, { type Vector } from '@duckdb/node-bindings'
import * as arrow from 'apache-arrow'
import { isJson } from './duckdb-values.js'

const T = DuckDBTypeId

/** Grows to what is appended; `finish` gives the column and starts anew. */
export interface ArrowColumn {
  readonly type: arrow.DataType
  append(vector: Vector, rows: number): void
  finish(): arrow.Data
}

/** @throws for a type that has to be cast before: see `binaryType` */
export function arrowColumn(type: DuckDBType): ArrowColumn {
  switch (type.typeId) {
    case T.BOOLEAN:
      return new BooleanColumn()
    case T.TINYINT:
      return new FixedColumn(new arrow.Int8(), 1)
    case T.SMALLINT:
      return new FixedColumn(new arrow.Int16(), 2)
    case T.INTEGER:
      return new FixedColumn(new arrow.Int32(), 4)
    case T.BIGINT:
      return new FixedColumn(new arrow.Int64(), 8)
    case T.UTINYINT:
      return new FixedColumn(new arrow.Uint8(), 1)
    case T.USMALLINT:
      return new FixedColumn(new arrow.Uint16(), 2)
    case T.UINTEGER:
      return new FixedColumn(new arrow.Uint32(), 4)
    case T.UBIGINT:
      return new FixedColumn(new arrow.Uint64(), 8)
    case T.FLOAT:
      return new FixedColumn(new arrow.Float32(), 4)
    case T.DOUBLE:
      return new FixedColumn(new arrow.Float64(), 8)
    case T.DATE:
      return new FixedColumn(new arrow.DateDay(), 4)
    case T.TIME:
      return new FixedColumn(new arrow.TimeMicrosecond(), 8)
    case T.TIME_NS:
      return new FixedColumn(new arrow.TimeNanosecond(), 8)
    case T.TIMESTAMP:
      return new FixedColumn(new arrow.TimestampMicrosecond(), 8)
    case T.TIMESTAMP_S:
      return new FixedColumn(new arrow.TimestampSecond(), 8)
    case T.TIMESTAMP_MS:
      return new FixedColumn(new arrow.TimestampMillisecond(), 8)
    case T.TIMESTAMP_NS:
      return new FixedColumn(new arrow.TimestampNanosecond(), 8)
    case T.TIMESTAMP_TZ:
      return new FixedColumn(new arrow.TimestampMicrosecond('UTC'), 8)
    case T.DECIMAL: {
      const { width, scale } = type as DuckDBDecimalType
      return new DecimalColumn(new arrow.Decimal(scale, width), width <= 4 ? 2 : width <= 9 ? 4 : width <= 18 ? 8 : 16)
    }
    case T.VARCHAR:
      return new BytesColumn(new arrow.Utf8())
    case T.BLOB:
      return new BytesColumn(new arrow.Binary())
    case T.LIST:
      return new ListColumn(listItem(arrowColumn((type as DuckDBListType).valueType)))
    case T.MAP: {
      const { keyType, valueType } = type as DuckDBMapType
      return new ListColumn(mapEntries(arrowColumn(keyType), arrowColumn(valueType)))
    }
    case T.ARRAY: {
      const { valueType, length } = type as DuckDBArrayType
      return new FixedListColumn(arrowColumn(valueType), length)
    }
    case T.STRUCT: {
      const { entryNames, entryTypes } = type as DuckDBStructType
      return new StructColumn(entryNames, entryTypes.map(arrowColumn))
    }
    default:
      throw new Error(`No Arrow type for ${isJson(type) ? 'JSON' : String(type)}`)
  }
}

/** Bytes with room for more. */
class Bytes {
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

  take(): Uint8Array {
    const { data, length } = this
    // What is handed out is not written again; the next batch will be as large.
    this.data = new Uint8Array(data.length)
    this.length = 0
    return data.subarray(0, length)
  }
}

/** DuckDB's validity masks are Arrow's: a bit for each row, from the lowest, 1 for a value. */
class Validity {
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

const dataOf = (vector: Vector, bytes: number): Uint8Array => duckdb.vector_get_data(vector, bytes)

class FixedColumn implements ArrowColumn {
  readonly #bytes = new Bytes()
  readonly #validity = new Validity()
  constructor(
    readonly type: arrow.DataType,
    private readonly width: number,
  ) {}

  append(vector: Vector, rows: number): void {
    this.#bytes.push(dataOf(vector, rows * this.width))
    this.#validity.append(vector, rows)
  }

  finish(): arrow.Data {
    return makeData(this.type, this.#validity, { data: typed(this.type, this.#bytes.take()) })
  }
}

/** DuckDB keeps decimals in 2 to 16 bytes by their width, Arrow always in 16. */
class DecimalColumn implements ArrowColumn {
  readonly #bytes = new Bytes()
  readonly #validity = new Validity()
  constructor(
    readonly type: arrow.DataType,
    private readonly width: 2 | 4 | 8 | 16,
  ) {}

  append(vector: Vector, rows: number): void {
    const source = dataOf(vector, rows * this.width)
    this.#validity.append(vector, rows)
    if (this.width === 16) {
      this.#bytes.push(source)
      return
    }
    const start = this.#bytes.grow(rows * 16)
    const target = new Int32Array(this.#bytes.data.buffer, start, rows * 4)
    if (this.width === 8) {
      const items = new Int32Array(source.buffer, source.byteOffset, rows * 2)
      for (let row = 0; row < rows; row++) {
        const high = items[row * 2 + 1]!
        target[row * 4] = items[row * 2]!
        target[row * 4 + 1] = high
        target[row * 4 + 2] = target[row * 4 + 3] = high >> 31
      }
      return
    }
    const items =
      this.width === 4
        ? new Int32Array(source.buffer, source.byteOffset, rows)
        : new Int16Array(source.buffer, source.byteOffset, rows)
    for (let row = 0; row < rows; row++) {
      const item = items[row]!
      target[row * 4] = item
      target[row * 4 + 1] = target[row * 4 + 2] = target[row * 4 + 3] = item >> 31
    }
  }

  finish(): arrow.Data {
    const bytes = this.#bytes.take()
    return makeData(this.type, this.#validity, { data: new Uint32Array(bytes.buffer, 0, bytes.length / 4) })
  }
}

class BooleanColumn implements ArrowColumn {
  readonly type = new arrow.Bool()
  readonly #bytes = new Bytes()
  readonly #validity = new Validity()

  append(vector: Vector, rows: number): void {
    this.#bytes.push(dataOf(vector, rows))
    this.#validity.append(vector, rows)
  }

  finish(): arrow.Data {
    const bytes = this.#bytes.take()
    const bits = new Uint8Array(Math.ceil(bytes.length / 8))
    for (let row = 0; row < bytes.length; row++) if (bytes[row]) bits[row >> 3]! |= 1 << (row & 7)
    return makeData(this.type, this.#validity, { data: bits })
  }
}

/** Text and binary: 16 bytes a value, which hold up to 12 bytes themselves and a pointer for more. */
class BytesColumn implements ArrowColumn {
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
    let runEnd = -1n
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
          const pointer = view.getBigUint64(at + 8, true)
          if (runLength === 0 || pointer !== runEnd) {
            flush()
            runAt = at + 8
          }
          runLength += size
          runEnd = pointer + BigInt(size)
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

interface ItemColumn {
  type: arrow.DataType
  append(vector: Vector, rows: number): void
  finish(): arrow.Data
}

const listItem = (item: ArrowColumn): ItemColumn => ({
  type: new arrow.List(new arrow.Field('item', item.type, true)),
  append: (vector, rows) => item.append(vector, rows),
  finish: () => item.finish(),
})

const mapEntries = (key: ArrowColumn, value: ArrowColumn): ItemColumn => {
  const entries = new StructColumn(['key', 'value'], [key, value], [false, true])
  return {
    type: new arrow.Map_(new arrow.Field('entries', entries.type as arrow.Struct, false) as never),
    append: (vector, rows) => entries.append(vector, rows),
    finish: () => entries.finish(),
  }
}

/** Lists and maps: a place and a length a row, in one long vector of items. */
class ListColumn implements ArrowColumn {
  readonly type: arrow.DataType
  #offsets = new Bytes()
  readonly #validity = new Validity()
  #items = 0
  constructor(private readonly item: ItemColumn) {
    this.type = item.type
  }

  append(vector: Vector, rows: number): void {
    const first = this.#validity.rows
    const mask = duckdb.vector_get_validity(vector, Math.ceil(rows / 64) * 8) as Uint8Array | null
    this.#validity.append(vector, rows)
    const entries = new BigUint64Array(dataOf(vector, rows * 16).slice().buffer)
    if (first === 0) this.#offsets.grow(4)
    const start = this.#offsets.grow(rows * 4)
    const offsets = new Int32Array(this.#offsets.data.buffer, start, rows)
    const child = duckdb.list_vector_get_child(vector)
    const size = duckdb.list_vector_get_size(vector)
    let expected = 0
    let inOrder = true
    for (let row = 0; row < rows; row++) {
      const valid = mask === null || (mask[row >> 3]! >> (row & 7)) & 1
      const length = valid ? Number(entries[row * 2 + 1]) : 0
      if (length > 0 && Number(entries[row * 2]) !== expected) inOrder = false
      expected += length
      offsets[row] = this.#items + expected
    }
    // Arrow wants the items in the order of the rows and nothing between. The caller flattens the vector where they are not.
    if (!inOrder || expected !== size) throw new ItemsOutOfOrderError('The items of a list are not in the order of its rows')
    this.item.append(child, size)
    this.#items += expected
  }

  finish(): arrow.Data {
    const offsets = this.#offsets.take()
    this.#items = 0
    return makeData(this.type, this.#validity, { valueOffsets: offsetsOf(offsets), child: this.item.finish() })
  }
}

export class ItemsOutOfOrderError extends Error {
  override readonly name = 'ItemsOutOfOrderError'
}

class FixedListColumn implements ArrowColumn {
  readonly type: arrow.DataType
  readonly #validity = new Validity()
  constructor(
    private readonly item: ArrowColumn,
    private readonly size: number,
  ) {
    this.type = new arrow.FixedSizeList(size, new arrow.Field('item', item.type, true))
  }

  append(vector: Vector, rows: number): void {
    this.#validity.append(vector, rows)
    this.item.append(duckdb.array_vector_get_child(vector), rows * this.size)
  }

  finish(): arrow.Data {
    return makeData(this.type, this.#validity, { child: this.item.finish() })
  }
}

class StructColumn implements ArrowColumn {
  readonly type: arrow.DataType
  readonly #validity = new Validity()
  constructor(
    names: readonly string[],
    private readonly members: readonly ArrowColumn[],
    nullable: readonly boolean[] = [],
  ) {
    this.type = new arrow.Struct(members.map((member, i) => new arrow.Field(names[i]!, member.type, nullable[i] ?? true)))
  }

  append(vector: Vector, rows: number): void {
    this.#validity.append(vector, rows)
    for (const [index, member] of this.members.entries()) member.append(duckdb.struct_vector_get_child(vector, index), rows)
  }

  finish(): arrow.Data {
    return makeData(this.type, this.#validity, { children: this.members.map((member) => member.finish()) })
  }
}

const makeData = (type: arrow.DataType, validity: Validity, buffers: object): arrow.Data =>
  arrow.makeData({ type, ...validity.take(), ...buffers } as never)

/** The first offset, 0, is there even for a column without rows. */
const offsetsOf = (bytes: Uint8Array): Int32Array =>
  bytes.length === 0 ? new Int32Array(1) : new Int32Array(bytes.buffer, 0, bytes.length / 4)

function typed(type: arrow.DataType, bytes: Uint8Array): ArrayBufferView {
  const Type = type.ArrayType as {
    new (buffer: ArrayBufferLike, offset: number, length: number): ArrayBufferView
    BYTES_PER_ELEMENT: number
  }
  return new Type(bytes.buffer, 0, bytes.length / Type.BYTES_PER_ELEMENT)
}
