import type { TableFormat } from '../datasources/lakehouse/lakehouse.js'
import { enumOf } from './enum-of.js'

export const TableFormatEnum = enumOf<TableFormat>('TableFormat', 'A file format for tables.', {
  CSV: 'Comma-separated text with a header.',
  NDJSON: 'One JSON object in each line.',
  JSON: 'One JSON array of objects.',
  PARQUET: 'Apache Parquet.',
  ARROW: 'Apache Arrow IPC: written as a stream, read as a stream or a file.',
})
