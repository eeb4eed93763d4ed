import { createTestHub, type TestHub } from '../hub.js'
import { type SeededProject, type SeededUser, seedBucket, seedKey, seedObject, seedProject, seedUser } from '../seed.js'

/* A signed URL carries the rights of whoever asked for it, as they are when it is used. */

let hub: TestHub
let project: SeededProject
let bucket: { id: string; name: string }
let user: SeededUser
beforeAll(async () => {
  hub = await createTestHub()
  project = await seedProject(hub)
  bucket = await seedBucket(hub, project.name)
  await seedObject(hub, bucket.name, 'rows.csv', 'a\n1\n')
  user = await seedUser(hub)
})
beforeEach(() => setRole('EDITOR'))
afterAll(() => hub.close())

const setRole = (role: 'VIEWER' | 'EDITOR' | null) =>
  hub.data(
    'mutation ($project: String!, $email: String!, $role: Role) { setProjectMember(project: $project, email: $email, role: $role) { id } }',
    {
      project: project.name,
      email: user.email,
      role,
    },
  )

interface Urls {
  object: string
  result: string
  preview: string
  upload: string
}

async function urlsFor(as: string): Promise<Urls> {
  const { bucket: found, executeSelect } = await hub.data(
    `query ($bucket: String!, $project: String!) {
      bucket(name: $bucket) { object(key: "rows.csv") { downloadUrl table { downloadUrl(format: CSV) } } }
      executeSelect(project: $project, sql: "select 42 as answer") { downloadUrl(format: CSV) }
    }`,
    { bucket: bucket.name, project: project.name },
    as,
  )
  const input = { bucket: bucket.name, key: 'new.txt', size: 3 }
  const { createUpload } = await hub.data(
    'mutation ($input: CreateUploadInput!) { createUpload(input: $input) { parts { url } } }',
    { input },
    as,
  )
  return {
    object: found.object.downloadUrl,
    result: executeSelect.downloadUrl,
    preview: found.object.table.downloadUrl,
    upload: createUpload.parts[0].url,
  }
}

async function statuses({ object, result, preview, upload }: Urls): Promise<Record<keyof Urls, number>> {
  const statusOf = async (url: string, init?: RequestInit) => {
    const response = await fetch(url, init)
    await response.arrayBuffer()
    return response.status
  }
  return {
    object: await statusOf(object),
    result: await statusOf(result),
    preview: await statusOf(preview),
    upload: await statusOf(upload, { method: 'PUT', body: 'abc' }),
  }
}
const all = (status: number) => ({ object: status, result: status, preview: status, upload: status })

test.each(['a person', 'a key'])(
  'made by %s are good, lose what a lower role loses, and end with the membership',
  async (who) => {
    const as = who === 'a key' ? (await seedKey(hub, user.token, { project: project.name })).secret : user.token
    const urls = await urlsFor(as)
    expect(await statuses(urls)).toEqual(all(200))
    await setRole('VIEWER')
    expect(await statuses(urls)).toEqual({ ...all(200), upload: 403 })
    await setRole(null)
    expect(await statuses(urls)).toEqual(all(404))
    await setRole('EDITOR')
    expect(await statuses(urls)).toEqual(all(200))
  },
)

test('made by a key end when it is revoked, and those of its person go on', async () => {
  const key = await seedKey(hub, user.token)
  const [ofKey, ofPerson] = [await urlsFor(key.secret), await urlsFor(user.token)]
  expect(await statuses(ofKey)).toEqual(all(200))
  await hub.data('mutation ($id: ID!) { revokeAccessKey(id: $id) { id } }', { id: key.id }, user.token)
  expect(await statuses(ofKey)).toEqual(all(404))
  expect(await statuses(ofPerson)).toEqual(all(200))
})

test('made by a key end when it expires', async () => {
  const expiresAt = new Date(Date.now() + 3_000).toISOString()
  const key = await seedKey(hub, user.token, { expiresAt })
  const urls = await urlsFor(key.secret)
  expect(await statuses(urls)).toEqual(all(200))
  await new Promise((resolve) => setTimeout(resolve, Date.parse(expiresAt) - Date.now() + 50))
  expect(await statuses(urls)).toEqual(all(404))
})

test('cannot be made out to somebody else', async () => {
  const { object } = await urlsFor(user.token)
  await setRole(null)
  const admin = (await hub.data('{ viewer { id } }')).viewer.id
  const response = await fetch(object.replace(user.id, admin))
  expect(response.status).toBe(403)
})
