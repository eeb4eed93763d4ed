import {
  type DatabaseAnswer,
  type DatabaseBind,
  type DatabaseColumn,
  type DatabaseSession,
  OracleFault,
  type OracleTypeName,
  oracleTypes,
} from './oracle-database.js'
import { decodeNumber, decodeReal, encodeNumber, encodeReal, type Reader, Writer } from './ttc-codec.js'

/** Of the answer to a call. */
const message = { error: 4, rowHeader: 6, row: 7, parameter: 8, status: 9, lobData: 14, describe: 16 } as const
/** Of the options of an execution. */
const option = {
  parse: 0x1,
  bind: 0x8,
  define: 0x10,
  execute: 0x20,
  fetch: 0x40,
  commit: 0x100,
  describe: 0x20000,
  batchErrors: 0x80000,
} as const
const noMoreRows = 1403
/** Bytes of text that go with the others; longer ones come behind them. */
const longestInline = 32_767

/** What the driver asks where the negotiation has not told it, which is so before 23ai. */
const askForTimeZone = 'SELECT DBTIMEZONE FROM DUAL'
const utc: DatabaseAnswer = { columns: [{ name: 'DBTIMEZONE', type: 'VARCHAR2', size: 6 }], rows: [['+00:00']] }

interface BindShape {
  type: OracleTypeName
  size: number
}

interface Cursor {
  sql: string
  binds: BindShape[]
  columns: readonly DatabaseColumn[]
  /** The types that the client asked for instead of its columns' own. */
  defined: (number | null)[]
  rows: readonly (readonly unknown[])[]
  /** Rows given out. */
  at: number
}

const byNumber = (number: number, form: number): OracleTypeName => {
  const found = Object.entries(oracleTypes).find(([, type]) => type.number === number && (type.form === form || type.form < 2))
  if (!found) throw new Error(`there is no type ${number}`)
  return found[0] as OracleTypeName
}

export class StatementCalls {
  readonly #cursors = new Map<number, Cursor>()
  readonly #lobs = new Map<string, string>()
  #lastCursor = 0
  inTransaction = false

  constructor(
    private readonly session: DatabaseSession,
    private readonly release: 19 | 23,
    private readonly fetches: number[],
  ) {}

  closeCursor(id: number): void {
    this.#cursors.delete(id)
  }

  async commit(): Promise<void> {
    await this.session.commit()
    this.inTransaction = false
  }

  async rollback(): Promise<void> {
    await this.session.rollback()
    this.inTransaction = false
  }

  /** A statement anew, or with new defines. */
  async execute(reader: Reader): Promise<Uint8Array> {
    const options = reader.integer()
    const given = reader.integer()
    reader.byte()
    const hasSql = reader.integer() > 0
    reader.byte()
    reader.integer()
    reader.take(3)
    const wanted = reader.integer()
    reader.integer()
    reader.byte()
    const bindCount = reader.integer()
    reader.take(5)
    reader.byte()
    const defineCount = reader.integer()
    reader.integer()
    reader.take(3)
    reader.integer()
    reader.byte()
    reader.integer()
    reader.integer()
    reader.byte()
    reader.integer()
    reader.byte()
    // Since 12.2.
    reader.byte()
    reader.integer()
    reader.byte()
    reader.integer()
    reader.byte()
    reader.byte()
    reader.integer()
    const sql = hasSql ? reader.text() : this.#cursor(given).sql
    reader.integer()
    const executions = reader.integer()
    for (let left = 11; left > 0; left--) reader.integer()

    if (options & option.define) return this.#define(given, this.#shapes(reader, defineCount), wanted, options)
    const id = given || ++this.#lastCursor
    if (!(options & option.execute)) {
      const columns = await this.session.describe(sql)
      return columns ? this.#describe(columns).raw(this.#done(0, 0)).done() : this.#done(0, 0)
    }
    const isNew = !this.#cursors.has(id)
    if (isNew) this.#cursors.set(id, { sql, binds: [], columns: [], defined: [], rows: [], at: 0 })
    const cursor = this.#cursor(id)
    cursor.binds = this.#shapes(reader, bindCount)
    const sets = this.#sets(reader, cursor.binds, executions)
    return this.#run(id, sets, wanted, (options & option.fetch) !== 0, (options & option.batchErrors) !== 0, isNew)
  }

  /** A statement that was executed before, with other values. */
  async again(reader: Reader, isQuery: boolean): Promise<Uint8Array> {
    const id = reader.integer()
    const count = reader.integer()
    reader.integer()
    reader.integer()
    const cursor = this.#cursor(id)
    const sets = this.#sets(reader, cursor.binds, isQuery ? 1 : count)
    return this.#run(id, sets, count, isQuery, false, false)
  }

