import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { tableFromIPC } from 'apache-arrow'
import { openDuckdbLakehouse } from '../../src/datasources/lakehouse/duckdb-lakehouse.js'
import type { Lakehouse, SourceFile, TableFormat } from '../../src/datasources/lakehouse/lakehouse.js'
import { bytesInUse } from '../bytes-in-use.js'
import { compileProgram } from '../compile-sources.js'

const schema = 'mine'
/** Long enough for a busy machine, short enough to be waited for. */
const timeoutMs = 1_500
const slow = 'select count(*) from range(1000000000) a, range(1000000000) b where (a.range * b.range) % 7 = 3'
const options = { scheme: 'duckdb', memoryLimitMb: 512 } as const
const directories: string[] = []
const directory = async () => {
  const made = await mkdtemp(join(tmpdir(), 'duckdb-process-'))
  directories.push(made)
  return made
}
afterAll(async () => {
  for (const made of directories) await rm(made, { recursive: true, force: true })
})
const file = (parts: Iterable<Uint8Array>, format: TableFormat, name: string): SourceFile => ({
  name,
  format,
  localFile: null,
  size: 1_000,
  open: async () => Readable.from(parts),
})

describe('statements that take long', () => {
  let lakehouse: Lakehouse
  let home: string
  beforeAll(async () => {
    home = await directory()
    lakehouse = await openDuckdbLakehouse({ ...options, directory: home, timeoutMs })
    await lakehouse.writeTable(
      { schema, table: 't', mode: 'CREATE' },
      { sql: "select range i, repeat('x', 50) s from range(300000)" },
    )
  })
  afterAll(() => lakehouse.close())

  test('each ends when its time is up, and the others are answered meanwhile', async () => {
    const started = Date.now()
    const results = await Promise.allSettled([
      // Each holds a thread of libuv's pool, which has four here.
      ...Array.from({ length: 2 }, () => lakehouse.select({ schema, sql: slow }, { limit: 1 })),
      lakehouse.select({ schema, sql: 'select count(*) from t' }, { limit: 1 }),
    ])
    expect(Date.now() - started).toBeLessThan(timeoutMs + 3_000)
    for (const result of results.slice(0, 2)) expect(result).toMatchObject({ status: 'rejected', reason: { code: 'TIMEOUT' } })
    expect(results[2]).toMatchObject({ status: 'fulfilled', value: { rows: [[300_000]] } })
  })

  test('a statement in the queue is told of the time-out, and leaves the queue when its client goes', async () => {
    const running = Array.from({ length: 8 }, () =>
      lakehouse.select({ schema, sql: slow }, { limit: 1 }).catch((error: unknown) => error),
    )
    await sleep(50)
    const reason = new Error('gone')
    const controller = new AbortController()
    const leaving = lakehouse.select({ schema, sql: 'select 1' }, { limit: 1 }, controller.signal)
    controller.abort(reason)
    await expect(leaving).rejects.toBe(reason)
    for (const error of await Promise.all(running)) expect(error).toMatchObject({ code: 'TIMEOUT' })
    expect((await lakehouse.select({ schema, sql: 'select 1' }, { limit: 1 })).rows).toEqual([[1]])
  })

  test('DML that runs out of time changes nothing', async () => {
    await expect(
      lakehouse.execute({
        schema,
        sql: 'insert into t select a.range, b.range from range(100000000) a, range(1000000) b',
        paramSets: [undefined],
      }),
    ).rejects.toMatchObject({ code: 'TIMEOUT' })
    await expect(lakehouse.writeTable({ schema, table: 'u', mode: 'CREATE' }, { sql: slow })).rejects.toMatchObject({
      code: 'TIMEOUT',
    })
    await expect(lakehouse.exportSelect({ schema, sql: slow }, 'PARQUET')).rejects.toMatchObject({ code: 'TIMEOUT' })
    expect((await lakehouse.select({ schema, sql: 'select count(*) from t' }, { limit: 1 })).rows).toEqual([[300_000]])
  })

  test('Arrow is made no faster than it is read, and a reader that goes frees everything', async () => {
    const before = process.memoryUsage().rss
    const streams = await Promise.all(
      Array.from({ length: 10 }, () =>
        lakehouse.exportSelect({ schema, sql: "select range i, 'name of ' || range s from range(2000000000)" }, 'ARROW'),
      ),
    )
    for (const { bytes } of streams) await once(bytes, 'readable')
    // Longer than a statement may take: nobody reads, and nothing runs.
    await sleep(timeoutMs + 300)
    expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(250)
    expect((await lakehouse.select({ schema, sql: 'select 1' }, { limit: 1 })).rows).toEqual([[1]])
    for (const { bytes } of streams) bytes.destroy()
    expect((await lakehouse.select({ schema, sql: 'select count(*) from t' }, { limit: 1 })).rows).toEqual([[300_000]])
  })

  test('what was read of an Arrow stream is not kept', async () => {
    const patient = await openDuckdbLakehouse({ ...options, directory: await directory(), timeoutMs: 20_000 })
    const { bytes } = await patient.exportSelect({ schema, sql: 'select range i, range * 2 j from range(4000000)' }, 'ARROW')
    let read = 0
    let most = 0
    const before = bytesInUse()
    for await (const part of bytes) {
      const turn = Math.floor(read / 8_000_000)
      read += (part as Buffer).length
      if (Math.floor(read / 8_000_000) > turn) most = Math.max(most, bytesInUse())
    }
    expect(read).toBeGreaterThan(60_000_000)
    expect((most - before) / 2 ** 20).toBeLessThan(30)
    await patient.close()
  })

  test('an Arrow stream fails when its statement has had its time, and when it is aborted', async () => {
    const { bytes } = await lakehouse.exportSelect(
      { schema, sql: 'select range i, md5(range::varchar) s from range(20000000000)' },
      'ARROW',
    )
    await expect(
      (async () => {
        for await (const _ of bytes);
      })(),
    ).rejects.toMatchObject({ code: 'TIMEOUT' })
    const controller = new AbortController()
    const aborted = await lakehouse.exportSelect(
      { schema, sql: 'select range from range(20000000000)' },
      'ARROW',
      controller.signal,
    )
    const reason = new Error('gone')
    setTimeout(() => controller.abort(reason), 100)
    await expect(
      (async () => {
        for await (const _ of aborted.bytes);
      })(),
    ).rejects.toBe(reason)
  })

  test('an error in the middle of an Arrow stream ends it with the error', async () => {
    const { bytes } = await lakehouse.exportSelect(
      { schema, sql: "select case when i = 250000 then error('boom') else i end from t" },
      'ARROW',
    )
    await expect(buffer(bytes)).rejects.toMatchObject({ code: 'BAD_USER_INPUT', message: expect.stringContaining('boom') })
  })

  test('an error in the middle of a page is an error, not the end of the rows', async () => {
    const sql = "select case when i = 250000 then error('boom') else i end from t"
    await expect(lakehouse.select({ schema, sql }, { limit: 1_000_000 })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining('boom'),
    })
  })

  test('files that inflate without end are stopped by time, or by the length of their lines', async () => {
    const rows = gzipSync('1,2\n'.repeat(1_000_000), { level: 9 })
    const bomb = (header: string) => file([gzipSync(header), ...Array<Uint8Array>(800).fill(rows)], 'CSV', 'bomb.csv.gz')
    await expect(lakehouse.writeTable({ schema, table: 'u', mode: 'CREATE' }, { file: bomb('a,b\n') })).rejects.toMatchObject({
      code: 'TIMEOUT',
    })
    const objects = gzipSync('{"a":1}\n'.repeat(1_000_000), { level: 9 })
    await expect(
      lakehouse.writeTable(
        { schema, table: 'u', mode: 'CREATE' },
        { file: file(Array<Uint8Array>(800).fill(objects), 'NDJSON', 'bomb.ndjson.gz') },
      ),
    ).rejects.toMatchObject({ code: 'TIMEOUT' })
    const line = gzipSync(Buffer.alloc(8 * 2 ** 20, 'x'))
    await expect(
      lakehouse.writeTable({ schema, table: 'u', mode: 'CREATE' }, { file: file([line], 'CSV', 'line.csv.gz') }),
    ).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'file' })
    expect(await lakehouse.describeTables(schema, ['u'])).toEqual([null])
  })

  test('what needs more memory than there is, is refused', async () => {
    const small = await openDuckdbLakehouse({ ...options, memoryLimitMb: 64, directory: await directory(), timeoutMs: 5_000 })
    await expect(small.select({ schema, sql: 'select list(range) from range(100000000)' }, { limit: 1 })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'sql',
      message: expect.stringContaining('64 MB'),
    })
    expect((await small.select({ schema, sql: 'select 1' }, { limit: 1 })).rows).toEqual([[1]])
    await small.close()
  })

  test('nothing is left in the exchange', async () => {
    for (const project of await readdir(home)) expect(await readdir(join(home, project, 'exchange'))).toEqual([])
  })
})

