import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openOracleLakehouse } from '../../src/datasources/lakehouse/oracle-lakehouse.js'
import { createLogger } from '../../src/logger.js'
import { eventually } from '../eventually.js'
import { OracleFault } from '../oracle/oracle-database.js'
import { configFor } from '../oracle/oracle-lakehouse-over-postgres.js'
import { openScripted, type ScriptedLakehouse } from '../oracle/scripted-lakehouse.js'

const schema = 'iris'
const one = { columns: [{ name: 'N', type: 'NUMBER' }], rows: [['1']] } as const
const select = (open: ScriptedLakehouse, sql: string, signal?: AbortSignal) =>
  open.lakehouse.select({ schema, sql }, { limit: 10 }, signal)
const rowsOf = async (open: ScriptedLakehouse, sql: string) => (await select(open, sql)).rows
/** The error, and how long it took. Milliseconds. */
async function failureOf(work: Promise<unknown>): Promise<{ error: Error & { code: string }; took: number }> {
  const began = performance.now()
  const error = await work.then(
    () => Promise.reject(new Error('it did not fail')),
    (reason) => reason,
  )
  return { error, took: performance.now() - began }
}

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})
async function open(...terms: Parameters<typeof openScripted>): Promise<ScriptedLakehouse> {
  const opened = await openScripted(...terms)
  closing.push(opened.close)
  opened.database.reply(/from ones/, one).reply(/from silence/, 'silence')
  return opened
}

/** What somebody who is no listener of Oracle's does with a connection. */
async function stranger(serve: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `127.0.0.1:${(server.address() as { port: number }).port}`
}

async function lakehouseAt(address: string, service = 'FREEPDB1') {
  const home = await mkdtemp(join(tmpdir(), 'oracle-nobody-'))
  const lakehouse = await openOracleLakehouse(
    configFor(`oracle://${address}/${service}`, home, { DHUO_ORACLE_CONNECT_SECONDS: '1', DHUO_SQL_TIMEOUT_MS: '6000' }),
    createLogger('silent'),
  )
  closing.push(async () => {
    await lakehouse.close()
    await rm(home, { recursive: true, force: true })
  })
  return lakehouse
}

