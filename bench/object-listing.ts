import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Catalog } from '../src/datasources/catalog/catalog.js'
import { newId } from '../src/datasources/catalog/node-id.js'
import { openSqliteCatalog } from '../src/datasources/catalog/sqlite-catalog.js'
import type { StoredObjectRow } from '../src/datasources/catalog/tables.js'
import type { BenchRow } from './bench-row.js'

export const name = 'object-listing'

const rounds = 41
const bucketId = newId('bucket')

/** 99,000 keys in one folder, and 1,000 beside it: half of them in folders of their own. */
const keys = [
  ...Array.from({ length: 99_000 }, (_, i) => `big/${String(i).padStart(6, '0')}.csv`),
  ...Array.from({ length: 500 }, (_, i) => `a${String(i).padStart(4, '0')}/data.csv`),
  ...Array.from({ length: 500 }, (_, i) => `c${String(i).padStart(4, '0')}.csv`),
]

/** `catalog.storedObjects.list` against the SQL that it comes to, on a connection without anything around it. */
export async function run(): Promise<BenchRow[]> {
  const directory = await mkdtemp(join(tmpdir(), 'dhuo-bench-'))
  const file = join(directory, 'catalog.db')
  const catalog = await openSqliteCatalog({ scheme: 'sqlite', file })
  const bare = new DatabaseSync(file)
  try {
    await fill(catalog)
    // A plan for each statement that the catalog would make too, and the same cache.
    bare.exec('pragma cache_size = -16000')
    return [await listPrefix(catalog, bare), await listDeep(catalog, bare), await listFolders(catalog, bare)]
  } finally {
    bare.close()
    await catalog.close()
    await rm(directory, { recursive: true })
  }
}

async function fill(catalog: Catalog): Promise<void> {
  const projectId = newId('project')
  const createdAt = new Date().toISOString()
  await catalog.projects.insert({ id: projectId, name: 'bench', description: null, createdAt })
  await catalog.buckets.insert({ id: bucketId, projectId, name: 'bench-raw', purpose: 'RAW', createdAt })
  await catalog.transaction(async ({ storedObjects }) => {
    for (const key of keys) {
      const id = newId('object')
      const sizes = { size: 1_000, etag: id, sha256: 'a'.repeat(64), contentType: 'text/csv' }
      const times = { lastModified: createdAt, replacedAt: null, createdBy: null }
      await storedObjects.insertCurrent({ id, projectId, bucketId, key, isCurrent: 1, version: id, ...sizes, ...times })
    }
  })
}

const flatSql = `select * from stored_objects where "bucketId" = ? and "isCurrent" = 1 and key >= ? and key < ? order by key limit ?`

async function listPrefix(catalog: Catalog, bare: DatabaseSync): Promise<BenchRow> {
  const statement = bare.prepare(flatSql)
  return compare(
    '1,000 of 100,000 objects by prefix',
    () => statement.all(bucketId, 'big/05', 'big/06', 1_001).slice(0, 1_000) as unknown as StoredObjectRow[],
    async () =>
      (await catalog.storedObjects.list(bucketId, { prefix: 'big/05', delimiter: null, first: 1_000, after: null })).objects,
  )
}

async function listDeep(catalog: Catalog, bare: DatabaseSync): Promise<BenchRow> {
  const statement = bare.prepare(flatSql)
  const { endCursor } = await catalog.storedObjects.list(bucketId, { prefix: '', delimiter: null, first: 90_000, after: null })
  const after = JSON.parse(Buffer.from(endCursor!, 'base64url').toString())[0]
  return compare(
    '1,000 objects behind the first 90,000',
    () => statement.all(bucketId, after, '\u{10ffff}', 1_001).slice(0, 1_000) as unknown as StoredObjectRow[],
    async () =>
      (await catalog.storedObjects.list(bucketId, { prefix: '', delimiter: null, first: 1_000, after: endCursor })).objects,
  )
}

/** What a person would write: read every key below the prefix and fold it. The list must not pay for what it does not show. */
async function listFolders(catalog: Catalog, bare: DatabaseSync): Promise<BenchRow> {
  const folds =
    bare.prepare(`select distinct case when instr(key, '/') > 0 then substr(key, 1, instr(key, '/')) else key end as item
    from stored_objects where "bucketId" = ? and "isCurrent" = 1 order by item limit ?`)
  return compare(
    'folders, one of them with 99,000 keys, against reading all keys',
    () => folds.all(bucketId, 2_000),
    async () => {
      const page = await catalog.storedObjects.list(bucketId, { prefix: '', delimiter: '/', first: 2_000, after: null })
      return [...page.objects, ...page.commonPrefixes]
    },
    1,
  )
}

async function compare(
  figure: string,
  baseline: () => unknown[],
  measured: () => Promise<unknown[]>,
  most = 2,
): Promise<BenchRow> {
  const [expected, found] = [baseline().length, (await measured()).length]
  if (expected !== found) throw new Error(`${figure}: ${found} rows instead of ${expected}`)
  const times: { baseline: number[]; measured: number[] } = { baseline: [], measured: [] }
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    baseline()
    const between = performance.now()
    await measured()
    const end = performance.now()
    // The first ones are to warm up.
    if (round < 10) continue
    times.baseline.push(between - start)
    times.measured.push(end - between)
  }
  const [base, ours] = [median(times.baseline), median(times.measured)]
  const ratio = ours / base
  const ms = (value: number): string => `${value.toFixed(2)} ms`
  return { figure, measured: ms(ours), baseline: ms(base), ratio, wanted: `≤ ${most}`, ok: ratio <= most }
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!
