import { createTestHub, type TestHub } from '../hub.js'
import { seedBucket, seedObject, seedProject, uniqueName } from '../seed.js'
import { seedDeployment, startRun } from './pipeline-seed.js'
import { type PredictionSeeder, savePredictions, seedPredictions, uniqueTable } from './prediction-seed.js'

let hub: TestHub
let seed: PredictionSeeder
let foreign: { project: string; bucket: string; dataset: string; run: string }
let ownRun: string
beforeAll(async () => {
  hub = await createTestHub()
  seed = await seedPredictions(hub)
  const project = await seedProject(hub)
  const bucket = (await seedBucket(hub, project.name)).name
  await seedObject(hub, bucket, 'rows.csv', 'PREDICT\n1\n')
  const { createDataset } = await hub.data('mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { id } }', {
    input: { project: project.name, name: uniqueName('foreign'), sql: 'select 1 as a' },
  })
  const run = await startRun(hub, await seedDeployment(hub, [{ script: '' }], { project }))
  foreign = { project: project.name, bucket, dataset: createDataset.id, run }
  const { id } = (await hub.data('query ($name: String!) { project(name: $name) { id } }', { name: seed.project })).project
  ownRun = await startRun(hub, await seedDeployment(hub, [{ name: 'only', script: '' }], { project: { id, name: seed.project } }))
  await seedObject(hub, seed.bucket, 'rows.csv', 'PREDICT,size\n1,2\n')
  await seedObject(hub, seed.bucket, 'rows.bin', 'PREDICT,size\n1,2\n')
  await seedObject(hub, seed.bucket, 'empty.csv', '')
  await seedObject(hub, seed.bucket, 'other.csv', 'size\n2\n')
})
afterAll(() => hub.close())

const nobody = (prefix: string) => `${prefix}_${'0'.repeat(32)}`
const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)])
const object = (key: string, bucket = seed.bucket) => ({ object: { bucket, key } })

