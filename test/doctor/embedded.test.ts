import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { givenSettings } from '../../src/config.js'
import { openSqliteCatalog } from '../../src/datasources/catalog/sqlite-catalog.js'
import { type Finding, fail, look, ok } from '../../src/diagnosis/finding.js'
import { examine } from '../../src/doctor/examine.js'
import { diagnoseIdentityProvider } from '../../src/doctor/identity-diagnosis.js'
import { withoutSecrets } from '../../src/doctor/report.js'
import { createTestHub } from '../hub.js'
import { faults, findingsOf, onlyFault } from './examined.js'

let home: string
const open: Server[] = []
const mounted: string[] = []
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'dhuo-doctor-test-'))
})
afterEach(async () => {
  for (const server of open.splice(0)) server.close()
  for (const directory of mounted.splice(0)) spawnSync('umount', [directory])
  await rm(home, { recursive: true, force: true })
})

async function listen(server: Server): Promise<number> {
  open.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** A small file system of its own; false, and said, where that is not allowed. */
function mount(directory: string, options: string): boolean {
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory]).status === 0
  if (isMounted) mounted.push(directory)
  else
    console.warn(
      'SKIPPED: mounting a small tmpfs needs root; what the doctor says of one that is full or read-only is not verified.',
    )
  return isMounted
}

const backends = ['settings', 'machine', 'catalog', 'object storage', 'lake house', 'compute', 'functions', 'pub/sub']

describe('on embedded backends', () => {
  test('nothing is wrong with a new home, and nothing is left in it', async () => {
    const nowhere = join(home, 'not', 'yet')
    const temporary = await readdir(tmpdir())
    expect(faults(await findingsOf({ DHUO_HOME: nowhere }, ...backends))).toEqual([])
    expect(await readdir(home)).toEqual([])
    const left = (await readdir(tmpdir())).filter((name) => name.startsWith('dhuo-doctor-') && !temporary.includes(name))
    expect(left.filter((name) => !name.startsWith('dhuo-doctor-test-'))).toEqual([])
  })

  test('beside a server at work nothing is wrong either, and its files stay as they are', async () => {
    const hub = await createTestHub()
    try {
      const port = new URL(hub.url).port
      const before = await treeOf(hub.home)
      const found = await findingsOf({ DHUO_HOME: hub.home, PORT: port }, ...backends)
      expect(faults(found)).toEqual([])
      expect(found).toContainEqual(ok('port', `127.0.0.1:${port} is in use by a DHuO Graph server that answers`))
      expect(found).toContainEqual(ok('tables', 'up to date'))
      expect(await treeOf(hub.home)).toEqual(before)
    } finally {
      await hub.close()
    }
  })

  test('a directory that cannot be written to is named, with what mends it', async () => {
    const settings = { DHUO_HOME: home }
    const path = join(home, 'buckets')
    await writeFile(path, 'a file')
    expect(faults(await findingsOf(settings, 'object storage'))[0]).toMatchObject({
      check: 'directory',
      level: 'fail',
      remedy: expect.stringMatching(/is a file: set DHUO_STORAGE_URL to a directory/),
    })
    await rm(path)
    await mkdir(path)
    if (!mount(path, 'ro,size=1m')) return
    expect(onlyFault((await findingsOf(settings, 'object storage')).filter(({ check }) => check === 'directory'))).toMatchObject({
      said: expect.stringContaining('EROFS'),
      remedy: expect.stringMatching(/mounted read-only: mount it for writing.*DHUO_STORAGE_URL/),
    })
  })

  test('a disk that is full is named', async () => {
    const path = join(home, 'lakehouse')
    await mkdir(path)
    if (!mount(path, 'size=1m')) return
    await writeFile(join(path, 'filler'), Buffer.alloc(2 ** 20 - 8_192))
    const found = faults(await findingsOf({ DHUO_HOME: home }, 'lake house'))
    expect(found).toMatchObject([
      { check: 'directory', said: expect.stringContaining('ENOSPC'), remedy: expect.stringMatching(/disk is full: make room/) },
      { check: 'disk space', level: 'fail', remedy: expect.stringContaining('DHUO_LAKEHOUSE_URL') },
    ])
    expect(await readdir(path)).toEqual(['filler'])
  })

  test('a port that another program has is named; one that cannot be listened on too', async () => {
    const port = await listen(createTcpServer((socket) => socket.end('no HTTP')))
    expect(onlyFault(await findingsOf({ DHUO_HOME: home, PORT: String(port) }, 'machine'))).toMatchObject({
      check: 'port',
      said: expect.stringContaining('another program'),
      remedy: expect.stringMatching(/ss -ltnp.*PORT/),
    })
    expect(onlyFault(await findingsOf({ DHUO_HOME: home, PORT: '4000', HOST: '192.0.2.1' }, 'machine'))).toMatchObject({
      said: expect.stringContaining('192.0.2.1'),
      remedy: expect.stringContaining('Set HOST'),
    })
  })

  test('a Python that is missing, broken or without pip is named where it is needed', async () => {
    const missing = await findingsOf({ DHUO_HOME: home, DHUO_PYTHON: 'no-such-python' }, 'machine', 'compute', 'functions')
    expect(faults(missing).map(({ check, level }) => [check, level])).toEqual([
      ['Python', 'fail'],
      ['job', 'fail'],
      ['handler', 'fail'],
    ])
    for (const { remedy } of faults(missing)) expect(remedy).toMatch(/DHUO_PYTHON/)
    const bare = join(home, 'python-without-pip')
    await writeFile(bare, '#!/bin/sh\nexec python3 -I -S "$@"\n', { mode: 0o755 })
    expect(onlyFault(await findingsOf({ DHUO_HOME: home, DHUO_PYTHON: bare }, 'machine'))).toMatchObject({
      said: expect.stringContaining('has no pip'),
      remedy: expect.stringContaining('python3-pip'),
    })
  })

  test('Spark that was asked for and is not there is named; where it is, its version is said', async () => {
    const settings = { DHUO_HOME: home, DHUO_COMPUTE_URL: 'spark-submit:?master=local[*]', SPARK_HOME: home }
    expect(onlyFault(await findingsOf(settings, 'compute'))).toMatchObject({
      check: 'spark-submit',
      remedy: expect.stringMatching(/SPARK_HOME.*DHUO_COMPUTE_URL=local:/),
    })
    await mkdir(join(home, 'bin'))
    const banner = 'echo "   version 3.5.0" >&2'
    await writeFile(join(home, 'bin', 'spark-submit'), `#!/bin/sh\n${banner}\n`, { mode: 0o755 })
    expect(await findingsOf(settings, 'compute')).toContainEqual(
      ok('spark-submit', `${join(home, 'bin', 'spark-submit')}, Spark 3.5.0; master local[*]`),
    )
  })
})