describe('a database that is not there', () => {
  test.each<[string, () => Promise<string>]>([
    ['a refused port', async () => '127.0.0.1:1'],
    ['an unknown host', async () => 'no-such-host.invalid:1521'],
    ['a listener that says nothing', () => stranger(() => {})],
    ['a listener that closes at once', () => stranger((socket) => socket.destroy())],
    ['a listener that closes when it is asked', () => stranger((socket) => socket.on('data', () => socket.end()))],
    ['a listener that speaks HTTP', () => stranger((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))],
    ['a listener that speaks rubbish', () => stranger((socket) => socket.end(Buffer.alloc(4_096, 0xa5)))],
    ['a listener that speaks rubbish and stays', () => stranger((socket) => socket.write(Buffer.alloc(64, 0x00)))],
  ])('%s is BACKEND_UNAVAILABLE within seconds, to open it is none, and no address is told', async (_what, make) => {
    const address = await make()
    const lakehouse = await lakehouseAt(address)
    for (const work of [() => lakehouse.ping(), () => lakehouse.select({ schema, sql: 'select n from ones' }, { limit: 1 })]) {
      const { error, took } = await failureOf(work())
      expect(error).toMatchObject({ name: 'DhuoError', code: 'BACKEND_UNAVAILABLE' })
      expect(error.message).not.toMatch(/127\.0\.0\.1|invalid|NJS|DHUO/)
      expect(took).toBeLessThan(8_000)
    }
  })

  test('a listener that takes the connection and is silent at the login is left in time', async () => {
    const opened = await open({ DHUO_ORACLE_CONNECT_SECONDS: '1' }, { isMute: true })
    const { error, took } = await failureOf(select(opened, 'select n from ones'))
    expect(error).toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    expect(took).toBeLessThan(8_000)
    // The driver still waits for it, and would for ever: nobody else does.
    opened.listener.mute(false)
    for (const account of [1, 2]) expect([account, await rowsOf(opened, 'select n from ones')]).toEqual([account, [[1]]])
    opened.listener.mute(true)
    await failureOf(opened.lakehouse.ping())
    const began = performance.now()
    await opened.lakehouse.close()
    expect(performance.now() - began).toBeLessThan(6_000)
    await eventually(() => opened.listener.open() === 0)
  })

  test('a service that the listener does not know is BACKEND_UNAVAILABLE', async () => {
    const opened = await open()
    const lakehouse = await lakehouseAt(`127.0.0.1:${opened.listener.port}`, 'elsewhere')
    await expect(lakehouse.ping()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE', cause: { code: 'NJS-518' } })
  })

  test('comes back without a restart of the server', async () => {
    const opened = await open()
    expect(await rowsOf(opened, 'select n from ones')).toEqual([[1]])
    opened.database.refuse('DHUO_IRIS#R', new OracleFault(1033, 'ORACLE initialization or shutdown in progress'))
    opened.listener.cut()
    await expect(rowsOf(opened, 'select n from ones')).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    opened.database.admit('DHUO_IRIS#R')
    expect(await rowsOf(opened, 'select n from ones')).toEqual([[1]])
  })
})

describe('a connection that is lost', () => {
  test('while it was idle is not noticed', async () => {
    const opened = await open()
    for (let round = 0; round < 3; round++) {
      expect(await rowsOf(opened, 'select n from ones')).toEqual([[1]])
      opened.listener.cut()
      expect(await opened.lakehouse.execute({ schema, sql: 'delete from rows', paramSets: [undefined] })).toEqual({
        rowsAffected: 1,
      })
      opened.listener.cut()
    }
  })

  test('in the middle of a SELECT is made up for once, and told the second time', async () => {
    const opened = await open()
    let runs = 0
    opened.database.reply(/from flaky/, ({ sets }) => {
      if (sets.length > 0 && ++runs === 1) setImmediate(() => opened.listener.cut())
      return runs === 1 && sets.length > 0 ? 'silence' : one
    })
    expect(await rowsOf(opened, 'select n from flaky')).toEqual([[1]])
    expect(runs).toBe(2)
    opened.database.reply(/from broken/, ({ sets }) => {
      if (sets.length > 0) setImmediate(() => opened.listener.cut())
      return sets.length > 0 ? 'silence' : one
    })
    await expect(rowsOf(opened, 'select n from broken')).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    expect(opened.database.sentLike(/from broken/)).toHaveLength(2)
    expect(await rowsOf(opened, 'select n from ones')).toEqual([[1]])
  })

  test('in the middle of a change is told, and the change is not run again', async () => {
    const opened = await open()
    opened.database.reply(/delete from flaky/, ({ sets }) => {
      if (sets.length > 0) setImmediate(() => opened.listener.cut())
      return sets.length > 0 ? 'silence' : {}
    })
    await expect(opened.lakehouse.execute({ schema, sql: 'delete from flaky', paramSets: [undefined] })).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
    })
    expect(opened.database.sentLike(/delete from flaky/)).toHaveLength(1)
    expect(opened.database.seen.committed).toBe(0)
  })

  test('while a change is completed is told so, for nobody knows whether it is there', async () => {
    const opened = await open()
    opened.database.beforeCommit = () => opened.listener.cut()
    const change = opened.lakehouse.execute({ schema, sql: 'delete from rows', paramSets: [undefined] })
    await expect(change).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringMatching(/whether it is there is not known/),
    })
    expect(opened.database.sentLike(/delete from rows/)).toHaveLength(1)
  })

  test.each([3113, 3135, 1012, 28, 1089, 2396])(
    'as ORA-%i tells it is not given to anybody again, and neither are the others of its account',
    async (number) => {
      const opened = await open()
      let isOver = false
      opened.database.reply(/from dying/, ({ sets }) => {
        if (isOver || sets.length === 0) return one
        isOver = true
        return new OracleFault(number, 'the session is over')
      })
      expect(await rowsOf(opened, 'select n from dying')).toEqual([[1]])
      expect(opened.listener.logins.filter((login) => login.endsWith('#R]'))).toHaveLength(2)
    },
  )
})