  fetch(reader: Reader): Uint8Array {
    const id = reader.integer()
    return this.#rows(id, reader.integer())
  }

  /** Temporary LOBs: made, measured, and written in one go. */
  lob(reader: Reader): Uint8Array {
    reader.byte()
    const length = reader.integer()
    reader.byte()
    for (let left = 3; left > 0; left--) reader.integer()
    reader.take(3)
    const operation = reader.integer()
    reader.take(2)
    reader.integer()
    reader.integer()
    reader.byte()
    reader.take(6)
    const locator = Buffer.from(reader.take(length))
    if (operation === 0x4000)
      return new Writer().byte(message.parameter).raw(locator).integer(8_132).raw(status(this.inTransaction)).done()
    if (operation === 0x110) {
      locator.fill(0)
      locator.writeUInt32BE(++this.#lastCursor, 0)
      return new Writer().byte(message.parameter).raw(locator).integer(873).byte(0).raw(status(this.inTransaction)).done()
    }
    if (operation !== 0x40) throw new Error(`unknown operation ${operation} on a LOB`)
    if (reader.byte() !== message.lobData) throw new Error('a LOB is written without data')
    this.#lobs.set(locator.toString('hex'), reader.text())
    return new Writer().byte(message.parameter).raw(locator).raw(status(this.inTransaction)).done()
  }

  freeLobs(reader: Reader): void {
    reader.byte()
    const bytes = reader.integer()
    reader.byte()
    for (let left = 3; left > 0; left--) reader.integer()
    reader.take(3)
    reader.integer()
    reader.byte()
    for (let left = 3; left > 0; left--) reader.integer()
    reader.byte()
    for (let left = 3; left > 0; left--) {
      reader.byte()
      reader.integer()
    }
    reader.take(bytes)
    this.#lobs.clear()
  }

  #cursor(id: number): Cursor {
    const cursor = this.#cursors.get(id)
    if (!cursor) throw new OracleFault(1001, 'invalid cursor')
    return cursor
  }

