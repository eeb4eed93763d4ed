import { chmod, mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kysely } from 'kysely'
import { type Catalog, createCatalog } from '../../src/datasources/catalog/catalog.js'
import { NodeSqlite } from '../../src/datasources/catalog/node-sqlite.js'
import { openSqliteCatalog, sqliteDialect, sqliteTransactions } from '../../src/datasources/catalog/sqlite-catalog.js'
import type { Tables } from '../../src/datasources/catalog/tables.js'
import { userRow } from '../contracts/catalog-rows.js'

describe("the SQLite catalog's file", () => {
  let directory: string
  let file: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'dhuo-catalog-'))
    file = join(directory, 'catalog.db')
  })
  afterEach(() => rm(directory, { recursive: true, force: true }))

  const opened = async <T>(use: (catalog: Catalog) => Promise<T>): Promise<T> => {
    const catalog = await openSqliteCatalog({ scheme: 'sqlite', file })
    try {
      return await use(catalog)
    } finally {
      await catalog.close()
    }
  }
  /** The error says in words of ours what is wrong, and names no path. */
  const expectUnavailable = async (failing: Promise<unknown>, words: RegExp): Promise<void> => {
    const error = await failing.then(
      () => null,
      (reason) => reason,
    )
    expect(error).toMatchObject({ code: 'BACKEND_UNAVAILABLE', message: expect.stringMatching(words) })
    expect(error.message).not.toContain(directory)
    expect(error.cause).toBeDefined()
  }

  test('is made with its directory, and only its owner may read it', async () => {
    file = join(directory, 'deep', 'down', 'catalog.db')
    await opened(async (catalog) => {
      await catalog.users.insert(userRow())
      for (const name of ['', '-wal', '-shm']) expect((await stat(file + name)).mode & 0o777).toBe(0o600)
    })
  })

  test('keeps its rows and its schema when it is opened again', async () => {
    const user = userRow()
    await opened((catalog) => catalog.users.insert(user))
    const schemaOf = () => {
      const db = new DatabaseSync(file, { readOnly: true })
      const rows = db.prepare('select name, timestamp from kysely_migration union all select name, sql from sqlite_schema').all()
      db.close()
      return rows
    }
    const schema = schemaOf()
    expect(schema.length).toBeGreaterThan(20)
    await opened(async (catalog) => expect(await catalog.users.byIds([user.id])).toEqual([user]))
    expect(schemaOf()).toEqual(schema)
  })

  test('may be open twice in one process, and each sees what the other has written', async () => {
    await opened((first) =>
      opened(async (second) => {
        const users = Array.from({ length: 20 }, () => userRow())
        await Promise.all(users.map((user, i) => (i % 2 ? first : second).transaction((stores) => stores.users.insert(user))))
        expect(await first.users.byIds(users.map(({ id }) => id))).toHaveLength(20)
        expect(await second.users.byIds(users.map(({ id }) => id))).toHaveLength(20)
      }),
    )
  })

  test('of a newer version is not opened, and not touched', async () => {
    await opened(async () => {})
    const db = new DatabaseSync(file)
    db.exec("insert into kysely_migration values ('2999-01-future', '2999-01-01T00:00:00.000Z')")
    db.close()
    const bytes = await readFile(file)
    await expectUnavailable(
      opened(async () => {}),
      /another version of this server/,
    )
    expect(await readFile(file)).toEqual(bytes)
    // Nothing of the failed start holds it.
    const again = new DatabaseSync(file)
    again.exec("pragma locking_mode = exclusive; delete from kysely_migration where name like '2999%'")
    again.close()
    await opened((catalog) => catalog.ping())
  })

  describe('that another process has locked', () => {
    test('is read, is unavailable for writing, and is written again afterwards', async () => {
      await opened(async (catalog) => {
        const [before, during] = [userRow(), userRow()]
        await catalog.users.insert(before)
        const other = new DatabaseSync(file)
        other.exec('begin immediate')
        expect(await catalog.users.byIds([before.id])).toEqual([before])
        const delay = monitorEventLoopDelay({ resolution: 5 })
        delay.enable()
        await expectUnavailable(catalog.users.insert(during), /locked/)
        // The rest of the server goes on while it waits.
        expect(delay.max / 1e6).toBeLessThan(500)
        delay.disable()
        const waiting = catalog.transaction(({ users }) => users.insert(during))
        await sleep(100)
        other.exec('commit')
        other.close()
        expect(await waiting).toBe(true)
      })
    })

    test('cannot be opened for the first time', async () => {
      const other = new DatabaseSync(file)
      other.exec('create table t (a); begin exclusive')
      await expectUnavailable(
        opened(async () => {}),
        /locked/,
      )
      other.exec('commit')
      other.close()
      await opened((catalog) => catalog.ping())
    })
  })

  test('without room takes nothing more, keeps what it has, and goes on when there is room again', async () => {
    const sqlite = new NodeSqlite(file)
    const database = new Kysely<Tables>({ dialect: sqliteDialect(() => sqlite) })
    const catalog = await createCatalog('sqlite', database, sqliteTransactions(database))
    // SQLite's own limit gives the same error as a full disk: https://www.sqlite.org/rescode.html#full
    const limitPages = (pages: string) => sqlite.prepare(`pragma max_page_count = ${pages}`).all([])
    const [kept, large] = [userRow(), userRow({ name: 'x'.repeat(5_000_000) })]
    await catalog.users.insert(kept)
    limitPages('1')
    await expectUnavailable(catalog.users.insert(large), /no space left/)
    const lost = userRow()
    const failing = catalog.transaction(async ({ users }) => {
      await users.insert(lost)
      await users.insert(large)
    })
    await expectUnavailable(failing, /no space left/)
    expect(await catalog.users.byIds([kept.id, lost.id, large.id])).toEqual([kept])
    limitPages('1000000')
    expect(await catalog.transaction(({ users }) => users.insert(large))).toBe(true)
    await catalog.close()
  })

  test.each([
    ['is no database', () => writeFile(file, 'hello, this is a text '.repeat(1_000))],
    ['is a database that was cut off', () => damage(async (handle) => handle.truncate(6 * 4096))],
    [
      'has pages that were overwritten',
      () => damage(async (handle) => handle.write(Buffer.alloc(40 * 4096, 'rubbish'), 0, 40 * 4096, 4096)),
    ],
  ])('that %s is unavailable', async (_what, make) => {
    await make()
    const use = opened(async (catalog) => {
      await catalog.users.insert(userRow())
      await catalog.projects.count({ memberId: null, projectId: null })
    })
    await expectUnavailable(use, /damaged/)
  })

  async function damage(how: (handle: Awaited<ReturnType<typeof open>>) => Promise<unknown>): Promise<void> {
    await opened(async (catalog) => {
      for (let i = 0; i < 300; i++) await catalog.users.insert(userRow({ name: 'x'.repeat(1_000) }))
    })
    await using handle = await open(file, 'r+')
    await how(handle)
  }

  test.each([
    ['is a directory', '.'],
    ['lies in a file', 'file/catalog.db'],
    ['has a name that is too long', 'x'.repeat(300)],
  ])('that %s is unavailable', async (_what, path) => {
    await writeFile(join(directory, 'file'), '')
    file = join(directory, path)
    await expectUnavailable(
      opened(async () => {}),
      /cannot be opened/,
    )
  })

  const isRoot = process.getuid?.() === 0
  // Root may write what nobody may write.
  test.each([
    ['may only be read', 0o444, 0o555],
    ['may not even be read', 0o000, 0o755],
  ])('that %s is unavailable', async (_what, fileMode, directoryMode) => {
    await opened(async () => {})
    await chmod(file, fileMode)
    await chmod(directory, directoryMode)
    try {
      if (isRoot) process.seteuid!(65534)
      await expectUnavailable(
        opened((catalog) => catalog.users.insert(userRow())),
        /can only be read|cannot be opened/,
      )
    } finally {
      if (isRoot) process.seteuid!(0)
      await chmod(directory, 0o755)
    }
  })
})
