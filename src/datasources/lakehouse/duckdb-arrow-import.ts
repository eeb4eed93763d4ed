// Reads an Arrow file or stream into a temporary table, a record batch at a time.
import type { FileHandle } from 'node:fs/promises'
import {
  ARRAY,
  arrayValue,
  BIGINT,
  BLOB,
  BOOLEAN,
  blobValue,
  DATE,
  DECIMAL,
  DOUBLE,
  DuckDBDataChunk,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBIntervalValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  type DuckDBType,
  type DuckDBValue,
  FLOAT,
  INTEGER,
  INTERVAL,
  LIST,
  listValue,
  MAP,
  mapValue,
  SMALLINT,
  STRUCT,
  structValue,
  TIME,
  TIMESTAMP,
  TIMESTAMP_MS,
  TIMESTAMP_NS,
  TIMESTAMP_S,
  TIMESTAMPTZ,
  TINYINT,
  UBIGINT,
  UINTEGER,
  USMALLINT,
  UTINYINT,
  VARCHAR,
} from '@duckdb/node-api'
import * as arrow from 'apache-arrow'
import { badInput } from '../../errors.js'
import { quoteName } from './duckdb-project.js'
import type { RemoteHandle } from './duckdb-remote-source.js'
import { uniqueNames } from './duckdb-select.js'
import type { Session } from './duckdb-session.js'

export const arrowTable = 'temp.main.arrow_source'

interface ColumnReader {
  type: DuckDBType
  /** The value of a row that is not null. */
  read(data: arrow.Data, row: number): DuckDBValue
}

/**
 * Makes `arrowTable` of the rows up to `rows` at most.
 * @throws DhuoError BAD_USER_INPUT when it is not Arrow, or has a column of a type that no table can have
 */
export async function importArrow(
  session: Session,
  handle: FileHandle | RemoteHandle,
  rows = Number.POSITIVE_INFINITY,
): Promise<void> {
  const { connection } = session
  const reader = await openArrow(handle)
  const { fields } = reader.schema
  if (fields.length === 0) throw badInput('file', 'The file has no columns.')
  const columns = fields.map((field) => columnReader(field.type, field.name))
  const names = uniqueNames(fields.map((field) => field.name))
  await connection.run(
    `CREATE TEMP TABLE arrow_source (${names.map((name, i) => `${quoteName(name)} ${columns[i]!.type}`).join(', ')})`,
  )
  const appender = await connection.createAppender('arrow_source', 'main', 'temp')
  const types = columns.map((column) => column.type)
  let left = rows
  try {
    while (left > 0) {
      const { value: batch, done } = await nextBatch(reader)
      if (done) break
      if (session.stopped) throw new Error('stopped')
      const count = Math.min(batch.numRows, left)
      left -= count
      for (let from = 0; from < count; from += 2048) {
        const size = Math.min(2048, count - from)
        const chunk = DuckDBDataChunk.create(types, size)
        for (const [index, column] of columns.entries())
          chunk.setColumnValues(index, valuesOf(batch.data.children[index]!, column, from, size))
        appender.appendDataChunk(chunk)
      }
      // The event loop gets its turn between batches.
      await new Promise(setImmediate)
    }
    appender.flushSync()
  } finally {
    appender.closeSync()
    await reader.cancel().catch(() => {})
  }
}

type Reader = arrow.RecordBatchReader | arrow.AsyncRecordBatchFileReader | arrow.AsyncRecordBatchStreamReader

const notArrow = (cause: unknown) => badInput('file', 'The file is not an Arrow file or stream, or it is cut off.', cause)

async function openArrow(handle: FileHandle | RemoteHandle): Promise<arrow.AsyncRecordBatchStreamReader> {
  try {
    const reader = (await arrow.RecordBatchReader.from(handle as never)) as Reader
    await (reader as arrow.AsyncRecordBatchStreamReader).open()
    if (!reader.schema) throw new Error('no schema')
    return reader as arrow.AsyncRecordBatchStreamReader
  } catch (error) {
    throw notArrow(error)
  }
}

