import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { compileServer } from '../compile-sources.js'

const run = promisify(execFile)

/** The program as `npm start` runs it, compiled for these tests alone. */
let program: string
const started = new Set<ChildProcess>()
const homes: string[] = []

beforeAll(async () => {
  program = await compileServer()
})
afterEach(async () => {
  for (const child of started) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  }
  started.clear()
  await Promise.all(homes.splice(0).map((home) => rm(home, { recursive: true, force: true })))
})
afterAll(() => rm(program, { recursive: true, force: true }))

async function newHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'dhuo-home-'))
  homes.push(home)
  return home
}

interface Started {
  child: ChildProcess
  /** What it said on stderr, for people. */
  said(): string
  /** What it logged on stdout. */
  logged(): string
  /** Where it listens, once it says so. */
  ready(): Promise<string>
  exited: Promise<{ code: number | null; signal: string | null }>
}

/** With no settings but these. */
function start(settings: Record<string, string>, node = process.execPath): Started {
  const env = { PATH: process.env['PATH'], PORT: '0', ...settings }
  const child = spawn(node, [join(program, 'dist/main.js')], { env, cwd: program, stdio: ['ignore', 'pipe', 'pipe'] })
  started.add(child)
  let [said, logged] = ['', '']
  child.stderr!.on('data', (bytes) => (said += bytes))
  child.stdout!.on('data', (bytes) => (logged += bytes))
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal })),
  )
  return {
    child,
    said: () => said,
    logged: () => logged,
    exited,
    async ready() {
      for (;;) {
        const url = /(http:\/\/\S+)\/graphql/.exec(said)?.[1]
        if (url && said.endsWith('\n')) return url
        if (child.exitCode !== null) throw new Error(`it ended: ${said}`)
        await sleep(20)
      }
    },
  }
}

const ask = async (url: string, query: string) => {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  })
  return (await response.json()) as { data: { login?: { token: string } } | null; errors?: { extensions: { code: string } }[] }
}