describe('the catalog in SQLite', () => {
  const file = (): string => join(home, 'catalog.db')
  const look = () => findingsOf({ DHUO_HOME: home }, 'catalog')
  beforeEach(async () => {
    await (await openSqliteCatalog({ scheme: 'sqlite', file: file() })).close()
  })

  test('one that is well is left as it was, and no file beside it', async () => {
    const before = await treeOf(home)
    expect(faults(await look())).toEqual([])
    expect(await treeOf(home)).toEqual(before)
  })

  test('a file that others can read is named: hashes of passwords are in it', async () => {
    await chmod(file(), 0o644)
    expect(onlyFault(await look())).toMatchObject({ level: 'warn', check: 'file mode', remedy: `chmod 600 ${file()}` })
  })

  test('one that is no database, and one that is damaged, are named', async () => {
    const bytes = await readFile(file())
    await writeFile(file(), Buffer.alloc(8_192, 'x'))
    expect(faults(await look())[0]).toMatchObject({ check: 'tables', remedy: expect.stringContaining('backup') })
    await writeFile(file(), Buffer.concat([bytes.subarray(0, 4_096), bytes.subarray(4_096).fill(0x7f, 0, 40_000)]))
    expect(faults(await look()).map(({ check }) => check)).toContain('pages')
  })

  test('one of a newer version, and tables that are still missing, are said', async () => {
    const db = new DatabaseSync(file())
    db.exec("insert into kysely_migration values ('2099-01-future', '2099-01-01')")
    expect(onlyFault(await look())).toMatchObject({
      level: 'fail',
      said: expect.stringContaining('another version of this server'),
    })
    db.exec("delete from kysely_migration where name >= '2026-11-tracking'")
    db.close()
    expect(await look()).toContainEqual(
      expect.objectContaining({ level: 'ok', said: expect.stringMatching(/next start.*tracking/) }),
    )
  })

  test('a lock that another process holds is named', async () => {
    const program = `const { DatabaseSync } = require('node:sqlite'); const db = new DatabaseSync(process.argv[1])
      db.exec('begin immediate'); console.log('locked'); setInterval(() => {}, 1000)`
    const other = spawn(process.execPath, ['-e', program, file()], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(other.stdout, 'data')
    expect(onlyFault(await look())).toMatchObject({ level: 'warn', check: 'lock', remedy: expect.stringContaining('fuser') })
    other.kill('SIGKILL')
    await once(other, 'exit')
    expect(faults(await look())).toEqual([])
  })
})

describe('the identity provider', () => {
  const issue = async (answer: RequestListener) => {
    const server = createServer(answer)
    return `http://127.0.0.1:${await listen(server)}`
  }
  const look = (issuer: string) =>
    findingsOf({ DHUO_HOME: home, DHUO_OIDC_ISSUER: issuer, DHUO_OIDC_AUDIENCE: 'dhuo' }, 'identity provider')
  const provider =
    (over: { name?: string; date?: string; keys?: unknown[] } = {}): RequestListener =>
    (request, response) => {
      const self = `http://${request.headers.host}`
      if (over.date) response.setHeader('date', over.date)
      const isDiscovery = request.url === '/.well-known/openid-configuration'
      const body = isDiscovery ? { issuer: over.name ?? self, jwks_uri: `${self}/keys` } : { keys: over.keys ?? [{ kty: 'RSA' }] }
      response.end(JSON.stringify(body))
    }

  test('one that answers is well', async () => {
    expect(faults(await look(await issue(provider())))).toEqual([])
  })

  test('one that calls itself otherwise, or has no keys, is named', async () => {
    expect(onlyFault(await look(await issue(provider({ name: 'https://other.example.com' }))))).toMatchObject({
      check: 'discovery',
      remedy: 'Set DHUO_OIDC_ISSUER=https://other.example.com',
    })
    expect(onlyFault(await look(await issue(provider({ keys: [] }))))).toMatchObject({ check: 'keys' })
  })

  test('a clock that is ten minutes off is named, with which way', async () => {
    const date = new Date(Date.now() - 600_000).toUTCString()
    expect(onlyFault(await look(await issue(provider({ date }))))).toMatchObject({
      check: 'clock',
      said: expect.stringMatching(/10 min ahead of the remote.*60 s are allowed/),
      remedy: expect.stringContaining('set-ntp'),
    })
  })

  test('a port that is closed, and one that never answers, are named in time', async () => {
    const server = createTcpServer()
    const port = await listen(server)
    server.close()
    await once(server, 'close')
    expect(onlyFault(await look(`http://127.0.0.1:${port}`))).toMatchObject({
      said: expect.stringContaining('ECONNREFUSED'),
      remedy: expect.stringContaining('DHUO_OIDC_ISSUER'),
    })
    const silent = `http://127.0.0.1:${await listen(createTcpServer())}`
    const found: Finding[] = []
    for await (const finding of diagnoseIdentityProvider({ issuer: silent }, 100)(new AbortController().signal))
      found.push(finding)
    expect(onlyFault(found)).toMatchObject({ said: 'There was no answer within 0.1 s.' })
  })
})

describe('the examination', () => {
  const never = new Promise<never>(() => {})

  test('a look that hangs, one that throws and a section that hangs are findings, and hide no other', async () => {
    const sections = [
      {
        title: 'hangs',
        kind: null,
        diagnose: async function* () {
          yield ok('first', 'fine')
          yield await look(
            'second',
            () => never,
            () => 'do this',
            50,
          )
          await never
        },
      },
      {
        title: 'throws',
        kind: null,
        diagnose: async function* () {
          yield await look(
            'plain object',
            () => Promise.reject({ message: '', code: 'EOPENBREAKER' }),
            () => 'do that',
          )
          throw new Error('unforeseen')
        },
      },
      {
        title: 'well',
        kind: null,
        diagnose: async function* () {
          yield ok('third', 'fine')
        },
      },
    ]
    const began = performance.now()
    const examined: Finding[][] = []
    for await (const section of examine(sections, 300)) examined.push(section.findings)
    expect(performance.now() - began).toBeLessThan(2_000)
    expect(examined).toEqual([
      [
        ok('first', 'fine'),
        fail('second', 'There was no answer within 0.05 s.', 'do this'),
        expect.objectContaining({ check: 'time', level: 'fail' }),
      ],
      [fail('plain object', 'EOPENBREAKER', 'do that'), expect.objectContaining({ said: 'unforeseen', level: 'fail' })],
      [ok('third', 'fine')],
    ])
  })

  test('values of secret settings are cut out of whatever is said', () => {
    const env = { DHUO_ADMIN_PASSWORD: 'correct horse', DHUO_SECRET: `correct horse${'s'.repeat(32)}`, DHUO_PASSWORD_COST: '12' }
    const { names, secrets } = givenSettings(env)
    expect(names).toEqual(['DHUO_ADMIN_PASSWORD', 'DHUO_PASSWORD_COST', 'DHUO_SECRET'])
    const said = withoutSecrets(`login as a:correct horse failed (12), ${env.DHUO_SECRET}`, secrets)
    expect(said).toBe('login as a:[redacted] failed (12), [redacted]')
  })

  test('settings that do not fit together, or hand secrets about, are warned of', async () => {
    const settings = { DHUO_HOME: home, HOST: '0.0.0.0' }
    expect(onlyFault(await findingsOf(settings, 'settings'))).toMatchObject({
      remedy: expect.stringContaining('DHUO_PUBLIC_URL'),
    })
    const open = { ...settings, DHUO_PUBLIC_URL: 'http://graph.example.com' }
    expect(onlyFault(await findingsOf(open, 'settings'))).toMatchObject({ said: expect.stringContaining('without TLS') })
  })
})

/** Every file below a directory, with its size and when it was written. */
async function treeOf(directory: string): Promise<Record<string, unknown>> {
  const tree: Record<string, unknown> = {}
  for (const name of (await readdir(directory, { recursive: true })).sort()) {
    const { size, mtimeMs, mode } = await stat(join(directory, name))
    const isDirectory = (mode & 0o170_000) === 0o040_000
    tree[name] = isDirectory ? 'directory' : { size, mtimeMs, mode }
  }
  return tree
}
