import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLogger } from '../../src/logger.js'
import { sweepExpired } from '../../src/operations/sweep-expired.js'
import { createTestHub } from '../hub.js'
import type { Bucket } from '../oci/object-storage-state.js'
import { createOciHub, type OciHub } from '../oci-hub.js'
import { seedBucket, seedKey, seedObject, seedProject, seedUser } from '../seed.js'

let oci: OciHub
let project: string
beforeAll(async () => {
  oci = await createOciHub({ DHUO_SESSION_HOURS: '100' })
  project = (await seedProject(oci.hub)).name
})
afterEach(() => oci.double.faults.clear())
afterAll(() => oci.close())

/** A bucket that somebody filled with the console of OCI. */
function foreignBucket(versioning: Bucket['versioning'] = 'Enabled'): Bucket {
  const bucket: Bucket = {
    ...{ namespace: 'tenant', name: `Legacy.Data-${randomUUID().slice(0, 8)}`, id: randomUUID() },
    ...{ compartmentId: 'ocid1.compartment.oc1..elsewhere', freeformTags: {}, publicAccessType: 'NoPublicAccess', versioning },
    ...{ etag: randomUUID(), created: new Date(), lifecycle: null, objects: new Map(), uploads: new Map(), pars: new Map() },
  }
  oci.objectStorage.state.buckets.set(bucket.name, bucket)
  return bucket
}

async function put(bucket: Bucket, name: string, content: string): Promise<void> {
  const { state } = oci.objectStorage
  const blob = await state.store(Readable.from([Buffer.from(content)]), undefined, undefined)
  state.add(bucket, { name, blobs: [blob], contentType: 'text/csv', meta: {} })
}
const drop = (bucket: Bucket, name: string) => oci.objectStorage.state.remove(bucket, name, null)

const remove = (bucket: string, key: string) =>
  oci.hub.data('mutation ($b: String!, $k: String!) { deleteObject(bucket: $b, key: $k) }', { b: bucket, k: key })

const result = '{ added replaced removed skipped skippedKeys bucket { name namingProblem } }'
const importOf = async ({ name }: { name: string }, more: object = {}, as?: string) =>
  (
    await oci.hub.data(
      `mutation ($input: ImportBucketInput!) { importBucket(input: $input) ${result} }`,
      { input: { project, name, purpose: 'RAW', ...more } },
      as,
    )
  ).importBucket
const syncOf = async ({ name }: { name: string }, prefix = '') =>
  (
    await oci.hub.data(`mutation ($b: String!, $p: String) { syncBucket(bucket: $b, prefix: $p) ${result} }`, {
      b: name,
      p: prefix,
    })
  ).syncBucket
const keysOf = async ({ name }: { name: string }): Promise<string[]> =>
  (
    await oci.hub.data('query ($n: String!) { bucket(name: $n) { objects(first: 1000) { nodes { key } } } }', { n: name })
  ).bucket.objects.nodes.map(({ key }: { key: string }) => key)
const objectOf = async ({ name }: { name: string }, key: string) =>
  (
    await oci.hub.data(
      'query ($n: String!, $k: String!) { bucket(name: $n) { object(key: $k) { id size etag contentType lastModified downloadUrl table { rows } } } }',
      { n: name, k: key },
    )
  ).bucket.object

test('a bucket that others filled is imported with what lies in it, is readable, and its name is reported', async () => {
  const bucket = foreignBucket('Disabled')
  await put(bucket, 'a/rows.csv', 'x\n1\n')
  await put(bucket, 'Ação & ü#1.csv', 'x\n2\n')
  await put(bucket, 'a/', '')
  await put(bucket, 'b\ttab', 'tab')
  expect(await importOf(bucket)).toEqual({
    ...{ added: 3, replaced: 0, removed: 0, skipped: 0, skippedKeys: [] },
    bucket: { name: bucket.name, namingProblem: expect.stringContaining('<project>-<purpose>') },
  })
  expect(bucket.versioning).toBe('Enabled')
  expect(await keysOf(bucket)).toEqual(['Ação & ü#1.csv', 'a/rows.csv', 'b\ttab'])
  const object = await objectOf(bucket, 'a/rows.csv')
  expect(object).toMatchObject({ size: 4, contentType: 'text/csv', table: { rows: [[1]] } })
  expect(object.lastModified).toBe(bucket.objects.get('a/rows.csv')![0]!.modified.toISOString())
  expect(await (await fetch(object.downloadUrl)).text()).toBe('x\n1\n')
})

