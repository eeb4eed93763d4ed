import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLogger } from '../../src/logger.js'
import { sweepExpired } from '../../src/operations/sweep-expired.js'
import { eventually } from '../eventually.js'
import { createTestHub, type TestHub } from '../hub.js'
import { seedBucket, seedObject, seedProject, seedUser } from '../seed.js'

let hub: TestHub
let project: string

beforeAll(async () => {
  // The sweep is told of a day that is to come: sessions outlive it.
  hub = await createTestHub({ DHUO_SESSION_HOURS: '100' })
  project = (await seedProject(hub)).name
})
afterAll(() => hub.close())

const makeBucket = (input: object, as?: string) =>
  hub.execute(
    'mutation ($input: CreateBucketInput!) { createBucket(input: $input) { id name purpose project { name } } }',
    { input },
    as,
  )

describe('a bucket', () => {
  test('is named after its project and purpose, or that with more behind it, in lower case', async () => {
    const plain = await makeBucket({ project: project.toUpperCase(), purpose: 'MODELS' })
    expect(plain.data.createBucket).toMatchObject({ name: `${project}-models`, purpose: 'MODELS', project: { name: project } })
    const more = await makeBucket({ project, purpose: 'MODELS', name: `${project}-Models-2026` })
    expect(more.data.createBucket.name).toBe(`${project}-models-2026`)
    const { bucket } = await hub.data(`{ bucket(name: "${project.toUpperCase()}-MODELS") { id } }`)
    expect(bucket.id).toBe(plain.data.createBucket.id)
  })

  test('of another project or purpose by its name is refused, and the name that it should have is told', async () => {
    for (const name of [`${project}-raw`, `${project}s-temp`, 'other-temp', `${project}-tempo`]) {
      const { errors } = await makeBucket({ project, purpose: 'TEMP', name })
      expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field: 'input.name' } }])
      expect(errors![0]!.message).toContain(`${project}-temp`)
    }
  })

  test('is made once, when many make it at once', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => makeBucket({ project, purpose: 'PREDICTIONS' })))
    expect(answers.filter(({ data }) => data).length).toBe(1)
    for (const { errors } of answers)
      if (errors) expect(errors[0]!.extensions).toMatchObject({ code: 'CONFLICT', field: 'input.name' })
    const { buckets } = (await hub.data(`{ project(name: "${project}") { buckets { nodes { name } totalCount } } }`)).project
    expect(buckets.nodes.filter(({ name }: { name: string }) => name === `${project}-predictions`)).toHaveLength(1)
    expect(buckets.totalCount).toBe(buckets.nodes.length)
  })

  test('is made by EDITORs: a VIEWER is told so, and for a stranger the project does not exist', async () => {
    const viewer = await seedUser(hub, { [project]: 'VIEWER' })
    const stranger = await seedUser(hub)
    const input = { project, purpose: 'DEPLOYMENTS' }
    expect((await makeBucket(input, viewer.token)).errors![0]!.extensions.code).toBe('FORBIDDEN')
    expect((await makeBucket(input, stranger.token)).errors![0]!.extensions.code).toBe('NOT_FOUND')
  })
})

const listing = `query ($bucket: String!, $first: Int, $after: String, $prefix: String, $delimiter: String) {
  bucket(name: $bucket) { objects(first: $first, after: $after, prefix: $prefix, delimiter: $delimiter) {
    nodes { key size } commonPrefixes pageInfo { endCursor hasNextPage } } } }`

/** All pages, one after the other. */
async function listAll(bucket: string, args: { prefix?: string; delimiter?: string; first?: number }) {
  const keys: string[] = []
  const prefixes: string[] = []
  let after: string | null = null
  for (let pages = 0; ; pages++) {
    expect(pages).toBeLessThan(500)
    // biome-ignore lint/suspicious/noExplicitAny: the answer of the one before decides the next
    const page: any = (await hub.data(listing, { bucket, ...args, after })).bucket.objects
    expect(page.nodes.length + page.commonPrefixes.length).toBeLessThanOrEqual(args.first ?? 50)
    keys.push(...page.nodes.map(({ key }: { key: string }) => key))
    prefixes.push(...page.commonPrefixes)
    if (!page.pageInfo.hasNextPage) return { keys, prefixes }
    after = page.pageInfo.endCursor
  }
}

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))