describe('projects', () => {
  test('more of them than are kept open, at the same time, each with its own tables', async () => {
    const lakehouse = await openDuckdbLakehouse({ ...options, directory: await directory(), timeoutMs: 10_000 })
    const names = Array.from({ length: 20 }, (_, i) => `project-${i}`)
    const streams = await Promise.all(
      names
        .slice(0, 3)
        .map((name) => lakehouse.exportSelect({ schema: name, sql: 'select range i from range(3000000)' }, 'ARROW')),
    )
    await Promise.all(
      names.flatMap((name, i) => [
        lakehouse.writeTable({ schema: name, table: 't', mode: 'CREATE' }, { sql: `select ${i} as i` }),
        lakehouse.select({ schema: name, sql: 'select 1' }, { limit: 1 }),
      ]),
    )
    for (const round of [1, 2])
      await Promise.all(
        names.map(async (name, i) => {
          const { rows } = await lakehouse.select({ schema: name, sql: `select i + ${round} from t` }, { limit: 10 })
          expect(rows).toEqual([[i + round]])
        }),
      )
    // The instances behind these streams are open still, however many came after.
    for (const { bytes } of streams) expect(tableFromIPC(await buffer(bytes)).numRows).toBe(3_000_000)
    await lakehouse.close()
    await expect(lakehouse.select({ schema: 'project-1', sql: 'from t' }, { limit: 1 })).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
    })
  })

  test.each(['main', 'temp', 'system', 'lake', 'memory', 'select', 'a-b_c'])('a project may be called %s', async (name) => {
    const lakehouse = await openDuckdbLakehouse({ ...options, directory: await directory(), timeoutMs: 10_000 })
    await lakehouse.writeTable({ schema: name, table: 't', mode: 'CREATE' }, { sql: 'select 1 as i' })
    await lakehouse.execute({ schema: name, sql: 'insert into t values (2)', paramSets: [undefined] })
    expect((await lakehouse.select({ schema: name, sql: 'select sum(i) from t' }, { limit: 1 })).rows).toEqual([[3]])
    expect((await lakehouse.select({ schema: name, sql: `select sum(i) from db."${name}".t` }, { limit: 1 })).rows).toEqual([[3]])
    expect(await lakehouse.describeTables(name, ['t'])).toMatchObject([{ rowCount: 2 }])
    await lakehouse.close()
  })

  test('closing stops what runs and keeps what is there', async () => {
    const home = await directory()
    const lakehouse = await openDuckdbLakehouse({ ...options, directory: home, timeoutMs: 60_000 })
    await lakehouse.writeTable({ schema, table: 't', mode: 'CREATE' }, { sql: 'select 1 i' })
    const running = lakehouse.select({ schema, sql: slow }, { limit: 1 }).catch((error: unknown) => error)
    const { bytes } = await lakehouse.exportSelect({ schema, sql: 'from range(10000000000)' }, 'ARROW')
    const failed = buffer(bytes).catch((error: unknown) => error)
    await sleep(100)
    await lakehouse.close()
    expect(await running).toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    expect(await failed).toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    const again = await openDuckdbLakehouse({ ...options, directory: home, timeoutMs: 10_000 })
    expect((await again.select({ schema, sql: 'from t' }, { limit: 1 })).rows).toEqual([[1]])
    await again.close()
  })

  test('one process opens a directory once', async () => {
    const home = await directory()
    const lakehouse = await openDuckdbLakehouse({ ...options, directory: home, timeoutMs: 10_000 })
    await expect(openDuckdbLakehouse({ ...options, directory: home, timeoutMs: 10_000 })).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
    })
    await lakehouse.close()
    await (await openDuckdbLakehouse({ ...options, directory: home, timeoutMs: 10_000 })).close()
  })
})

