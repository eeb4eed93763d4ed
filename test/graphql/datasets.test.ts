import { createTestHub, type TestHub } from '../hub.js'
import { seedBucket, seedObject, seedProject, seedUser, uniqueName } from '../seed.js'

let hub: TestHub
let project: string
let bucket: string
beforeAll(async () => {
  hub = await createTestHub()
  project = (await seedProject(hub)).name
  bucket = (await seedBucket(hub, project)).name
})
afterAll(() => hub.close())

const creation = `mutation ($input: CreateDatasetInput!) { createDataset(input: $input) {
  id name kind table version description rowCount columns { name type databaseType } object { id } project { name } } }`
const create = (input: object, as?: string) => hub.execute(creation, { input: { project, ...input } }, as)
async function made(input: object) {
  const { data, errors } = await create(input)
  if (errors) throw new Error(JSON.stringify(errors))
  return data.createDataset
}
async function refused(input: object, code: string, field: string) {
  const { errors } = await create(input)
  expect(errors).toMatchObject([{ extensions: { code, field } }])
  return errors![0]!.message
}
const select = async (sql: string) =>
  (await hub.data('query ($p: String!, $sql: String!) { executeSelect(project: $p, sql: $sql) { rows } }', { p: project, sql }))
    .executeSelect.rows
const remove = (id: string, as?: string) => hub.execute('mutation ($id: ID!) { deleteDataset(id: $id) }', { id }, as)
const tableIsThere = async (table: string) => (await hub.datasources.lakehouse.describeTables(project, [table]))[0] !== null

