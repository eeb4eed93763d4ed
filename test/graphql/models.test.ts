import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { createLogger } from '../../src/logger.js'
import { sweepExpired } from '../../src/operations/sweep-expired.js'
import { adminEmail, adminPassword, createTestHub, type TestHub } from '../hub.js'
import { seedBucket, seedObject, seedProject, seedUser } from '../seed.js'
import { type ModelSeeder, saveModel, seedModels } from './model-seed.js'

let hub: TestHub
let models: ModelSeeder
beforeAll(async () => {
  hub = await createTestHub()
  models = await seedModels(hub)
})
afterAll(() => hub.close())

const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex')

const versionFields = `id version stage status uri size sha256 modelType requirements description aliases createdAt updatedAt
  tags { key value } files { key } stageHistory { from to at by { id email } } model { name lastVersion: latestVersion { version } }`

/** One version, by its id. */
const versionOf = async (id: string) =>
  (await hub.data(`query ($id: ID!) { node(id: $id) { ... on ModelVersion { ${versionFields} } } }`, { id })).node

const modelQuery = (fields: string) =>
  `query ($project: String!, $name: String!) { model(project: $project, name: $name) { ${fields} } }`

const modelOf = async (name: string, fields: string) =>
  (await hub.data(modelQuery(fields), { project: models.project, name })).model

const setAlias = `mutation ($project: String!, $model: String!, $alias: String!, $version: Int) {
  setModelAlias(project: $project, model: $model, alias: $alias, version: $version) { aliases { alias version { version } } }
}`

/** What nothing refers to goes; so do sessions. */
async function sweepMuchLater(): Promise<void> {
  await sweepExpired(hub.datasources, createLogger('silent'), Date.now() + 7 * 24 * 3_600_000)
  const login = 'mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { token } }'
  hub.admin = (await hub.data(login, { email: adminEmail, password: adminPassword }, null)).login.token
}

const byUri = async (uri: string) =>
  (
    await hub.data('query ($project: String!, $uri: String!) { modelVersion(project: $project, uri: $uri) { version } }', {
      project: models.project,
      uri,
    })
  ).modelVersion?.version ?? null

