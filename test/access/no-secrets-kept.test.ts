import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createLogger } from '../../src/logger.js'
import { createTestHub } from '../hub.js'
import { seedBucket, seedKey, seedObject, seedProject, seedUser } from '../seed.js'
import { askSocket } from './socket.js'

const login = 'mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { token } }'

test('no password, token, key or signature is in a log line, or in a file of the catalog', async () => {
  const lines: string[] = []
  const hub = await createTestHub({}, createLogger('trace', { write: (line: string) => void lines.push(line) }))
  try {
    const project = await seedProject(hub)
    const user = await seedUser(hub, { [project.name]: 'EDITOR' })
    const key = await seedKey(hub, user.token, { project: project.name })
    const bucket = await seedBucket(hub, project.name)
    await seedObject(hub, bucket.name, 'rows.csv', 'a\n1\n')
    const wrong = 'a-wrong-password-4711'
    await hub.execute(login, { email: user.email, password: wrong }, null)
    // As a literal, and where it does not belong.
    await hub.execute(`mutation { login(email: "${user.email}", password: "${wrong}") { token } }`, {}, null)
    await hub.execute(login, { email: user.email, password: [wrong] }, null)
    await hub.execute(`{ ${wrong} }`, {}, null)
    await hub.execute('mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }', {
      input: { email: 'x', password: wrong },
    })
    const unknown = ['dhuo_session_unknown-token-4711', 'dhuo_key_unknown-key-4711']
    for (const token of unknown) {
      await hub.execute('{ projects { totalCount } }', {}, token)
      await askSocket(hub, '{ viewer { id } }', { authorization: `Bearer ${token}` })
    }
    for (const token of [user.token, key.secret]) await askSocket(hub, '{ viewer { id } }', { authorization: `Bearer ${token}` })
    await fetch(`${hub.url}/graphql`, { method: 'POST', headers: { 'x-dhuo-access-key': key.secret }, body: 'no json' })
    await fetch(`${hub.url}/nowhere?token=${user.token}`, { headers: { authorization: `Bearer ${user.token}` } })

    const { object } = (
      await hub.data(
        'query ($name: String!) { bucket(name: $name) { object(key: "rows.csv") { downloadUrl } } }',
        { name: bucket.name },
        key.secret,
      )
    ).bucket
    const signature = new URL(object.downloadUrl).searchParams.get('signature')!
    await (await fetch(object.downloadUrl)).text()
    await (await fetch(object.downloadUrl.replace(/by=[^&]+/, 'by=somebody'))).text()

    const secrets = [hub.admin, 'correct horse battery', user.password, user.token, key.secret, wrong, ...unknown, signature]
    const log = lines.join('')
    expect(lines.length).toBeGreaterThan(25)
    expect(log).toContain('mutation login')
    expect(secrets.filter((secret) => log.includes(secret))).toEqual([])

    const files = (await readdir(hub.home)).filter((name) => name.startsWith('catalog'))
    expect(files).toContain('catalog.db')
    for (const name of files) {
      const bytes = await readFile(join(hub.home, name))
      expect(secrets.filter((secret) => bytes.includes(secret))).toEqual([])
    }
    // It is kept in some form, or this would prove nothing.
    expect((await Promise.all(files.map((name) => readFile(join(hub.home, name))))).some((bytes) => bytes.includes(key.id))).toBe(
      true,
    )
  } finally {
    await hub.close()
  }
})