describe('a list of objects', () => {
  const nasty = [
    '..a',
    '../up',
    'a/../b',
    '/absolute',
    'a//b',
    'trailing/',
    ' spaces  around ',
    'tab\tkey',
    '100%',
    'quote\'"`;--',
    'a_b',
    'a%b',
    'A',
    'a',
    'ação/ñ',
    'a\u0301 combined',
    'á one sign',
    '日本/語.csv',
    '\u{1f980}/crab',
    '\uffee last of the first plane',
    '\u{10fffe}',
    '#?&=+',
    'back\\slash',
    'nul.csv',
    '\u0001 control',
    `${'é'.repeat(512)}`,
  ]
  let bucket: string
  let all: string[]

  beforeAll(async () => {
    const made = await seedBucket(hub, project)
    bucket = made.name
    all = [...nasty, ...Array.from({ length: 5_000 }, (_, i) => `deep/${i % 10}/${i % 100}/object ${i}.csv`)]
    const { projectId } = (await hub.datasources.catalog.buckets.byIds([made.id]))[0]!
    const { viewer } = await hub.data('{ viewer { id } }')
    await hub.datasources.catalog.transaction(async (stores) => {
      for (const [i, key] of all.entries())
        await stores.storedObjects.insertCurrent({
          id: `obj_${randomUUID().replaceAll('-', '')}`,
          projectId,
          bucketId: made.id,
          key,
          isCurrent: 1,
          version: `v${i}`,
          size: i,
          etag: `v${i}`,
          sha256: null,
          contentType: 'text/csv',
          lastModified: new Date().toISOString(),
          replacedAt: null,
          createdBy: viewer.id,
        })
    })
    all.sort(byBytes)
  })

  test('is in the order of the bytes of the keys, whatever is in them, and the same in pages of any size', async () => {
    expect((await listAll(bucket, { first: 1000 })).keys).toEqual(all)
    expect((await listAll(bucket, { first: 333 })).keys).toEqual(all)
    const few = nasty.filter((key) => key.startsWith('a')).sort(byBytes)
    expect((await listAll(bucket, { prefix: 'a', first: 1 })).keys).toEqual(few)
  })

  test.each(nasty)('finds %j by its whole key as the prefix, and as an object', async (key) => {
    const { keys } = await listAll(bucket, { prefix: key })
    expect(keys).toEqual(all.filter((other) => other.startsWith(key)))
    const { object } = (
      await hub.data('query ($b: String!, $k: String!) { bucket(name: $b) { object(key: $k) { key } } }', { b: bucket, k: key })
    ).bucket
    expect(object).toEqual({ key })
  })

  test.each([
    ['', '/'],
    ['deep/', '/'],
    ['deep/3/', '/'],
    ['deep/3/13/', '/'],
    ['a', '/'],
    ['deep', ' '],
    ['', '日'],
    ['\u{1f980}', '/'],
    ['nothing', '/'],
  ])('rolls up what lies below %j and %j, in pages of any size', async (prefix, delimiter) => {
    const below = all.filter((key) => key.startsWith(prefix))
    const folder = (key: string) => {
      const at = key.indexOf(delimiter, prefix.length)
      return at < 0 ? null : key.slice(0, at + delimiter.length)
    }
    const expected = {
      keys: below.filter((key) => folder(key) === null),
      prefixes: [...new Set(below.flatMap((key) => folder(key) ?? []))].sort(byBytes),
    }
    for (const first of [1000, 3]) {
      if (first === 3 && expected.keys.length + expected.prefixes.length > 200) continue
      expect(await listAll(bucket, { prefix, delimiter, first })).toEqual(expected)
    }
  })

  test('goes on behind its cursor when objects come and go between the pages', async () => {
    const made = await seedBucket(hub, project, 'TEMP')
    for (const key of ['b', 'd', 'f']) await seedObject(hub, made.name, key, key)
    const page = (await hub.data(listing, { bucket: made.name, first: 2 })).bucket.objects
    expect(page.nodes.map(({ key }: { key: string }) => key)).toEqual(['b', 'd'])
    await hub.data(`mutation { deleteObject(bucket: "${made.name}", key: "d") }`)
    for (const key of ['a', 'e', 'g']) await seedObject(hub, made.name, key, key)
    const rest = (await hub.data(listing, { bucket: made.name, after: page.pageInfo.endCursor })).bucket.objects
    expect(rest.nodes.map(({ key }: { key: string }) => key)).toEqual(['e', 'f', 'g'])
  })
})