describe('a dataset', () => {
  test('is made of an object, and tells where its rows came from', async () => {
    const object = await seedObject(hub, bucket, 'iris.csv', 'species,length\nsetosa,1.4\nvirginica,\n')
    const dataset = await made({ name: 'Iris-Rows', description: 'measured', object: { bucket, key: 'iris.csv' } })
    expect(dataset).toEqual({
      id: expect.stringMatching(/^dst_/),
      name: 'iris-rows',
      kind: 'OBJECT',
      table: 'iris_rows',
      version: 1,
      description: 'measured',
      rowCount: 2,
      columns: [
        { name: 'species', type: 'STRING', databaseType: 'VARCHAR' },
        { name: 'length', type: 'FLOAT', databaseType: 'DOUBLE' },
      ],
      object: { id: object.id },
      project: { name: project },
    })
    expect(await select('select * from iris_rows order by 1')).toEqual([
      ['setosa', 1.4],
      ['virginica', null],
    ])
    const { node } = await hub.data(`{ node(id: "${object.id}") { ... on StoredObject { dataset { id } } } }`)
    expect(node.dataset.id).toBe(dataset.id)
  })

  test('is made of a SELECT, and of a table that is there: that one stays when the dataset goes', async () => {
    const selected = await made({ name: 'selected', sql: 'select n, n * n as square from range(5) t(n)' })
    expect(selected).toMatchObject({ kind: 'TABLE', table: 'selected', rowCount: 5, object: null })
    await hub.datasources.lakehouse.writeTable({ schema: project, table: 'was_there', mode: 'CREATE' }, { sql: 'select 7 as a' })
    const named = await made({ name: 'named-only', table: 'WAS_THERE' })
    expect(named).toMatchObject({ kind: 'TABLE', table: 'was_there', rowCount: 1, version: 1 })
    await refused({ name: 'named-twice', table: 'Was_There' }, 'CONFLICT', 'input.table')
    expect((await remove(named.id)).data).toEqual({ deleteDataset: true })
    expect((await remove(selected.id)).data).toEqual({ deleteDataset: true })
    expect([await tableIsThere('was_there'), await tableIsThere('selected')]).toEqual([true, false])
    expect((await remove(selected.id)).errors![0]!.extensions).toMatchObject({ code: 'NOT_FOUND', field: 'id' })
    expect(await made({ name: 'selected', sql: 'select 1 as a' })).toMatchObject({ version: 1, rowCount: 1 })
  })

  test('CREATE wants a free name, REPLACE puts new rows and columns in its place, APPEND adds rows by column name', async () => {
    const first = await made({ name: 'modes', sql: "select 1 as a, 'x' as b", description: 'first' })
    expect(await refused({ name: 'modes', sql: 'select 2 as a' }, 'CONFLICT', 'input.name')).toMatch(/REPLACE or APPEND/)
    const appended = await made({ name: 'modes', sql: "select 'y' as b, 2 as a", mode: 'APPEND' })
    expect(appended).toMatchObject({ id: first.id, version: 2, rowCount: 2, description: 'first' })
    expect(await select('select a, b from modes order by a')).toEqual([
      [1, 'x'],
      [2, 'y'],
    ])
    expect(await refused({ name: 'modes', sql: 'select 3 as another', mode: 'APPEND' }, 'BAD_USER_INPUT', 'input.sql')).toMatch(
      /another/,
    )
    expect(
      await refused({ name: 'modes', sql: "select 'no number' as a", mode: 'APPEND' }, 'BAD_USER_INPUT', 'input.sql'),
    ).toMatch(/no number/)
    expect(
      await refused(
        { name: 'modes', sql: "select error('half way') from range(10)", mode: 'REPLACE' },
        'BAD_USER_INPUT',
        'input.sql',
      ),
    ).toMatch(/half way|not available/)
    expect(await select('select count(*) from modes')).toEqual([[2]])
    const replaced = await made({ name: 'modes', sql: 'select true as c', mode: 'REPLACE', description: 'third' })
    expect(replaced).toMatchObject({
      id: first.id,
      version: 3,
      rowCount: 1,
      description: 'third',
      columns: [{ name: 'c', type: 'BOOLEAN' }],
    })
    expect(await made({ name: 'modes', sql: 'select count(*) as n from modes', mode: 'REPLACE' })).toMatchObject({
      version: 4,
      rowCount: 1,
    })
    expect(await select('select * from modes')).toEqual([[1]])
    expect(await made({ name: 'new-by-replace', sql: 'select 1 as a', mode: 'REPLACE' })).toMatchObject({ version: 1 })
    await refused({ name: 'not-there-yet', sql: 'select 1 as a', mode: 'APPEND' }, 'NOT_FOUND', 'input.name')
  })

  test('keeps its table to itself: names that would share one collide, whatever the mode', async () => {
    await made({ name: 'same-table', sql: 'select 1 as a' })
    for (const mode of ['CREATE', 'REPLACE'])
      expect(await refused({ name: 'same_table', sql: 'select 2 as a', mode }, 'CONFLICT', 'input.name')).toMatch(/same-table/)
    expect(await select('select a from same_table')).toEqual([[1]])
  })

  test('counts its rows and names its columns as they are now', async () => {
    const { id } = await made({ name: 'living', sql: 'select n as a from range(30) t(n)' })
    await hub.data('mutation ($input: ExecuteDmlInput!) { executeDml(input: $input) { rowsAffected } }', {
      input: { project, sql: 'delete from living where a >= 25' },
    })
    const shape = `{ node(id: "${id}") { ... on Dataset { rowCount version preview { rowCount truncated rows downloadUrl(format: NDJSON) } few: preview(limit: 3) { rows truncated } none: preview(limit: 0) { rows truncated columns { name } } } } }`
    const { node } = await hub.data(shape)
    expect(node).toMatchObject({
      rowCount: 25,
      version: 1,
      preview: { rowCount: 20, truncated: true },
      few: { truncated: true },
      none: { rows: [], truncated: true, columns: [{ name: 'a' }] },
    })
    expect(node.few.rows).toHaveLength(3)
    expect((await (await fetch(node.preview.downloadUrl)).text()).trim().split('\n')).toHaveLength(25)
    await hub.datasources.lakehouse.dropTable(project, 'living')
    const gone = await hub.execute(`{ node(id: "${id}") { ... on Dataset { name rowCount } } }`)
    expect(gone.errors).toMatchObject([
      { message: expect.stringContaining('"living"'), extensions: { code: 'PRECONDITION_FAILED' } },
    ])
  })

  test('keeps the bytes it was loaded from when its key is overwritten or deleted, until it is loaded anew', async () => {
    const old = await seedObject(hub, bucket, 'over.csv', 'a\n1\n')
    const { id } = await made({ name: 'loaded', object: { bucket, key: 'over.csv' } })
    const fresh = await seedObject(hub, bucket, 'over.csv', 'a\n2\n3\n')
    const source = async () =>
      (await hub.data(`{ node(id: "${id}") { ... on Dataset { rowCount object { id table { rows } } } } }`)).node
    expect(await source()).toEqual({ rowCount: 1, object: { id: old.id, table: { rows: [[1]] } } })
    await made({ name: 'loaded', object: { bucket, key: 'over.csv' }, mode: 'REPLACE' })
    await hub.data(`mutation { deleteObject(bucket: "${bucket}", key: "over.csv") }`)
    expect(await source()).toEqual({ rowCount: 2, object: { id: fresh.id, table: { rows: [[2], [3]] } } })
    await made({ name: 'loaded', sql: 'select 9 as a', mode: 'APPEND' })
    expect(await source()).toEqual({ rowCount: 3, object: null })
  })

  test('is loaded from no bucket of another project, also by somebody who may read both', async () => {
    const other = await seedBucket(hub, (await seedProject(hub)).name)
    await seedObject(hub, other.name, 'theirs.csv', 'a\n1\n')
    expect(
      await refused(
        { name: 'from-theirs', object: { bucket: other.name, key: 'theirs.csv' } },
        'BAD_USER_INPUT',
        'input.object.bucket',
      ),
    ).toMatch(/same project/)
    const editor = await seedUser(hub, { [project]: 'EDITOR' })
    const { errors } = await create({ name: 'from-theirs', object: { bucket: other.name, key: 'theirs.csv' } }, editor.token)
    expect(errors![0]!.extensions).toMatchObject({ code: 'NOT_FOUND', field: 'input.object.bucket' })
    expect(await tableIsThere('from_theirs')).toBe(false)
  })

  test('is made and deleted by EDITORs, read by VIEWERs', async () => {
    const { id } = await made({ name: 'guarded', sql: 'select 1 as a' })
    const [viewer, stranger] = [await seedUser(hub, { [project]: 'VIEWER' }), await seedUser(hub)]
    expect((await create({ name: 'by-viewer', sql: 'select 1 as a' }, viewer.token)).errors![0]!.extensions.code).toBe(
      'FORBIDDEN',
    )
    expect((await remove(id, viewer.token)).errors![0]!.extensions.code).toBe('FORBIDDEN')
    expect((await remove(id, stranger.token)).errors![0]!.extensions.code).toBe('NOT_FOUND')
    const byName = `{ dataset(project: "${project.toUpperCase()}", name: "GUARDED") { id } }`
    expect(await hub.data(byName, {}, viewer.token)).toEqual({ dataset: { id } })
    expect(await hub.data(byName, {}, stranger.token)).toEqual({ dataset: null })
  })

  test('is one when many make it at once: one wins, the others are told, and its rows are those of the winner', async () => {
    for (let round = 0; round < 5; round++) {
      const name = uniqueName('contended')
      const answers = await Promise.all([0, 1, 2, 3].map((n) => create({ name, sql: `select ${n} as a from range(100)` })))
      const winners = answers.flatMap(({ data }, n) => (data ? [n] : []))
      expect(winners).toHaveLength(1)
      for (const { errors } of answers) if (errors) expect(errors[0]!.extensions).toMatchObject({ code: 'CONFLICT' })
      expect(await select(`select distinct a, count(*) over () from ${name.replaceAll('-', '_')}`)).toEqual([[winners[0], 100]])
    }
  })

  test('is one when many replace what is not there at once: every one of them is a version', async () => {
    const name = uniqueName('replaced')
    const answers = await Promise.all([0, 1, 2, 3].map((n) => create({ name, sql: `select ${n} as a`, mode: 'REPLACE' })))
    const told = answers.map(({ data, errors }) => data?.createDataset.version ?? errors![0]!.extensions.code)
    expect(told.filter((version) => version !== 'CONFLICT').sort()).toEqual(
      told.filter((v) => v !== 'CONFLICT').map((_, i) => i + 1),
    )
    expect(await select(`select count(*) from ${name.replaceAll('-', '_')}`)).toEqual([[1]])
  })

  test('leaves no table of its own when its name goes to another one meanwhile', async () => {
    await hub.datasources.lakehouse.writeTable({ schema: project, table: 'raced_for', mode: 'CREATE' }, { sql: 'select 1 as a' })
    const name = uniqueName('one-name')
    const table = name.replaceAll('-', '_')
    const [slow, fast] = await Promise.all([
      create({ name, sql: 'select sum(a.range * b.range) as a from range(20000) a, range(5000) b' }),
      create({ name, table: 'raced_for' }),
    ])
    expect(fast.errors).toBeUndefined()
    expect(slow.errors).toMatchObject([{ extensions: { code: 'CONFLICT', field: 'input.name' } }])
    expect(await tableIsThere(table)).toBe(false)
  })

  test('appends of many at once are all there', async () => {
    await made({ name: 'appended', sql: 'select -1 as a' })
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, n) => create({ name: 'appended', sql: `select ${n} as a`, mode: 'APPEND' })),
    )
    const done = answers.filter(({ data }) => data).length
    for (const { errors } of answers) if (errors) expect(errors[0]!.extensions.code).toBe('CONFLICT')
    expect(await select('select count(*) from appended')).toEqual([[1 + done]])
    expect((await hub.data(`{ dataset(project: "${project}", name: "appended") { version } }`)).dataset.version).toBe(1 + done)
  })

  test('two deletions at once: one is told that it is gone, and what is made meanwhile stays', async () => {
    for (let round = 0; round < 5; round++) {
      const { id } = await made({ name: 'deleted-twice', sql: 'select 1 as a' })
      const [one, two] = await Promise.all([remove(id), remove(id)])
      expect([one, two].filter(({ data }) => data?.deleteDataset)).toHaveLength(1)
      expect(await tableIsThere('deleted_twice')).toBe(false)
    }
  })
})