test('what comes and goes later is found by looking again, and what was pinned stays', async () => {
  const bucket = foreignBucket()
  for (const name of ['changes.csv', 'goes.csv', 'stays.csv']) await put(bucket, name, 'x\n1\n')
  await importOf(bucket)
  const before = await objectOf(bucket, 'changes.csv')
  await oci.hub.data('mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { id } }', {
    input: { project, name: 'pinned', object: { bucket: bucket.name, key: 'changes.csv' } },
  })
  await put(bucket, 'changes.csv', 'x\n2\n')
  await put(bucket, 'comes.csv', 'x\n3\n')
  await drop(bucket, 'goes.csv')
  expect(await syncOf(bucket)).toMatchObject({ added: 1, replaced: 1, removed: 1 })
  expect(await syncOf(bucket)).toMatchObject({ added: 0, replaced: 0, removed: 0 })
  expect(await keysOf(bucket)).toEqual(['changes.csv', 'comes.csv', 'stays.csv'])
  expect((await objectOf(bucket, 'changes.csv')).table.rows).toEqual([[2]])
  const { node } = await oci.hub.data('query ($id: ID!) { node(id: $id) { ... on StoredObject { downloadUrl } } }', {
    id: before.id,
  })
  expect(await (await fetch(node.downloadUrl)).text()).toBe('x\n1\n')
})

test('only what begins with the prefix is looked for, and nothing else forgotten', async () => {
  const bucket = foreignBucket()
  for (const name of ['in/a', 'in/b', 'out/c']) await put(bucket, name, '1')
  expect(await importOf(bucket, { prefix: 'in/' })).toMatchObject({ added: 2 })
  await drop(bucket, 'in/a')
  await drop(bucket, 'out/c')
  await put(bucket, 'in/&limit=1#', '1')
  expect(await syncOf(bucket, 'in/')).toMatchObject({ added: 1, removed: 1 })
  expect(await keysOf(bucket)).toEqual(['in/&limit=1#', 'in/b'])
})

test('files that a job wrote into a bucket of ours are found; uploads under way and what was deleted here are not', async () => {
  const { name } = await seedBucket(oci.hub, project, 'PREDICTIONS')
  const bucket = oci.objectStorage.state.buckets.get(name)!
  await seedObject(oci.hub, name, 'ours.csv', 'x\n1\n')
  await seedObject(oci.hub, name, 'deleted.csv', 'x\n1\n')
  await put(bucket, 'part-00000.csv', 'x\n9\n')
  // An upload whose server died when it had renamed it: whoever completes it registers it.
  const object = bucket.objects.get('ours.csv')![0]!
  const { createUpload } = await oci.hub.data(
    'mutation ($b: String!) { createUpload(input: { bucket: $b, key: "half-way.csv", size: 4 }) { id } }',
    { b: name },
  )
  oci.objectStorage.state.add(bucket, { ...object, name: 'half-way.csv', meta: { 'opc-meta-dhuo-upload': createUpload.id } })
  await remove(name, 'deleted.csv')
  expect(await syncOf({ name })).toMatchObject({ added: 1, replaced: 0, removed: 0 })
  expect(await keysOf({ name })).toEqual(['ours.csv', 'part-00000.csv'])
})

test('a copy of an object of ours, and one under another name, are found: their metadata came along', async () => {
  const { name } = await seedBucket(oci.hub, project, 'FEATURES')
  const bucket = oci.objectStorage.state.buckets.get(name)!
  await seedObject(oci.hub, name, 'ours.csv', 'x\n1\n')
  const object = bucket.objects.get('ours.csv')![0]!
  expect(object.meta).toHaveProperty('opc-meta-dhuo-upload')
  oci.objectStorage.state.add(bucket, { ...object, name: 'copy.csv' })
  await drop(bucket, 'ours.csv')
  expect(await syncOf({ name })).toMatchObject({ added: 1, removed: 1 })
  expect(await keysOf({ name })).toEqual(['copy.csv'])
})