describe('a statement that is stopped', () => {
  test('by its client is interrupted in the database, and its connection is used no more', async () => {
    const opened = await open()
    const leaving = new AbortController()
    const selecting = failureOf(select(opened, 'select n from silence', leaving.signal))
    await eventually(() => opened.database.sentLike(/silence/).length === 1)
    leaving.abort(new Error('the client went away'))
    const { error } = await selecting
    expect(error.message).toBe('the client went away')
    expect(opened.database.seen.cancelled).toBe(1)
    await eventually(() => opened.database.seen.ended === 1)
    expect(await rowsOf(opened, 'select n from ones')).toEqual([[1]])
  })

  test('by the time that it has is interrupted in the database', async () => {
    const opened = await open({ DHUO_SQL_TIMEOUT_MS: '300' })
    const { error, took } = await failureOf(select(opened, 'select n from silence'))
    expect(error).toMatchObject({ code: 'TIMEOUT' })
    expect(took).toBeGreaterThan(290)
    expect(took).toBeLessThan(3_000)
    expect(opened.database.seen.cancelled).toBe(1)
  })

  test('is left by a cut of its connection where the database does not even take the interruption', async () => {
    const opened = await open({ DHUO_SQL_TIMEOUT_MS: '300', DHUO_ORACLE_CONNECTIONS: '1' })
    const selecting = failureOf(select(opened, 'select n from silence'))
    await eventually(() => opened.database.sentLike(/silence/).length === 1)
    opened.listener.freeze(true)
    const { error, took } = await selecting
    expect(error).toMatchObject({ code: 'TIMEOUT' })
    expect(took).toBeLessThan(6_000)
    // The socket is really gone, and so is its place among the connections: the only one there is.
    opened.listener.freeze(false)
    await eventually(() => opened.listener.open() === 0)
    expect(await rowsOf(opened, 'select n from ones')).toEqual([[1]])
  })

  test('gives its place back although the database answers no more when its transaction is to be ended', async () => {
    const opened = await open({ DHUO_ORACLE_CONNECTIONS: '1' })
    expect(await rowsOf(opened, 'select n from ones')).toEqual([[1]])
    opened.listener.mute(true)
    await eventually(() => opened.listener.open() === 0)
    opened.listener.mute(false)
    expect(await rowsOf(opened, 'select n from ones')).toEqual([[1]])
  })

  test('by the end of the server does not hold it up', async () => {
    const opened = await open()
    const selecting = failureOf(select(opened, 'select n from silence'))
    await eventually(() => opened.database.sentLike(/silence/).length === 1)
    const began = performance.now()
    await opened.lakehouse.close()
    expect(performance.now() - began).toBeLessThan(6_000)
    expect((await selecting).error).toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    await eventually(() => opened.listener.open() === 0)
    await expect(opened.lakehouse.ping()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  })
})

describe('statements that wait', () => {
  test('are 500 at most; more are turned away at once, and those that wait have their own time and leave when their client does', async () => {
    const opened = await open({ DHUO_ORACLE_CONNECTIONS: '2', DHUO_SQL_TIMEOUT_MS: '2500' })
    const running = [1, 2].map(() => failureOf(select(opened, 'select n from silence')))
    await eventually(() => opened.database.sentLike(/silence/).length === 2)
    const leaving = new AbortController()
    const waiting = Array.from({ length: 500 }, (_, i) =>
      failureOf(select(opened, 'select n from silence', i === 0 ? leaving.signal : undefined)),
    )
    const turnedAway = await failureOf(select(opened, 'select n from ones'))
    expect(turnedAway.error).toMatchObject({ code: 'BACKEND_UNAVAILABLE', message: expect.stringMatching(/Try again later/) })
    expect(turnedAway.took).toBeLessThan(1_000)
    leaving.abort(new Error('gone'))
    expect((await waiting[0]!).error.message).toBe('gone')
    const late = failureOf(select(opened, 'select n from silence'))
    const all = await Promise.all([...running, ...waiting.slice(1), late])
    expect(new Set(all.map(({ error }) => error.code))).toEqual(new Set(['TIMEOUT']))
    expect(opened.listener.open()).toBeLessThanOrEqual(6)
    // None of them holds a place any more.
    expect(await Promise.all(Array.from({ length: 20 }, () => rowsOf(opened, 'select n from ones')))).toHaveLength(20)
  })

  test('for their turn to add a version wait no longer than their time, and say so', async () => {
    const opened = await open({ DHUO_SQL_TIMEOUT_MS: '500' })
    opened.database.reply(/FOR UPDATE/, 'silence')
    const append = (key: number) =>
      failureOf(
        opened.lakehouse.appendVersion(
          { schema, table: 'scores', required: [], key: null, above: 0, createdAt: '2026-11-27T12:00:00.000Z' },
          { given: { columns: ['score'], rows: [[key]] } },
        ),
      )
    for (const { error, took } of await Promise.all([append(1), append(2), append(3)])) {
      expect(error).toMatchObject({ code: 'TIMEOUT' })
      expect(took).toBeLessThan(8_000)
    }
  })

  test('of many projects share the connections: there are never more than the settings allow, and four', async () => {
    const opened = await open({ DHUO_ORACLE_CONNECTIONS: '2' })
    let most = 0
    await Promise.all(
      Array.from({ length: 60 }, async (_, i) => {
        await opened.lakehouse.select({ schema: `project${i % 12}`, sql: 'select n from ones' }, { limit: 1 })
        most = Math.max(most, opened.listener.open())
      }),
    )
    // Those that have just been left say goodbye meanwhile: at most one for each statement.
    expect(most).toBeLessThanOrEqual(8)
    await eventually(() => opened.listener.open() <= 6)
    expect(new Set(opened.listener.logins).size).toBe(12)
  })

  test('of accounts that come and go in bursts are all answered, and idle connections make room for others', async () => {
    const opened = await open({ DHUO_ORACLE_CONNECTIONS: '6' })
    const burst = (project: number, count: number) =>
      Array.from({ length: count }, () =>
        opened.lakehouse.select({ schema: `project${project}`, sql: 'select n from ones' }, { limit: 1 }),
      )
    for (let round = 0; round < 12; round++) {
      const long = failureOf(
        opened.lakehouse.select(
          { schema: `project${round % 4}`, sql: 'select n from silence' },
          { limit: 1 },
          AbortSignal.timeout(60),
        ),
      )
      await Promise.all([...burst(round % 4, 12), ...burst((round + 1) % 4, 12), ...burst((round + 2) % 4, 3)])
      expect((await long).error.name).toBe('TimeoutError')
    }
    await eventually(() => opened.listener.open() <= 6 + 4)
  })

  test.each([
    [18, 'maximum number of sessions exceeded'],
    [2391, 'exceeded simultaneous SESSIONS_PER_USER limit'],
  ])('ORA-%i of a database that has no session left is BACKEND_UNAVAILABLE, to be tried again', async (number, words) => {
    const opened = await open()
    opened.database.refuse('DHUO_IRIS#R', new OracleFault(number, words))
    await expect(rowsOf(opened, 'select n from ones')).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringMatching(/busy.*again later/),
    })
  })
})

