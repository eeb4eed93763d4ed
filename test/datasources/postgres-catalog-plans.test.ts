import type { Kysely } from 'kysely'
import pg from 'pg'
import { type Catalog, createCatalog } from '../../src/datasources/catalog/catalog.js'
import { databaseOf, openPool } from '../../src/datasources/catalog/postgres-catalog.js'
import { PostgresDriver } from '../../src/datasources/catalog/postgres-driver.js'
import { postgresTransactions } from '../../src/datasources/catalog/postgres-transactions.js'
import { countRuns, searchRuns } from '../../src/datasources/catalog/run-search.js'
import type { Tables } from '../../src/datasources/catalog/tables.js'
import { describeWith } from '../backends.js'
import { randomFrom, SearchWorld, typicalFilters, typicalOrders } from '../contracts/search-world.js'
import { calledStores, callsOf } from '../contracts/store-calls.js'
import { configOf, createDatabase } from '../postgres-database.js'

interface Node {
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  'Index Cond'?: string
  'Actual Rows'?: number
  Plans?: Node[]
}

const rowsInEach = 4_000

/** Thousands of rows in every table, that refer to nothing: so many that the planner would be wrong to read them all. */
async function fillTables(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ table: string; column: string; type: string; nullable: boolean }>(`
    select table_name as table, column_name as column, data_type as type, is_nullable = 'YES' as nullable
    from information_schema.columns where table_schema = 'public' and table_name not like 'kysely%'`)
  const valuesOf = ({ column, type, nullable }: (typeof rows)[number], index: number): string => {
    if (/^(is[A-Z]|owns|scheduleEnabled)/.test(column)) return 'i % 2'
    if (type !== 'text') return 'i'
    if (column === 'lifecycle') return "case when i % 10 = 0 then 'DELETED' else 'ACTIVE' end"
    if (column === 'status') return "case when i % 1000 = 0 then 'PACKAGING' else 'READY' end"
    const text = column.endsWith('Id') ? `'${column}-' || i % ${500 + index}` : `'${column}-' || i`
    // Few are gone; of other things most rows have what they may have.
    if (/^(deleted|revoked)At$/.test(column)) return `case when i % 20 = 0 then ${text} end`
    return nullable ? `case when i % 20 > 0 then ${text} end` : text
  }
  await client.query('set session_replication_role = replica')
  for (const [table, columns] of Map.groupBy(rows, (row) => row.table)) {
    const names = columns.map(({ column }) => `"${column}"`)
    await client.query(
      `insert into ${table} (${names}) select ${columns.map(valuesOf)} from generate_series(1, ${rowsInEach}) as i; analyze ${table}`,
    )
  }
}