test('what cannot be hidden from others is not deleted, and what is deleted here does not come back', async () => {
  const { name } = await seedBucket(oci.hub, project, 'TEMP')
  const bucket = oci.objectStorage.state.buckets.get(name)!
  await seedObject(oci.hub, name, 'k', '1')
  oci.double.faults.add({ operation: 'headObject', times: 9, refuse: { status: 403, code: 'NotAuthorized' } })
  const { extensions } = await oci.hub.error('mutation ($b: String!) { deleteObject(bucket: $b, key: "k") }', { b: name })
  expect(extensions.code).toBe('BACKEND_UNAVAILABLE')
  oci.double.faults.clear()
  expect(await keysOf({ name })).toEqual(['k'])
  await remove(name, 'k')
  expect(bucket.objects.get('k')![0]!.isDeleteMarker).toBe(true)
  expect(await syncOf({ name })).toMatchObject({ added: 0, removed: 0 })
})

test('what somebody deleted in OCI and took back is there again, and stays', async () => {
  const bucket = foreignBucket()
  await put(bucket, 'k.csv', 'one')
  await importOf(bucket)
  const { id } = await objectOf(bucket, 'k.csv')
  await drop(bucket, 'k.csv')
  expect(await syncOf(bucket)).toMatchObject({ removed: 1 })
  await oci.objectStorage.state.remove(bucket, 'k.csv', bucket.objects.get('k.csv')![0]!.versionId)
  expect(await syncOf(bucket)).toMatchObject({ added: 1, removed: 0 })
  expect(await objectOf(bucket, 'k.csv')).toMatchObject({ id })
  expect(bucket.objects.get('k.csv')![0]!.isDeleteMarker).toBe(false)
})

test('what lay there before the bucket kept versions is not destroyed when it is deleted here, and stays deleted', async () => {
  const bucket = foreignBucket('Disabled')
  await put(bucket, 'k.csv', 'one')
  await importOf(bucket)
  expect(bucket.objects.get('k.csv')![0]!.versionId).toBeNull()
  const { downloadUrl } = await objectOf(bucket, 'k.csv')
  await remove(bucket.name, 'k.csv')
  expect(await syncOf(bucket)).toMatchObject({ added: 0, removed: 0 })
  expect(await keysOf(bucket)).toEqual([])
  expect(bucket.objects.get('k.csv')).toHaveLength(1)
  expect(await (await fetch(downloadUrl)).text()).toBe('one')
  await put(bucket, 'k.csv', 'two')
  expect(await syncOf(bucket)).toMatchObject({ added: 1 })
})

test('what changes after the list was made is left to the next look', async () => {
  const bucket = foreignBucket()
  for (const name of ['a.csv', 'b.csv']) await put(bucket, name, 'one')
  await importOf(bucket)
  for (const name of ['a.csv', 'b.csv', 'new.csv']) await put(bucket, name, 'two')
  // While it asks what they are, they change again.
  oci.double.faults.add({ operation: 'headObject', times: 3, delayMs: 500 })
  const looking = syncOf(bucket)
  await sleep(200)
  for (const name of ['a.csv', 'b.csv']) await put(bucket, name, 'three')
  await drop(bucket, 'new.csv')
  expect(await looking).toMatchObject({ added: 0, replaced: 0, removed: 0 })
  expect(await syncOf(bucket)).toMatchObject({ added: 0, replaced: 2, removed: 0 })
  expect(await keysOf(bucket)).toEqual(['a.csv', 'b.csv'])
  for (const key of ['a.csv', 'b.csv'])
    expect(await (await fetch((await objectOf(bucket, key)).downloadUrl)).text()).toBe('three')
})