describe('a session that was used before', () => {
  test('is set anew before each statement: schema, formats, time zone, and whatever is open', async () => {
    const opened = await open()
    for (let round = 0; round < 2; round++) await rowsOf(opened, 'select n from ones')
    await opened.lakehouse.execute({ schema, sql: 'delete from rows', paramSets: [undefined] })
    const begun = opened.database.sentLike(/^BEGIN ROLLBACK/)
    expect(begun.map(({ account }) => account)).toEqual(['DHUO_IRIS#R', 'DHUO_IRIS#R', 'DHUO_IRIS#W'])
    for (const setting of [
      "NLS_LANGUAGE = 'AMERICAN'",
      "NLS_CALENDAR = 'GREGORIAN'",
      "NLS_LENGTH_SEMANTICS = 'BYTE'",
      "NLS_NUMERIC_CHARACTERS = '.,'",
      "NLS_SORT = 'BINARY'",
      "TIME_ZONE = '+00:00'",
      'CURRENT_SCHEMA = DHUO_IRIS',
    ])
      for (const { sql } of begun) expect(sql).toContain(setting)
    expect(begun.map(({ sql }) => / SET TRANSACTION READ ONLY; END;$/.test(sql))).toEqual([true, true, false])
  })

  test('is given to nobody after code of a user ran in it', async () => {
    const opened = await open()
    const declared = 'with function f return number is begin return 1; end; select f() as n from ones'
    expect(await rowsOf(opened, declared)).toEqual([[1]])
    await eventually(() => opened.listener.open() === 0)
    expect(await rowsOf(opened, "select 'a function' as n from ones")).toEqual([[1]])
    expect(opened.listener.open()).toBe(1)
  })
})