describe('saveModel', () => {
  test('makes the model and its first version, with all that was said of it', async () => {
    const saved = await models.save('Iris-Classifier', {
      modelType: 'lightgbm',
      requirements: 'lightgbm==4.6.0\n',
      description: 'The first one',
      tags: [
        { key: 'team', value: 'flowers' },
        { key: 'a/b', value: '' },
      ],
    })
    const version = await versionOf(saved.id)
    const bytes = `the bytes of ${models.key}`
    expect(version).toMatchObject({
      version: 1,
      stage: 'NONE',
      status: 'READY',
      uri: 'models:/iris-classifier/1',
      size: bytes.length,
      sha256: sha256(bytes),
      modelType: 'lightgbm',
      requirements: 'lightgbm==4.6.0\n',
      description: 'The first one',
      aliases: [],
      files: [{ key: models.key }],
      stageHistory: [],
      model: { name: 'iris-classifier' },
    })
    expect(version.tags).toEqual([
      { key: 'a/b', value: '' },
      { key: 'team', value: 'flowers' },
    ])
    const { description, latestVersion } = await modelOf('IRIS-classifier', 'description latestVersion { id }')
    expect({ description, latestVersion }).toEqual({ description: null, latestVersion: { id: saved.id } })
  })

  test('keeps the bytes that the objects had, whatever becomes of their keys', async () => {
    const key = 'overwritten.bin'
    await seedObject(hub, models.bucket, key, 'first')
    const first = await models.save('pinned', { objects: [{ bucket: models.bucket, key }] })
    await seedObject(hub, models.bucket, key, 'second')
    const second = await models.save('pinned', { objects: [{ bucket: models.bucket, key }] })
    await hub.data('mutation ($bucket: String!, $key: String!) { deleteObject(bucket: $bucket, key: $key) }', {
      bucket: models.bucket,
      key,
    })
    await sweepMuchLater()
    for (const [id, text] of [
      [first.id, 'first'],
      [second.id, 'second'],
    ] as const) {
      const { node } = await hub.data(
        'query ($id: ID!) { node(id: $id) { ... on ModelVersion { sha256 downloadUrl files { downloadUrl } } } }',
        { id },
      )
      expect(node.sha256).toBe(sha256(text))
      expect(await (await fetch(node.downloadUrl)).text()).toBe(text)
      expect(await (await fetch(node.files[0].downloadUrl)).text()).toBe(text)
    }
  })

  test('hashes what no upload told the digest of, and keeps it; several files have the digest of their list', async () => {
    const contents = { 'm/b.bin': 'bbb', 'm/a.bin': 'aaa', 'm/\u{1f980}.bin': 'crab', 'm/\uff5e.bin': 'tilde' }
    for (const [key, text] of Object.entries(contents)) {
      const input = { bucket: models.bucket, key, size: Buffer.byteLength(text) }
      const { createUpload } = await hub.data(
        'mutation ($input: CreateUploadInput!) { createUpload(input: $input) { id parts { url } } }',
        { input },
      )
      await fetch(createUpload.parts[0].url, { method: 'PUT', body: text })
      await hub.data('mutation ($id: ID!) { completeUpload(id: $id) { id } }', { id: createUpload.id })
    }
    const keys = Object.keys(contents)
    const saved = await models.save('several', { objects: keys.map((key) => ({ bucket: models.bucket, key })) })
    const version = await versionOf(saved.id)
    expect(version.files.map((file: { key: string }) => file.key)).toEqual(keys)
    // U+FF5E comes before U+1F980 in UTF-8, and after it in UTF-16.
    const lines = ['m/a.bin', 'm/b.bin', 'm/\uff5e.bin', 'm/\u{1f980}.bin'].map(
      (key) => `${sha256(contents[key as keyof typeof contents])}  ${key}\n`,
    )
    expect(version).toMatchObject({ size: 15, sha256: sha256(lines.join('')) })
    const [file] = await hub.datasources.catalog.modelVersions.files([saved.id])
    expect(file!.sha256).toBe(sha256('bbb'))
  })

  test('gives dense numbers to versions that are saved at the same time, by two servers', async () => {
    const other = await createTestHub({ DHUO_HOME: hub.home, DHUO_LAKEHOUSE_URL: `duckdb:${hub.home}/other` })
    try {
      const input = { project: models.project, model: 'crowded', objects: [{ bucket: models.bucket, key: models.key }] }
      const saved = await Promise.all(
        Array.from({ length: 50 }, (_, index) => (index % 2 ? hub : other).data(saveModel, { input }, hub.admin)),
      )
      const numbers = saved.map((answer) => answer.saveModel.version).sort((a, b) => a - b)
      expect(numbers).toEqual(Array.from({ length: 50 }, (_, index) => index + 1))
    } finally {
      await other.close()
    }
  })

  test('writes the first stage into the history', async () => {
    const saved = await models.save('born-in-production', { stage: 'PRODUCTION' })
    expect(saved.stage).toBe('PRODUCTION')
    expect((await versionOf(saved.id)).stageHistory).toMatchObject([{ from: 'NONE', to: 'PRODUCTION' }])
  })

  test('gives two aliases of one mutation what each of them made', async () => {
    const input = { project: models.project, model: 'twice', objects: [{ bucket: models.bucket, key: models.key }] }
    const twice = await hub.data(
      `mutation ($input: SaveModelInput!) {
        a: saveModel(input: $input) { model { latestVersion { version } versions { totalCount } } }
        b: saveModel(input: $input) { model { latestVersion { version } versions { totalCount } } }
      }`,
      { input },
    )
    expect(twice).toEqual({
      a: { model: { latestVersion: { version: 1 }, versions: { totalCount: 1 } } },
      b: { model: { latestVersion: { version: 2 }, versions: { totalCount: 2 } } },
    })
  })
})