test('what is deleted here is hidden from those who look at the bucket by other means, and bytes of others are never thrown away', async () => {
  const bucket = foreignBucket()
  await put(bucket, 'k', 'old')
  await importOf(bucket)
  await put(bucket, 'k', 'new')
  await syncOf(bucket)
  await remove(bucket.name, 'k')
  expect(bucket.objects.get('k')!.map(({ isDeleteMarker }) => isDeleteMarker)).toEqual([true, false, false])
  await sweepExpired(oci.hub.datasources, createLogger('silent'), Date.now() + 48 * 3_600_000)
  expect(bucket.objects.get('k')).toHaveLength(3)
  expect(await syncOf(bucket)).toMatchObject({ added: 0, removed: 0 })
})

test('a version that was the current one before is the same object when it is so again', async () => {
  const bucket = foreignBucket()
  await put(bucket, 'k', 'one')
  await importOf(bucket)
  const first = await oci.hub.data('query ($n: String!) { bucket(name: $n) { object(key: "k") { id } } }', { n: bucket.name })
  await put(bucket, 'k', 'two')
  await syncOf(bucket)
  const [two] = bucket.objects.get('k')!
  await oci.objectStorage.state.remove(bucket, 'k', two!.versionId)
  expect(await syncOf(bucket)).toMatchObject({ replaced: 1 })
  const again = await oci.hub.data('query ($n: String!) { bucket(name: $n) { object(key: "k") { id } } }', { n: bucket.name })
  expect(again).toEqual(first)
})

test('a bucket of many pages is walked through', async () => {
  const bucket = foreignBucket()
  for (let i = 0; i < 2_300; i++)
    oci.objectStorage.state.add(bucket, {
      name: `many/${String(i).padStart(5, '0')}`,
      blobs: [],
      contentType: 'text/plain',
      meta: {},
    })
  expect(await importOf(bucket)).toMatchObject({ added: 2_300 })
  for (let i = 0; i < 2_300; i += 100) await drop(bucket, `many/${String(i).padStart(5, '0')}`)
  expect(await syncOf(bucket)).toMatchObject({ added: 0, removed: 23 })
})

test("a bucket that passes on what all projects run is nobody's", async () => {
  const bucket = foreignBucket()
  const work = `oci://${bucket.name}@tenant/work`
  const compute = `oci-dataflow://ocid1.compartment.oc1..hub?files=${work}&logs=oci://${bucket.name}-logs@tenant/`
  const hub = await createTestHub({ ...oci.settings, DHUO_COMPUTE_URL: compute })
  try {
    const { name } = await seedProject(hub)
    for (const own of [bucket.name, `${bucket.name}-logs`]) {
      const input = { project: name, name: own, purpose: 'RAW' }
      const error = await hub.error('mutation ($input: ImportBucketInput!) { importBucket(input: $input) { added } }', { input })
      expect(error.extensions).toMatchObject({ code: 'CONFLICT', field: 'input.name' })
    }
    expect(bucket.objects.size).toBe(0)
  } finally {
    await hub.close()
  }
})

test.each([
  ['that is not there', () => 'nowhere', 'NOT_FOUND', 'input.name'],
  ['that no bucket can be called', () => 'a/b', 'NOT_FOUND', 'input.name'],
  [
    'that another project made',
    () => {
      const bucket = foreignBucket()
      bucket.freeformTags['dhuo-project'] = 'another'
      return bucket.name
    },
    'CONFLICT',
    'input.name',
  ],
])('a bucket %s is not imported', async (_, nameOf, code, field) => {
  const input = { project, name: nameOf(), purpose: 'RAW' }
  const error = await oci.hub.error('mutation ($input: ImportBucketInput!) { importBucket(input: $input) { added } }', { input })
  expect(error.extensions).toMatchObject({ code, field })
})