describe('a database that is not set up as it should be', () => {
  const project = (opened: ScriptedLakehouse) => opened.lakehouse.createSchema(schema)
  test.each([
    [6550, "line 1, column 7: PLS-00201: identifier 'DHUOADMIN.CREATE_PROJECT' must be declared"],
    [20_001, "No name of a project's account."],
    [1031, 'insufficient privileges'],
  ])('with ORA-%i of the procedure is BACKEND_UNAVAILABLE, and no name of it is told', async (number, words) => {
    const opened = await open()
    opened.database.reply(/CREATE_PROJECT/, new OracleFault(number, words))
    const { error } = await failureOf(project(opened))
    expect(error).toMatchObject({ code: 'BACKEND_UNAVAILABLE', message: expect.stringMatching(/not set up.*operator/) })
    expect(error.message).not.toMatch(/DHUOADMIN|CREATE_PROJECT/)
  })

  test('with an account of that name which is no project’s is a conflict', async () => {
    const opened = await open()
    opened.database.reply(/CREATE_PROJECT/, new OracleFault(20_002, "There is an account of that name which is no project's."))
    await expect(project(opened)).rejects.toMatchObject({ code: 'CONFLICT', field: 'schema' })
  })

  test.each([
    [1031, /^CREATE TABLE/],
    [1950, /^CREATE TABLE/],
    [942, /^GRANT|DHUO#LOCK/],
  ])('with ORA-%i of a statement of the server is no fault of the client', async (number, statement) => {
    const opened = await open()
    opened.database.reply(statement, new OracleFault(number, 'refused'))
    await expect(project(opened)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  })
})

describe('long values', () => {
  const texts = (count: number, length: number) => ({
    columns: [{ name: 'T', type: 'CLOB' }] as const,
    rows: Array.from({ length: count }, () => ['x'.repeat(length)]),
  })
  test('are fetched so many at a time as 64 MiB hold: a few first, then by what they were', async () => {
    const opened = await open()
    opened.database.reply(/from short/, texts(900, 10)).reply(/from long/, texts(12, 3 * 2 ** 20))
    await opened.lakehouse.select({ schema, sql: 'select t from short' }, { limit: 1_000 })
    expect(opened.listener.fetches.splice(0)).toEqual([10, 200, 200, 200, 200, 200])
    await opened.lakehouse.select({ schema, sql: 'select t from long' }, { limit: 1_000 })
    expect(opened.listener.fetches).toEqual([10, 21])
  })
})
