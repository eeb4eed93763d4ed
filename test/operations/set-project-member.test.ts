import { createTestHub, type TestHub } from '../hub.js'
import { type SeededProject, seedKey, seedProject, seedUser } from '../seed.js'

let hub: TestHub
let project: SeededProject
beforeAll(async () => {
  hub = await createTestHub()
})
beforeEach(async () => {
  project = await seedProject(hub)
})
afterAll(() => hub.close())

const mutation =
  'mutation ($project: String!, $email: String!, $role: Role) { setProjectMember(project: $project, email: $email, role: $role) { members { role user { email } } } }'
const setMember = (email: string, role: string | null, as = hub.admin, name = project.name) =>
  hub.execute(mutation, { project: name, email, role }, as)
const codeOf = (answer: { errors?: { extensions: { code: string } }[] }) => answer.errors?.[0]?.extensions.code ?? 'success'

async function members(): Promise<Record<string, string>> {
  const query = 'query ($name: String!) { project(name: $name) { members { role user { email } } } }'
  const found = (await hub.data(query, { name: project.name })).project.members
  return Object.fromEntries(found.map(({ role, user }: { role: string; user: { email: string } }) => [user.email, role]))
}

test('a role is given, changed and taken; the email in any case', async () => {
  const user = await seedUser(hub)
  for (const role of ['VIEWER', 'OWNER', 'EDITOR', 'EDITOR']) {
    const answer = await setMember(` ${user.email.toUpperCase()}`, role)
    expect(answer.data!['setProjectMember']['members']).toContainEqual({ role, user: { email: user.email } })
  }
  expect(codeOf(await setMember(user.email, null))).toBe('success')
  expect(await members()).toEqual({ 'admin@example.com': 'OWNER' })
  expect(codeOf(await setMember(user.email, null))).toBe('success')
})

test('what was changed shows in the same document, and counts in it', async () => {
  const [owner, user] = [await seedUser(hub, { [project.name]: 'OWNER' }), await seedUser(hub)]
  const change = (alias: string, email: string, role: string) =>
    `${alias}: setProjectMember(project: "${project.name}", email: "${email}", role: ${role}) { viewerRole members { user { email } } }`
  const { data, errors } = await hub.execute(
    `mutation { ${change('a', user.email, 'VIEWER')} ${change('b', user.email, 'null')} ${change('c', owner.email, 'VIEWER')} ${change('d', owner.email, 'OWNER')} }`,
    {},
    owner.token,
  )
  // The last one is refused, for by then the owner is none: and with it, being required, the whole answer.
  expect(data).toBeNull()
  expect(errors).toMatchObject([{ path: ['d'], extensions: { code: 'FORBIDDEN' } }])
  expect(await members()).toEqual({ 'admin@example.com': 'OWNER', [owner.email]: 'VIEWER' })
})

test('a project keeps an OWNER', async () => {
  const owner = await seedUser(hub, { [project.name]: 'OWNER' })
  expect(codeOf(await setMember('admin@example.com', null))).toBe('success')
  for (const role of [null, 'VIEWER', 'EDITOR'])
    for (const as of [owner.token, hub.admin]) {
      const { errors } = await setMember(owner.email, role, as)
      expect(errors).toMatchObject([{ extensions: { code: 'PRECONDITION_FAILED', field: 'role' } }])
    }
  expect(await members()).toEqual({ [owner.email]: 'OWNER' })
})

test('a project keeps an OWNER when its OWNERs remove one another at once', async () => {
  const owners = await Promise.all([1, 2, 3].map(() => seedUser(hub)))
  for (let round = 0; round < 5; round++) {
    project = await seedProject(hub)
    for (const { email } of owners) await setMember(email, 'OWNER')
    await setMember('admin@example.com', null)
    const answers = await Promise.all(
      owners.flatMap((owner) =>
        owners.filter((other) => other !== owner).map((other) => setMember(other.email, null, owner.token)),
      ),
    )
    for (const answer of answers) expect(['success', 'PRECONDITION_FAILED', 'NOT_FOUND']).toContain(codeOf(answer))
    expect(Object.values(await members())).toEqual(['OWNER'])
  }
}, 60_000)

test('an email that nobody has is NOT_FOUND', async () => {
  for (const email of ['nobody@example.com', 'no email', ''])
    expect((await setMember(email, 'VIEWER')).errors).toMatchObject([{ extensions: { code: 'NOT_FOUND', field: 'email' } }])
})

test('a role that is none is refused', async () => {
  expect((await setMember('admin@example.com', 'ROOT')).errors).toMatchObject([
    { extensions: { code: 'BAD_USER_INPUT', field: 'role' } },
  ])
})

test('is for OWNERs: other members are told so, and for strangers the project does not exist', async () => {
  for (const role of ['VIEWER', 'EDITOR'] as const) {
    const member = await seedUser(hub, { [project.name]: role })
    const { errors } = await setMember(member.email, 'OWNER', member.token)
    expect(errors).toMatchObject([
      { message: `This needs the role OWNER in the project; yours is ${role}.`, extensions: { code: 'FORBIDDEN' } },
    ])
  }
  const stranger = await seedUser(hub)
  const absent = `${project.name}-not`
  const there = await hub.execute(mutation, { project: project.name, email: stranger.email, role: 'OWNER' }, stranger.token)
  const nowhere = await hub.execute(mutation, { project: absent, email: stranger.email, role: 'OWNER' }, stranger.token)
  expect(there.errors).toMatchObject([{ extensions: { code: 'NOT_FOUND', field: 'project' } }])
  expect(JSON.stringify(there)).toBe(JSON.stringify(nowhere).replaceAll(absent, project.name))
})

describe('who loses a role loses it at once', () => {
  test('with a session and with a key', async () => {
    const user = await seedUser(hub, { [project.name]: 'EDITOR' })
    const key = await seedKey(hub, user.token, { project: project.name })
    const change = (as: string, purpose: string) =>
      hub.execute(
        'mutation ($project: String!, $purpose: BucketPurpose!) { createBucket(input: { project: $project, purpose: $purpose }) { id } }',
        { project: project.name, purpose },
        as,
      )
    const see = async (as: string) =>
      await hub.data(
        'query ($name: String!) { project(name: $name) { viewerRole } projects { totalCount } }',
        { name: project.name },
        as,
      )
    expect(codeOf(await change(user.token, 'RAW'))).toBe('success')
    expect(codeOf(await change(key.secret, 'TEMP'))).toBe('success')

    await setMember(user.email, 'VIEWER')
    for (const as of [user.token, key.secret]) {
      expect(codeOf(await change(as, 'MODELS'))).toBe('FORBIDDEN')
      expect(await see(as)).toEqual({ project: { viewerRole: 'VIEWER' }, projects: { totalCount: 1 } })
    }
    await setMember(user.email, null)
    for (const as of [user.token, key.secret]) {
      expect(codeOf(await change(as, 'MODELS'))).toBe('NOT_FOUND')
      expect(await see(as)).toEqual({ project: null, projects: { totalCount: 0 } })
    }
    // What comes back comes back with the key.
    await setMember(user.email, 'EDITOR')
    expect(codeOf(await change(key.secret, 'MODELS'))).toBe('success')
  })
})