describeWith('the plans of PostgreSQL', ['postgres'])(
  'every statement of the PostgreSQL catalog finds its rows by an index',
  () => {
    let db: Kysely<Tables>
    let catalog: Catalog
    let explaining: pg.Client
    const statements: { sql: string; parameters: readonly unknown[] }[] = []

    beforeAll(async () => {
      const config = configOf(await createDatabase())
      const driver = new PostgresDriver(openPool(config))
      const recorded = (each: PostgresDriver) =>
        databaseOf(each, ({ query }) => void statements.push({ sql: query.sql, parameters: query.parameters }))
      db = recorded(driver)
      catalog = await createCatalog('postgres', db, postgresTransactions(driver, recorded))
      explaining = new pg.Client({ host: config.host, port: config.port, user: config.user, database: config.database })
      await explaining.connect()
      await fillTables(explaining)
    })
    afterAll(async () => {
      await explaining?.end()
      await catalog?.close()
    })

    /** People in their order, what waits to be packaged, and runs that are under way: a few of all rows there are. */
    const allowed = /^(users_pkey|users_email_key|deployment_versions_packaging|deployments_to_discard|pipeline_runs_active)$/
    const nodesOf = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)]

    /** Tables and indexes that are read from one end to the other. */
    const scansOf = async ({ sql, parameters }: (typeof statements)[number]): Promise<string[]> => {
      const { rows } = await explaining.query(`explain (format json) ${sql}`, parameters as unknown[])
      return nodesOf(rows[0]['QUERY PLAN'][0].Plan).flatMap((node) => {
        const { 'Node Type': type, 'Relation Name': table, 'Index Name': index } = node
        if (type === 'Seq Scan') return [`all of ${table}`]
        const isWhole = /^(Index|Index Only|Bitmap Index) Scan$/.test(type) && node['Index Cond'] === undefined
        return isWhole && !allowed.test(index!) ? [`all of ${index}`] : []
      })
    }

    const expectNone = (scans: string[], of: object) => expect({ ...of, scans }).toEqual({ ...of, scans: [] })

    test.each(calledStores)('in %s', async (name) => {
      for (const [method, call] of callsOf(catalog, name)) {
        statements.length = 0
        await Promise.allSettled(call())
        // Whether there is anybody at all is asked of the first row.
        const made = statements.filter(({ sql }) => !/^(begin|commit|rollback|select "id" from "users" limit)/.test(sql))
        if (method !== 'hasAny') expect(made.length).toBeGreaterThan(0)
        for (const statement of made) {
          const scans = await scansOf(statement)
          expectNone(scans, { method: `${name}.${method}`, ...statement })
        }
      }
    })

    test('in searches of runs', async () => {
      const world = new SearchWorld(db)
      await world.open()
      const random = randomFrom(3)
      for (let count = 0; count < 60; count++) await world.addRandom(random)
      for (const filter of typicalFilters)
        for (const orderBy of typicalOrders)
          for (const fewRows of [0, 4_000]) {
            statements.length = 0
            const request = { filter, orderBy, lifecycle: 'ACTIVE' as const, first: 2, fewRows }
            const [page] = await searchRuns(db, world.experimentIds, { ...request, after: null })
            if (page!.hasNextPage)
              await searchRuns(db, world.experimentIds, { ...request, after: page!.cursorOf(page!.rows[1]!) })
            await countRuns(db, world.experimentIds, { filter, lifecycle: 'ACTIVE', fewRows })
            for (const statement of statements) {
              const scans = await scansOf(statement)
              expectNone(scans, { filter, orderBy, ...statement })
            }
          }
    })

    test('and reads no more runs than are on a page in the order of a text that all of them share', async () => {
      await explaining.query(`
        insert into runs (id, "projectId", "experimentId", name, status, lifecycle, "startedAt")
          select 'same-' || i, 'p', 'same', 'r', 'RUNNING', 'ACTIVE', i::text from generate_series(1000, 4999) as i;
        insert into run_params ("runId", "experimentId", key, value) select id, 'same', 'model', 'tree' from runs where "experimentId" = 'same';
        analyze runs; analyze run_params`)
      const request = { filter: null, orderBy: ['params.model DESC'], lifecycle: 'ACTIVE' as const, first: 10, fewRows: 0 }
      const [first] = await searchRuns(db, ['same'], { ...request, after: null })
      for (const after of [null, first!.cursorOf(first!.rows.at(-1)!)]) {
        statements.length = 0
        const [page] = await searchRuns(db, ['same'], { ...request, after })
        expect(page!.rows.map(({ id }) => id)).toEqual(
          Array.from({ length: 10 }, (_, n) => `same-${4999 - n - (after ? 10 : 0)}`),
        )
        const { sql, parameters } = statements.at(-1)!
        const { rows } = await explaining.query(`explain (analyze, format json) ${sql}`, parameters as unknown[])
        const read = nodesOf(rows[0]['QUERY PLAN'][0].Plan).map((node) => node['Actual Rows'] ?? 0)
        expect(Math.max(...read)).toBeLessThan(30)
      }
    })
  },
)
