import { createTestHub, type TestHub } from '../hub.js'
import { type SeededProject, type SeededUser, seedBucket, seedKey, seedProject, seedUser } from '../seed.js'

let hub: TestHub
let a: SeededProject
let b: SeededProject
/** A member of both projects: OWNER of A, EDITOR of B. */
let user: SeededUser
beforeAll(async () => {
  hub = await createTestHub()
  a = await seedProject(hub)
  b = await seedProject(hub)
  user = await seedUser(hub, { [a.name]: 'OWNER', [b.name]: 'EDITOR' })
  await seedBucket(hub, a.name)
  await seedBucket(hub, b.name)
})
afterAll(() => hub.close())

const create =
  'mutation ($input: CreateAccessKeyInput!) { createAccessKey(input: $input) { secret accessKey { id name role createdAt expiresAt lastUsedAt revokedAt project { name } } } }'
const revoke = 'mutation ($id: ID!) { revokeAccessKey(id: $id) { id revokedAt } }'
const projects = '{ projects { totalCount nodes { name viewerRole } } }'
const createBucket = 'mutation ($project: String!) { createBucket(input: { project: $project, purpose: TEMP }) { id } }'
const setMember =
  'mutation ($project: String!, $email: String!, $role: Role) { setProjectMember(project: $project, email: $email, role: $role) { id } }'

describe('making a key', () => {
  test('shows its secret once, and never again', async () => {
    const { createAccessKey: made } = await hub.data(create, { input: { name: 'nightly job', project: a.name } }, user.token)
    expect(made.secret).toMatch(/^dhuo_key_[\w-]{43}$/)
    expect(made.accessKey).toEqual({
      id: expect.any(String),
      name: 'nightly job',
      role: 'EDITOR',
      createdAt: expect.any(String),
      expiresAt: null,
      lastUsedAt: null,
      revokedAt: null,
      project: { name: a.name },
    })
    const again = await hub.execute('{ viewer { accessKeys { id name role } } }', {}, user.token)
    expect(JSON.stringify(again)).toContain(made.accessKey.id)
    expect(JSON.stringify(again)).not.toContain(made.secret.slice(9))
  })

  test.each([
    ['an empty name', { name: ' ' }, 'BAD_USER_INPUT', 'input.name'],
    ['a long name', { name: 'x'.repeat(101) }, 'BAD_USER_INPUT', 'input.name'],
    ['an expiry in the past', { name: 'key', expiresAt: '2020-01-01T00:00:00Z' }, 'BAD_USER_INPUT', 'input.expiresAt'],
    ['an expiry without a time zone', { name: 'key', expiresAt: '2999-01-01T00:00:00' }, 'BAD_USER_INPUT', 'input.expiresAt'],
    ['a role that is none', { name: 'key', role: 'ROOT' }, 'BAD_USER_INPUT', 'input.role'],
    ['a project that is none', { name: 'key', project: 'nowhere' }, 'NOT_FOUND', 'input.project'],
  ])('with %s is refused, and nothing is made', async (_, input, code, field) => {
    const count = async () => (await hub.data('{ viewer { accessKeys { id } } }', {}, user.token)).viewer.accessKeys.length
    const before = await count()
    expect((await hub.error(create, { input }, user.token)).extensions).toMatchObject({ code, field })
    expect(await count()).toBe(before)
  })

  test('for more than one may do oneself is refused', async () => {
    const { extensions, message } = await hub.error(
      create,
      { input: { name: 'key', project: b.name, role: 'OWNER' } },
      user.token,
    )
    expect({ code: extensions.code, message }).toEqual({
      code: 'FORBIDDEN',
      message: 'This needs the role OWNER in the project; yours is EDITOR.',
    })
  })

  test('needs a person: a key makes neither keys nor people, though its person is an administrator', async () => {
    const key = await seedKey(hub, hub.admin, { role: 'OWNER' })
    const user = { email: 'made-by-a-key@example.com', password: 'a long enough password' }
    for (const [query, input] of [
      [create, { name: 'key' }],
      ['mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }', user],
    ] as const)
      expect((await hub.error(query, { input }, key.secret)).extensions.code).toBe('FORBIDDEN')
  })
})

