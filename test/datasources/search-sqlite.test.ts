import { countRuns, searchRuns } from '../../src/datasources/catalog/run-search.js'
import { searchContract } from '../contracts/search-contract.js'
import { openSqlite } from '../contracts/search-databases.js'
import { randomFrom, SearchWorld, typicalFilters, typicalOrders } from '../contracts/search-world.js'

// Many more by chance: test/faults/search.test.ts.
searchContract('SQLite', openSqlite, 30)

describe('SQLite', () => {
  let catalog: Awaited<ReturnType<typeof openSqlite>>
  let world: SearchWorld

  beforeAll(async () => {
    catalog = await openSqlite()
    world = new SearchWorld(catalog.db)
    await world.open()
    const random = randomFrom(3)
    for (let count = 0; count < 60; count++) await world.addRandom(random)
  })
  afterAll(() => catalog.close())

  const asked = async (work: () => Promise<unknown>): Promise<typeof catalog.statements> => {
    catalog.statements.length = 0
    await work()
    return [...catalog.statements]
  }

  test('no search reads a table from end to end', async () => {
    for (const filter of typicalFilters)
      for (const orderBy of typicalOrders)
        for (const fewRows of [0, 4_000]) {
          const search = async () => {
            const request = { filter, orderBy, lifecycle: 'ACTIVE' as const, first: 2, fewRows }
            const [page] = await searchRuns(catalog.db, world.experimentIds, { ...request, after: null })
            if (page!.hasNextPage)
              await searchRuns(catalog.db, world.experimentIds, { ...request, after: page!.cursorOf(page!.rows[1]!) })
            await countRuns(catalog.db, world.experimentIds, { filter, lifecycle: 'ACTIVE', fewRows })
          }
          for (const statement of await asked(search)) {
            const plan = catalog.planOf(statement)
            expect(plan.some((line) => line.startsWith('SEARCH'))).toBe(true)
            // The list of experiments, sets of what was found, and the users in their order are scanned; runs and what they log never.
            const scans = plan.filter(
              (line) =>
                line.startsWith('SCAN') && !/^SCAN (CONSTANT ROW|\d+ CONSTANT ROWS|parents|found|few|(k\d|u) USING)/.test(line),
            )
            expect({ filter, orderBy, scans, plan: scans.length ? plan : [] }).toEqual({ filter, orderBy, scans: [], plan: [] })
          }
        }
  })

  test('the order of one field is read from its index, without sorting what is not on the page', async () => {
    for (const [order, index] of [
      ['metrics.m', 'latest_metrics_by_value'],
      ['params.m DESC', 'run_params_by_value'],
      ['tags.m', 'run_tags_by_value'],
      ['start_time', 'runs_by_start'],
      ['end_time DESC', 'runs_by_end'],
      ['run_name', 'runs_by_name'],
      ['status', 'runs_by_status'],
      ['run_id DESC', 'runs_by_id'],
    ]) {
      const request = { filter: '', orderBy: [order!], lifecycle: 'ACTIVE' as const, first: 5, fewRows: 0 }
      const [page] = await searchRuns(catalog.db, world.experimentIds, { ...request, after: null })
      const after = page!.cursorOf(page!.rows[2]!)
      for (const start of [null, after]) {
        const statements = await asked(() =>
          searchRuns(catalog.db, world.experimentIds.slice(0, 1), { ...request, after: start }),
        )
        const plan = catalog.planOf(statements.at(-1)!)
        expect(plan.find((line) => line.includes(index!))).toMatch(/^SEARCH .*USING (COVERING )?INDEX/)
        // The page itself, some rows, is put in order once more.
        expect({ order, start, sorts: plan.filter((line) => line.includes('TEMP B-TREE')) }).toEqual({
          order,
          start,
          sorts: ['USE TEMP B-TREE FOR ORDER BY'],
        })
      }
    }
  })

  test('more experiments make no more statements', async () => {
    for (const filter of typicalFilters) {
      const request = { filter, orderBy: ['start_time DESC'], lifecycle: 'ACTIVE' as const, first: 5, after: null }
      const statements = await asked(() => searchRuns(catalog.db, world.experimentIds, request))
      expect(statements.length).toBe(filter === '' ? 1 : 2)
      expect((await asked(() => countRuns(catalog.db, world.experimentIds, request))).length).toBeLessThanOrEqual(2)
    }
  })
})