test('a project that is not there, and a prefix that no key begins with, are refused', async () => {
  const bucket = foreignBucket()
  const mutation = 'mutation ($input: ImportBucketInput!) { importBucket(input: $input) { added } }'
  const input = { project, name: bucket.name, purpose: 'RAW' }
  for (const [more, code, field] of [
    [{ project: 'nowhere' }, 'NOT_FOUND', 'input.project'],
    [{ prefix: 'a\nb' }, 'BAD_USER_INPUT', 'input.prefix'],
    [{ prefix: '\ud800' }, 'BAD_USER_INPUT', 'input.prefix'],
    [{ prefix: 'x'.repeat(1025) }, 'BAD_USER_INPUT', 'input.prefix'],
    [{ purpose: 'ALL' }, 'BAD_USER_INPUT', 'input.purpose'],
  ] as const)
    expect((await oci.hub.error(mutation, { input: { ...input, ...more } })).extensions).toMatchObject({ code, field })
  await importOf(bucket)
  const sync = 'mutation ($b: String!, $p: String) { syncBucket(bucket: $b, prefix: $p) { added } }'
  expect((await oci.hub.error(sync, { b: 'nowhere' })).extensions).toMatchObject({ code: 'NOT_FOUND', field: 'bucket' })
  expect((await oci.hub.error(sync, { b: bucket.name, p: '\0' })).extensions).toMatchObject({
    code: 'BAD_USER_INPUT',
    field: 'prefix',
  })
})

test('a bucket is imported once, by administrators; a sync is for EDITORs', async () => {
  const bucket = foreignBucket()
  const owner = await seedUser(oci.hub, { [project]: 'OWNER' })
  const viewer = await seedUser(oci.hub, { [project]: 'VIEWER' })
  const input = { project, name: bucket.name, purpose: 'RAW' }
  const mutation = 'mutation ($input: ImportBucketInput!) { importBucket(input: $input) { added } }'
  expect((await oci.hub.error(mutation, { input }, owner.token)).extensions.code).toBe('FORBIDDEN')
  await importOf(bucket)
  expect((await oci.hub.error(mutation, { input })).extensions).toMatchObject({ code: 'CONFLICT', field: 'input.name' })
  const sync = 'mutation ($b: String!) { syncBucket(bucket: $b) { added } }'
  expect((await oci.hub.error(sync, { b: bucket.name }, viewer.token)).extensions.code).toBe('FORBIDDEN')
  expect(await oci.hub.data(sync, { b: bucket.name }, owner.token)).toEqual({ syncBucket: { added: 0 } })

  // To people of other projects it is not there, under whatever name; nor does a key import, whosever it is.
  const other = await seedProject(oci.hub)
  const stranger = await seedUser(oci.hub, { [other.name]: 'OWNER' })
  for (const name of [bucket.name, bucket.name.toLowerCase()]) {
    expect((await oci.hub.error(sync, { b: name }, stranger.token)).extensions).toMatchObject({
      code: 'NOT_FOUND',
      field: 'bucket',
    })
    expect(await oci.hub.data('query ($n: String!) { bucket(name: $n) { id } }', { n: name }, stranger.token)).toEqual({
      bucket: null,
    })
  }
  const again = { input: { ...input, project: other.name } }
  expect((await oci.hub.error(mutation, again)).extensions).toMatchObject({ code: 'CONFLICT', field: 'input.name' })
  expect((await oci.hub.error(mutation, again, stranger.token)).extensions.code).toBe('FORBIDDEN')
  const key = await seedKey(oci.hub, oci.hub.admin, { role: 'OWNER' })
  expect((await oci.hub.error(mutation, { input: { ...input, name: foreignBucket().name } }, key.secret)).extensions.code).toBe(
    'FORBIDDEN',
  )
})

test('a storage that nobody else fills has nothing to import', async () => {
  const hub = await createTestHub()
  try {
    const name = (await seedProject(hub)).name
    const bucket = (await seedBucket(hub, name)).name
    for (const mutation of [
      `importBucket(input: { project: "${name}", name: "x", purpose: RAW })`,
      `syncBucket(bucket: "${bucket}")`,
    ])
      expect((await hub.error(`mutation { ${mutation} { added } }`)).extensions.code).toBe('PRECONDITION_FAILED')
  } finally {
    await hub.close()
  }
})