  /** Binds and defines are described alike. */
  #shapes(reader: Reader, count: number): BindShape[] {
    return Array.from({ length: count }, () => {
      const number = reader.byte()
      reader.take(3)
      const size = reader.integer()
      reader.integer()
      reader.integer()
      if (reader.integer() > 0) reader.data()
      reader.integer()
      reader.integer()
      const form = reader.byte()
      reader.integer()
      reader.integer()
      return { type: byNumber(number, form), size }
    })
  }

  #sets(reader: Reader, shapes: readonly BindShape[], count: number): DatabaseBind[][] {
    if (shapes.length === 0) return Array.from({ length: Math.max(1, count) }, () => [])
    const sets: DatabaseBind[][] = []
    while (!reader.isAtEnd) {
      if (reader.byte() !== message.row) throw new Error('a row of values was expected')
      const values = new Array<DatabaseBind>(shapes.length)
      const isLong = ({ size }: BindShape) => size > longestInline
      for (const later of [false, true])
        for (const [i, shape] of shapes.entries())
          if (isLong(shape) === later) values[i] = { type: shape.type, value: this.#value(reader, shape.type) }
      sets.push(values)
    }
    return sets
  }

  #value(reader: Reader, type: OracleTypeName): DatabaseBind['value'] {
    if (type === 'BOOLEAN') {
      const length = reader.byte()
      // Null is written as something too long; false as one byte, true as two.
      if (length === 0xfd) return reader.byte() === 1 ? null : false
      return reader.take(length).at(-1) === 1
    }
    if (type === 'CLOB' || type === 'BLOB') {
      if (reader.integer() === 0) return null
      return this.#lobs.get(reader.data()!.toString('hex')) ?? null
    }
    const bytes = reader.data()
    if (bytes === null) return null
    switch (type) {
      case 'NUMBER':
        return decodeNumber(bytes)
      case 'BINARY_DOUBLE':
      case 'BINARY_FLOAT':
        return decodeReal(bytes)
      case 'RAW':
      case 'LONG RAW':
        return Buffer.from(bytes)
      default:
        return bytes.toString()
    }
  }

  async #run(
    id: number,
    sets: DatabaseBind[][],
    wanted: number,
    fetches: boolean,
    goesOn: boolean,
    isNew: boolean,
  ): Promise<Uint8Array> {
    const cursor = this.#cursor(id)
    let answer: DatabaseAnswer
    try {
      answer = cursor.sql === askForTimeZone ? utc : await this.session.execute(cursor.sql, sets, goesOn)
    } catch (error) {
      // The client knows of no cursor of a statement that failed the first time.
      if (isNew) this.#cursors.delete(id)
      throw error
    }
    if (answer.columns === undefined) {
      this.inTransaction = true
      return this.#done(id, answer.rowsAffected ?? 0, null, answer.batchErrors)
    }
    cursor.columns = answer.columns
    cursor.rows = answer.rows ?? []
    cursor.at = 0
    if (isNew) cursor.defined = answer.columns.map(() => null)
    const described = isNew ? this.#describe(answer.columns).done() : Buffer.alloc(0)
    // Rows with LOBs are sent when the client has said how it wants them.
    const waits = isNew && answer.columns.some(({ type }) => /LOB|JSON|VECTOR/.test(type))
    if (!fetches || waits) return new Writer().raw(described).raw(this.#done(id, 0)).done()
    return new Writer().raw(described).raw(this.#rows(id, wanted)).done()
  }

  #define(id: number, shapes: BindShape[], wanted: number, options: number): Uint8Array {
    const cursor = this.#cursor(id)
    cursor.defined = shapes.map(({ type }) => oracleTypes[type].number)
    return options & option.fetch ? this.#rows(id, wanted) : this.#done(id, 0)
  }

  #rows(id: number, wanted: number): Uint8Array {
    this.fetches.push(wanted)
    const cursor = this.#cursor(id)
    const rows = cursor.rows.slice(cursor.at, cursor.at + wanted)
    cursor.at += rows.length
    const writer = new Writer()
    if (rows.length > 0) {
      writer
        .byte(message.rowHeader, 0)
        .integer(cursor.columns.length)
        .integer(0)
        .integer(rows.length)
        .integer(0)
        .integer(0)
        .integer(0)
      for (const row of rows) {
        writer.byte(message.row)
        for (const [i, column] of cursor.columns.entries()) writeValue(writer, column, cursor.defined[i] ?? null, row[i])
      }
    }
    const isOver = cursor.at >= cursor.rows.length
    return writer.raw(this.#done(id, cursor.at, isOver ? new OracleFault(noMoreRows, 'no data found') : null)).done()
  }

  #done(
    cursor: number,
    rows: number,
    fault: OracleFault | null = null,
    batchErrors: DatabaseAnswer['batchErrors'] = [],
  ): Uint8Array {
    return errorMessage(fault, { cursor, rows, batchErrors, inTransaction: this.inTransaction, release: this.release })
  }

  #describe(columns: readonly DatabaseColumn[]): Writer {
    const writer = new Writer().byte(message.describe).data(Buffer.alloc(1)).integer(1).integer(columns.length).byte(1)
    for (const [i, column] of columns.entries()) {
      const { number, form } = oracleTypes[column.type]
      const { precision = 0, scale = 0, size = 0 } = column
      const isTime = column.type.startsWith('TIMESTAMP')
      writer
        .byte(number, 0, precision & 0xff, (isTime ? precision : scale) & 0xff)
        .integer(maxSizeOf(column))
        .integer(0)
        .integer(0)
        .integer(0)
        .integer(0)
        .integer(form === 0 ? 0 : 873)
        .byte(form)
        .integer(size)
        .integer(0)
        .byte(column.nullable === false ? 0 : 1, 0)
        .counted(column.name)
        .counted(null)
        .counted(null)
        .integer(i + 1)
        .integer(column.json === 'OSON' ? 0x800 : column.json === 'JSON' ? 0x100 : 0)
      // Domains and annotations since 23, vectors since 23.4.
      if (this.release === 23) writer.integer(0).integer(0).integer(0).integer(3).byte(2, 0)
    }
    return writer.integer(0).integer(0).integer(0).integer(0).integer(0).integer(0)
  }
}

function maxSizeOf({ type, size = 0 }: DatabaseColumn): number {
  if (/CHAR|RAW/.test(type)) return size
  if (/^LONG/.test(type)) return 2 ** 31 - 1
  // Of locators. What is larger than text can be is followed by more words for each value, to the driver's mind.
  return /^(CLOB|NCLOB|BLOB|JSON|VECTOR)$/.test(type) ? 4_000 : 22
}

function writeValue(writer: Writer, column: DatabaseColumn, defined: number | null, value: unknown): void {
  const isLong = defined === oracleTypes.LONG.number || defined === oracleTypes['LONG RAW'].number
  if (value === null || value === undefined) {
    const isLocator = !isLong && /LOB|VECTOR|JSON/.test(column.type)
    if (isLocator) writer.integer(0)
    else writer.byte(0)
  } else if (isLong) writer.data(column.type === 'NCLOB' ? nationalText(value as string) : (value as string | Buffer))
  else writeOwn(writer, column, value)
  if (isLong || column.type === 'LONG' || column.type === 'LONG RAW') writer.integer(0).integer(0)
}

