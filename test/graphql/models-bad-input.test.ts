import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createTestHub, type TestHub } from '../hub.js'
import { seedBucket, seedObject, seedProject } from '../seed.js'
import { type ModelSeeder, type SeededVersion, saveModel, seedModels, transitionModelVersion } from './model-seed.js'

let hub: TestHub
let models: ModelSeeder
let version: SeededVersion
let plain: DatabaseSync
/** A run of the same project, and one of another. */
let runs: { own: string; foreign: string }

beforeAll(async () => {
  hub = await createTestHub()
  models = await seedModels(hub)
  version = await models.save('existing', { description: 'as it was', tags: [{ key: 'k', value: 'v' }] })
  await hub.data(setAlias, { project: models.project, model: 'existing', alias: 'best', version: 1 })
  await seedObject(hub, models.bucket, 'empty.bin', '')
  runs = { own: await seedRunIn(models.project), foreign: await seedRunIn((await seedProject(hub)).name) }
  plain = new DatabaseSync(join(hub.home, 'catalog.db'), { readOnly: true })
})
afterAll(async () => {
  plain.close()
  await hub.close()
})

async function seedRunIn(project: string): Promise<string> {
  const { createExperiment } = await hub.data(
    'mutation ($input: CreateExperimentInput!) { createExperiment(input: $input) { id } }',
    { input: { project, name: 'with-a-run' } },
  )
  const { createRun } = await hub.data('mutation ($input: CreateRunInput!) { createRun(input: $input) { id } }', {
    input: { experiment: createExperiment.id },
  })
  return createRun.id
}

/** Everything that the registry holds. */
const registry = (): unknown =>
  [
    'models',
    'model_tags',
    'model_versions',
    'model_version_files',
    'model_version_tags',
    'model_aliases',
    'stage_transitions',
  ].map((table) => [table, plain.prepare(`select * from ${table}`).all()])

const setAlias = `mutation ($project: String!, $model: String!, $alias: String!, $version: Int) {
  setModelAlias(project: $project, model: $model, alias: $alias, version: $version) { id }
}`
const updateVersion = 'mutation ($input: UpdateModelVersionInput!) { updateModelVersion(input: $input) { id } }'
const updateModel = 'mutation ($input: UpdateModelInput!) { updateModel(input: $input) { id } }'
const deleteVersion = 'mutation ($id: ID!) { deleteModelVersion(id: $id) }'
const byUri = 'query ($project: String!, $uri: String!) { modelVersion(project: $project, uri: $uri) { id } }'
const noVersion = `mdv_${'0'.repeat(32)}`

/** A mistake changes nothing, and is told by code and argument. */
async function refuses(
  query: string,
  variables: Record<string, unknown>,
  code: string,
  field: string,
  message?: RegExp,
): Promise<void> {
  const before = registry()
  const error = await hub.error(query, variables)
  expect({ ...error.extensions, message: error.message }).toMatchObject({
    code,
    field,
    message: message ? expect.stringMatching(message) : expect.any(String),
  })
  expect(registry()).toEqual(before)
}

const tags = (key: string, value = 'v') => [
  { key: 'fine', value: 'v' },
  { key, value },
]

const badTags: [string, object[], string][] = [
  ['no key', tags(''), 'input.tags[1].key'],
  ['a key of 251 characters', tags('k'.repeat(251)), 'input.tags[1].key'],
  ['a key with a sign that MLflow does not take', tags('a$b'), 'input.tags[1].key'],
  ['a key that leads upwards', tags('../a'), 'input.tags[1].key'],
  ['a key that is not its own path', tags('a//b'), 'input.tags[1].key'],
  ['a key that ends with a slash', tags('a/'), 'input.tags[1].key'],
  ['a key with NUL', tags('a\0'), 'input.tags[1].key'],
  ['a value of 5001 characters', tags('k', 'v'.repeat(5001)), 'input.tags[1].value'],
  ['a value with NUL', tags('k', 'a\0'), 'input.tags[1].value'],
  ['a value with half a character', tags('k', '\ud800'), 'input.tags[1].value'],
]

