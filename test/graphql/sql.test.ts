import { setTimeout as sleep } from 'node:timers/promises'
import { tableFromIPC } from 'apache-arrow'
import { eventually } from '../eventually.js'
import { createTestHub, type TestHub } from '../hub.js'
import { seedBucket, seedObject, seedProject, seedUser } from '../seed.js'

const timeoutMs = 3_000
let hub: TestHub
let project: string
beforeAll(async () => {
  hub = await createTestHub({ DHUO_SQL_TIMEOUT_MS: String(timeoutMs), DHUO_SQL_MAX_ROWS: '500' })
  project = (await seedProject(hub)).name
  await makeTable('numbers', "select n, 'name ' || n as name from range(1000) t(n)")
})
afterAll(() => hub.close())

const makeTable = (name: string, sql: string) =>
  hub.data('mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { id } }', { input: { project, name, sql } })
const selection = `query ($project: String!, $sql: String!, $params: JSON, $limit: Int) {
  executeSelect(project: $project, sql: $sql, params: $params, limit: $limit) {
    columns { name type databaseType nullable } rows rowCount truncated downloadUrl } }`
const select = async (sql: string, more: object = {}) => (await hub.data(selection, { project, sql, ...more })).executeSelect
const dml = 'mutation ($input: ExecuteDmlInput!) { executeDml(input: $input) { rowsAffected durationMs } }'
const change = async (sql: string, more: object = {}) => (await hub.data(dml, { input: { project, sql, ...more } })).executeDml
/** Takes minutes when nobody stops it. */
const endless = 'select sum(a.range * b.range % 7) from range(1000000) a, range(1000000) b'

describe('executeSelect', () => {
  test('binds parameters by position and by name, of any type, and never into the text', async () => {
    const values = [1, 1.5, 'ação \'"; drop table numbers', true, null, '9223372036854775807']
    const { rows } = await select('select ?, ?, ?, ?, ?, ?::bigint', { params: values })
    expect(rows).toEqual([values])
    const named = await select('select $b as b, $a as a, $b as again', { params: { a: 'x', b: 2 } })
    expect(named.rows).toEqual([[2, 'x', 2]])
    expect((await select('select n from numbers where name = ?', { params: ["' or true --"] })).rows).toEqual([])
    expect((await select('select $list::json ->> 1 as second', { params: { list: [1, 'two'] } })).rows).toEqual([['two']])
    for (const params of [[], [1, 2], { a: 1 }, null]) {
      const error = await hub.error(selection, { project, sql: 'select ?', params })
      expect(error.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: expect.stringMatching(/params|sql/) })
    }
  })

  test('gives rows up to a limit and tells whether there are more', async () => {
    expect(await select('select n from numbers order by n', { limit: 2 })).toMatchObject({
      rows: [[0], [1]],
      rowCount: 2,
      truncated: true,
    })
    expect(await select('select n from numbers where n < 2 order by n', { limit: 2 })).toMatchObject({
      rowCount: 2,
      truncated: false,
    })
    expect(await select('select n from numbers', { limit: 0 })).toMatchObject({
      rows: [],
      truncated: true,
      columns: [{ name: 'n', type: 'INTEGER' }],
    })
    expect((await select('select n from numbers', { limit: 500 })).rowCount).toBe(500)
    const error = await hub.error(selection, { project, sql: 'select n from numbers', limit: 501 })
    expect(error.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'limit' })
    // The server's own limit is below the usual one: who gives none has made no mistake.
    expect(await select('select n from numbers')).toMatchObject({ rowCount: 500, truncated: true })
    const twice = await select('select 1 as a, 2 as a', { limit: 1 })
    expect(twice.rows).toEqual([[1, 2]])
  })

  test('means the tables of its project, and writes nothing', async () => {
    const other = (await seedProject(hub)).name
    expect((await hub.error(selection, { project: other, sql: 'select * from numbers', limit: 1 })).extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'sql',
    })
    for (const sql of [
      'delete from numbers',
      'create table t as select 1',
      `select * from "${project}".numbers; drop table numbers`,
      "copy numbers to 'x.csv'",
      'set threads = 1',
      'pragma database_list',
      'install httpfs',
      "attach 'x.db'",
      'explain analyze delete from numbers',
    ])
      expect((await hub.error(selection, { project, sql, limit: 1 })).extensions).toMatchObject({
        code: 'BAD_USER_INPUT',
        field: 'sql',
      })
    expect((await select('select count(*) from numbers', { limit: 1 })).rows).toEqual([[1000]])
  })

  test('is for VIEWERs, and for a stranger the project does not exist', async () => {
    const [viewer, stranger] = [await seedUser(hub, { [project]: 'VIEWER' }), await seedUser(hub)]
    const asked = { project, sql: 'select 1', limit: 1 }
    expect((await hub.data(selection, asked, viewer.token)).executeSelect.rows).toEqual([[1]])
    expect((await hub.error(selection, asked, stranger.token)).extensions).toMatchObject({ code: 'NOT_FOUND', field: 'project' })
    const change = { input: { project, sql: 'delete from numbers' } }
    expect((await hub.error(dml, change, viewer.token)).extensions.code).toBe('FORBIDDEN')
    expect((await hub.error(dml, change, stranger.token)).extensions).toMatchObject({ code: 'NOT_FOUND', field: 'input.project' })
  })

  test.each(['CSV', 'NDJSON', 'JSON', 'PARQUET', 'ARROW'])(
    'has its whole result as %s, with the parameters, however few rows are shown',
    async (format) => {
      const { executeSelect } = await hub.data(
        `query ($project: String!, $params: JSON) { executeSelect(project: $project, limit: 1, params: $params,
         sql: "select n, name, n / 4 as part, case when n % 2 = 0 then true end as even from numbers where n >= ? order by n") { rowCount downloadUrl(format: ${format}) } }`,
        { project, params: [400] },
      )
      expect(executeSelect.rowCount).toBe(1)
      const response = await fetch(executeSelect.downloadUrl)
      expect(response.status).toBe(200)
      expect(response.headers.get('content-disposition')).toMatch(new RegExp(`result\\.(${format.toLowerCase()}|arrows?)`))
      const bytes = Buffer.from(await response.arrayBuffer())
      const expected = Array.from({ length: 600 }, (_, i) => ({
        n: i + 400,
        name: `name ${i + 400}`,
        part: (i + 400) / 4,
        even: i % 2 === 0 ? true : null,
      }))
      if (format === 'JSON') expect(JSON.parse(String(bytes))).toEqual(expected)
      if (format === 'NDJSON')
        expect(
          String(bytes)
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line)),
        ).toEqual(expected)
      if (format === 'CSV')
        expect(String(bytes).trim().split('\n').slice(0, 3)).toEqual([
          'n,name,part,even',
          '400,name 400,100.0,true',
          '401,name 401,100.25,',
        ])
      if (format === 'ARROW')
        expect(
          tableFromIPC(bytes)
            .toArray()
            .map((row) => ({ ...row.toJSON(), n: Number(row.toJSON().n) })),
        ).toEqual(expected)
      const bucket =
        (await hub.execute('query ($b: String!) { bucket(name: $b) { name } }', { b: `${project}-raw` })).data.bucket ??
        (await seedBucket(hub, project))
      const { id } = await seedObject(hub, bucket.name, `back.${format.toLowerCase()}`, bytes)
      const { node } = await hub.data(
        `{ node(id: "${id}") { ... on StoredObject { table(limit: 500, offset: 598) { rows truncated } } } }`,
      )
      expect(node.table).toEqual({ rows: expected.slice(598).map((row) => Object.values(row)), truncated: false })
    },
  )
})