describe('stages', () => {
  test('a transition keeps who did it and when; to the same stage it writes nothing', async () => {
    const editor = await seedUser(hub, { [models.project]: 'EDITOR' })
    const { id } = await models.save('staged')
    await models.transition(id, 'STAGING', false, editor.token)
    const before = await versionOf(id)
    await models.transition(id, 'STAGING')
    expect(await versionOf(id)).toEqual(before)
    await models.transition(id, 'PRODUCTION')
    const { stageHistory, stage } = await versionOf(id)
    expect(stage).toBe('PRODUCTION')
    expect(stageHistory).toMatchObject([
      { from: 'NONE', to: 'STAGING', by: { email: editor.email } },
      { from: 'STAGING', to: 'PRODUCTION', by: { email: 'admin@example.com' } },
    ])
    const times = stageHistory.map((transition: { at: string }) => Date.parse(transition.at))
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(Date.now() - times[0]!).toBeLessThan(60_000)
  })

  test('archiveExisting archives every other version in the stage, and that is in their history', async () => {
    const [one, two, three] = [await models.save('archived'), await models.save('archived'), await models.save('archived')]
    await models.transition(one.id, 'PRODUCTION')
    await models.transition(two.id, 'PRODUCTION')
    const inProduction = await modelOf('archived', 'versions(stage: [PRODUCTION]) { totalCount nodes { version } }')
    expect(inProduction.versions).toEqual({ totalCount: 2, nodes: [{ version: 2 }, { version: 1 }] })

    await models.transition(three.id, 'PRODUCTION', true)
    expect((await modelOf('archived', 'versions { nodes { version stage } }')).versions.nodes).toEqual([
      { version: 3, stage: 'PRODUCTION' },
      { version: 2, stage: 'ARCHIVED' },
      { version: 1, stage: 'ARCHIVED' },
    ])
    expect((await versionOf(one.id)).stageHistory).toMatchObject([
      { from: 'NONE', to: 'PRODUCTION' },
      { from: 'PRODUCTION', to: 'ARCHIVED', by: { email: 'admin@example.com' } },
    ])

    // Being there already, it still clears the stage.
    await models.transition(two.id, 'PRODUCTION')
    await models.transition(three.id, 'PRODUCTION', true)
    expect((await versionOf(two.id)).stage).toBe('ARCHIVED')
    expect((await versionOf(three.id)).stageHistory).toHaveLength(1)
  })

  test('readers see one version in production, never none and never two, while others take its place', async () => {
    const versions = await Promise.all(Array.from({ length: 4 }, () => models.save('contested')))
    await models.transition(versions[0]!.id, 'PRODUCTION')
    const seen = new Map<string, number>()
    let isDone = false
    const reader = async () => {
      while (!isDone) {
        const { versions: page, latestVersion } = await modelOf(
          'contested',
          'versions(stage: [PRODUCTION]) { nodes { version } } latestVersion(stage: PRODUCTION) { version }',
        )
        const state = `${page.nodes.length}, ${latestVersion === null ? 'none' : 'one'}`
        seen.set(state, (seen.get(state) ?? 0) + 1)
      }
    }
    const readers = Array.from({ length: 8 }, reader)
    const mover = async (start: number) => {
      for (let i = 0; i < 30; i++) await models.transition(versions[(start + i) % 4]!.id, 'PRODUCTION', true)
    }
    await Promise.all([mover(0), mover(2)])
    isDone = true
    await Promise.all(readers)
    expect([...seen.keys()]).toEqual(['1, one'])
    expect(seen.get('1, one')).toBeGreaterThan(20)
  })

  test('also not for those who look at every state of the catalog that there is', async () => {
    const versions = await Promise.all(Array.from({ length: 3 }, () => models.save('watched-closely')))
    await models.transition(versions[0]!.id, 'PRODUCTION')
    // Another thread, as fast as it can: what one server's event loop never lets through, another server sees.
    const watcher = new Worker(
      `const { DatabaseSync } = require('node:sqlite')
       const { parentPort, workerData } = require('node:worker_threads')
       const database = new DatabaseSync(workerData, { readOnly: true })
       const count = database.prepare("select count(*) as n from model_versions join models on models.id = model_versions.modelId where name = 'watched-closely' and stage = 'PRODUCTION'")
       const seen = {}
       let isOver = false
       parentPort.on('message', () => { isOver = true })
       const look = () => {
         for (let i = 0; i < 200; i++) { const { n } = count.get(); seen[n] = (seen[n] ?? 0) + 1 }
         if (isOver) { parentPort.postMessage(seen); parentPort.close() } else setImmediate(look)
       }
       parentPort.postMessage('ready')
       look()`,
      { eval: true, workerData: join(hub.home, 'catalog.db') },
    )
    await once(watcher, 'message')
    for (let i = 1; i <= 60; i++) await models.transition(versions[i % 3]!.id, 'PRODUCTION', true)
    watcher.postMessage('stop')
    const [seen] = await once(watcher, 'message')
    expect(Object.keys(seen)).toEqual(['1'])
    expect(seen['1']).toBeGreaterThan(1_000)
  })
})

