import { createTestHub, type TestHub } from '../hub.js'
import { seedKey, seedObject, seedProject, seedUser, uniqueName } from '../seed.js'
import { type PredictionSeeder, savePredictions, seedPredictions, uniqueTable } from './prediction-seed.js'

let hub: TestHub
let seed: PredictionSeeder
beforeAll(async () => {
  hub = await createTestHub()
  seed = await seedPredictions(hub)
})
afterAll(() => hub.close())

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

describe('predictions that are saved', () => {
  test('make their table and its dataset, with features, PREDICT, VERSION and CREATED_AT', async () => {
    const table = uniqueTable()
    const saved = await seed.save(table)
    expect(saved).toMatchObject({ version: 1, rowCount: 2, output: { name: table, table } })
    const { node } = await hub.data(
      `query ($id: ID!) { node(id: $id) { ... on Prediction {
        project { name } modelVersion { uri } deployment { id } pipelineRun { id } pipelineStep { id } input { id } version rowCount
        createdBy { email } output { kind version rowCount columns { name type } }
        preview { columns { name } rows rowCount truncated } } } }`,
      saved,
    )
    expect(node).toEqual({
      project: { name: seed.project },
      modelVersion: { uri: seed.modelUri },
      deployment: null,
      pipelineRun: null,
      pipelineStep: null,
      input: null,
      version: 1,
      rowCount: 2,
      createdBy: { email: expect.stringMatching(/@/) },
      output: {
        kind: 'TABLE',
        version: 1,
        rowCount: 2,
        columns: [
          { name: expect.stringMatching(/^size$/i), type: 'INTEGER' },
          { name: 'PREDICT', type: 'STRING' },
          { name: 'VERSION', type: 'INTEGER' },
          { name: 'CREATED_AT', type: 'TIMESTAMP' },
        ],
      },
      preview: {
        columns: [{ name: expect.stringMatching(/^size$/i) }, { name: 'PREDICT' }, { name: 'VERSION' }, { name: 'CREATED_AT' }],
        rows: [
          [1, 'a', 1, saved.createdAt],
          [2, 'b', 1, saved.createdAt],
        ],
        rowCount: 2,
        truncated: false,
      },
    })
  })

  test('come after those that are there, and each shows its own rows only', async () => {
    const table = uniqueTable()
    await seed.save(table)
    const sql = `select size * 10 as size, upper(PREDICT) as predict from ${table} where VERSION = 1`
    const second = await seed.save(table.toUpperCase(), { sql })
    const key = `${uniqueName('rows')}.csv`
    await seedObject(hub, seed.bucket, key, 'PREDICT,size\nz,26\n')
    const third = await seed.save(table, { object: { bucket: seed.bucket, key } })
    expect([second.version, third.version]).toEqual([2, 3])
    const { nodes } = await hub.data(
      `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Prediction { output { object { key } version } preview(limit: 1) { rows truncated downloadUrl(format: CSV) } } } }`,
      { ids: [second.id, third.id] },
    )
    expect(nodes[0].preview).toMatchObject({ rows: [[10, 'A', 2, second.createdAt]], truncated: true })
    expect(nodes[1].preview).toMatchObject({ rows: [[26, 'z', 3, third.createdAt]], truncated: false })
    expect(nodes[1].output).toEqual({ object: { key }, version: 3 })
    const csv = await (await fetch(nodes[0].preview.downloadUrl)).text()
    expect(
      csv
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(',').slice(0, 3).join()),
    ).toEqual(['10,A,2', '20,B,2'])
  })

  test('twenty at once have the versions 1 to 20, and each finds its rows', async () => {
    const table = uniqueTable()
    const saved = await Promise.all(upTo(20).map((i) => seed.save(table, { rows: [[i, `p${i}`]] })))
    expect(saved.map(({ version }) => version).sort((a, b) => a - b)).toEqual(upTo(20))
    expect(new Set(saved.map(({ output }) => output.id)).size).toBe(1)
    const { nodes } = await hub.data('query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Prediction { preview { rows } } } }', {
      ids: saved.map(({ id }) => id),
    })
    for (const [index, node] of nodes.entries())
      expect(node.preview.rows).toEqual([[index + 1, `p${index + 1}`, saved[index]!.version, saved[index]!.createdAt]])
  })

  test('with one idempotency key are saved once: at once, later, and after a restart', async () => {
    const table = uniqueTable()
    const idempotencyKey = uniqueName('key')
    const saved = await Promise.all(upTo(12).map(() => seed.save(table, { idempotencyKey })))
    expect(new Set(saved.map(({ id }) => id)).size).toBe(1)
    await hub.restart()
    expect(await seed.save(table, { idempotencyKey, rows: [[9, 'z']] })).toEqual(saved[0])
    expect(await seed.rows(`select count(*), max(VERSION) from ${table}`)).toEqual([[2, 1]])
    expect((await seed.save(table, { idempotencyKey: `${idempotencyKey}2` })).version).toBe(2)
  })

  test('the same key again adds what a crash between table and catalog left out, and no row twice', async () => {
    const table = uniqueTable()
    const idempotencyKey = uniqueName('key')
    const { catalog, lakehouse } = hub.datasources
    // What a server has done that is killed after the lakehouse's transaction.
    await lakehouse.appendVersion(
      {
        schema: seed.project,
        table,
        required: ['PREDICT'],
        key: idempotencyKey,
        above: 0,
        createdAt: '2026-11-23T10:00:00.000Z',
      },
      {
        given: {
          columns: ['size', 'PREDICT'],
          rows: [
            [1, 'a'],
            [2, 'b'],
          ],
        },
      },
    )
    expect(await catalog.datasets.findByTable((await projectRow()).id, table)).toBeUndefined()
    const saved = await seed.save(table, { idempotencyKey })
    expect(saved).toMatchObject({ version: 1, rowCount: 2, createdAt: '2026-11-23T10:00:00.000Z', output: { table } })
    expect(await seed.save(table, { idempotencyKey })).toEqual(saved)
    expect(await seed.rows(`select count(*) from ${table}`)).toEqual([[2]])
  })

  test('that the catalog cannot keep leave no row behind', async () => {
    const table = uniqueTable()
    const { catalog } = hub.datasources
    const [fill, empty] = hub.catalogUrl.startsWith('sqlite:')
      ? ["create trigger full before insert on predictions begin select raise(abort, 'disk full'); end", 'drop trigger full']
      : [
          'alter table predictions add constraint is_full check (false) not valid',
          'alter table predictions drop constraint is_full',
        ]
    await hub.change(fill)
    const answer = await hub.execute(savePredictions, { input: seed.input(table, { idempotencyKey: table }) })
    await hub.change(empty)
    expect(answer.errors).toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }])
    expect(await catalog.datasets.findByTable((await projectRow()).id, table)).toBeUndefined()
    expect(await hub.datasources.lakehouse.describeTables(seed.project, [table])).toEqual([null])
    expect(await seed.save(table, { idempotencyKey: table })).toMatchObject({ version: 1, rowCount: 2 })
  })

  const projectRow = async () => (await hub.datasources.catalog.projects.byNames([seed.project]))[0]!

  test('numbers are not used again when somebody deletes rows or replaces the table', async () => {
    const table = uniqueTable()
    await seed.save(table)
    await seed.save(table)
    const dml = 'mutation ($input: ExecuteDmlInput!) { executeDml(input: $input) { rowsAffected } }'
    await hub.data(dml, { input: { project: seed.project, sql: `delete from ${table}` } })
    expect((await seed.save(table)).version).toBe(3)
    await hub.data('mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { id } }', {
      input: { project: seed.project, name: table, mode: 'REPLACE', sql: `select * from ${table} where false` },
    })
    expect((await seed.save(table)).version).toBe(4)
  })

  test('go to a table that a dataset has already, and share no name with another one', async () => {
    const name = uniqueName('existing')
    const table = uniqueTable()
    const createDataset = 'mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { id table } }'
    const empty = `select 1 as size, 'a' as PREDICT, 0 as VERSION, timestamp '2026-01-01' as CREATED_AT where false`
    const made = (await hub.data(createDataset, { input: { project: seed.project, name, sql: empty } })).createDataset
    expect((await seed.save(made.table)).output).toMatchObject({ id: made.id, name })
    await hub.datasources.lakehouse.writeTable(
      { schema: seed.project, table: `${table}_raw`, mode: 'CREATE' },
      { sql: 'select 1 as a' },
    )
    await hub.data(createDataset, { input: { project: seed.project, name: table, table: `${table}_raw` } })
    expect((await seed.save(table)).output).toMatchObject({ table, name: `${table}-2` })
  })

  test('are listed with their project, datasets and model version, the newest first, in pages', async () => {
    const other = await seedPredictions(hub)
    const dataset = await hub.data('mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { id } }', {
      input: { project: other.project, name: uniqueName('features'), sql: 'select 1 as size' },
    })
    const table = uniqueTable()
    const ids: string[] = []
    for (const _ of upTo(5)) ids.unshift((await other.save(table, { input: dataset.createDataset.id })).id)
    const connection = 'nodes { id input { id } } totalCount pageInfo { hasNextPage endCursor }'
    const answer = await hub.data(
      `query ($project: String!, $uri: String!, $table: String!, $input: ID!) {
        project(name: $project) { predictions(first: 2) { ${connection} } }
        modelVersion(project: $project, uri: $uri) { predictions(first: 2) { ${connection} } }
        dataset(project: $project, name: $table) { predictions(first: 2) { ${connection} } predictionsFrom { ${connection} } }
        node(id: $input) { ... on Dataset { predictions { ${connection} } predictionsFrom(first: 2) { ${connection} } } } }`,
      { project: other.project, uri: other.modelUri, table, input: dataset.createDataset.id },
    )
    const first = { nodes: ids.slice(0, 2).map((id) => ({ id, input: { id: dataset.createDataset.id } })), totalCount: 5 }
    for (const list of [
      answer.project.predictions,
      answer.modelVersion.predictions,
      answer.dataset.predictions,
      answer.node.predictionsFrom,
    ]) {
      expect(list).toMatchObject({ ...first, pageInfo: { hasNextPage: true } })
    }
    expect(answer.dataset.predictionsFrom).toMatchObject({ nodes: [], totalCount: 0 })
    expect(answer.node.predictions).toMatchObject({ nodes: [], totalCount: 0 })
    const more = await hub.data(
      'query ($project: String!, $after: String) { project(name: $project) { predictions(after: $after) { nodes { id } pageInfo { hasNextPage } } } }',
      { project: other.project, after: answer.project.predictions.pageInfo.endCursor },
    )
    expect(more.project.predictions).toEqual({ nodes: ids.slice(2).map((id) => ({ id })), pageInfo: { hasNextPage: false } })
  })

  test('keep their model version and their datasets from being deleted', async () => {
    const features = await hub.data('mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { id } }', {
      input: { project: seed.project, name: uniqueName('features'), sql: 'select 1 as size' },
    })
    const saved = await seed.save(uniqueTable(), { input: features.createDataset.id })
    for (const id of [saved.output.id, features.createDataset.id])
      expect(await hub.error('mutation ($id: ID!) { deleteDataset(id: $id) }', { id })).toMatchObject({
        message: expect.stringContaining('predictions'),
        extensions: { code: 'PRECONDITION_FAILED', field: 'id' },
      })
    expect(await hub.error('mutation ($id: ID!) { deleteModelVersion(id: $id) }', { id: seed.modelVersionId })).toMatchObject({
      message: expect.stringContaining('VERSION'),
      extensions: { code: 'PRECONDITION_FAILED', field: 'id' },
    })
    expect((await hub.data('query ($id: ID!) { node(id: $id) { id } }', saved)).node).toEqual({ id: saved.id })
  })
})