describe('savePredictions refuses, and nothing is written:', () => {
  const cases: [what: string, more: () => Record<string, unknown>, code: string, field: string, said?: string][] = [
    ['a project that is not there', () => ({ project: 'nowhere' }), 'NOT_FOUND', 'input.project'],
    ['a model URI that is none', () => ({ modelUri: 'iris' }), 'BAD_USER_INPUT', 'input.modelUri'],
    ['a model that is not there', () => ({ modelUri: 'models:/nothing/1' }), 'NOT_FOUND', 'input.modelUri'],
    ['a version that is not there', () => ({ modelUri: seed.modelUri.replace(/1$/, '9') }), 'NOT_FOUND', 'input.modelUri'],
    ['a table with a name that SQL would quote', () => ({ table: 'my table' }), 'BAD_USER_INPUT', 'input.table'],
    ['a table with a reserved name', () => ({ table: 'select' }), 'BAD_USER_INPUT', 'input.table'],
    ['a table too short for a dataset', () => ({ table: 'out' }), 'BAD_USER_INPUT', 'input.table'],
    ['no source', () => ({ rows: null, columns: null }), 'BAD_USER_INPUT', 'input', 'there are 0'],
    ['two sources', () => ({ sql: 'select 1 as PREDICT', rows: [[1]] }), 'BAD_USER_INPUT', 'input', 'there are 2'],
    ['three sources', () => ({ sql: '', rows: [], ...object('rows.csv') }), 'BAD_USER_INPUT', 'input', 'there are 3'],
    ['columns of a SELECT', () => ({ sql: 'select 1 as PREDICT', columns: ['PREDICT'] }), 'BAD_USER_INPUT', 'input.columns'],
    ['rows without columns', () => ({ columns: null }), 'BAD_USER_INPUT', 'input.columns'],
    ['no columns', () => ({ columns: [], rows: [[]] }), 'BAD_USER_INPUT', 'input.columns'],
    ['a blank column', () => ({ columns: ['PREDICT', ' '] }), 'BAD_USER_INPUT', 'input.columns[1]'],
    ['a column of 64 characters', () => ({ columns: ['x'.repeat(64), 'PREDICT'] }), 'BAD_USER_INPUT', 'input.columns[0]'],
    ['a column with NUL', () => ({ columns: ['PREDICT', 'a\0'] }), 'BAD_USER_INPUT', 'input.columns[1]'],
    ['a column twice', () => ({ columns: ['PREDICT', 'predict'] }), 'BAD_USER_INPUT', 'input.columns', '"predict"'],
    ['no PREDICT', () => ({ columns: ['size', 'shape'] }), 'BAD_USER_INPUT', 'input.columns', 'PREDICT'],
    ['a VERSION of its own', () => ({ columns: ['PREDICT', 'Version'] }), 'BAD_USER_INPUT', 'input.columns', '"Version"'],
    ['a CREATED_AT', () => ({ columns: ['PREDICT', 'CREATED_AT'] }), 'BAD_USER_INPUT', 'input.columns', '"CREATED_AT"'],
    ['no rows', () => ({ rows: [] }), 'BAD_USER_INPUT', 'input.rows'],
    ['too many rows', () => ({ rows: Array(100_001).fill([1, 2]) }), 'BAD_USER_INPUT', 'input.rows', '100001'],
    ['a row that is short', () => ({ rows: [[1, 'a'], [2]] }), 'BAD_USER_INPUT', 'input.rows[1]'],
    ['a row that is an object', () => ({ rows: [{ size: 1, PREDICT: 2 }] }), 'BAD_USER_INPUT', 'input.rows[0]'],
    ['a row that is null', () => ({ rows: [null] }), 'BAD_USER_INPUT', 'input.rows[0]'],
    ['a value with NUL', () => ({ rows: [[1, 'a\0b']] }), 'BAD_USER_INPUT', 'input.rows[0]'],
    ['a value without end', () => ({ rows: [[1, deep(150)]] }), 'BAD_USER_INPUT', 'input.rows[0]'],
    [
      'values of several kinds',
      () => ({
        rows: [
          [1, 'a'],
          ['x', 'b'],
        ],
      }),
      'BAD_USER_INPUT',
      'input.columns',
      '"size"',
    ],
    ['SQL that writes', () => ({ sql: 'drop table x' }), 'BAD_USER_INPUT', 'input.sql'],
    ['SQL that is wrong', () => ({ sql: 'select PREDICT from nowhere' }), 'BAD_USER_INPUT', 'input.sql'],
    ['SQL with a parameter', () => ({ sql: 'select ? as PREDICT' }), 'BAD_USER_INPUT', 'input.sql'],
    ['SQL without PREDICT', () => ({ sql: 'select 1 as size' }), 'BAD_USER_INPUT', 'input.sql', 'PREDICT'],
    [
      'SQL over another project',
      () => ({ sql: `select 1 as PREDICT from "${foreign.project}".x` }),
      'BAD_USER_INPUT',
      'input.sql',
    ],
    ['a bucket that is not there', () => object('rows.csv', 'nowhere-raw'), 'NOT_FOUND', 'input.object.bucket'],
    ['a bucket of another project', () => object('rows.csv', foreign.bucket), 'BAD_USER_INPUT', 'input.object.bucket'],
    ['an object that is not there', () => object('nothing.csv'), 'NOT_FOUND', 'input.object.key'],
    ['an object of no format', () => object('rows.bin'), 'BAD_USER_INPUT', 'input.object.format'],
    ['an object that is empty', () => object('empty.csv'), 'BAD_USER_INPUT', 'input.object.format'],
    ['an object without PREDICT', () => object('other.csv'), 'BAD_USER_INPUT', 'input.object', 'PREDICT'],
    ['an input that is not there', () => ({ input: nobody('dst') }), 'NOT_FOUND', 'input.input'],
    ['an input of another project', () => ({ input: foreign.dataset }), 'BAD_USER_INPUT', 'input.input'],
    ['an input that is no dataset', () => ({ input: seed.modelVersionId }), 'NOT_FOUND', 'input.input'],
    ['a run that is not there', () => ({ pipelineRun: nobody('plr') }), 'NOT_FOUND', 'input.pipelineRun'],
    ['a run of another project', () => ({ pipelineRun: foreign.run }), 'BAD_USER_INPUT', 'input.pipelineRun'],
    ['a step without its run', () => ({ step: 'only' }), 'BAD_USER_INPUT', 'input.step'],
    ['a step that the run has not', () => ({ pipelineRun: ownRun, step: 'other' }), 'NOT_FOUND', 'input.step'],
    ['an empty key', () => ({ idempotencyKey: '' }), 'BAD_USER_INPUT', 'input.idempotencyKey'],
    ['a key that is too long', () => ({ idempotencyKey: 'k'.repeat(201) }), 'BAD_USER_INPUT', 'input.idempotencyKey'],
    ['a key with NUL', () => ({ idempotencyKey: 'a\0b' }), 'BAD_USER_INPUT', 'input.idempotencyKey'],
  ]

  test.each(cases)('%s', async (_what, more, code, field, said = '') => {
    const table = uniqueTable()
    const error = await hub.error(savePredictions, { input: seed.input(table, more()) })
    expect(error).toMatchObject({ message: expect.stringContaining(said), extensions: { code, field } })
    expect(error.message).not.toMatch(/\/tmp\/|exchange|read_json/)
    expect(await hub.datasources.lakehouse.describeTables(seed.project, [table])).toEqual([null])
    const query =
      'query ($project: String!, $table: String!) { dataset(project: $project, name: $table) { id } project(name: $project) { predictions { totalCount } } }'
    expect(await hub.data(query, { project: seed.project, table })).toEqual({
      dataset: null,
      project: { predictions: { totalCount: 0 } },
    })
  })
})