describe('saveModel refuses', () => {
  const objectOf = (key: string) => ({ bucket: models.bucket, key })
  const refusesInput = (change: object, code: string, field: string, message?: RegExp) => {
    const input = { project: models.project, model: 'existing', objects: [objectOf(models.key)], ...change }
    return refuses(saveModel, { input }, code, field, message)
  }

  test.each([
    ['too short', 'abc'],
    ['too long', `a${'b'.repeat(63)}`],
    ['empty', ''],
    ['with a space', 'iris model'],
    ['with a slash', 'iris/model'],
    ['with an at', 'iris@model'],
    ['beginning with a digit', '1iris'],
  ])('a name that is %s', (_, model) => refusesInput({ model }, 'BAD_USER_INPUT', 'input.model'))

  test('a project that is not there', () => refusesInput({ project: 'nobody-has-it' }, 'NOT_FOUND', 'input.project'))

  test('no objects, and more than a thousand', async () => {
    await refusesInput({ objects: [] }, 'BAD_USER_INPUT', 'input.objects', /1 to 1000 .* has 0/)
    const objects = Array.from({ length: 1_001 }, (_, i) => objectOf(`${i}`))
    await refusesInput({ objects }, 'BAD_USER_INPUT', 'input.objects', /has 1001/)
  })

  test('an object that is missing, empty, there twice, or in no bucket', async () => {
    const first = objectOf(models.key)
    const second = objectOf('empty.bin')
    await refusesInput({ objects: [first, objectOf('missing.bin')] }, 'NOT_FOUND', 'input.objects[1].key', /missing\.bin/)
    await refusesInput({ objects: [first, objectOf('a\0b')] }, 'NOT_FOUND', 'input.objects[1].key')
    await refusesInput({ objects: [first, objectOf('')] }, 'NOT_FOUND', 'input.objects[1].key')
    await refusesInput({ objects: [first, second] }, 'BAD_USER_INPUT', 'input.objects[1].key', /is empty/)
    await refusesInput({ objects: [first, first] }, 'BAD_USER_INPUT', 'input.objects[1].key', /twice/)
    const nowhere = { bucket: 'nobody-has-raw', key: 'x' }
    await refusesInput({ objects: [first, nowhere] }, 'NOT_FOUND', 'input.objects[1].bucket')
  })

  test('an object of another project', async () => {
    const bucket = (await seedBucket(hub, (await seedProject(hub)).name)).name
    await seedObject(hub, bucket, 'x', 'x')
    await refusesInput({ objects: [{ bucket, key: 'x' }] }, 'BAD_USER_INPUT', 'input.objects[0].bucket', /same project/)
  })

  test('a run that is not there, or of another project', async () => {
    await refusesInput({ run: `run_${'0'.repeat(32)}` }, 'NOT_FOUND', 'input.run')
    await refusesInput({ run: 'nonsense' }, 'NOT_FOUND', 'input.run')
    await refusesInput({ run: runs.foreign }, 'BAD_USER_INPUT', 'input.run', /same project/)
  })

  test('texts that are too long, or that no database holds', async () => {
    await refusesInput({ modelType: 'x'.repeat(201) }, 'BAD_USER_INPUT', 'input.modelType', /200/)
    await refusesInput({ modelType: 'a\0' }, 'BAD_USER_INPUT', 'input.modelType')
    await refusesInput({ description: 'x'.repeat(10_001) }, 'BAD_USER_INPUT', 'input.description', /10000/)
    await refusesInput({ description: '\udc00' }, 'BAD_USER_INPUT', 'input.description')
    await refusesInput({ requirements: 'é'.repeat(32_769) }, 'BAD_USER_INPUT', 'input.requirements', /65536 bytes; it has 65538/)
    await refusesInput({ requirements: 'a\0' }, 'BAD_USER_INPUT', 'input.requirements')
  })

  test.each(badTags)('a tag with %s', (_, given, field) => refusesInput({ tags: given }, 'BAD_USER_INPUT', field))

  test('nothing that is just within the limits', async () => {
    const saved = await models.save(`m${'_'.repeat(62)}`, {
      run: runs.own,
      modelType: '\u{1f980}'.repeat(200),
      description: 'é'.repeat(10_000),
      requirements: 'x'.repeat(65_536),
      tags: [{ key: `k/${'é'.repeat(248)}`, value: 'v'.repeat(5_000) }],
    })
    const { node } = await hub.data(
      'query ($id: ID!) { node(id: $id) { ... on ModelVersion { run { id modelVersions { id } } } } }',
      {
        id: saved.id,
      },
    )
    expect(node.run).toEqual({ id: runs.own, modelVersions: [{ id: saved.id }] })
  })
})

describe('transitionModelVersion refuses', () => {
  test('a version that is not there', async () => {
    await refuses(transitionModelVersion, { input: { id: noVersion, stage: 'STAGING' } }, 'NOT_FOUND', 'input.id')
    await refuses(transitionModelVersion, { input: { id: 'x', stage: 'STAGING' } }, 'NOT_FOUND', 'input.id')
  })

  test.each(['NONE', 'ARCHIVED'])('to archive the others of %s', (stage) =>
    refuses(
      transitionModelVersion,
      { input: { id: version.id, stage, archiveExisting: true } },
      'BAD_USER_INPUT',
      'input.archiveExisting',
      /STAGING and PRODUCTION/,
    ),
  )

  test('a stage that there is not', async () => {
    const before = registry()
    const error = await hub.error(transitionModelVersion, { input: { id: version.id, stage: 'Production' } })
    expect(error.extensions.code).toBe('BAD_USER_INPUT')
    expect(registry()).toEqual(before)
  })
})