describe('a key', () => {
  test('for one project does not know of another, though its person does', async () => {
    const { secret } = await seedKey(hub, user.token, { project: a.name, role: 'OWNER' })
    expect((await hub.data(projects, {}, user.token)).projects.totalCount).toBe(2)
    expect((await hub.data(projects, {}, secret)).projects).toEqual({
      totalCount: 1,
      nodes: [{ name: a.name, viewerRole: 'OWNER' }],
    })
    expect(
      await hub.data('query ($name: String!, $id: ID!) { project(name: $name) { id } node(id: $id) { id } }', { ...b }, secret),
    ).toEqual({
      project: null,
      node: null,
    })
    expect((await hub.error(createBucket, { project: b.name }, secret)).extensions.code).toBe('NOT_FOUND')
    expect(
      (await hub.error('mutation { createProject(input: { name: "from-a-key" }) { id } }', {}, secret)).extensions.code,
    ).toBe('FORBIDDEN')
  })

  test('does no more than its role, and no more than its person', async () => {
    const viewer = await seedKey(hub, user.token, { role: 'VIEWER' })
    expect(
      (await hub.data(projects, {}, viewer.secret)).projects.nodes.map((each: { viewerRole: string }) => each.viewerRole),
    ).toEqual(['VIEWER', 'VIEWER'])
    expect((await hub.error(createBucket, { project: a.name }, viewer.secret)).extensions.code).toBe('FORBIDDEN')

    const owner = await seedKey(hub, user.token, { role: 'OWNER' })
    const roles = (await hub.data(projects, {}, owner.secret)).projects.nodes
    expect(Object.fromEntries(roles.map((each: { name: string; viewerRole: string }) => [each.name, each.viewerRole]))).toEqual({
      [a.name]: 'OWNER',
      [b.name]: 'EDITOR',
    })
    expect(
      (await hub.error(setMember, { project: b.name, email: user.email, role: 'OWNER' }, owner.secret)).extensions.code,
    ).toBe('FORBIDDEN')
  })

  test('of an administrator for one project is no administrator elsewhere', async () => {
    const { secret } = await seedKey(hub, hub.admin, { project: a.name, role: 'OWNER' })
    const stranger = await seedUser(hub)
    const answer = await hub.data(
      'query ($user: ID!, $project: ID!) { user: node(id: $user) { id } project: node(id: $project) { id } projects { totalCount } }',
      { user: stranger.id, project: b.id },
      secret,
    )
    expect(answer).toEqual({ user: null, project: null, projects: { totalCount: 1 } })
  })

  test('sees no key but itself', async () => {
    const one = await seedKey(hub, user.token, { project: a.name })
    const other = await seedKey(hub, user.token)
    const answer = await hub.data(
      'query ($id: ID!) { viewer { accessKeys { id } } node(id: $id) { id } }',
      { id: other.id },
      one.secret,
    )
    expect(answer).toEqual({ viewer: { accessKeys: [{ id: one.id }] }, node: null })
    expect((await hub.error(revoke, { id: other.id }, one.secret)).extensions.code).toBe('NOT_FOUND')
  })

  test('is over when it expires', async () => {
    const { secret } = await seedKey(hub, user.token, { expiresAt: new Date(Date.now() + 700).toISOString() })
    expect((await hub.data('{ viewer { id } }', {}, secret)).viewer.id).toBe(user.id)
    await new Promise((resolve) => setTimeout(resolve, 800))
    expect((await hub.data('{ viewer { id } }', {}, secret)).viewer).toBeNull()
  })

  test('notes when it was used, to the minute', async () => {
    const { id, secret } = await seedKey(hub, user.token)
    const lastUsed = async () => (await hub.datasources.catalog.accessKeys.byIds([id]))[0]!.lastUsedAt
    expect(await lastUsed()).toBeNull()
    await hub.data('{ viewer { id } }', {}, secret)
    const first = await lastUsed()
    expect(Date.now() - Date.parse(first!)).toBeLessThan(5_000)
    await hub.data('{ viewer { id } }', {}, secret)
    expect(await lastUsed()).toBe(first)
    await hub.datasources.catalog.accessKeys.recordUse(id, new Date(Date.now() - 61_000).toISOString())
    await hub.data('{ viewer { id } }', {}, secret)
    expect(Date.now() - Date.parse((await lastUsed())!)).toBeLessThan(5_000)
  })
})

describe('revoking a key', () => {
  test('ends it at once; again it changes nothing', async () => {
    const { id, secret } = await seedKey(hub, user.token)
    const first = (await hub.data(revoke, { id }, user.token)).revokeAccessKey
    expect(first.revokedAt).not.toBeNull()
    expect((await hub.data('{ viewer { id } }', {}, secret)).viewer).toBeNull()
    expect((await hub.data(revoke, { id }, user.token)).revokeAccessKey).toEqual(first)
  })

  test('is for its person, OWNERs of its project and administrators; for others it does not exist', async () => {
    const editor = await seedUser(hub, { [a.name]: 'EDITOR' })
    const outsider = await seedUser(hub)
    const ofAnotherProject = await seedUser(hub, { [b.name]: 'OWNER' })
    const keyOf = () => seedKey(hub, editor.token, { project: a.name })
    const { id } = await keyOf()
    const nothing = await hub.error(revoke, { id: id.replace(/.{8}$/, '00000000') }, outsider.token)
    for (const as of [outsider.token, ofAnotherProject.token, (await seedUser(hub, { [a.name]: 'EDITOR' })).token]) {
      expect(await hub.error(revoke, { id }, as)).toEqual(nothing)
      expect((await hub.data('query ($id: ID!) { node(id: $id) { id } }', { id }, as)).node).toBeNull()
    }
    for (const as of [editor.token, user.token, hub.admin])
      expect((await hub.data(revoke, { id: (await keyOf()).id }, as)).revokeAccessKey.revokedAt).not.toBeNull()
    // A key that reaches every project of its person is no project's OWNERs' to end.
    const everywhere = await seedKey(hub, editor.token)
    expect((await hub.error(revoke, { id: everywhere.id }, user.token)).extensions.code).toBe('NOT_FOUND')
  })

  test('a key may end itself', async () => {
    const { id, secret } = await seedKey(hub, user.token, { role: 'VIEWER' })
    await hub.data(revoke, { id }, secret)
    expect((await hub.data('{ viewer { id } }', {}, secret)).viewer).toBeNull()
  })
})
