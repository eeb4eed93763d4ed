import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { openSqliteCatalog } from '../../src/datasources/catalog/sqlite-catalog.js'
import { compileProgram } from '../compile-sources.js'
import { at, datasetRow, insertProject } from '../contracts/catalog-rows.js'

/** Each waits for a line before it begins, so that all begin together, and tells what it was promised. */
const program = `
import { once } from 'node:events'
import { openSqliteCatalog } from './src/datasources/catalog/sqlite-catalog.js'
const [, , role, file, argument] = process.argv
const say = (value) => new Promise((resolve) => process.stdout.write(value + '\\n', resolve))
await say('ready')
await once(process.stdin, 'data')
await say('go')
const catalog = await openSqliteCatalog({ scheme: 'sqlite', file })
await say('open')
const work = {
  async open() {
    await catalog.users.hasAny()
  },
  async count() {
    for (let i = 0; i < 150; i++)
      await catalog.transaction(async ({ datasets }) => {
        const [dataset] = await datasets.byIds([argument])
        await new Promise((resolve) => setImmediate(resolve))
        await datasets.advance(argument, { kind: 'TABLE', objectId: null, pipelineStepId: null, updatedAt: '', description: String(Number(dataset.description) + 1) })
      })
  },
  async fill() {
    const insert = (catalog, i) =>
      catalog.users.insert({ id: 'usr_' + i, email: 'usr_' + i, name: 'x'.repeat(100_000), passwordHash: null, isAdmin: 0, createdAt: '' })
    await insert(catalog, 'before')
    const failing = catalog.transaction(async (stores) => {
      for (let i = 0; i < 100; i++) await insert(stores, i)
    })
    await failing.catch(({ code, message }) => say(code + ' ' + message))
    await insert(catalog, 'after')
    await say((await catalog.users.byIds(['usr_before', 'usr_0', 'usr_99', 'usr_after'])).map(({ id }) => id).sort().join())
  },
  async pairs() {
    for (let i = 0; ; i++) {
      const id = 'usr_' + argument + '_' + i
      await catalog.transaction(async ({ users, accessKeys }) => {
        await users.insert({ id, email: id, name: 'x'.repeat(2_000), passwordHash: null, isAdmin: 0, createdAt: '' })
        await new Promise((resolve) => setImmediate(resolve))
        await accessKeys.insert({ id, userId: id, name: '', secretHash: id, projectId: null, role: 'OWNER', createdAt: '', expiresAt: null, lastUsedAt: null, revokedAt: null })
      })
      await say(id)
    }
  },
}
await work[role]()
await catalog.close()
process.exit(0)
`