describe('a result that is downloaded', () => {
  test('is what the statement gives when it is fetched, for as long as its URL is good and its maker may read', async () => {
    await makeTable('changing', 'select 1 as a')
    const viewer = await seedUser(hub, { [project]: 'VIEWER' })
    const query = `{ executeSelect(project: "${project}", sql: "select * from changing order by a", limit: 1) { long: downloadUrl(format: NDJSON) short: downloadUrl(format: NDJSON, expiresIn: 1) } }`
    const { long, short } = (await hub.data(query, {}, viewer.token)).executeSelect
    await change('insert into changing values (2)')
    expect(await (await fetch(long)).text()).toBe('{"a":1}\n{"a":2}\n')
    expect((await fetch(long.replace(/signature=..../, 'signature=AAAA'))).status).toBeGreaterThanOrEqual(400)
    await sleep(1_500)
    expect((await fetch(short)).status).toBeGreaterThanOrEqual(400)
    await hub.data(`mutation { setProjectMember(project: "${project}", email: "${viewer.email}", role: null) { id } }`)
    expect((await fetch(long)).status).toBeGreaterThanOrEqual(400)
  })

  test('that fails is told before the first byte, with the code that fits', async () => {
    await makeTable('soon_gone', 'select 1 as a')
    const { downloadUrl } = await select('select * from soon_gone', { limit: 1 })
    await hub.datasources.lakehouse.dropTable(project, 'soon_gone')
    const response = await fetch(downloadUrl)
    expect(response.status).toBe(400)
    expect(((await response.json()) as { error: object }).error).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(/soon_gone/),
    })
  })
})