describe('versions of a model', () => {
  test('come by number, the highest first, page by page, all or those of some stages', async () => {
    for (let i = 1; i <= 7; i++) await models.save('paged', { stage: i % 2 ? 'STAGING' : i === 4 ? 'ARCHIVED' : 'NONE' })
    const page = async (args: string) =>
      (
        await modelOf(
          'paged',
          `versions(${args}) { totalCount edges { cursor node { version } } pageInfo { hasNextPage endCursor } }`,
        )
      ).versions
    const numbers = (versions: { edges: { node: { version: number } }[] }) => versions.edges.map(({ node }) => node.version)

    const first = await page('first: 3')
    expect({ numbers: numbers(first), total: first.totalCount, more: first.pageInfo.hasNextPage }).toEqual({
      numbers: [7, 6, 5],
      total: 7,
      more: true,
    })
    await models.save('paged')
    const second = await page(`first: 3, after: "${first.pageInfo.endCursor}"`)
    expect(numbers(second)).toEqual([4, 3, 2])
    expect(numbers(await page(`first: 3, after: "${second.pageInfo.endCursor}"`))).toEqual([1])
    expect(numbers(await page(`after: "${first.edges[0].cursor}"`))).toEqual([6, 5, 4, 3, 2, 1])

    const staged = await page('stage: [STAGING, ARCHIVED, STAGING], first: 3')
    expect({ numbers: numbers(staged), total: staged.totalCount, more: staged.pageInfo.hasNextPage }).toEqual({
      numbers: [7, 5, 4],
      total: 5,
      more: true,
    })
    expect(numbers(await page(`stage: [STAGING, ARCHIVED], after: "${staged.pageInfo.endCursor}"`))).toEqual([3, 1])
    expect(await page('stage: []')).toMatchObject({ totalCount: 0, edges: [], pageInfo: { hasNextPage: false, endCursor: null } })
  })

  test('the latest has the highest number, in a stage or at all', async () => {
    const one = await models.save('latest-one', { stage: 'STAGING' })
    await models.save('latest-one', { stage: 'STAGING' })
    await models.save('latest-one')
    const fields = `latestVersion { version } staging: latestVersion(stage: STAGING) { version }
      production: latestVersion(stage: PRODUCTION) { version } two: version(number: 2) { version } zero: version(number: 0) { id }
      far: version(number: 2147483647) { id }`
    expect(await modelOf('latest-one', fields)).toEqual({
      latestVersion: { version: 3 },
      staging: { version: 2 },
      production: null,
      two: { version: 2 },
      zero: null,
      far: null,
    })
    await models.transition(one.id, 'PRODUCTION')
    expect((await modelOf('latest-one', fields)).production).toEqual({ version: 1 })
  })
})

describe('Project.models', () => {
  const query = `query ($project: String!, $filter: String, $orderBy: [String!], $first: Int, $after: String) {
    project(name: $project) { models(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
      totalCount nodes { name } pageInfo { hasNextPage endCursor } } } }`

  test('finds, sorts and pages', async () => {
    const { project, save } = await seedModels(hub)
    const find = async (variables: object) => (await hub.data(query, { project, ...variables })).project.models
    const namesOf = (page: { nodes: { name: string }[] }) => page.nodes.map(({ name }) => name)
    for (const name of ['rose-model', 'iris-model', 'lily-model']) await save(name)
    const tags = [{ key: 'team', value: 'a' }]
    for (const model of ['rose-model', 'lily-model'])
      await hub.data('mutation ($input: UpdateModelInput!) { updateModel(input: $input) { id } }', {
        input: { project, model, tags },
      })

    expect(namesOf(await find({}))).toEqual(['iris-model', 'lily-model', 'rose-model'])
    const tagged = { filter: "tags.team = 'a' and name ILIKE '%L%'", orderBy: ['name DESC'] }
    expect(await find({ ...tagged, first: 1 })).toMatchObject({
      totalCount: 2,
      nodes: [{ name: 'rose-model' }],
      pageInfo: { hasNextPage: true },
    })
    const { pageInfo } = await find({ ...tagged, first: 1 })
    expect(namesOf(await find({ ...tagged, first: 1, after: pageInfo.endCursor }))).toEqual(['lily-model'])
    expect(namesOf(await find({ orderBy: ['last_updated_timestamp DESC'], first: 1 }))).toEqual(['lily-model'])

    for (const [variables, field] of [
      [{ filter: "name = 'x' or 1 = 1" }, 'filter'],
      [{ orderBy: ['nonsense'] }, 'orderBy'],
      [{ first: 0 }, 'first'],
      [{ after: pageInfo.endCursor }, 'after'],
    ] as const) {
      const { extensions } = await hub.error(query, { project, ...variables })
      expect(extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: expect.stringMatching(`^${field}`) })
    }
  })
})