async function nextBatch(reader: arrow.AsyncRecordBatchStreamReader): Promise<IteratorResult<arrow.RecordBatch>> {
  try {
    return await reader.next()
  } catch (error) {
    throw notArrow(error)
  }
}

function valuesOf(data: arrow.Data, column: ColumnReader, from: number, size: number): DuckDBValue[] {
  const values = new Array<DuckDBValue>(size)
  for (let row = 0; row < size; row++) values[row] = data.getValid(from + row) ? column.read(data, from + row) : null
  return values
}

function columnReader(type: arrow.DataType, name: string): ColumnReader {
  const raw = (duckdbType: DuckDBType): ColumnReader => ({
    type: duckdbType,
    read: (data, row) => data.values[row] as DuckDBValue,
  })
  /** As apache-arrow decodes it. */
  const decoded = (duckdbType: DuckDBType, convert: (value: never) => DuckDBValue = (value) => value): ColumnReader => ({
    type: duckdbType,
    read: (data, row) => convert(vectorOf(data).get(row) as never),
  })
  if (arrow.DataType.isNull(type)) return { type: VARCHAR, read: () => null }
  if (arrow.DataType.isBool(type)) return decoded(BOOLEAN)
  if (arrow.DataType.isInt(type)) {
    const signed = { 8: TINYINT, 16: SMALLINT, 32: INTEGER, 64: BIGINT }
    const unsigned = { 8: UTINYINT, 16: USMALLINT, 32: UINTEGER, 64: UBIGINT }
    return raw((type.isSigned ? signed : unsigned)[type.bitWidth])
  }
  if (arrow.DataType.isFloat(type)) return type.precision === arrow.Precision.DOUBLE ? raw(DOUBLE) : decoded(FLOAT)
  if (arrow.DataType.isDecimal(type) && type.precision <= 38) {
    const { precision, scale } = type
    const words = type.bitWidth / 32
    return {
      type: DECIMAL(precision, scale),
      read: (data, row) =>
        new DuckDBDecimalValue(signedInteger(data.values as Uint32Array, row * words, words), precision, scale),
    }
  }
  if (arrow.DataType.isUtf8(type) || arrow.DataType.isLargeUtf8(type) || arrow.DataType.isUtf8View(type)) return decoded(VARCHAR)
  if (
    arrow.DataType.isBinary(type) ||
    arrow.DataType.isLargeBinary(type) ||
    arrow.DataType.isFixedSizeBinary(type) ||
    arrow.DataType.isBinaryView(type)
  )
    return decoded(BLOB, (bytes: Uint8Array) => blobValue(bytes))
  if (arrow.DataType.isDate(type))
    return type.unit === arrow.DateUnit.DAY
      ? { type: DATE, read: (data, row) => new DuckDBDateValue((data.values as Int32Array)[row]!) }
      : decoded(DATE, (ms: number) => new DuckDBDateValue(Math.floor(Number(ms) / 86_400_000)))
  if (arrow.DataType.isTime(type)) {
    const micros = microsecondsPer(type.unit)
    return { type: TIME, read: (data, row) => new DuckDBTimeValue(micros(data.values[row])) }
  }
  if (arrow.DataType.isTimestamp(type)) return timestampReader(type)
  if (arrow.DataType.isDuration(type)) {
    const micros = microsecondsPer(type.unit)
    return { type: INTERVAL, read: (data, row) => new DuckDBIntervalValue(0, 0, micros(data.values[row])) }
  }
  if (arrow.DataType.isDictionary(type)) {
    const inner = columnReader(type.dictionary, name)
    return {
      type: inner.type,
      read: (data, row) => {
        let index = Number(data.values[row])
        for (const part of data.dictionary!.data) {
          if (index < part.length) return part.getValid(index) ? inner.read(part, index) : null
          index -= part.length
        }
        return null
      },
    }
  }
  return nestedReader(type, name)
}