describe('a table that is there refuses by the name of the column', () => {
  test.each([
    ['a column more', { columns: ['size', 'PREDICT', 'shape'], rows: [[1, 'a', 2]] }, '"shape"'],
    ['a column less', { columns: ['PREDICT'], rows: [['a']] }, '"size"'],
    ['a fraction for a whole number', { rows: [[1.5, 'a']] }, '"size"'],
    ['a text for a number', { rows: [['big', 'a']] }, '"size"'],
  ])('%s, and keeps what it has', async (_what, more, said) => {
    const other = await seedPredictions(hub)
    const table = uniqueTable()
    await other.save(table)
    const error = await hub.error(savePredictions, { input: other.input(table, more) })
    expect(error).toMatchObject({
      message: expect.stringContaining(said),
      extensions: { code: 'BAD_USER_INPUT', field: 'input.columns' },
    })
    expect(await other.rows(`select count(*), max(VERSION) from ${table}`)).toEqual([[2, 1]])
    expect((await other.save(table)).version).toBe(2)
  })

  test('a table that is none of predictions is refused', async () => {
    const other = await seedPredictions(hub)
    const { createDataset } = await hub.data(
      'mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { table } }',
      {
        input: { project: other.project, name: uniqueName('features'), sql: "select 1 as size, 'a' as PREDICT" },
      },
    )
    const error = await hub.error(savePredictions, { input: other.input(createDataset.table) })
    expect(error).toMatchObject({
      message: expect.stringContaining('VERSION'),
      extensions: { code: 'BAD_USER_INPUT', field: 'input.table' },
    })
    expect(await other.rows(`select count(*) from ${createDataset.table}`)).toEqual([[1]])
  })
})

test('the preview has bounds', async () => {
  const other = await seedPredictions(hub)
  const { id } = await other.save(uniqueTable())
  const query =
    'query ($id: ID!, $limit: Int) { node(id: $id) { ... on Prediction { preview(limit: $limit) { rowCount truncated } } } }'
  expect((await hub.data(query, { id, limit: 0 })).node.preview).toEqual({ rowCount: 0, truncated: true })
  for (const limit of [-1, 1_000_000])
    expect(await hub.error(query, { id, limit })).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', field: 'limit' } })
})