describe('aliases', () => {
  const set = async (alias: string, version: number | null) =>
    (await hub.data(setAlias, { project: models.project, model: 'aliased', alias, version })).setModelAlias.aliases

  test('name one version, move to another in one step, and go', async () => {
    const one = await models.save('aliased')
    const two = await models.save('aliased')
    await set('champion', 1)
    expect(await set('Été_2', 2)).toEqual([
      { alias: 'champion', version: { version: 1 } },
      { alias: 'Été_2', version: { version: 2 } },
    ])
    expect(await set('champion', 2)).toContainEqual({ alias: 'champion', version: { version: 2 } })
    expect((await versionOf(one.id)).aliases).toEqual([])
    expect((await versionOf(two.id)).aliases).toEqual(['champion', 'Été_2'])
    expect(await set('champion', null)).toEqual([{ alias: 'Été_2', version: { version: 2 } }])
    expect(await set('champion', null)).toHaveLength(1)
  })
})

describe('modelVersion finds by URI', () => {
  beforeAll(async () => {
    for (const stage of ['PRODUCTION', 'PRODUCTION', 'STAGING', 'NONE', 'ARCHIVED']) await models.save('addressed', { stage })
    await hub.data(setAlias, { project: models.project, model: 'addressed', alias: 'Champion', version: 3 })
  })

  test.each([
    ['models:/addressed/1', 1],
    ['models:/Addressed/5', 5],
    ['models:/addressed/6', null],
    ['models:/addressed/0', null],
    ['models:/addressed/999999999999999', null],
    ['models:/addressed/Production', 2],
    ['models:/addressed/PRODUCTION', 2],
    ['models:/addressed/staging', 3],
    ['models:/addressed/None', 4],
    ['models:/addressed/aRcHiVeD', 5],
    ['models:/addressed/latest', 5],
    ['models:/addressed/Latest', 5],
    ['models:/addressed@Champion', 3],
    ['models:/addressed@champion', null],
    ['models:/addressed@latest', 5],
    ['models:/nobody-has-it/1', null],
    ['models:/nobody-has-it/Production', null],
    ['models:/nobody-has-it@champion', null],
    ['models:/born-in-production/Staging', null],
  ])('%s: %p', async (uri, version) => {
    expect(await byUri(uri)).toBe(version)
  })

  test('and finds what uri gives', async () => {
    const { uri } = (await modelOf('addressed', 'version(number: 2) { uri }')).version
    expect(await byUri(uri)).toBe(2)
  })
})