describe('processes that share a SQLite catalog', () => {
  let directory: string
  let file: string

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'dhuo-catalog-'))
    await compileProgram(directory, 'program.js', program, ['src/errors.ts', 'src/datasources/catalog'])
  })
  afterAll(() => rm(directory, { recursive: true }))
  let made = 0
  beforeEach(() => {
    file = join(directory, `home-${++made}`, 'catalog.db')
  })

  const start = async (role: string, argument = '', before = '') => {
    const command = [process.execPath, join(directory, 'program.js'), role, file, argument]
    const child = spawn('sh', ['-c', `${before} exec "$@"`, 'sh', ...command], { stdio: ['pipe', 'pipe', 'pipe'] })
    const lines: string[] = []
    let errors = ''
    child.stderr.on('data', (chunk) => {
      errors += chunk
    })
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
    const closed = once(child, 'close')
    const reached = async (line: string) => {
      while (!lines.includes(line) && child.exitCode === null && child.signalCode === null) await sleep(1)
    }
    await reached('ready')
    return {
      lines,
      go: () => child.stdin.write('go\n'),
      reached,
      kill: () => child.kill('SIGKILL'),
      /** The exit code, or the signal, and what it complained of. */
      ended: async () => {
        const [code, signal] = await closed
        return { end: code ?? signal, errors }
      },
    }
  }
  const opened = async () => openSqliteCatalog({ scheme: 'sqlite', file })
  const wellEnded = { end: 0, errors: '' }

  test('start at the same moment on a new file, and all succeed', async () => {
    for (let round = 0; round < 4; round++) {
      file = join(directory, `new-${round}`, 'catalog.db')
      const children = await Promise.all(Array.from({ length: 4 }, () => start('open')))
      for (const child of children) child.go()
      expect(await Promise.all(children.map((child) => child.ended()))).toEqual(Array(4).fill(wellEnded))
    }
  }, 60_000)

  test('write at once and lose nothing', async () => {
    const catalog = await opened()
    const dataset = datasetRow((await insertProject(catalog)).id, { description: '0' })
    await catalog.datasets.insert(dataset)
    const children = await Promise.all([start('count', dataset.id), start('count', dataset.id)])
    for (const child of children) child.go()
    for (let i = 0; i < 50; i++)
      await catalog.transaction(async ({ datasets }) => {
        const [row] = await datasets.byIds([dataset.id])
        await datasets.advance(dataset.id, {
          kind: 'TABLE',
          objectId: null,
          pipelineStepId: null,
          updatedAt: at(0),
          description: String(Number(row!.description) + 1),
        })
      })
    expect(await Promise.all(children.map((child) => child.ended()))).toEqual([wellEnded, wellEnded])
    expect(await catalog.datasets.byIds([dataset.id])).toMatchObject([{ version: 351, description: '350' }])
    await catalog.close()
  }, 60_000)

  test('are killed while they write: what they were promised is there, and no half of a transaction', async () => {
    let promised = 0
    for (let round = 0; round < 8; round++) {
      const children = await Promise.all([start('pairs', `${round}a`), start('pairs', `${round}b`)])
      for (const child of children) child.go()
      await Promise.all(children.map((child) => child.reached('open')))
      await sleep(20 + Math.random() * 80)
      for (const child of children) child.kill()
      for (const child of children) expect(await child.ended()).toMatchObject({ end: 'SIGKILL' })

      const ids = children.flatMap((child) => child.lines.filter((line) => line.startsWith('usr_')))
      promised += ids.length
      const catalog = await opened()
      expect((await catalog.users.byIds(ids)).map(({ id }) => id).sort()).toEqual(ids.sort())
      await catalog.close()
      const db = new DatabaseSync(file)
      expect(db.prepare('pragma integrity_check').all()).toMatchObject([{ integrity_check: 'ok' }])
      const halves = db.prepare(
        'select count(*) as n from users full join access_keys on "userId" = users.id where users.id is null or "userId" is null',
      )
      expect(halves.get()).toMatchObject({ n: 0 })
      db.close()
    }
    expect(promised).toBeGreaterThan(50)
  }, 60_000)

  test('are killed while they make the tables: the next start makes them', async () => {
    let unfinished = 0
    for (let round = 0; round < 12; round++) {
      file = join(directory, `killed-${round}`, 'catalog.db')
      const child = await start('open')
      child.go()
      await child.reached('go')
      await sleep(round * 2)
      child.kill()
      await child.ended()
      if (!child.lines.includes('open')) unfinished++
      const catalog = await opened()
      expect(await catalog.users.hasAny()).toBe(false)
      await catalog.close()
    }
    expect(unfinished).toBeGreaterThan(0)
  }, 60_000)

  test('learn what is wrong when the disk refuses to write, and go on: SQLite has ended the transaction by itself', async () => {
    // A limit for the size of a file, in blocks of 512 bytes: writing beyond it fails as on a disk with an error.
    const child = await start('fill', '', 'ulimit -f 8000;')
    child.go()
    expect(await child.ended()).toEqual(wellEnded)
    expect(child.lines.slice(-2)).toEqual([
      "BACKEND_UNAVAILABLE The catalog's file cannot be read or written.",
      'usr_after,usr_before',
    ])
  })
})