function nestedReader(type: arrow.DataType, name: string): ColumnReader {
  const items = (reader: ColumnReader, data: arrow.Data, from: number, to: number) => valuesOf(data, reader, from, to - from)
  if (arrow.DataType.isList(type) || arrow.DataType.isLargeList(type)) {
    const item = columnReader(type.children[0]!.type, name)
    return {
      type: LIST(item.type),
      read: (data, row) =>
        listValue(items(item, data.children[0]!, Number(data.valueOffsets[row]), Number(data.valueOffsets[row + 1]))),
    }
  }
  if (arrow.DataType.isFixedSizeList(type)) {
    const item = columnReader(type.children[0]!.type, name)
    const { listSize } = type
    return {
      type: ARRAY(item.type, listSize),
      read: (data, row) => arrayValue(items(item, data.children[0]!, row * listSize, (row + 1) * listSize)),
    }
  }
  if (arrow.DataType.isMap(type)) {
    const [key, value] = (type.children[0]!.type as arrow.Struct).children.map((child) => columnReader(child.type, name))
    return {
      type: MAP(key!.type, value!.type),
      read: (data, row) => {
        const [from, to] = [data.valueOffsets[row] as number, data.valueOffsets[row + 1] as number]
        const [keys, values] = data.children[0]!.children
        const read = items(value!, values!, from, to)
        return mapValue(items(key!, keys!, from, to).map((entry, i) => ({ key: entry, value: read[i]! })))
      },
    }
  }
  if (arrow.DataType.isStruct(type)) {
    const names = uniqueNames(type.children.map((child) => child.name))
    const members = type.children.map((child) => columnReader(child.type, name))
    return {
      type: STRUCT(Object.fromEntries(names.map((member, i) => [member, members[i]!.type]))),
      read: (data, row) =>
        structValue(
          Object.fromEntries(
            members.map((member, i) => [names[i]!, data.children[i]!.getValid(row) ? member.read(data.children[i]!, row) : null]),
          ),
        ),
    }
  }
  throw badInput('file', `The column ${name} has the Arrow type ${type}, which no table can have here.`)
}

function timestampReader(type: arrow.Timestamp): ColumnReader {
  if (type.timezone) {
    const micros = microsecondsPer(type.unit)
    return { type: TIMESTAMPTZ, read: (data, row) => new DuckDBTimestampTZValue(micros(data.values[row])) }
  }
  const reader = (duckdbType: DuckDBType, Value: new (ticks: bigint) => DuckDBValue): ColumnReader => ({
    type: duckdbType,
    read: (data, row) => new Value((data.values as BigInt64Array)[row]!),
  })
  switch (type.unit) {
    case arrow.TimeUnit.SECOND:
      return reader(TIMESTAMP_S, DuckDBTimestampSecondsValue as never)
    case arrow.TimeUnit.MILLISECOND:
      return reader(TIMESTAMP_MS, DuckDBTimestampMillisecondsValue as never)
    case arrow.TimeUnit.MICROSECOND:
      return reader(TIMESTAMP, DuckDBTimestampValue as never)
    default:
      return reader(TIMESTAMP_NS, DuckDBTimestampNanosecondsValue as never)
  }
}

function microsecondsPer(unit: arrow.TimeUnit): (ticks: unknown) => bigint {
  switch (unit) {
    case arrow.TimeUnit.SECOND:
      return (ticks) => BigInt(ticks as number) * 1_000_000n
    case arrow.TimeUnit.MILLISECOND:
      return (ticks) => BigInt(ticks as number) * 1000n
    case arrow.TimeUnit.MICROSECOND:
      return (ticks) => BigInt(ticks as number)
    default:
      return (ticks) => BigInt(ticks as number) / 1000n
  }
}

function signedInteger(words: Uint32Array, from: number, count: number): bigint {
  let value = 0n
  for (let i = count - 1; i >= 0; i--) value = (value << 32n) | BigInt(words[from + i]!)
  return BigInt.asIntN(count * 32, value)
}

const vectors = new WeakMap<arrow.Data, arrow.Vector>()

function vectorOf(data: arrow.Data): arrow.Vector {
  let vector = vectors.get(data)
  if (!vector) {
    vector = new arrow.Vector([data])
    vectors.set(data, vector)
  }
  return vector
}
