import { createTestHub, type TestHub } from '../hub.js'
import { seedKey, seedUser } from '../seed.js'

let hub: TestHub
beforeAll(async () => {
  hub = await createTestHub()
})
afterAll(() => hub.close())

const mutation = 'mutation ($input: CreateUserInput!) { createUser(input: $input) { id email name isAdmin accessKeys { id } } }'
const password = 'a long enough password'
const make = (input: Record<string, unknown>, as?: string) => hub.execute(mutation, { input: { password, ...input } }, as)

test('an administrator makes people, who can then log in', async () => {
  const { createUser } = await hub.data(mutation, { input: { email: ' Ana.Souza@Example.COM ', password, name: 'Ana Souza' } })
  expect(createUser).toEqual({
    id: expect.stringMatching(/^usr_/),
    email: 'ana.souza@example.com',
    name: 'Ana Souza',
    isAdmin: false,
    accessKeys: [],
  })
  await hub.data(
    'mutation ($password: String!) { login(email: "ANA.souza@example.com", password: $password) { token } }',
    { password },
    null,
  )
})

test('an administrator makes administrators', async () => {
  const { createUser } = await hub.data(mutation, { input: { email: 'root@example.com', password, isAdmin: true } })
  expect(createUser.isAdmin).toBe(true)
})

test('nobody else does: no person, no key of an administrator, nobody anonymous', async () => {
  const user = await seedUser(hub)
  const key = await seedKey(hub, hub.admin, { role: 'OWNER' })
  for (const [as, code] of [
    [user.token, 'FORBIDDEN'],
    [key.secret, 'FORBIDDEN'],
    ['nonsense', 'UNAUTHENTICATED'],
  ] as const)
    expect((await make({ email: 'not-made@example.com', isAdmin: true }, as)).errors).toMatchObject([{ extensions: { code } }])
  expect(await hub.datasources.catalog.users.findByEmail('not-made@example.com')).toBeUndefined()
})

test('an email is one person, in whatever case and form', async () => {
  await make({ email: 'josé@example.com'.normalize('NFC') })
  for (const email of ['JOSÉ@example.com', 'josé@example.com'.normalize('NFD'), ' josé@EXAMPLE.com'])
    expect((await make({ email })).errors).toMatchObject([{ extensions: { code: 'CONFLICT', field: 'input.email' } }])
})

test('an email is one person, when two are made at once', async () => {
  const answers = await Promise.all([1, 2, 3].map(() => make({ email: 'at-once@example.com' })))
  expect(answers.filter(({ errors }) => !errors)).toHaveLength(1)
})

test.each([
  ['input.email', { email: '' }],
  ['input.email', { email: 'no at' }],
  ['input.email', { email: 'two@at@example.com' }],
  ['input.email', { email: 'in side@example.com' }],
  ['input.email', { email: 'line\nbreak@example.com' }],
  ['input.email', { email: 'nul\0@example.com' }],
  ['input.email', { email: '\ud800@example.com' }],
  ['input.email', { email: '@example.com' }],
  ['input.email', { email: `${'x'.repeat(243)}@example.com` }],
  ['input.password', { email: 'a@example.com', password: 'seven77' }],
  ['input.password', { email: 'a@example.com', password: 'x'.repeat(1_025) }],
  ['input.name', { email: 'a@example.com', name: 'x'.repeat(201) }],
  ['input.isAdmin', { email: 'a@example.com', isAdmin: 'yes' }],
])('%s is refused: %j', async (field, input) => {
  const { errors } = await make(input)
  expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field } }])
  // What was sent may be a password.
  if ('password' in input) expect(JSON.stringify(errors)).not.toContain(input.password)
})

test('a password of 1,024 characters logs in', async () => {
  const long = 'ü'.repeat(1_024)
  await make({ email: 'long@example.com', password: long })
  await hub.data(
    'mutation ($password: String!) { login(email: "long@example.com", password: $password) { token } }',
    { password: long },
    null,
  )
})
