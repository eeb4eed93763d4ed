import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verifyPassword } from '../../src/credentials.js'
import { openSqliteCatalog } from '../../src/datasources/catalog/sqlite-catalog.js'
import { ensureFirstAdministrator } from '../../src/operations/ensure-first-administrator.js'

let home: string
let catalog: Awaited<ReturnType<typeof openSqliteCatalog>>
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'dhuo-test-'))
  catalog = await openSqliteCatalog({ scheme: 'sqlite', file: join(home, 'catalog.db') })
})
afterEach(async () => {
  await catalog.close()
  await rm(home, { recursive: true })
})

const email = 'admin@example.com'

test('the first start makes an administrator with the password that is set, and tells none', async () => {
  expect(await ensureFirstAdministrator(catalog, { email, password: 'configured' })).toBeNull()
  const user = (await catalog.users.findByEmail(email))!
  expect(user.isAdmin).toBe(1)
  expect(await verifyPassword('configured', user.passwordHash)).toBe(true)
})

test('without a password one is made up, told once, and good', async () => {
  const madeUp = (await ensureFirstAdministrator(catalog, { email, password: null }))!
  expect(madeUp).toMatch(/^[\w-]{16}$/)
  expect(await verifyPassword(madeUp, (await catalog.users.findByEmail(email))!.passwordHash)).toBe(true)
  expect(await ensureFirstAdministrator(catalog, { email, password: null })).toBeNull()
})

test('later starts change nothing, whatever is set', async () => {
  await ensureFirstAdministrator(catalog, { email, password: 'the first one' })
  await ensureFirstAdministrator(catalog, { email: 'other@example.com', password: 'another one' })
  expect(await catalog.users.findByEmail('other@example.com')).toBeUndefined()
  expect(await verifyPassword('the first one', (await catalog.users.findByEmail(email))!.passwordHash)).toBe(true)
})

test('of several servers that start at once one makes it, and all start', async () => {
  const told = await Promise.all([1, 2, 3].map(() => ensureFirstAdministrator(catalog, { email, password: null })))
  const passwords = told.filter((password) => password !== null)
  expect(passwords).toHaveLength(1)
  expect(await verifyPassword(passwords[0]!, (await catalog.users.findByEmail(email))!.passwordHash)).toBe(true)
})