describe('an object', () => {
  let bucket: string
  beforeAll(async () => {
    bucket = (await seedBucket(hub, project, 'FEATURES')).name
  })
  const urlOf = async (id: string, args = '', as?: string): Promise<string> =>
    (await hub.data(`{ node(id: "${id}") { ... on StoredObject { downloadUrl${args} } } }`, {}, as)).node.downloadUrl

  test.each(['../../../etc/passwd', '/etc/passwd', 'a/../../b', 'ação é\u{1f980} 100%#?&.csv', '...', 'CON', 'a\\..\\b'])(
    'under %j comes back as it went, and lies in its bucket',
    async (key) => {
      const { id } = await seedObject(hub, bucket, key, `bytes of ${key}`)
      const response = await fetch(await urlOf(id))
      expect(await response.text()).toBe(`bytes of ${key}`)
      const last = key.split(/[/\\]/).at(-1)!
      expect(
        decodeURIComponent(/filename\*=UTF-8''([^;]+)/.exec(response.headers.get('content-disposition')!)?.[1] ?? last),
      ).toBe(last)
      expect(
        await hub.data('mutation ($b: String!, $k: String!) { deleteObject(bucket: $b, key: $k) }', { b: bucket, k: key }),
      ).toEqual({ deleteObject: true })
    },
  )

  test('is downloaded in ranges, and not again while it is the same', async () => {
    const object = await seedObject(hub, bucket, 'range.txt', '0123456789')
    const url = await urlOf(object.id)
    const part = await fetch(url, { headers: { range: 'bytes=2-4' } })
    expect([part.status, await part.text(), part.headers.get('content-range')]).toEqual([206, '234', 'bytes 2-4/10'])
    const tail = await fetch(url, { headers: { range: 'bytes=-3', 'if-range': `"${object.etag}"` } })
    expect([tail.status, await tail.text()]).toEqual([206, '789'])
    const other = await fetch(url, { headers: { range: 'bytes=-3', 'if-range': '"another"' } })
    expect([other.status, await other.text()]).toEqual([200, '0123456789'])
    expect((await fetch(url, { headers: { 'if-none-match': `"${object.etag}"` } })).status).toBe(304)
    expect((await fetch(url, { headers: { 'if-match': '"another"' } })).status).toBe(412)
    expect((await fetch(url, { headers: { range: 'bytes=10-' } })).status).toBe(416)
  })

  test('has a URL that ends, that is for these bytes alone, and that needs no login but the role of its maker', async () => {
    const [mine, other] = [await seedObject(hub, bucket, 'mine', 'mine'), await seedObject(hub, bucket, 'other', 'other')]
    let short = ''
    // A busy machine may take the second that it has.
    await eventually(async () => {
      short = await urlOf(mine.id, '(expiresIn: 1)')
      return (await fetch(short)).status === 200
    })
    await sleep(1_600)
    const expired = await fetch(short)
    expect(expired.status).toBeGreaterThanOrEqual(400)
    expect(((await expired.json()) as { error: { code: string } }).error.code).toMatch(/UNAUTHENTICATED|FORBIDDEN/)

    const url = new URL(await urlOf(mine.id))
    const forged = [
      new URL(url.href.replace(mine.id, other.id)),
      new URL(`${url.origin}${url.pathname}`),
      new URL(url.href.replace(/=[^&=]{4}/, '=AAAA')),
      new URL(`${url.origin}/files/objects/../objects/${other.id}/x${url.search}`),
    ]
    for (const address of forged) {
      const response = await fetch(address)
      expect([401, 403, 404]).toContain(response.status)
      expect(await response.text()).not.toContain('other')
    }

    const viewer = await seedUser(hub, { [project]: 'VIEWER' })
    const theirs = await urlOf(mine.id, '', viewer.token)
    expect(await (await fetch(theirs)).text()).toBe('mine')
    await hub.data(`mutation { setProjectMember(project: "${project}", email: "${viewer.email}", role: null) { id } }`)
    expect((await fetch(theirs)).status).toBeGreaterThanOrEqual(400)
  })

  test('that is overwritten keeps its bytes under its id, and the key means the new one', async () => {
    const old = await seedObject(hub, bucket, 'twice.txt', 'old bytes')
    const url = await urlOf(old.id)
    const fresh = await seedObject(hub, bucket, 'twice.txt', 'fresh')
    expect(fresh.id).not.toBe(old.id)
    expect(fresh.etag).not.toBe(old.etag)
    expect(await (await fetch(url)).text()).toBe('old bytes')
    const { object } = (await hub.data(`{ bucket(name: "${bucket}") { object(key: "twice.txt") { id size } } }`)).bucket
    expect(object).toEqual({ id: fresh.id, size: 5 })
    expect((await hub.data(`{ node(id: "${old.id}") { ... on StoredObject { key size } } }`)).node).toEqual({
      key: 'twice.txt',
      size: 9,
    })
  })

  test('is deleted once; its id goes on reading; EDITORs delete', async () => {
    const { id } = await seedObject(hub, bucket, 'gone.txt', 'gone')
    const viewer = await seedUser(hub, { [project]: 'VIEWER' })
    const remove = `mutation { deleteObject(bucket: "${bucket}", key: "gone.txt") }`
    expect((await hub.error(remove, {}, viewer.token)).extensions.code).toBe('FORBIDDEN')
    const answers = await Promise.all([hub.data(remove), hub.data(remove), hub.data(remove)])
    expect(answers.filter(({ deleteObject }) => deleteObject)).toHaveLength(1)
    expect((await hub.data(`{ bucket(name: "${bucket}") { object(key: "gone.txt") { id } } }`)).bucket.object).toBeNull()
    expect(await (await fetch(await urlOf(id))).text()).toBe('gone')
  })

  test('that nothing refers to is swept a day after it was replaced; what a dataset was loaded from stays', async () => {
    const pinned = await seedObject(hub, bucket, 'pinned.csv', 'a\n1\n')
    const { createDataset } = await hub.data('mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { id } }', {
      input: { project, name: 'pinned-rows', object: { bucket, key: 'pinned.csv' } },
    })
    const loose = await seedObject(hub, bucket, 'loose.csv', 'a\n1\n')
    for (const key of ['pinned.csv', 'loose.csv']) await seedObject(hub, bucket, key, 'a\n2\n')
    const log = createLogger('silent')
    const read = async (id: string) =>
      (await hub.data(`{ node(id: "${id}") { ... on StoredObject { table { rows } } } }`)).node?.table.rows
    await sweepExpired(hub.datasources, log, Date.now() + 23 * 3_600_000)
    expect([await read(pinned.id), await read(loose.id)]).toEqual([[[1]], [[1]]])
    const url = await urlOf(loose.id)
    await sweepExpired(hub.datasources, log, Date.now() + 25 * 3_600_000)
    expect([await read(pinned.id), await read(loose.id)]).toEqual([[[1]], undefined])
    expect((await fetch(url)).status).toBe(404)
    const { object } = (await hub.data(`{ node(id: "${createDataset.id}") { ... on Dataset { object { id table { rows } } } } }`))
      .node
    expect(object).toEqual({ id: pinned.id, table: { rows: [[1]] } })
    const plain = new DatabaseSync(join(hub.home, 'catalog.db'), { readOnly: true })
    expect(plain.prepare('select count(*) as n from stored_objects where id = ?').get(loose.id)).toEqual({ n: 0 })
    plain.close()
  })
})