describe('executeDml', () => {
  const rows = async () => (await select('select * from target order by 1', { limit: 500 })).rows
  beforeEach(async () => {
    await hub.data('mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { id } }', {
      input: { project, name: 'target', sql: "select 1 as id, 'one' as name", mode: 'REPLACE' },
    })
  })

  test('inserts, updates, merges and deletes, and tells how many rows', async () => {
    const inserted = await change('insert into target values (?, ?), (3, ?)', { params: [2, 'two', 'three'] })
    expect(inserted).toEqual({ rowsAffected: 2, durationMs: expect.any(Number) })
    expect(inserted.durationMs).toBeGreaterThan(0)
    expect(
      (await change('update target set name = $name where id >= $from', { params: { name: 'many', from: 2 } })).rowsAffected,
    ).toBe(2)
    expect(
      (
        await change(
          "merge into target using (select 3 as id union all select 4) s on target.id = s.id when matched then update set name = 'merged' when not matched then insert values (s.id, 'new')",
        )
      ).rowsAffected,
    ).toBe(2)
    expect((await change('delete from target where id = ?', { params: [1] })).rowsAffected).toBe(1)
    expect((await change('delete from target where id = 99')).rowsAffected).toBe(0)
    expect(await rows()).toEqual([
      [2, 'many'],
      [3, 'merged'],
      [4, 'new'],
    ])
  })

  test('runs once for each set of a batch, by position or by name', async () => {
    const batch = Array.from({ length: 300 }, (_, i) => [i + 10, `row ${i}`])
    expect((await change('insert into target values (?, ?)', { batch })).rowsAffected).toBe(300)
    expect(
      (
        await change('update target set name = $to where id = $id', {
          batch: [
            { id: 10, to: 'x' },
            { id: 11, to: 'y' },
            { id: -1, to: 'z' },
          ],
        })
      ).rowsAffected,
    ).toBe(2)
    expect((await rows()).slice(0, 3)).toEqual([
      [1, 'one'],
      [10, 'x'],
      [11, 'y'],
    ])
  })

  test('of which one set fails changes nothing, and tells which one', async () => {
    for (const [wrong, field] of [
      [['no number', 'x'], 'input.sql'],
      [[1], 'input.batch'],
      [{ id: 1 }, 'input.batch'],
    ] as const) {
      const batch = [[5, 'five'], [6, 'six'], wrong, [7, 'seven']]
      const error = await hub.error(dml, { input: { project, sql: 'insert into target values (?, ?)', batch } })
      expect(error.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field, batchIndex: 2 })
      expect(error.message).toMatch(/set 2/)
      expect(await rows()).toEqual([[1, 'one']])
    }
  })

  test('is whole to whoever reads meanwhile, and changes of many at once are all there', async () => {
    const batches = Array.from({ length: 6 }, (_, i) => Array.from({ length: 50 }, (_, j) => [1_000 * (i + 1) + j, 'x']))
    const changes = Promise.all(batches.map((batch) => change('insert into target values (?, ?)', { batch })))
    for (let i = 0; i < 20; i++) expect(((await select('select count(*) from target', { limit: 1 })).rows[0][0] - 1) % 50).toBe(0)
    await changes
    expect((await select('select count(*) from target', { limit: 1 })).rows).toEqual([[301]])
  })
})

describe('a statement that takes too long', () => {
  test('ends with TIMEOUT when its time is up, as a SELECT, as DML and as a download', async () => {
    await makeTable('long_target', 'select 1::hugeint as a')
    const began = performance.now()
    const [one, two] = await Promise.all([
      hub.error(selection, { project, sql: endless, limit: 1 }),
      hub.error(dml, { input: { project, sql: `insert into long_target ${endless}` } }),
    ])
    expect(performance.now() - began).toBeLessThan(timeoutMs + 4_000)
    for (const error of [one, two])
      expect(error).toMatchObject({ message: expect.stringMatching(/3/), extensions: { code: 'TIMEOUT' } })
    expect((await select('select count(*) from long_target', { limit: 1 })).rows).toEqual([[1]])
  })

  test('is stopped when its client goes away: the processor is free again long before its time is up', async () => {
    const patient = await createTestHub({ DHUO_SQL_TIMEOUT_MS: '60000' })
    const { name } = await seedProject(patient)
    const body = JSON.stringify({ query: selection, variables: { project: name, sql: endless, limit: 1 } })
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${patient.admin}` }
    const busyFor = async (ms: number) => {
      const before = process.cpuUsage()
      await sleep(ms)
      const { user, system } = process.cpuUsage(before)
      return (user + system) / 1_000 / ms
    }
    const client = new AbortController()
    const requests = [1, 2].map(() =>
      fetch(`${patient.url}/graphql`, { method: 'POST', headers, body, signal: client.signal }).catch((error) => error.name),
    )
    await sleep(300)
    const busy = await busyFor(500)
    client.abort()
    expect(await Promise.all(requests)).toEqual(['AbortError', 'AbortError'])
    // A busy machine gives it a part of its share.
    expect(busy).toBeGreaterThan(0.1)
    await eventually(async () => (await busyFor(500)) < busy / 3, 5_000)
    // And its place is free.
    expect((await patient.data(selection, { project: name, sql: 'select 1', limit: 1 })).executeSelect.rows).toEqual([[1]])
    await patient.close()
  }, 40_000)
})
