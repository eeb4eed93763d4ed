import { readFileSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { isInterfaceType, isObjectType } from 'graphql'
import { errorCodes } from '../../src/errors.js'
import { createGraphQLSchema } from '../../src/graphql-schema.js'
import { createTestHub, type TestHub } from '../hub.js'
import { seedBucket, seedKey, seedObject, seedProject, seedUser } from '../seed.js'

let hub: TestHub
beforeAll(async () => {
  hub = await createTestHub({ DHUO_SQL_TIMEOUT_MS: '4321', DHUO_SQL_MAX_ROWS: '77', DHUO_UPLOAD_MAX_BYTES: '20000000000' })
})
afterAll(() => hub.close())

describe('server', () => {
  test('tells its version, its limits, and every code that an error can have', async () => {
    const { server } = await hub.data('{ server { version startedAt limits { sqlTimeoutMs tableRows objectBytes } errorCodes } }')
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'))
    expect(server).toEqual({
      version,
      startedAt: expect.any(String),
      limits: { sqlTimeoutMs: 4321, tableRows: 77, objectBytes: 20_000_000_000 },
      errorCodes: [...errorCodes],
    })
    expect(Math.abs(Date.now() - Date.parse(server.startedAt) - process.uptime() * 1_000)).toBeLessThan(5_000)
    expect((await hub.error('{ server { version } }', {}, null)).extensions.code).toBe('UNAUTHENTICATED')
  })

  test('tells of each backend which it is and how it is, also when one is gone', async () => {
    const backends = async () => (await hub.data('{ server { backends { role kind healthy detail } } }')).server.backends
    const well = await backends()
    expect(well).toEqual(
      expect.arrayContaining([
        { role: 'CATALOG', kind: 'sqlite', healthy: true, detail: null },
        { role: 'OBJECT_STORE', kind: 'file', healthy: true, detail: null },
        { role: 'LAKEHOUSE', kind: 'duckdb', healthy: true, detail: null },
        { role: 'COMPUTE', kind: 'local', healthy: true, detail: null },
        { role: 'FUNCTIONS', kind: 'local', healthy: true, detail: null },
        { role: 'PUBSUB', kind: 'memory', healthy: true, detail: null },
      ]),
    )
    await rename(join(hub.home, 'buckets'), join(hub.home, 'away'))
    try {
      const ill = (await backends()).find(({ role }: { role: string }) => role === 'OBJECT_STORE')
      expect(ill).toEqual({ role: 'OBJECT_STORE', kind: 'file', healthy: false, detail: expect.any(String) })
      expect(ill.detail).not.toContain(hub.home)
      expect((await fetch(`${hub.url}/readyz`)).status).toBe(503)
    } finally {
      await rename(join(hub.home, 'away'), join(hub.home, 'buckets'))
    }
    expect(await backends()).toEqual(well)
  })
})

describe('node', () => {
  let ids: Record<string, string>
  let stranger: string
  beforeAll(async () => {
    const project = await seedProject(hub)
    const bucket = await seedBucket(hub, project.name)
    const object = await seedObject(hub, bucket.name, 'rows.csv', 'a\n1\n')
    const run = async (query: string, input: object) => Object.values(await hub.data(query, { input }))[0] as { id: string }
    const dataset = await run('mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { id } }', {
      project: project.name,
      name: 'some-rows',
      object: { bucket: bucket.name, key: 'rows.csv' },
    })
    const experiment = await run('mutation ($input: CreateExperimentInput!) { createExperiment(input: $input) { id } }', {
      project: project.name,
      name: 'experiment',
    })
    const experimentRun = await run('mutation ($input: CreateRunInput!) { createRun(input: $input) { id } }', {
      experiment: experiment.id,
    })
    const { saveModel } = await hub.data('mutation ($input: SaveModelInput!) { saveModel(input: $input) { id model { id } } }', {
      input: { project: project.name, model: 'model', objects: [{ bucket: bucket.name, key: 'rows.csv' }] },
    })
    const user = await seedUser(hub)
    const { viewer } = await hub.data('{ viewer { id } }')
    stranger = user.token
    ids = {
      User: viewer.id,
      AccessKey: (await seedKey(hub, hub.admin)).id,
      Project: project.id,
      Bucket: bucket.id,
      StoredObject: object.id,
      Dataset: dataset.id,
      Experiment: experiment.id,
      Run: experimentRun.id,
      Model: saveModel.model.id,
      ModelVersion: saveModel.id,
    }
  })

  test('finds one of every type by its id, and for a stranger none', async () => {
    for (const [type, id] of Object.entries(ids)) {
      expect(await hub.data('query ($id: ID!) { node(id: $id) { __typename id } }', { id })).toEqual({
        node: { __typename: type, id },
      })
      expect(await hub.data('query ($id: ID!) { node(id: $id) { id } }', { id }, stranger)).toEqual({ node: null })
    }
    // Deployments, pipeline runs and their steps are found in their own tests.
    const elsewhere = ['Deployment', 'PipelineRun', 'PipelineStep', 'Prediction']
    const types = Object.values((await createGraphQLSchema()).getTypeMap()).filter(
      (type) => isObjectType(type) && type.getInterfaces().some((one) => isInterfaceType(one) && one.name === 'Node'),
    )
    expect(types.map(({ name }) => name).filter((name) => !(name in ids) && !elsewhere.includes(name))).toEqual([])
  })

  test('finds several in the order asked for, twice when asked twice, null for what is not there', async () => {
    const asked = [ids['Run']!, 'obj_nothing', ids['User']!, ids['Run']!, '', ids['Dataset']!]
    const { nodes } = await hub.data('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: asked })
    expect(nodes).toEqual([{ id: asked[0] }, null, { id: asked[2] }, { id: asked[3] }, null, { id: asked[5] }])
    expect((await hub.data('{ nodes(ids: []) { id } }')).nodes).toEqual([])
    expect((await hub.error('{ nodes(ids: ["x"]) { id } }', {}, null)).extensions.code).toBe('UNAUTHENTICATED')
  })

  test('gives nothing for the id of one type with the prefix of another', async () => {
    const [object, dataset] = [ids['StoredObject']!, ids['Dataset']!]
    const swapped = [
      dataset.replace(/^[a-z]+/, 'obj'),
      object.replace(/^[a-z]+/, 'dst'),
      object.toUpperCase(),
      ` ${object}`,
      `${object}\0`,
    ]
    expect((await hub.data('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: swapped })).nodes).toEqual(
      swapped.map(() => null),
    )
  })
})

describe('namingPolicy', () => {
  test('is told to anybody: each kind has a rule that its own example keeps', async () => {
    const { namingPolicy } = await hub.data('{ namingPolicy { rules { kind pattern maxLength example description } } }', {}, null)
    const { __type } = await hub.data('{ __type(name: "NameKind") { enumValues { name } } }')
    expect(namingPolicy.rules.map(({ kind }: { kind: string }) => kind).sort()).toEqual(
      __type.enumValues.map(({ name }: { name: string }) => name).sort(),
    )
    for (const { kind, pattern, maxLength, example, description } of namingPolicy.rules) {
      expect(example).toMatch(new RegExp(pattern, 'u'))
      expect(example.length).toBeLessThanOrEqual(maxLength)
      expect(description.length).toBeGreaterThan(10)
      const { namingPolicy: checked } = await hub.data(
        'query ($k: NameKind!, $n: String!) { namingPolicy { check(kind: $k, name: $n) { ok reason suggestion } } }',
        { k: kind, n: example },
        null,
      )
      expect(checked.check).toEqual({ ok: true, reason: null, suggestion: null })
    }
  })

  test('says which rule a name breaks and suggests one that may be used; the mutation says the same', async () => {
    const check = async (kind: string, name: string) =>
      (
        await hub.data(
          'query ($k: NameKind!, $n: String!) { namingPolicy { check(kind: $k, name: $n) { ok reason suggestion } } }',
          { k: kind, n: name },
        )
      ).namingPolicy.check
    for (const name of ['Ação & Reação', 'x', '1iris', 'iris!', 'a'.repeat(80), '  iris  ']) {
      const { ok, reason, suggestion } = await check('PROJECT', name)
      expect(ok).toBe(false)
      expect(reason).toMatch(/^A project /)
      if (suggestion !== null) expect(await check('PROJECT', suggestion)).toMatchObject({ ok: true })
      const { message } = await hub.error('mutation ($input: CreateProjectInput!) { createProject(input: $input) { id } }', {
        input: { name },
      })
      expect(message).toContain(reason)
      if (suggestion !== null) expect(message).toContain(`"${suggestion}"`)
    }
    expect(await check('TABLE', 'select')).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/reserved/),
      suggestion: 'select_data',
    })
    expect(await check('BUCKET', 'My Data')).toMatchObject({ ok: false, suggestion: expect.stringMatching(/-raw$/) })
    expect(await check('OBJECT_KEY', 'a\nb')).toMatchObject({ ok: false, suggestion: 'a b' })
    expect(await check('PROJECT', '日本')).toMatchObject({ ok: false })
  })
})