/** Fills tables until it is killed, and says what was promised to be there. */
const writer = `
import { openDuckdbLakehouse } from './src/datasources/lakehouse/duckdb-lakehouse.js'
const [directory] = process.argv.slice(2)
const lakehouse = await openDuckdbLakehouse({ scheme: 'duckdb', directory, memoryLimitMb: 256, timeoutMs: 10000 })
const say = (what, value) => new Promise((resolve) => process.stdout.write(JSON.stringify({ what, value }) + '\\n', resolve))
const schema = '${schema}'
if (!(await lakehouse.describeTables(schema, ['rows']))[0])
  await lakehouse.writeTable({ schema, table: 'rows', mode: 'CREATE' }, { sql: 'select 0::bigint as batch, 0 as i where false' })
const [[last]] = (await lakehouse.select({ schema, sql: 'select coalesce(max(batch), 0) from rows' }, { limit: 1 })).rows
await say('open', last)
void (async () => {
  for (;;) for await (const _ of (await lakehouse.exportSelect({ schema, sql: 'select * from range(200000)' }, 'CSV')).bytes);
})()
void (async () => {
  for (let n = 1; ; n++) await lakehouse.writeTable({ schema, table: 'swapped', mode: 'REPLACE' }, { sql: 'select ' + n + ' as n from range(50000)' })
})()
for (let batch = last + 1; ; batch++) {
  await lakehouse.execute({ schema, sql: 'insert into rows values (?, ?)', paramSets: Array.from({ length: 20 }, (_, i) => [batch, i]) })
  await say('written', batch)
}
`