const nationalText = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16()

function writeOwn(writer: Writer, { type }: DatabaseColumn, value: unknown): void {
  switch (type) {
    case 'NUMBER':
      writer.data(encodeNumber(String(value)))
      break
    case 'BINARY_DOUBLE':
      writer.data(encodeReal(value as number, 8))
      break
    case 'BINARY_FLOAT':
      writer.data(encodeReal(value as number, 4))
      break
    case 'BOOLEAN':
      writer.data(Buffer.from(value ? [1, 1] : [0]))
      break
    case 'NVARCHAR2':
      writer.data(nationalText(value as string))
      break
    case 'ROWID': {
      const { rba, part, block, slot } = value as { rba: number; part: number; block: number; slot: number }
      writer.byte(1).integer(rba).integer(part).byte(0).integer(block).integer(slot)
      break
    }
    case 'INTERVAL YEAR TO MONTH': {
      const { years, months } = value as { years: number; months: number }
      const bytes = Buffer.alloc(5)
      bytes.writeUInt32BE(2 ** 31 + years)
      bytes[4] = months + 60
      writer.data(bytes)
      break
    }
    case 'INTERVAL DAY TO SECOND': {
      const { days, hours, minutes, seconds, nanos } = value as Record<'days' | 'hours' | 'minutes' | 'seconds' | 'nanos', number>
      const bytes = Buffer.alloc(11)
      bytes.writeUInt32BE(2 ** 31 + days)
      bytes.set([hours + 60, minutes + 60, seconds + 60], 4)
      bytes.writeUInt32BE(2 ** 31 + nanos, 7)
      writer.data(bytes)
      break
    }
    case 'VECTOR': {
      const image = encodeVector(value as Float32Array | Float64Array | Int8Array)
      writer.integer(image.length).integer(image.length).integer(0).data(image).data(Buffer.alloc(1))
      break
    }
    default:
      writer.data(value as string | Buffer)
  }
}

function encodeVector(vector: Float32Array | Float64Array | Int8Array): Buffer {
  const format = vector instanceof Float32Array ? 2 : vector instanceof Float64Array ? 3 : 4
  const header = Buffer.from([0xdb, 0, 0, 0, format, 0, 0, 0, 0])
  header.writeUInt32BE(vector.length, 5)
  const values = [...vector].map((value) =>
    format === 4 ? Buffer.from([value & 0xff]) : encodeReal(value, format === 2 ? 4 : 8),
  )
  return Buffer.concat([header, ...values])
}

const status = (inTransaction: boolean): Uint8Array =>
  new Writer()
    .byte(message.status)
    .integer(inTransaction ? 2 : 0)
    .integer(0)
    .done()

interface Ending {
  cursor?: number
  rows?: number
  batchErrors?: DatabaseAnswer['batchErrors']
  inTransaction?: boolean
  release: 19 | 23
}

/** The end of every answer to a statement; with the number 0 it is no error. */
export function errorMessage(
  fault: OracleFault | null,
  { cursor = 0, rows = 0, batchErrors = [], inTransaction = false, release }: Ending,
): Uint8Array {
  const writer = new Writer()
    .byte(message.error)
    .integer(inTransaction ? 2 : 0)
    .integer(0)
    .integer(0)
    .integer(0)
    .integer(0)
    .integer(0)
    .integer(cursor)
    .integer(fault?.offset ?? 0)
    .byte(0, 0, 0, 0, 0, 0)
    // The address of the last row.
    .integer(0)
    .integer(0)
    .byte(0)
    .integer(0)
    .integer(0)
    .integer(0)
    .byte(0, 0)
    .integer(0)
    .integer(0)
    .integer(0)
  const errors = batchErrors
  writer.integer(errors.length)
  if (errors.length > 0) writer.byte(errors.length)
  for (const { fault: each } of errors) writer.integer(each.number)
  writer.integer(errors.length)
  if (errors.length > 0) writer.byte(errors.length)
  for (const { offset } of errors) writer.integer(offset)
  writer.integer(errors.length)
  if (errors.length > 0) writer.byte(0)
  for (const { fault: each } of errors) writer.integer(0).data(`${each.message}\n`).byte(0, 0)
  const isBatch = errors.length > 0 && fault === null
  const number = fault?.number ?? (isBatch ? 24_381 : 0)
  writer.integer(number).integer(rows)
  // Since 20c.
  if (release === 23) writer.integer(0).integer(0)
  if (number !== 0) writer.data(`${fault?.message ?? 'ORA-24381: error(s) in array DML'}\n`)
  return writer.done()
}