describe('setModelAlias refuses', () => {
  const refusesAlias = (change: object, code: string, field: string) =>
    refuses(setAlias, { project: models.project, model: 'existing', alias: 'other', version: 1, ...change }, code, field)

  test.each(['', ' ', 'a b', 'a.b', 'a/b', 'a@b', 'a\0', 'latest', 'LATEST', 'v1', 'V23', 'x'.repeat(256)])(
    'the alias %j',
    async (alias) => {
      await refusesAlias({ alias }, 'BAD_USER_INPUT', 'alias')
      await refusesAlias({ alias, version: null }, 'BAD_USER_INPUT', 'alias')
    },
  )

  test('a version, a model or a project that is not there', async () => {
    for (const number of [0, -1, 2, 2_147_483_647]) await refusesAlias({ version: number }, 'NOT_FOUND', 'version')
    await refusesAlias({ model: 'nobody-has-it' }, 'NOT_FOUND', 'model')
    await refusesAlias({ project: 'nobody-has-it' }, 'NOT_FOUND', 'project')
  })

  test('nothing that is just within the limits', async () => {
    for (const alias of ['x'.repeat(255), 'v', 'v1a', 'latest-one', 'Ünïcode_9', '-'])
      await hub.data(setAlias, { project: models.project, model: 'existing', alias, version: 1 })
  })
})

describe('updateModelVersion and updateModel refuse', () => {
  test.each(badTags)('a tag with %s', async (_, given, field) => {
    await refuses(updateVersion, { input: { id: version.id, description: 'new', tags: given } }, 'BAD_USER_INPUT', field)
    const input = { project: models.project, model: 'existing', description: 'new', tags: given }
    await refuses(updateModel, { input }, 'BAD_USER_INPUT', field)
  })

  test('a description that is too long', async () => {
    const description = 'x'.repeat(10_001)
    const some = [{ key: 'new', value: 'v' }]
    await refuses(updateVersion, { input: { id: version.id, description, tags: some } }, 'BAD_USER_INPUT', 'input.description')
    const input = { project: models.project, model: 'existing', description, tags: some }
    await refuses(updateModel, { input }, 'BAD_USER_INPUT', 'input.description')
  })

  test('what is not there', async () => {
    await refuses(updateVersion, { input: { id: noVersion } }, 'NOT_FOUND', 'input.id')
    await refuses(updateModel, { input: { project: 'nobody-has-it', model: 'existing' } }, 'NOT_FOUND', 'input.project')
    await refuses(updateModel, { input: { project: models.project, model: 'nobody-has-it' } }, 'NOT_FOUND', 'input.model')
  })
})

test('deleteModelVersion refuses what is not there', async () => {
  await refuses(deleteVersion, { id: noVersion }, 'NOT_FOUND', 'id')
  await refuses(deleteVersion, { id: runs.own }, 'NOT_FOUND', 'id')
})

describe('modelVersion refuses', () => {
  test.each([
    '',
    'models:',
    'models:/',
    'models:/existing',
    'models:/existing/',
    'models://existing/1',
    'models:/existing/1/2',
    'models:/existing/-1',
    'models:/existing/1.5',
    'models:/existing/1e3',
    'models:/existing/0x1',
    'models:/existing/1234567890123456',
    'models:/existing/Bogus',
    'models:/existing/Deleted_Internal',
    'models:/existing@',
    'models:/existing@a b',
    'models:/existing@best@best',
    'models:/existing@best/1',
    'models:/existing/1@best',
    'models:/abc/1',
    'models:/../1',
    'models:/a b c d/1',
    "models:/existing'--/1",
    'Models:/existing/1',
    ' models:/existing/1',
    'models:/existing/1\n',
    'models:/existing/1\0',
    'runs:/existing/1',
    'existing/1',
    `models:/${'x'.repeat(100_000)}/1`,
  ])('%.50j', (uri) =>
    refuses(byUri, { project: models.project, uri }, 'BAD_USER_INPUT', 'uri', /models:\/NAME\/VERSION.*models:\/NAME@ALIAS/),
  )

  test('nothing when there is no such project, model or version: null', async () => {
    for (const [project, uri] of [
      ['nobody-has-it', 'models:/existing/1'],
      [models.project, 'models:/nobody-has-it/1'],
      [models.project, 'models:/existing/2'],
    ])
      expect(await hub.data(byUri, { project, uri })).toEqual({ modelVersion: null })
  })
})

describe('Model.versions refuses', () => {
  const versions = `query ($project: String!, $first: Int, $after: String) {
    model(project: $project, name: "existing") { versions(first: $first, after: $after) { nodes { id } } }
  }`

  test.each([0, -1, 501])('first: %d', (first) =>
    refuses(versions, { project: models.project, first }, 'BAD_USER_INPUT', 'first'),
  )

  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  test.each([
    '',
    'x',
    '!!',
    encoded(['name']),
    encoded([null]),
    encoded([1.5]),
    encoded([1, 2]),
    encoded([1e300]),
    encoded([2 ** 31]),
    encoded(1),
  ])('the cursor %j of another list', (after) => refuses(versions, { project: models.project, after }, 'BAD_USER_INPUT', 'after'))
})
