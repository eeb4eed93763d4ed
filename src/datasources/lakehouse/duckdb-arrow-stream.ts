// A result as an Arrow IPC stream, read from DuckDB no faster than its consumer takes it.
import type { DuckDBResult, DuckDBType } from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'
import * as arrow from 'apache-arrow'
import { arrowColumn } from './duckdb-arrow-columns.js'

/** Rows of a record batch, about: whole chunks of 2,048. */
const batchRows = 32_768

/** Keeps what the writer writes until it is taken, where the writer's own queue waits for a reader. */
class Sink extends arrow.AsyncByteQueue<Uint8Array> {
  #parts: Uint8Array[] = []
  override write(part: Uint8Array): undefined {
    if (part.byteLength > 0) this.#parts.push(new Uint8Array(part.buffer, part.byteOffset, part.byteLength))
  }
  take(): Buffer {
    const bytes = Buffer.concat(this.#parts)
    this.#parts = []
    return bytes
  }
}

/**
 * @param ended called after the last row; throws when it was not the last
 * @param result a streaming result; its types are those that `arrowColumn` knows
 * @returns the bytes of the schema, of one record batch after the other, and of the end
 */
export async function* arrowStream(
  result: DuckDBResult,
  names: readonly string[],
  types: readonly DuckDBType[],
  ended: () => Promise<void>,
): AsyncGenerator<Buffer> {
  const columns = types.map(arrowColumn)
  const schema = new arrow.Schema(columns.map((column, i) => new arrow.Field(names[i]!, column.type, true)))
  const sink = new Sink()
  const writer = new arrow.RecordBatchStreamWriter({ autoDestroy: false })
  writer.reset(sink as never, schema)
  yield sink.take()

  let rows = 0
  const flush = () => {
    const struct = arrow.makeData({
      type: new arrow.Struct(schema.fields),
      length: rows,
      nullCount: 0,
      children: columns.map((column) => column.finish()),
    })
    rows = 0
    writer.write(new arrow.RecordBatch(schema, struct))
    return sink.take()
  }
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    const { rowCount } = chunk
    for (const [index, column] of columns.entries()) column.append(duckdb.data_chunk_get_vector(chunk.chunk, index), rowCount)
    rows += rowCount
    if (rows >= batchRows) yield flush()
  }
  await ended()
  if (rows > 0) yield flush()
  writer.finish()
  yield sink.take()
}