describe('what people say of a model', () => {
  const updateVersion = `mutation ($input: UpdateModelVersionInput!) {
    updateModelVersion(input: $input) { description tags { key value } }
  }`
  const updateModel = 'mutation ($input: UpdateModelInput!) { updateModel(input: $input) { description tags { key value } } }'

  test('a version keeps what is not mentioned, and takes the last of two equal keys', async () => {
    const { id } = await models.save('described', { description: 'old', tags: [{ key: 'a', value: '1' }] })
    const update = async (input: object) => (await hub.data(updateVersion, { input: { id, ...input } })).updateModelVersion
    expect(await update({ tags: [{ key: 'b', value: '2' }] })).toEqual({
      description: 'old',
      tags: [
        { key: 'a', value: '1' },
        { key: 'b', value: '2' },
      ],
    })
    const again = [
      { key: 'a', value: '3' },
      { key: 'a', value: '4' },
    ]
    expect(await update({ description: 'new', tags: again })).toMatchObject({
      description: 'new',
      tags: [{ key: 'a', value: '4' }, { key: 'b' }],
    })
    expect(await update({ description: null, tags: null })).toMatchObject({ description: null, tags: [{}, {}] })
  })

  test('a model too', async () => {
    await models.save('described')
    const input = {
      project: models.project,
      model: 'Described',
      description: 'What it is for',
      tags: [{ key: 'team', value: 'x' }],
    }
    expect((await hub.data(updateModel, { input })).updateModel).toEqual({
      description: 'What it is for',
      tags: [{ key: 'team', value: 'x' }],
    })
    const { updateModel: second } = await hub.data(updateModel, { input: { project: models.project, model: 'described' } })
    expect(second.description).toBe('What it is for')
  })
})

describe('deleteModelVersion', () => {
  const deleteVersion = 'mutation ($id: ID!) { deleteModelVersion(id: $id) }'

  test('takes the version and its aliases away; its number is not used again, and its bytes are free', async () => {
    const key = 'deleted.bin'
    const { id: objectId } = await seedObject(hub, models.bucket, key, 'for a while')
    const one = await models.save('shortlived', { stage: 'STAGING' })
    const two = await models.save('shortlived', { stage: 'STAGING', objects: [{ bucket: models.bucket, key }] })
    await hub.data(setAlias, { project: models.project, model: 'shortlived', alias: 'doomed', version: 2 })
    await hub.data('mutation ($bucket: String!, $key: String!) { deleteObject(bucket: $bucket, key: $key) }', {
      bucket: models.bucket,
      key,
    })
    expect(await hub.data(deleteVersion, { id: two.id })).toEqual({ deleteModelVersion: true })

    const fields = `aliases { alias } latestVersion { version } version(number: 2) { id } versions { totalCount nodes { version } }
      staged: versions(stage: [STAGING]) { totalCount nodes { version } }`
    const onlyOne = { totalCount: 1, nodes: [{ version: 1 }] }
    expect(await modelOf('shortlived', fields)).toEqual({
      aliases: [],
      latestVersion: { version: 1 },
      version: null,
      versions: onlyOne,
      staged: onlyOne,
    })
    expect(await versionOf(two.id)).toBeNull()
    expect(await byUri('models:/shortlived/2')).toBeNull()
    expect(await byUri('models:/shortlived/Staging')).toBe(1)
    expect(await byUri('models:/shortlived@doomed')).toBeNull()
    await sweepMuchLater()
    expect(await hub.datasources.catalog.storedObjects.byIds([objectId])).toEqual([])
    // Its history stays.
    expect(await hub.datasources.catalog.modelVersions.transitions([two.id])).toHaveLength(1)

    expect((await models.save('shortlived')).version).toBe(3)
    expect((await versionOf(one.id)).stage).toBe('STAGING')
  })

  test('of what is deleted, every change is refused', async () => {
    const { id } = await models.save('gone-already')
    await hub.data(deleteVersion, { id })
    const changes = [
      [deleteVersion, { id }, 'id'],
      [`mutation ($id: ID!) { transitionModelVersion(input: { id: $id, stage: PRODUCTION }) { id } }`, { id }, 'input.id'],
      [`mutation ($id: ID!) { updateModelVersion(input: { id: $id, description: "x" }) { id } }`, { id }, 'input.id'],
      [setAlias, { project: models.project, model: 'gone-already', alias: 'some', version: 1 }, 'version'],
    ] as const
    for (const [mutation, variables, field] of changes)
      expect((await hub.error(mutation, variables)).extensions).toMatchObject({ code: 'NOT_FOUND', field })
  })
})

