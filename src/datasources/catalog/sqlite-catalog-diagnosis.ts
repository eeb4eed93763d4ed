// Looks at the catalog's SQLite file: that it is one, whole, up to date, private, and not locked by somebody else.
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { SqliteCatalogConfig } from '../../config/catalog-config.js'
import { probeDirectory, probePrivateFile } from '../../diagnosis/directory-probe.js'
import { type Diagnosis, type Finding, look, ok, warn } from '../../diagnosis/finding.js'
import { DhuoError } from '../../errors.js'
import { findMigrations } from './migrate.js'

const lockMs = 500
/** To look at every page blocks, and takes a second or so for this much. */
const checkedBytes = 256 * 2 ** 20

export const diagnoseSqliteCatalog = ({ file }: SqliteCatalogConfig): Diagnosis =>
  async function* () {
    yield* probeDirectory(dirname(file), 'DHUO_CATALOG_URL', { warn: 1_024, fail: 64 })
    const found = await stat(file).catch(() => null)
    if (!found) return yield ok('tables', `${file} is not there yet; the server makes it at its first start`)
    const privately = await probePrivateFile('file mode', file)
    if (privately) yield privately
    yield await look(
      'tables',
      async () => readTables(file),
      () => `Stop the server and restore ${file} from a backup; or set DHUO_CATALOG_URL to another file to begin anew.`,
    )
    yield await look(
      'lock',
      async () => lockOnce(file),
      () => `See who has it open (fuser -v ${file}) and end it.`,
    )
    if (found.size > checkedBytes) return
    yield await look(
      'pages',
      async () => checkPages(file),
      () => `Stop the server and restore ${file} from a backup, or rescue what can be read: sqlite3 ${file} .recover`,
    )
  }

/**
 * Not read-only: to read what a killed server left in the log beside the file, SQLite must be able to write, and a reader
 * leaves files of its own behind. https://www.sqlite.org/wal.html#read_only_databases
 */
function opened<T>(file: string, work: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(file, { timeout: lockMs, defensive: true })
  try {
    return work(db)
  } finally {
    db.close()
  }
}

const readTables = (file: string): string =>
  opened(file, (db) => {
    const isThere = db.prepare("select 1 from sqlite_master where name = 'kysely_migration'").get() !== undefined
    const done = isThere ? db.prepare('select name from kysely_migration').all() : []
    return findMigrations(done.map(({ name }) => String(name)))
  })

const lockOnce = (file: string): Finding =>
  opened(file, (db) => {
    try {
      db.exec('begin immediate; rollback')
      return ok('lock', 'it can be written to')
    } catch (error) {
      if (!/locked/.test((error as Error).message)) throw error
      return warn('lock', `Another process writes to it for longer than ${lockMs} ms.`, `See who has it open: fuser -v ${file}`)
    }
  })

const checkPages = (file: string): string =>
  opened(file, (db) => {
    const { quick_check: said } = db.prepare('pragma quick_check(1)').get()!
    if (said !== 'ok') throw new DhuoError('BACKEND_UNAVAILABLE', `It is damaged: ${said}`)
    return 'all of them are whole'
  })
