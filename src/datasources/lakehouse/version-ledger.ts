// Reads from the ledger of a lake house what was added to a table of versions under a key.
import type { AppendedVersion } from './lakehouse.js'

/** @param row table, version, number of rows, and when it was added */
export const appendedBefore = ([table, version, rowCount, createdAt]: readonly unknown[]): AppendedVersion => ({
  table: String(table),
  version: Number(version),
  rowCount: Number(rowCount),
  createdAt: String(createdAt),
  isNew: false,
})
