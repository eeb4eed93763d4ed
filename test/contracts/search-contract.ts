import { type Kysely, sql } from 'kysely'
import type { RunRow } from '../../src/datasources/catalog/experiment-rows.js'
import { countExperiments, searchExperiments } from '../../src/datasources/catalog/experiment-search.js'
import { countModels, searchModels } from '../../src/datasources/catalog/model-search.js'
import { newId } from '../../src/datasources/catalog/node-id.js'
import type { Page } from '../../src/datasources/catalog/page.js'
import { countRuns, searchRuns } from '../../src/datasources/catalog/run-search.js'
import type { Tables } from '../../src/datasources/catalog/tables.js'
import { searchInMemory } from './search-in-memory.js'
import { iso, keys, randomFilter, randomFrom, randomOrder, SearchWorld, seconds } from './search-world.js'

type Request = Partial<Parameters<typeof searchRuns>[2]>

/**
 * What the search of runs, experiments and models promises, whichever database the catalog is in.
 * @param rounds of random filters and orders: each is a statement that the database has not seen yet
 */
export function searchContract(
  name: string,
  open: () => Promise<{ db: Kysely<Tables>; close(): Promise<void> }>,
  rounds: number,
): void {
  describe(`${name} searches as MLflow does`, () => {
    let db: Kysely<Tables>
    let close: () => Promise<void>

    beforeAll(async () => {
      ;({ db, close } = await open())
    })
    afterAll(() => close())

    const newWorld = async () => {
      const world = new SearchWorld(db)
      await world.open()
      return world
    }
    const request = (over: Request): Parameters<typeof searchRuns>[2] => ({
      filter: null,
      orderBy: [],
      lifecycle: 'ACTIVE',
      first: 100,
      after: null,
      ...over,
    })
    const pageOf = async (world: SearchWorld, over: Request) =>
      (await searchRuns(db, [world.experimentIds[0]!], request(over)))[0]!
    const namesOf = async (world: SearchWorld, over: Request) => (await pageOf(world, over)).rows.map((row) => row.name)
    const refused = (promise: Promise<unknown>, expected: object) => expect(promise).rejects.toMatchObject(expected)

    describe('for any filter and order', () => {
      let world: SearchWorld

      beforeAll(async () => {
        world = await newWorld()
        const random = randomFrom(7)
        for (let count = 0; count < 250; count++) await world.addRandom(random)
      })

      // Few rows are sorted; many are read along an index: both must give the same.
      test.each([
        ['sorting', 4_000],
        ['reading along indexes', 0],
        ['doing either', 60],
      ])(
        'it finds, by %s, what a look at every run finds, page by page and each run once',
        async (_, fewRows) => {
          const random = randomFrom(fewRows + 1)
          for (let round = 0; round < rounds; round++) {
            const filter = randomFilter(random, world.runs)
            const orderBy = randomOrder(random)
            const lifecycle = random.pick(['ACTIVE', 'ACTIVE', 'DELETED'] as const)
            const first = random.pick([1, 3, 10, 100])
            const runs = world.runs.filter((run) => run.lifecycle === lifecycle)
            const expected = world.experimentIds.map((id) =>
              searchInMemory(
                runs.filter((run) => run.experimentId === id),
                filter,
                orderBy,
              ).map((run) => run.id),
            )
            const asked = { filter, orderBy, lifecycle }
            const found: string[] = []
            let after: string | null = null
            do {
              const page: Page<RunRow> = await pageOf(world, { ...asked, first, after, fewRows })
              found.push(...page.rows.map((row) => row.id))
              after = page.hasNextPage ? page.cursorOf(page.rows.at(-1)!) : null
            } while (after !== null && found.length <= world.runs.length)
            expect({ ...asked, found }).toEqual({ ...asked, found: expected[0] })
            const pages = await searchRuns(db, world.experimentIds.toReversed(), { ...asked, first, after: null, fewRows })
            const ids = pages.map((page) => page.rows.map((row) => row.id))
            expect({ ...asked, ids }).toEqual({ ...asked, ids: expected.toReversed().map((all) => all.slice(0, first)) })
            const counts = await countRuns(db, world.experimentIds, { filter, lifecycle, fewRows })
            expect({ ...asked, counts }).toEqual({ ...asked, counts: expected.map((all) => all.length) })
          }
        },
        60_000,
      )

      test('pages stay where they are while runs come', async () => {
        const random = randomFrom(99)
        for (const fewRows of [0, 4_000]) {
          for (let round = 0; round < 12; round++) {
            const filter = randomFilter(random, world.runs)
            const orderBy = randomOrder(random)
            const before = world.runs.filter((run) => run.lifecycle === 'ACTIVE' && run.experimentId === world.experimentIds[0])
            const expected = searchInMemory(before, filter, orderBy).map((run) => run.id)
            const found: string[] = []
            let after: string | null = null
            do {
              const page: Page<RunRow> = await pageOf(world, { filter, orderBy, first: 20, after, fewRows })
              found.push(...page.rows.map((row) => row.id))
              after = page.hasNextPage ? page.cursorOf(page.rows.at(-1)!) : null
              await world.addRandom(random)
            } while (after !== null)
            const known = new Set(expected)
            expect({ filter, orderBy, found: found.filter((id) => known.has(id)) }).toEqual({ filter, orderBy, found: expected })
            expect(new Set(found).size).toBe(found.length)
          }
        }
      }, 60_000)
    })

    test('a row has its own columns and no others', async () => {
      const world = await newWorld()
      const run = await world.add({ metrics: new Map([['m', 1]]) })
      const { rows } = await pageOf(world, { orderBy: ['metrics.m', 'user_id'] })
      expect(Object.keys(rows[0]!).filter((column) => /^(k|sort|rank)\d/.test(column))).toEqual([])
      expect(rows[0]).toMatchObject({ id: run.id, endedAt: null, startedAt: iso(run.startedAt) })
    })

    test('values come first, then NaN, then runs without the metric, in both directions', async () => {
      const world = await newWorld()
      for (const [runName, value] of [
        ['one', 1],
        ['two', 2],
        ['nan', Number.NaN],
        ['inf', Infinity],
        ['minus', -Infinity],
      ] as const)
        await world.add({ name: runName, metrics: new Map([['m', value]]) })
      await world.add({ name: 'none' })
      expect(await namesOf(world, { orderBy: ['metrics.m'] })).toEqual(['minus', 'one', 'two', 'inf', 'nan', 'none'])
      expect(await namesOf(world, { orderBy: ['metrics.m DESC'] })).toEqual(['inf', 'two', 'one', 'minus', 'nan', 'none'])
      for (const fewRows of [0, 4_000])
        expect(await namesOf(world, { filter: 'metrics.m IS NOT NULL', orderBy: ['metrics.m'], fewRows })).toEqual([
          'minus',
          'one',
          'two',
          'inf',
          'nan',
        ])
      expect(await namesOf(world, { filter: 'metrics.m <= 0' })).toEqual(['minus'])
      expect(await namesOf(world, { filter: 'metrics.m = 0' })).toEqual([])
      expect(await namesOf(world, { filter: 'metrics.m != 1', orderBy: ['run_name'] })).toEqual(['inf', 'minus', 'two'])
    })

    test('LIKE knows upper from lower case, ILIKE does not, and nothing escapes a wildcard', async () => {
      const world = await newWorld()
      for (const text of ['São Paulo', 'SÃO PAULO', 'a\\%b', 'a*b', 'a[b]']) await world.add({ name: text })
      const by = (filter: string) => namesOf(world, { filter, orderBy: ['name'] })
      expect(await by("run_name LIKE 'São%'")).toEqual(['São Paulo'])
      expect(await by("run_name ILIKE 'sÃo p_ulo'")).toEqual(['SÃO PAULO', 'São Paulo'])
      expect(await by("run_name LIKE 'a\\%'")).toEqual(['a\\%b'])
      expect(await by("run_name LIKE 'a*b'")).toEqual(['a*b'])
      expect(await by("run_name LIKE 'a[b]'")).toEqual(['a[b]'])
      expect(await by("run_name ILIKE 'A[B]'")).toEqual(['a[b]'])
    })

    test('a key that a run does not have makes every comparison false, != as well', async () => {
      const world = await newWorld()
      await world.add({ name: 'bare' })
      for (const filter of [
        "tags.zz != 'a'",
        "params.zz != 'a'",
        'metrics.zz != 0',
        "tags.zz LIKE '%'",
        'end_time != 0',
        "user_id != 'x'",
      ])
        expect([filter, await namesOf(world, { filter })]).toEqual([filter, []])
      expect(await namesOf(world, { filter: 'tags.zz IS NULL and params.zz IS NULL AND metrics.zz is null' })).toEqual(['bare'])
    })

    test.each([
      ['acc > 0.5', 1, "Invalid attribute key 'acc' specified. Valid keys are {'run_id', "],
      ["metrics.acc > '0.5'", 15, "Expected numeric value type for metric. Found '0.5'"],
      ['metrics.acc > nan', 15, 'Expected numeric value type for metric. Found nan'],
      ["metrics.acc LIKE 'a'", 13, "Operator 'LIKE' is not valid for this metric"],
      [
        'params.m = Ridge',
        12,
        'Parameter value is either not quoted or unidentified quote types used for string value Ridge. Use either single or double quotes.',
      ],
      ["params.m IN ('a')", 13, "Expected a quoted string value for parameter (e.g. 'my-value'). Got value ('a')"],
      ['params.lr = 0.1', 13, "Expected a quoted string value for parameter (e.g. 'my-value'). Got value 0.1"],
      ["tags.a < 'x'", 8, "Operator '<' is not valid for this tag"],
      ["foo.bar = 'x'", 1, "Invalid entity type 'foo'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']"],
      ["Metrics.bar = 'x'", 1, "Invalid entity type 'Metrics'"],
      ["datasets.digest = 'x'", 1, "Invalid dataset key 'digest' specified. Valid keys are {'name'}"],
      ["start_time > '1000'", 14, 'Expected numeric value type for numeric attribute: start_time'],
      ["status = 'a' AND lifecycle_stage = 'deleted'", 18, "Invalid attribute key 'lifecycle_stage' specified"],
      ["status IN ('FAILED')", 11, 'Expected a quoted string value for attribute'],
      ["run_id IN 'a'", 11, 'Expected a list of quoted strings for attribute'],
      ['tags.`` = 1', 1, 'must not be empty'],
    ])('%s is refused at column %d: %s', async (filter, position, message) => {
      const world = await newWorld()
      const expected = {
        code: 'BAD_USER_INPUT',
        field: 'filter',
        details: { position },
        message: expect.stringContaining(message),
      }
      await refused(pageOf(world, { filter }), expected)
      await refused(countRuns(db, world.experimentIds, { filter, lifecycle: 'ACTIVE' }), expected)
    })

    test.each([
      [['acc'], 1, "Invalid attribute key 'acc' specified"],
      [['datasets.name'], 1, 'Invalid order_by entity type'],
      [['metrics.a', 'metric.`a` DESC'], 1, 'order_by contains a field twice'],
      [['start_time', 'created DESC'], 1, 'order_by contains a field twice'],
      [['metrics.a, metrics.b'], 10, 'Could not be parsed'],
    ])('an order by %j is refused at column %d: %s', async (orderBy, position, message) => {
      await refused(pageOf(await newWorld(), { orderBy }), {
        code: 'BAD_USER_INPUT',
        field: 'orderBy',
        details: { position },
        message: expect.stringContaining(message),
      })
    })

    test('text of a filter or an order reaches the database as a value only', async () => {
      const world = await newWorld()
      const key = keys.at(-1)!
      const evil = `x'; drop table runs; --`
      await world.add({ name: evil, params: new Map([[key, evil]]), metrics: new Map([[key, 1]]) })
      const filter = `run_name = "${evil}" and params."${key}" = "${evil}" and metrics."${key}" = 1`
      for (const fewRows of [0, 4_000])
        expect(await namesOf(world, { filter, orderBy: [`metrics."${key}"`, `params."${key}" desc`], fewRows })).toEqual([evil])
      expect(await namesOf(world, { filter: `run_name = "x' or '1'='1"` })).toEqual([])
    })

    test('times compare as numbers, to the millisecond and beyond any calendar', async () => {
      const world = await newWorld()
      await world.add({ name: 'at', startedAt: seconds(5) })
      const matches = async (comparison: string) => (await namesOf(world, { filter: `start_time ${comparison}` })).length === 1
      const start = seconds(5)
      for (const comparison of [
        `= ${start}`,
        `>= ${start}`,
        `<= ${start}`,
        `> ${start - 0.5}`,
        `< ${start + 0.5}`,
        `!= ${start + 0.5}`,
        '> -1e300',
        '< 1e300',
        `= '${iso(start)}'`,
      ])
        expect([comparison, await matches(comparison)]).toEqual([comparison, true])
      for (const comparison of [
        `!= ${start}`,
        `> ${start}`,
        `< ${start}`,
        `= ${start + 0.5}`,
        `>= ${start + 0.5}`,
        `<= ${start - 0.5}`,
        '< -1e300',
        '>= 1e300',
      ])
        expect([comparison, await matches(comparison)]).toEqual([comparison, false])
    })

    test('a cursor of another filter, order or life cycle is refused, and so is one that is made up', async () => {
      const world = await newWorld()
      for (let count = 0; count < 3; count++) await world.add({ metrics: new Map([['m', count]]) })
      const orderBy = ['metrics.m']
      const page = await pageOf(world, { orderBy, first: 1 })
      const after = page.cursorOf(page.rows[0]!)
      expect((await pageOf(world, { orderBy, first: 5, after })).rows).toHaveLength(2)
      const expected = { code: 'BAD_USER_INPUT', field: 'after' }
      const [digest, value, id] = JSON.parse(Buffer.from(after, 'base64url').toString())
      const made = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url')
      for (const other of [
        { orderBy: ['metrics.m DESC'], after },
        { orderBy: ['metrics.n'], after },
        { orderBy: [], after },
        { orderBy, lifecycle: 'DELETED' as const, after },
        { orderBy, filter: 'metrics.m >= 0', after },
        ...[
          'x',
          '',
          made(digest, value),
          made(digest, 'text', id),
          made(digest, [1], id),
          made(digest, value, 5),
          made('x', value, id),
          made(digest, true, id),
        ].map((cursor) => ({ orderBy, after: cursor })),
      ])
        await refused(pageOf(world, other), expected)
    })

    test('no parents, one parent twice, and one that does not exist have pages of their own', async () => {
      const world = await newWorld()
      await world.add({ name: 'only' })
      const [experimentId] = world.experimentIds as [string]
      expect(await searchRuns(db, [], request({}))).toEqual([])
      expect(await countRuns(db, [], { filter: "status = 'x'", lifecycle: 'ACTIVE' })).toEqual([])
      const ids = [experimentId, newId('experiment'), experimentId]
      const pages = await searchRuns(db, ids, request({ filter: "status = 'FINISHED'" }))
      expect(pages.map((page) => page.rows.map((row) => row.name))).toEqual([['only'], [], ['only']])
      expect(await countRuns(db, ids, { filter: "status = 'FINISHED'", lifecycle: 'ACTIVE' })).toEqual([1, 0, 1])
    })

    test('as many comparisons and fields of an order as are allowed are carried out', async () => {
      const world = await newWorld()
      await world.add({ name: 'all', params: new Map([['p', '1']]) })
      const orderBy = Array.from({ length: 10 }, (_, index) => `metrics.m${index}`)
      const filter = Array.from({ length: 40 }, (_, index) => `params.p ${index % 2 ? '=' : 'like'} '1'`).join(' and ')
      for (const fewRows of [0, 4_000]) expect(await namesOf(world, { filter, orderBy, fewRows })).toEqual(['all'])
      await refused(pageOf(world, { filter: `${filter} and status = 'x'` }), { code: 'BAD_USER_INPUT', field: 'filter' })
      await refused(pageOf(world, { orderBy: [...orderBy, 'status'] }), { code: 'BAD_USER_INPUT', field: 'orderBy' })
    })

    test('experiments are found by name, times and tags; deleted ones never', async () => {
      const world = await newWorld()
      const add = async (experimentName: string, over: object, tags: Record<string, string> = {}) => {
        const id = newId('experiment')
        const row = {
          id,
          projectId: world.projectId,
          name: experimentName,
          lifecycle: 'ACTIVE' as const,
          createdAt: iso(seconds(9)),
          updatedAt: iso(seconds(9)),
        }
        await db
          .insertInto('experiments')
          .values({ ...row, ...over })
          .execute()
        for (const [key, value] of Object.entries(tags))
          await db.insertInto('experiment_tags').values({ experimentId: id, key, value }).execute()
      }
      await add('churn', { createdAt: iso(seconds(10)) }, { team: 'a' })
      await add('Churn', { createdAt: iso(seconds(20)), updatedAt: iso(seconds(30)) }, { team: 'b' })
      await add('gone', { lifecycle: 'DELETED' }, { team: 'a' })
      const search = async (filter: string | null, orderBy: string[] = []) => {
        const [page] = await searchExperiments(db, [world.projectId], { filter, orderBy, first: 10, after: null })
        const [count] = await countExperiments(db, [world.projectId], { filter })
        expect(count).toBe(page!.rows.length)
        return page!.rows.map((row) => row.name)
      }
      expect((await search(null)).slice(0, 2)).toEqual(['Churn', 'churn'])
      expect(await search("name LIKE 'ch%'")).toEqual(['churn'])
      expect(await search("attribute.name ilike 'CH%'", ['name ASC'])).toEqual(['Churn', 'churn'])
      expect(await search("tags.team = 'a'")).toEqual(['churn'])
      expect(await search("tags.team != 'a'")).toEqual(['Churn'])
      expect(await search(`last_update_time >= ${seconds(30)}`)).toEqual(['Churn'])
      expect(await search("tag.team is not null AND name = 'churn'", ['last_update_time', 'experiment_id'])).toEqual(['churn'])
      await refused(search("params.x = 'a'"), { code: 'BAD_USER_INPUT', field: 'filter' })
      await refused(search(null, ['tags.team']), { code: 'BAD_USER_INPUT', field: 'orderBy' })
    })

    test('models that are prompts are found only by who asks for them', async () => {
      const world = await newWorld()
      for (const [modelName, tag] of [
        ['plain', null],
        ['prompt', 'true'],
        ['neither', 'false'],
      ] as const) {
        const id = newId('model')
        const row = {
          id,
          projectId: world.projectId,
          name: modelName,
          description: null,
          lastVersion: 0,
          createdAt: iso(seconds(0)),
          updatedAt: iso(seconds(0)),
        }
        await db.insertInto('models').values(row).execute()
        if (tag) await db.insertInto('model_tags').values({ modelId: id, key: 'mlflow.prompt.is_prompt', value: tag }).execute()
      }
      const search = async (filter: string | null, orderBy: string[] = []) => {
        const [page] = await searchModels(db, [world.projectId], { filter, orderBy, first: 10, after: null })
        expect(await countModels(db, [world.projectId], { filter })).toEqual([page!.rows.length])
        return page!.rows.map((row) => row.name)
      }
      const tag = 'tags.`mlflow.prompt.is_prompt`'
      expect(await search(null)).toEqual(['neither', 'plain'])
      expect(await search(`${tag} != 'true'`, ['name DESC'])).toEqual(['plain', 'neither'])
      expect(await search(`${tag} = 'false' and name like 'p%'`)).toEqual(['plain'])
      expect(await search(`${tag} = 'true'`)).toEqual(['prompt'])
      expect(await search(`${tag} != 'false'`)).toEqual(['prompt'])
      expect(await search(`name = 'prompt'`)).toEqual([])
      expect(await search(`last_updated_timestamp <= ${seconds(0)}`, ['timestamp DESC', 'name DESC'])).toEqual([
        'plain',
        'neither',
      ])
    })

    test('the tables are still there', async () => {
      expect((await sql`select 1 from runs limit 1`.execute(db)).rows).toHaveLength(1)
    })
  })
}