describe('a page of models', () => {
  test('costs the same number of look-ups, however many models and versions are on it', async () => {
    const { project, save } = await seedModels(hub)
    const query = `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Model {
      tags { key } aliases { alias version { version } } latestVersion { version aliases }
      versions(first: 5) { totalCount nodes { uri aliases downloadUrl tags { key } files { key bucket { name } }
        stageHistory { to by { email } } model { project { name } } } }
      staging: latestVersion(stage: STAGING) { version } } } }`
    const ids: string[] = []
    for (let i = 0; i < 6; i++) {
      const name = `batched-${i}`
      for (let j = 0; j < 3; j++) await save(name, { stage: 'STAGING', tags: [{ key: 'k', value: 'v' }] })
      await hub.data(setAlias, { project, model: name, alias: 'best', version: 2 })
      ids.push((await hub.data(modelQuery('id'), { project, name })).model.id)
    }
    const callsFor = async (wanted: string[]): Promise<string[]> => {
      const counted = countCalls(hub)
      const { nodes } = await hub.data(query, { ids: wanted })
      counted.stop()
      expect(nodes).toHaveLength(wanted.length)
      expect(nodes[0].versions.nodes).toHaveLength(3)
      return counted.calls.sort()
    }
    const forOne = await callsFor(ids.slice(0, 1))
    expect(await callsFor(ids)).toEqual(forOne)
    expect(forOne.length).toBeLessThan(20)
  })
})

/** Notes every call of a store of the models, or of what they link to. */
function countCalls({ datasources: { catalog } }: TestHub): { calls: string[]; stop(): void } {
  const calls: string[] = []
  const names = ['models', 'modelVersions', 'storedObjects', 'buckets', 'users', 'projects'] as const
  const stores = catalog as unknown as Record<string, object>
  const originals = names.map((name) => [name, stores[name]!] as const)
  for (const [name, store] of originals)
    stores[name] = new Proxy(store, {
      get(target, method) {
        const member = Reflect.get(target, method)
        if (typeof member !== 'function') return member
        return (...args: unknown[]) => {
          calls.push(`${name}.${String(method)}`)
          return member.apply(target, args)
        }
      },
    })
  return {
    calls,
    stop: () => {
      for (const [name, store] of originals) stores[name] = store
    },
  }
}

describe('who may', () => {
  test('a viewer reads and changes nothing; others see nothing', async () => {
    const viewer = await seedUser(hub, { [models.project]: 'VIEWER' })
    const stranger = await seedUser(hub)
    const { id } = await models.save('guarded')
    const input = { project: models.project, model: 'guarded', objects: [{ bucket: models.bucket, key: models.key }] }
    const read = modelQuery('versions { nodes { version } }')
    expect((await hub.data(read, { project: models.project, name: 'guarded' }, viewer.token)).model.versions.nodes).toHaveLength(
      1,
    )
    expect((await hub.data(read, { project: models.project, name: 'guarded' }, stranger.token)).model).toBeNull()
    const changes: [string, Record<string, unknown>][] = [
      [saveModel, { input }],
      [`mutation ($id: ID!) { transitionModelVersion(input: { id: $id, stage: PRODUCTION }) { id } }`, { id }],
      ['mutation ($id: ID!) { updateModelVersion(input: { id: $id, description: "x" }) { id } }', { id }],
      ['mutation ($id: ID!) { deleteModelVersion(id: $id) }', { id }],
      [setAlias, { project: models.project, model: 'guarded', alias: 'best', version: 1 }],
      [
        'mutation ($input: UpdateModelInput!) { updateModel(input: $input) { id } }',
        { input: { project: models.project, model: 'guarded' } },
      ],
    ]
    for (const [mutation, variables] of changes) {
      expect((await hub.error(mutation, variables, viewer.token)).extensions.code).toBe('FORBIDDEN')
      expect((await hub.error(mutation, variables, stranger.token)).extensions.code).toBe('NOT_FOUND')
      expect((await hub.error(mutation, variables, null)).extensions.code).toBe('UNAUTHENTICATED')
    }
    expect(await versionOf(id)).toMatchObject({ stage: 'NONE', aliases: [], description: null })
    expect((await modelOf('guarded', 'versions { totalCount }')).versions.totalCount).toBe(1)
  })

  test('objects of a project that the caller does not see are not found, those of another one they see are refused', async () => {
    const other = (await seedProject(hub)).name
    const bucket = (await seedBucket(hub, other)).name
    await seedObject(hub, bucket, 'theirs.bin', 'theirs')
    const editor = await seedUser(hub, { [models.project]: 'EDITOR' })
    const input = { project: models.project, model: 'stolen', objects: [{ bucket, key: 'theirs.bin' }] }
    expect((await hub.error(saveModel, { input }, editor.token)).extensions).toMatchObject({
      code: 'NOT_FOUND',
      field: 'input.objects[0].bucket',
    })
    expect((await hub.error(saveModel, { input })).extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'input.objects[0].bucket',
    })
  })
})

