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
import { Bytes, BytesColumn, dataOf, makeData, offsetsOf, Validity } from './duckdb-arrow-buffers.js'
import { isJson } from './duckdb-values.js'

const T = DuckDBTypeId

/** Grows to what is appended; `finish` gives the column, valid until the next `append`, and starts anew. */
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

class ItemsOutOfOrderError extends Error {
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

function typed(type: arrow.DataType, bytes: Uint8Array): ArrayBufferView {
  const Type = type.ArrayType as {
    new (buffer: ArrayBufferLike, offset: number, length: number): ArrayBufferView
    BYTES_PER_ELEMENT: number
  }
  return new Type(bytes.buffer, 0, bytes.length / Type.BYTES_PER_ELEMENT)
}