/** Sends operations of the administrator. */
async function sender(url: string) {
  const { data } = await ask(url, 'mutation { login(email: "admin@localhost.local", password: "long enough for it") { token } }')
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${data!.login!.token}` }
  return async (query: string) => {
    const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
    return (await response.json()) as { data: unknown; errors?: object[] }
  }
}

test('it says where it listens, on which backends, and the one-time password, which is never told again', async () => {
  const home = await newHome()
  const first = start({ DHUO_HOME: home })
  const url = await first.ready()
  expect(first.said().split('\n').filter(Boolean).length).toBeLessThanOrEqual(4)
  expect(first.said()).toMatch(/catalog sqlite.*storage file.*lakehouse duckdb/s)
  expect(first.said()).toContain(home)
  const [, email, password] = /first login: (\S+) {2}password: (\S+) /.exec(first.said())!
  expect(first.said().split(password!)).toHaveLength(2)
  const login = `mutation { login(email: "${email}", password: "${password}") { token } }`
  expect((await ask(url, login)).data?.login?.token).toEqual(expect.any(String))
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
  first.child.kill('SIGTERM')
  expect(await first.exited).toEqual({ code: 0, signal: null })
  expect(first.logged()).not.toContain(password)
  for (const line of first.logged().split('\n').filter(Boolean)) expect(JSON.parse(line)).toHaveProperty('time')

  const second = start({ DHUO_HOME: home })
  const again = await second.ready()
  expect(second.said()).not.toMatch(/password/)
  expect((await ask(again, login)).data?.login?.token).toEqual(expect.any(String))
  for (const file of await readdir(home, { recursive: true, withFileTypes: true }))
    if (file.isFile()) expect((await readFile(join(file.parentPath, file.name))).includes(password!)).toBe(false)
})

/** Notes whatever modules a program loads, by import and by require. @returns its environment, and the packages that were loaded */
async function watched(): Promise<{ settings: Record<string, string>; packages(): Promise<Set<string>> }> {
  const directory = await newHome()
  const [hook, list] = [join(directory, 'hook.mjs'), join(directory, 'loaded')]
  await writeFile(
    hook,
    `import { appendFileSync } from 'node:fs'
     import { registerHooks } from 'node:module'
     registerHooks({ load(url, context, next) { appendFileSync(${JSON.stringify(list)}, url + '\\n'); return next(url, context) } })`,
  )
  return {
    settings: { NODE_OPTIONS: `--import=${hook}` },
    packages: async () =>
      new Set([...(await readFile(list, 'utf8')).matchAll(/node_modules\/((?:@[^/]+\/)?[^/]+)/g)].map(([, name]) => name!)),
  }
}
const remoteLibraries = /^(oracledb|oci-|ioredis$|pg$|pg-)/
const remoteOf = (packages: ReadonlySet<string>): string[] => [...packages].filter((name) => remoteLibraries.test(name))

test('embedded backends load no library of a remote one, the server at work as little as the doctor', async () => {
  const ofServer = await watched()
  const settings = { DHUO_HOME: await newHome(), DHUO_ADMIN_PASSWORD: 'long enough for it' }
  const send = await sender(await start({ ...settings, ...ofServer.settings }).ready())
  await send('mutation { createProject(input: { name: "iris" }) { id } }')
  expect(await send('{ executeSelect(project: "iris", sql: "select 1 as a") { rows } }')).toEqual({
    data: { executeSelect: { rows: [[1]] } },
  })
  const loaded = await ofServer.packages()
  expect(loaded).toContain('@duckdb/node-api')
  expect(remoteOf(loaded)).toEqual([])

  const ofDoctor = await watched()
  await run(process.execPath, [join(program, 'dist/doctor.js')], {
    env: { PATH: process.env['PATH'], PORT: '0', DHUO_HOME: join(await newHome(), 'none'), ...ofDoctor.settings },
    cwd: program,
  })
  expect(remoteOf(await ofDoctor.packages())).toEqual([])
})

test('a lake house on Oracle loads its driver and no other library, and starts without the database', async () => {
  const { settings, packages } = await watched()
  const server = start({
    ...settings,
    DHUO_HOME: await newHome(),
    DHUO_LAKEHOUSE_URL: 'oracle://127.0.0.1:1/FREEPDB1',
    DHUO_ORACLE_USER: 'DHUOSERVER',
    DHUO_ORACLE_PASSWORD: 'a secret of its own',
  })
  await server.ready()
  expect(server.said()).toMatch(/lakehouse oracle/)
  expect(remoteOf(await packages())).toEqual(['oracledb'])
  expect(server.said() + server.logged()).not.toContain('a secret of its own')
})

test('a password that is set is not told', async () => {
  const server = start({
    DHUO_HOME: await newHome(),
    DHUO_ADMIN_EMAIL: 'me@example.com',
    DHUO_ADMIN_PASSWORD: 'long enough for it',
  })
  const url = await server.ready()
  expect(server.said()).not.toMatch(/password|long enough/)
  const answer = await ask(url, 'mutation { login(email: "me@example.com", password: "long enough for it") { token } }')
  expect(answer.data?.login?.token).toEqual(expect.any(String))
})

test('all errors of the configuration are told at once, without values, and nothing is made', async () => {
  const home = join(await newHome(), 'never')
  const { exited, said, logged } = start({
    DHUO_HOME: home,
    PORT: '70000',
    DHUO_SESSION_HOURS: 'many',
    DHUO_LOG_LEVEL: 'loud',
    DHUO_CATALOG_URL: 'postgres://me:secret-of-mine@host/db',
    DHUO_ADMIN_PASSWORD: 'short',
    DHUO_OIDC_ISSUER: 'https://issuer.example.com',
    DHUO_NO_SUCH: '1',
  })
  expect(await exited).toEqual({ code: 1, signal: null })
  for (const name of ['PORT', 'DHUO_LOG_LEVEL', 'DHUO_CATALOG_URL', 'DHUO_ADMIN_PASSWORD', 'DHUO_OIDC_AUDIENCE', 'DHUO_NO_SUCH'])
    expect(said()).toContain(name)
  expect(said()).toMatch(
    /PORT: must be at most 65535\n.*DHUO_LOG_LEVEL: must be one of trace, .*DHUO_SESSION_HOURS: must be a number\n/s,
  )
  expect(said()).toContain('DHUO_ADMIN_PASSWORD: must have at least 8 characters')
  expect(said()).not.toMatch(/secret-of-mine|short|\n\s+at /)
  expect(logged()).toBe('')
  expect(existsSync(home)).toBe(false)
})

test('a port that is taken, or an address that is not ours, is told in words', async () => {
  const neighbour = createServer()
  neighbour.listen(0, '127.0.0.1')
  await once(neighbour, 'listening')
  const { port } = neighbour.address() as { port: number }
  const taken = start({ DHUO_HOME: await newHome(), PORT: String(port) })
  const elsewhere = start({ DHUO_HOME: await newHome(), HOST: '192.0.2.1' })
  expect(await taken.exited).toEqual({ code: 1, signal: null })
  expect(taken.said()).toMatch(new RegExp(`${port}.*(in use|taken).*PORT`, 's'))
  expect((await elsewhere.exited).code).toBe(1)
  expect(elsewhere.said()).toMatch(/192\.0\.2\.1.*HOST/s)
  for (const { said } of [taken, elsewhere]) expect(said()).not.toMatch(/\n\s+at |EADDR/)
  neighbour.close()
})

test('a database that is down is told in words, and nothing else is taken in its place', async () => {
  const home = join(await newHome(), 'never')
  // Nobody listens on it, nor may but as root.
  const { exited, said } = start({ DHUO_HOME: home, DHUO_CATALOG_URL: 'postgres://me@127.0.0.1:1/catalog' })
  expect(await exited).toEqual({ code: 1, signal: null })
  expect(said()).toMatch(/The catalog's database refuses connections.*npm run -s doctor/s)
  expect(said()).not.toMatch(/\n\s+at |ECONN/)
  expect(existsSync(join(home, 'catalog.db'))).toBe(false)
})

test('a home that cannot be one is told in words, with what mends it', async () => {
  const file = join(await newHome(), 'a-file')
  await writeFile(file, 'no directory')
  // Below /proc nobody may make anything, not even root.
  const homes = [file, ...(existsSync('/proc/self') ? ['/proc/home/of/dhuo'] : [])]
  for (const { home, exited, said } of homes.map((home) => ({ home, ...start({ DHUO_HOME: home }) }))) {
    expect((await exited).code).toBe(1)
    expect(said()).toContain(home)
    expect(said()).toMatch(/\n {2}→ .*(DHUO_HOME|doctor)/)
    expect(said()).not.toMatch(/\n\s+at /)
  }
})

test('of two servers on one home the second shares the catalog, and says of tables that the first has them, until it is killed', async () => {
  const settings = { DHUO_HOME: await newHome(), DHUO_ADMIN_PASSWORD: 'long enough for it' }
  const first = start(settings)
  const send = await sender(await first.ready())
  await send('mutation { createProject(input: { name: "iris" }) { id } }')
  const select = '{ executeSelect(project: "iris", sql: "select 1 as a") { rows } }'
  expect(await send(select)).toEqual({ data: { executeSelect: { rows: [[1]] } } })
  const second = await sender(await start(settings).ready())
  expect((await second(select)).errors).toMatchObject([
    { message: expect.stringMatching(/Another process has this lakehouse open/), extensions: { code: 'BACKEND_UNAVAILABLE' } },
  ])
  expect(await send(select)).toEqual({ data: { executeSelect: { rows: [[1]] } } })
  first.child.kill('SIGKILL')
  await first.exited
  expect(await second(select)).toEqual({ data: { executeSelect: { rows: [[1]] } } })
})

test('SIGTERM and SIGINT let a request finish and end with 0, and a second one changes nothing', async () => {
  await Promise.all(
    (['SIGTERM', 'SIGINT'] as const).map(async (signal) => {
      const server = start({ DHUO_HOME: await newHome(), DHUO_ADMIN_PASSWORD: 'long enough for it' })
      const send = await sender(await server.ready())
      await send('mutation { createProject(input: { name: "iris" }) { id } }')
      const long = send(
        '{ executeSelect(project: "iris", sql: "select sum(a.range % 7) from range(30000) a, range(6000) b") { rowCount } }',
      )
      await sleep(150)
      server.child.kill(signal)
      await sleep(30)
      server.child.kill(signal)
      const began = performance.now()
      expect((await long).data).toEqual({ executeSelect: { rowCount: 1 } })
      expect(await server.exited).toEqual({ code: 0, signal: null })
      expect(performance.now() - began).toBeLessThan(15_000)
      expect(server.said()).not.toMatch(/\n\s+at /)
    }),
  )
})

test('the doctor reads the same settings, says what it finds for people or as JSON, and ends with 0 or 1', async () => {
  const ask = (settings: Record<string, string>, ...args: string[]) =>
    run(process.execPath, [join(program, 'dist/doctor.js'), ...args], {
      env: { PATH: process.env['PATH'], PORT: '0', ...settings },
      cwd: program,
    }).then(
      ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
      ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, stdout, stderr }),
    )
  const home = join(await newHome(), 'none')
  const well = await ask({ DHUO_HOME: home })
  expect(well.code).toBe(0)
  expect(well.stdout).toMatch(/✓ Node .*catalog \(sqlite\)\n.*no faults, no warnings; \d+ checks in \d+\.\d s\n$/s)
  expect(well.stdout).not.toContain('\u001b')

  const secret = 'a long secret that nobody shall see'
  const ill = await ask({ DHUO_HOME: home, DHUO_PYTHON: secret, DHUO_SECRET: secret }, '--json')
  expect(ill.code).toBe(1)
  expect(ill.stdout).not.toContain(secret)
  const report = JSON.parse(ill.stdout)
  expect(report).toMatchObject({ version: expect.any(String), healthy: false, durationMs: expect.any(Number) })
  expect(report.sections.find(({ title }: { title: string }) => title === 'functions')).toMatchObject({
    kind: 'local',
    findings: [{ check: 'handler', level: 'fail', remedy: expect.stringContaining('DHUO_PYTHON') }],
  })

  const wrong = await ask({ DHUO_HOME: home, PORT: '70000', DHUO_NO_SUCH: '1' })
  expect(wrong.code).toBe(1)
  expect(wrong.stdout).toMatch(/✗ DHUO_NO_SUCH +there is no such setting\n +→ .*✗ PORT .*2 faults/s)
  expect(existsSync(home)).toBe(false)
  expect(await ask({}, '--loud')).toMatchObject({ code: 2, stderr: expect.stringContaining('--json') })
})

test('an older Node is told which one it needs', async () => {
  const older = '/usr/bin/node'
  const version = existsSync(older) ? (await run(older, ['--version'])).stdout : 'v24'
  if (Number(/^v(\d+)/.exec(version)?.[1]) >= 24) {
    console.warn(`Skipped: ${older} is no older Node.`)
    return
  }
  const { exited, said } = start({ DHUO_HOME: await newHome() }, older)
  expect(await exited).toEqual({ code: 1, signal: null })
  expect(said().trim().split('\n')).toEqual([expect.stringMatching(/needs Node 24.*npm start/)])
  await expect(run(older, [join(program, 'dist/doctor.js')])).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^The doctor needs Node 24.*npm run -s doctor.*\n$/),
  })
})