describe('a server that is killed', () => {
  let program: string
  beforeAll(async () => {
    program = await directory()
    await compileProgram(program, 'writer.js', writer, ['src/errors.ts', 'src/datasources/lakehouse'])
  })

  const start = (home: string): ChildProcess =>
    spawn(process.execPath, [join(program, 'writer.js'), home], { stdio: ['ignore', 'pipe', 'inherit'] })

  test('loses nothing it has promised, leaves nothing half done, and cleans up when it is back', async () => {
    const home = await directory()
    let promised = 0
    for (let round = 0; round < 8; round++) {
      const child = start(home)
      let opened = 0
      let isDue = false
      for await (const line of createInterface({ input: child.stdout! })) {
        const { what, value } = JSON.parse(line)
        // The batch that was being written when it was killed may be there; it was not promised.
        if (what === 'open') expect(value).toBeGreaterThanOrEqual(promised)
        if (what === 'open') opened = value
        // However busy the machine is: something is promised in each round before the moment comes, by chance, to kill it.
        if (value >= opened + 2 && !isDue) {
          isDue = true
          setTimeout(() => child.kill('SIGKILL'), Math.random() * 300)
        }
        promised = value
      }
      await rm(join(home, schema, 'exchange', 'left'), { force: true })
      await writeFile(join(home, schema, 'exchange', 'left'), 'by an import')

      const lakehouse = await openDuckdbLakehouse({ ...options, directory: home, timeoutMs: 10_000 })
      const { rows } = await lakehouse.select(
        { schema, sql: 'select batch, count(*), count(distinct i) from rows group by 1 order by 1' },
        { limit: 100_000 },
      )
      expect(rows.length).toBeGreaterThanOrEqual(promised)
      expect(rows.map(([batch]) => batch)).toEqual(rows.map((_, i) => i + 1))
      for (const [, count, distinct] of rows) expect([count, distinct]).toEqual([20, 20])
      const swapped = await lakehouse.describeTables(schema, ['swapped'])
      if (swapped[0])
        expect(
          (await lakehouse.select({ schema, sql: 'select count(*), count(distinct n) from swapped' }, { limit: 1 })).rows,
        ).toEqual([[50_000, 1]])
      expect(await readdir(join(home, schema, 'exchange'))).toEqual([])
      await lakehouse.close()
    }
    expect(promised).toBeGreaterThan(8)
  }, 180_000)

  test('a second process is told that the lakehouse is in use', async () => {
    const home = await directory()
    const child = start(home)
    await once(createInterface({ input: child.stdout! }), 'line')
    const lakehouse = await openDuckdbLakehouse({ ...options, directory: home, timeoutMs: 10_000 })
    await expect(lakehouse.select({ schema, sql: 'select 1' }, { limit: 1 })).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringContaining('Another process'),
    })
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect((await lakehouse.select({ schema, sql: 'select 1' }, { limit: 1 })).rows).toEqual([[1]])
    await lakehouse.close()
  }, 30_000)
})