describe('who may', () => {
  test('an EDITOR saves, a VIEWER only looks, and for others there is nothing', async () => {
    const table = uniqueTable()
    const editor = await seedUser(hub, { [seed.project]: 'EDITOR' })
    const viewer = await seedUser(hub, { [seed.project]: 'VIEWER' })
    const stranger = await seedUser(hub, { [(await seedProject(hub)).name]: 'OWNER' })
    const key = await seedKey(hub, editor.token, { project: seed.project, role: 'EDITOR' })
    const saved = await seed.save(table, {}, key.secret)
    const node = 'query ($id: ID!) { node(id: $id) { id ... on Prediction { createdBy { id } } } }'
    expect((await hub.data(node, saved, viewer.token)).node).toEqual({ id: saved.id, createdBy: { id: editor.id } })
    expect((await hub.data(node, saved, stranger.token)).node).toBeNull()
    const refusedFor = (as: string | null) => hub.error(savePredictions, { input: seed.input(table) }, as)
    expect(await refusedFor(viewer.token)).toMatchObject({ extensions: { code: 'FORBIDDEN' } })
    expect(await refusedFor(stranger.token)).toMatchObject({ extensions: { code: 'NOT_FOUND', field: 'input.project' } })
    expect(await refusedFor(null)).toMatchObject({ extensions: { code: 'UNAUTHENTICATED' } })
    expect(await seed.rows(`select count(*) from ${table}`)).toEqual([[2]])
  })
})