describe('modelVersionChanged', () => {
  const subscription = (args: string) => `subscription { modelVersionChanged(project: "${models.project}"${args}) {
    version stage aliases model { name versions { totalCount } } stageHistory { to } } }`

  async function* changes(query: string, token = hub.admin) {
    const client = createClient({
      url: `${hub.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { Authorization: `Bearer ${token}` },
      retryAttempts: 0,
    })
    try {
      for await (const result of client.iterate<Record<string, Record<string, unknown>>>({ query })) yield result
    } finally {
      await client.dispose()
    }
  }

  /** The server does not say when it listens: versions of a model of its own are saved until the first one arrives. */
  async function started(query: string) {
    const stream = changes(query)
    const first = stream.next()
    const name = 'subscribed'
    let isHeard = false
    void first.then(() => {
      isHeard = true
    })
    while (!isHeard) {
      await models.save(name)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const next = async (): Promise<Record<string, unknown>> => {
      const result = await stream.next()
      if (!result.value?.data) throw new Error(JSON.stringify(result))
      return result.value.data['modelVersionChanged']!
    }
    /** What comes after the versions that were saved to begin with. */
    const nextOfOther = async () => {
      let change = await next()
      while ((change['model'] as { name: string }).name === name) change = await next()
      return change
    }
    return { next: nextOfOther, end: () => stream.return(undefined) }
  }

  test('tells of every version that is saved or moved, as it is then', async () => {
    const stream = await started(subscription(''))
    const one = await models.save('watched', { stage: 'PRODUCTION' })
    expect(await stream.next()).toMatchObject({ version: 1, stage: 'PRODUCTION', model: { versions: { totalCount: 1 } } })
    const two = await models.save('watched')
    expect(await stream.next()).toMatchObject({ version: 2, stage: 'NONE', model: { versions: { totalCount: 2 } } })
    await models.transition(two.id, 'PRODUCTION', true)
    const both = [await stream.next(), await stream.next()]
    expect(both).toContainEqual(expect.objectContaining({ version: 1, stage: 'ARCHIVED' }))
    expect(both).toContainEqual(expect.objectContaining({ version: 2, stage: 'PRODUCTION' }))
    // A move that is none tells nobody; the next message is that of the next one.
    await models.transition(two.id, 'PRODUCTION', true)
    await models.transition(one.id, 'NONE')
    expect(await stream.next()).toMatchObject({
      version: 1,
      stage: 'NONE',
      stageHistory: [{ to: 'PRODUCTION' }, { to: 'ARCHIVED' }, { to: 'NONE' }],
    })
    await stream.end()
  })

  test('of one model, and of no other', async () => {
    await models.save('subscribed')
    await models.save('not-watched')
    const stream = changes(subscription(', model: "Not-Watched"'))
    const first = stream.next()
    let isHeard = false
    void first.then(() => {
      isHeard = true
    })
    while (!isHeard) {
      await models.save('watched-by-nobody')
      await models.save('not-watched')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect((await first).value!.data!['modelVersionChanged']).toMatchObject({ model: { name: 'not-watched' } })
    await stream.return(undefined)
  })

  test('is not there for who may not see the project, nor for a model that is not', async () => {
    const stranger = await seedUser(hub)
    const refusalOf = async (query: string, token?: string) => {
      try {
        for await (const result of changes(query, token)) if (result.errors) return result.errors[0]
      } catch (error) {
        return (error as { extensions: unknown }[])[0]
      }
      throw new Error('no error')
    }
    expect(await refusalOf(subscription(''), stranger.token)).toMatchObject({
      extensions: { code: 'NOT_FOUND', field: 'project' },
    })
    expect(await refusalOf(subscription(', model: "nobody-has-it"'))).toMatchObject({
      extensions: { code: 'NOT_FOUND', field: 'model' },
    })
  })
})
