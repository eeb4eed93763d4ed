import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Cli, cliIn } from '../codegen/cli-process.js'
import { installedClient } from '../codegen/installed-client.js'
import { startTcpProxy, type TcpProxy } from '../codegen/tcp-proxy.js'
import { runWhen, seedDeployment } from '../graphql/pipeline-seed.js'
import { eventually } from '../http/test-server.js'
import { adminEmail, adminPassword, createTestHub, type TestHub } from '../hub.js'
import { seedBucket, seedKey, seedObject, seedProject, seedUser, uniqueName } from '../seed.js'

let hub: TestHub
let proxy: TcpProxy
let folder: string
let installed: string
/** With an access key in the environment. */
let dhuo: Cli
let project: { id: string; name: string }
let bucket: string
beforeAll(async () => {
  installed = await installedClient()
  proxy = await startTcpProxy(() => hub.url)
  hub = await createTestHub({ DHUO_PUBLIC_URL: proxy.url })
  folder = await mkdtemp(join(tmpdir(), 'dhuo-cli-'))
  const { secret } = await seedKey(hub, hub.admin, { role: 'OWNER' })
  project = await seedProject(hub)
  bucket = (await seedBucket(hub, project.name)).name
  dhuo = cliIn(installed, folder, { DHUO_URL: proxy.url, DHUO_ACCESS_KEY: secret, DHUO_PROJECT: project.name })
}, 60_000)
beforeEach(() => {
  proxy.onChunk = null
})
afterAll(async () => {
  await hub.close()
  await proxy.close()
  await rm(folder, { recursive: true, force: true })
})

const json = (text: string) => JSON.parse(text)
const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

describe('login', () => {
  let home: string
  let stranger: Cli
  const path = () => join(home, 'dhuo', 'credentials.json')
  beforeEach(async () => {
    home = await mkdtemp(join(folder, 'config-'))
    stranger = cliIn(installed, folder, { XDG_CONFIG_HOME: home })
  })

  test('asks on the terminal, shows no password, keeps a token that only its owner can read', async () => {
    const asked = await stranger.onTerminal(
      ['login', '--url', hub.url],
      [
        ['Email: ', `${adminEmail}x\u007F\r`],
        ['Password: ', `${adminPassword}\r`],
      ],
    )
    expect(asked.stdout).toContain(`Logged in to ${hub.url} as ${adminEmail} until`)
    expect(asked.stdout).not.toContain('correct horse')
    expect(asked.code).toBe(0)
    expect(((await stat(path())).mode & 0o777).toString(8)).toBe('600')
    expect(((await stat(join(home, 'dhuo'))).mode & 0o777).toString(8)).toBe('700')
    const kept = await readFile(path(), 'utf8')
    expect(kept).not.toContain('correct horse')
    expect(json(kept)).toEqual({
      current: hub.url,
      servers: { [hub.url]: { token: expect.any(String), expiresAt: expect.any(String), email: adminEmail } },
    })
    const { stdout, code } = await stranger(['projects', '--json'])
    expect([code, json(stdout).map(({ name }: { name: string }) => name)]).toEqual([0, expect.arrayContaining([project.name])])
    // Others may read it: then it is nobody's.
    await chmod(path(), 0o640)
    const refused = await stranger(['projects'])
    expect([refused.code, refused.stdout]).toEqual([3, ''])
    expect(refused.stderr).toContain('can be read by others (mode 640)')
    await chmod(path(), 0o600)
    expect((await stranger(['logout'])).stdout).toBe(`Logged out of ${hub.url}.\n`)
    expect((await readFile(path(), 'utf8')).includes('token')).toBe(false)
    expect((await stranger(['projects', '--url', hub.url])).code).toBe(3)
  })

  test('takes the password, or an access key, by the pipe', async () => {
    const args = ['login', '--url', hub.url, '--email', adminEmail, '--password-stdin', '--json']
    const { stdout } = await stranger(args, { input: `${adminPassword}\n` })
    expect(json(stdout)).toEqual({ url: hub.url, email: adminEmail, expiresAt: expect.any(String) })
    const { secret } = await seedKey(hub, hub.admin)
    const withKey = await stranger(['login', '--url', hub.url, '--access-key'], { input: secret })
    expect([withKey.code, withKey.stdout]).toEqual([0, `Logged in to ${hub.url} as ${adminEmail}.\n`])
    expect((await stranger(['projects'])).code).toBe(0)
  })

  test('refuses what is wrong, and keeps nothing', async () => {
    const args = ['login', '--url', hub.url, '--email', (await seedUser(hub)).email, '--password-stdin']
    const wrong = await stranger(args, { input: 'a guess' })
    expect([wrong.code, wrong.stderr]).toEqual([3, expect.stringContaining('The email or the password is wrong.')])
    const noTerminal = await stranger(['login', '--url', hub.url])
    expect([noTerminal.code, noTerminal.stderr]).toEqual([2, expect.stringContaining('there is no terminal')])
    expect(await readdir(home)).toEqual([])
    const interrupted = await stranger.onTerminal(['login', '--url', hub.url], [['Email: ', '\u0003']])
    expect(interrupted.code).toBe(130)
  })

  test('warns where the way is not encrypted, and tells of a login that has run out', async () => {
    const far = await stranger(['login', '--url', 'http://dhuo.invalid', '--email', 'a@b.c', '--password-stdin'], { input: 'x' })
    expect([far.code, far.stderr]).toEqual([5, expect.stringContaining('is not encrypted')])
    await mkdir(join(home, 'dhuo'))
    const old = { token: 't', expiresAt: '2020-01-01T00:00:00.000Z', email: 'a@b.c' }
    await writeFile(path(), JSON.stringify({ current: hub.url, servers: { [hub.url]: old } }), { mode: 0o600 })
    expect(await stranger(['projects'])).toMatchObject({ code: 3, stderr: expect.stringContaining('ran out at 2020') })
    await writeFile(path(), '{', { mode: 0o600 })
    expect(await stranger(['projects'])).toMatchObject({ code: 3, stderr: expect.stringContaining('is damaged') })
  })
})

describe('files', () => {
  test('go up and come down, and are the same', async () => {
    const bytes = randomBytes(3_000_000)
    await mkdir(join(folder, 'tree', 'below'), { recursive: true })
    await writeFile(join(folder, 'a.bin'), bytes)
    await writeFile(join(folder, 'tree', 'b.txt'), 'bee')
    await writeFile(join(folder, 'tree', 'below', 'c.txt'), 'sea')
    const up = await dhuo(['upload', 'a.bin', `${bucket}/deep/renamed.bin`, '--json'])
    expect(json(up.stdout)).toEqual([
      expect.objectContaining({ key: 'deep/renamed.bin', size: 3_000_000, sha256: sha256Of(bytes) }),
    ])
    // Nobody looks on: nothing is said.
    expect(up.stderr).toBe('')
    const tree = await dhuo(['upload', '-r', 'tree', 'a.bin', `${bucket}/all/`])
    expect(tree.stdout.split('\n').map((line) => line.split(' ')[0])).toEqual([
      ...[`${bucket}/all/b.txt`, `${bucket}/all/below/c.txt`, `${bucket}/all/a.bin`, ''],
    ])
    const piped = await dhuo(['upload', '-', `${bucket}/piped.csv`], { input: 'a,b\n1,2\n' })
    expect(piped.code).toBe(0)

    expect((await dhuo(['download', `${bucket}/deep/renamed.bin`])).code).toBe(0)
    expect(sha256Of(await readFile(join(folder, 'renamed.bin')))).toBe(sha256Of(bytes))
    const again = await dhuo(['download', `${bucket}/deep/renamed.bin`])
    expect([again.code, again.stderr]).toEqual([6, expect.stringContaining('is there already')])
    const forced = await dhuo(['download', `${bucket}/deep/renamed.bin`, '--force', '--json'])
    expect(json(forced.stdout)).toEqual([{ path: 'renamed.bin', bytes: 3_000_000, sha256: sha256Of(bytes) }])
    expect((await dhuo(['download', `${bucket}/piped.csv`, '-'])).stdout).toBe('a,b\n1,2\n')
    expect((await dhuo(['download', '-r', `${bucket}/all/`, 'copy'])).code).toBe(0)
    expect(await readFile(join(folder, 'copy', 'below', 'c.txt'), 'utf8')).toBe('sea')
  })

  test('show their progress on a terminal', async () => {
    await writeFile(join(folder, 'shown.bin'), randomBytes(2_000_000))
    const { stdout, code } = await dhuo.onTerminal(['upload', 'shown.bin', bucket], [])
    expect([code, stdout]).toEqual([0, expect.stringMatching(/shown\.bin {2}\[#+\] 100 % {2}2\.0 MB of 2\.0 MB, .+\/s/)])
    const quiet = await dhuo.onTerminal(['upload', '-q', 'shown.bin', bucket], [])
    expect(quiet.stdout).not.toContain('###')
  })

  test('make their bucket when that is wanted', async () => {
    await writeFile(join(folder, 'small'), 'x')
    expect((await dhuo(['upload', 'small', `${project.name}-features`])).code).toBe(4)
    expect((await dhuo(['upload', 'small', 'elsewhere', '--create'])).code).toBe(2)
    expect(await dhuo(['upload', 'small', `${project.name}-features`, '--create'])).toMatchObject({ code: 0 })
  })

  test('that are interrupted are thrown away', async () => {
    await writeFile(join(folder, 'long.bin'), randomBytes(40_000_000))
    let child: ReturnType<Cli['start']> | undefined
    const before = proxy.bytes.up
    proxy.onChunk = () => {
      if (proxy.bytes.up - before > 1_000_000) child?.kill('SIGINT')
      return 'pass'
    }
    child = dhuo.start(['upload', 'long.bin', bucket])
    const [code] = await once(child, 'close')
    expect(code).toBe(130)
    const { bucket: seen } = await hub.data('query ($b: String!) { bucket(name: $b) { object(key: "long.bin") { id } } }', {
      b: bucket,
    })
    expect(seen.object).toBeNull()
  })
})

describe('sql', () => {
  test('prints a table, JSON, CSV or writes a file', async () => {
    const sql = "select 7 as n, 'x' as \"Text\", null as nothing union all select 1000, 'a longer one', null order by 1"
    const table = await dhuo(['sql', sql])
    expect(table.stdout).toBe('   n  Text          nothing\n   7  x             -\n1000  a longer one  -\n')
    const { stdout } = await dhuo(['sql', '-', '--json', '--params', '{"least": 2}'], {
      input: 'select range from range(5) where range >= $least',
    })
    expect(json(stdout)).toMatchObject({ columns: [{ name: 'range', type: 'INTEGER' }], rows: [[2], [3], [4]], truncated: false })
    expect((await dhuo(['sql', '--csv', 'select * from range(3)'])).stdout.trim().split(/\r?\n/)).toEqual([
      'range',
      '0',
      '1',
      '2',
    ])
    const cut = await dhuo(['sql', 'select * from range(500)'])
    expect(cut.stdout.split('\n')).toHaveLength(102)
    expect(cut.stderr).toContain('Only the first 100 rows')
    const out = await dhuo(['sql', 'select * from range(1000)', '--out', 'rows.parquet', '--json'])
    const bytes = await readFile(join(folder, 'rows.parquet'))
    expect(json(out.stdout)).toEqual({ path: 'rows.parquet', bytes: bytes.length, sha256: sha256Of(bytes) })
    expect(bytes.subarray(0, 4).toString()).toBe('PAR1')
  })

  test('changes rows when that is wanted', async () => {
    await dhuo(['upload', '-', `${bucket}/rows.csv`], { input: 'a\n1\n2\n' })
    await hub.data('mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { id } }', {
      input: { project: project.name, name: 'few-rows', object: { bucket, key: 'rows.csv' } },
    })
    await writeFile(join(folder, 'change.sql'), 'delete from few_rows where a = 1')
    expect((await dhuo(['sql', '--write', '-f', 'change.sql'])).stdout).toMatch(/^1 rows changed in \d+ ms\.\n$/)
    expect(await dhuo(['sql', 'delete from few_rows'])).toMatchObject({ code: 2 })
  })

  test('ends well with a reader who has seen enough', async () => {
    const child = dhuo.start(['sql', '--csv', 'select * from range(3000000)'])
    await once(child.stdout!, 'data')
    child.stdout!.destroy()
    let said = ''
    child.stderr!.on('data', (chunk) => {
      said += String(chunk)
    })
    const [code] = await once(child, 'close')
    expect([code, said]).toEqual([0, ''])
  })

  test('writes nothing to the terminal that moves its cursor', async () => {
    const { stdout } = await dhuo(['sql', "select chr(27) || '[2J' || chr(10) || 'x' as c"])
    expect(stdout).toBe('c\n [2J x\n')
  })
})

describe('a deployment', () => {
  const files = {
    'deploy.yaml': `name: nightly # every night
steps:
  - name: train
    script: ./train.py
    arguments: [./data]
  - name: check
    script: BUCKET/check.py
libraries:
  - ./lib/words.py
requirements: ./requirements.txt
`,
    'train.py': 'import sys, words\nprint(words.word, sys.argv[1:])',
    'lib/words.py': 'word = "hello"',
    'requirements.txt': '# nothing\n',
  }
  beforeAll(async () => {
    await mkdir(join(folder, 'job', 'lib'), { recursive: true })
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, 'job', name), text.replace('BUCKET', bucket))
    await seedObject(hub, bucket, 'check.py', 'print("checked")')
  })

  test('takes the files beside its deploy.yaml along, and runs', async () => {
    const first = await dhuo(['deploy', '-f', 'job/deploy.yaml', '--wait', '--json'])
    const { deployment, files: sent } = json(first.stdout)
    expect(deployment).toMatchObject({ name: 'nightly', version: 1, status: 'READY' })
    const made = `${project.name}-deployments`
    expect(sent).toEqual([
      { path: './train.py', bucket: made, key: 'nightly/train.py', isUnchanged: false },
      { path: './lib/words.py', bucket: made, key: 'nightly/lib/words.py', isUnchanged: false },
      { path: './requirements.txt', bucket: made, key: 'nightly/requirements.txt', isUnchanged: false },
    ])
    const second = json((await dhuo(['deploy', '-f', 'job/deploy.yaml', '--json', '--wait'])).stdout)
    expect([second.deployment.version, second.files.every((file: { isUnchanged: boolean }) => file.isUnchanged)]).toEqual([
      2,
      true,
    ])

    const watched = await dhuo(['run', 'nightly', '--watch'])
    expect(watched.code).toBe(0)
    expect(watched.stdout).toContain("train | hello ['./data']\n")
    expect(watched.stdout).toContain('check | checked\n')
    expect(watched.stdout.trimEnd().split('\n').at(-1)).toMatch(/^\d\d:\d\d:\d\d run SUCCEEDED$/)

    expect((await dhuo(['logs', 'nightly/1'])).stdout).toBe("train | hello ['./data']\ncheck | checked\n")
    expect((await dhuo(['logs', 'nightly', '--step', 'check', '-f'])).stdout).toBe('checked\n')
    expect((await dhuo(['logs', 'nightly', '--tail', '1'])).stdout).toBe('check | checked\n')
    const lines = (await dhuo(['logs', 'nightly', '--json'])).stdout.trim().split('\n').map(json)
    expect(lines.map(({ type, stepName, message }) => [type, stepName, message])).toEqual([
      ['LOG', 'train', "hello ['./data']"],
      ['LOG', 'check', 'checked'],
    ])
    const status = await dhuo(['status', 'nightly'])
    expect(status.stdout).toMatch(
      /^nightly v2, run 1 \(plr_\w+\): SUCCEEDED\nSTEP +STATUS .*\ntrain +SUCCEEDED .*\ncheck +SUCCEEDED/,
    )
    expect((await dhuo(['status'])).stdout).toMatch(/^RUN +STATUS .*\nnightly\/1 +SUCCEEDED/)
  })

  test('that is wrong is refused with the line where it is', async () => {
    await writeFile(
      join(folder, 'job', 'wrong.yaml'),
      'name: wrong\nsteps:\n  - name: train\n    script: ./train.py\n    needs: [nobody]\n',
    )
    const wrong = await dhuo(['deploy', '-f', 'job/wrong.yaml'])
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('line 5')])
    expect(await dhuo(['deploy', '-f', 'job/none.yaml'])).toMatchObject({ code: 2, stderr: expect.stringContaining('ENOENT') })
    await writeFile(join(folder, 'job', 'missing.yaml'), 'name: miss\nsteps: [{ name: train, script: ./missing.py }]\n')
    expect((await dhuo(['deploy', '-f', 'job/missing.yaml'])).stderr).toContain('missing.py')
  })
})

describe('a run', () => {
  const script = 'import time\nfor i in range(60):\n  print(i, flush=True)\n  time.sleep(0.02)'

  test('that fails ends its watchers with 1; it can be retried and canceled', async () => {
    const deployment = await seedDeployment(hub, [{ script: 'print("so far")\nraise SystemExit(3)' }], { project })
    const watched = await dhuo(['run', deployment.name, '--watch', '--json'])
    expect(watched.code).toBe(1)
    const events = watched.stdout.trim().split('\n').map(json)
    expect(events.at(-1)).toMatchObject({ type: 'RUN_STATUS', runStatus: 'FAILED' })
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1))
    expect((await dhuo(['logs', '-f', deployment.name])).code).toBe(1)
    const retried = await dhuo(['retry', deployment.name])
    const id = retried.stdout.trim()
    expect(retried.stderr).toContain(`dhuo logs -f ${id}`)
    await runWhen(hub, id)
    const waiting = await seedDeployment(hub, [{ script: '' }], { project, status: 'PACKAGING' })
    const started = (await dhuo(['run', waiting.name])).stdout.trim()
    expect(json((await dhuo(['cancel', started, '--json'])).stdout)).toMatchObject({ id: started, number: 1 })
    await runWhen(hub, started)
    expect((await dhuo(['status', started])).stdout).toContain('CANCELED')
  })

  test('goes on when its watcher leaves, who is told how to come back', async () => {
    const deployment = await seedDeployment(hub, [{ script }], { project })
    const left = await dhuo.onTerminal(['run', deployment.name, '--watch'], [['| 3', '\u0003']])
    expect(left.code).toBe(130)
    const [, comeBack = ''] = /Come back with: dhuo (logs -f plr_\w+ --after \d+)/.exec(left.stdout) ?? []
    const back = await dhuo(comeBack.split(' '))
    expect(back.code).toBe(0)
    const lines = `${left.stdout}${back.stdout}`.match(/(?<=\| )\d+/g)!.map(Number)
    expect(lines).toEqual(Array.from({ length: 60 }, (_, line) => line))
  })

  test('is followed across a cut of the connection', async () => {
    const deployment = await seedDeployment(hub, [{ script }], { project })
    const id = (await dhuo(['run', deployment.name, '-q'])).stdout.trim()
    const child = dhuo.start(['logs', '-f', id])
    let stdout = ''
    let stderr = ''
    child.stdout!.on('data', (chunk) => {
      stdout += String(chunk)
    })
    child.stderr!.on('data', (chunk) => {
      stderr += String(chunk)
    })
    await eventually('lines come', () => stdout.includes('| 5'))
    proxy.cut()
    const [code] = await once(child, 'close')
    expect([code, stdout]).toEqual([0, Array.from({ length: 60 }, (_, line) => `step1 | ${line}\n`).join('')])
    expect(stderr).toMatch(/is gone .* Trying again in [\d.]+ s\.\nConnected again; nothing was lost\.\n/)
  })

  test('is watched as a board that is written over on a terminal', async () => {
    const deployment = await seedDeployment(hub, [{ script: 'import time\ntime.sleep(1)' }, { script: '' }], { project })
    await dhuo(['run', deployment.name])
    const { stdout, code } = await dhuo.onTerminal(['status', deployment.name, '--watch'], [])
    expect(code).toBe(0)
    expect(stdout).toContain('\u001B[4A\u001B[J')
    expect(stdout.slice(stdout.lastIndexOf('\u001B[J'))).toMatch(
      /SUCCEEDED\r\nSTEP .*\r\nstep1 +SUCCEEDED .*\r\nstep2 +SUCCEEDED/,
    )
  })
})

test('models and their versions', async () => {
  await seedObject(hub, bucket, 'model.pkl', 'weights')
  const model = uniqueName('model')
  await hub.data('mutation ($input: SaveModelInput!) { saveModel(input: $input) { id } }', {
    input: { project: project.name, model, objects: [{ bucket, key: 'model.pkl' }], stage: 'STAGING' },
  })
  expect((await dhuo(['models'])).stdout).toMatch(new RegExp(`^NAME .*\n(.*\n)*${model} +1  STAGING`))
  expect((await dhuo(['models', model])).stdout).toMatch(new RegExp(`1  models:/${model}/1  STAGING  READY   7 B`))
  expect(json((await dhuo(['models', model, '--stage', 'production', '--json'])).stdout)).toEqual([])
  expect((await dhuo(['models', 'nothing'])).code).toBe(4)
  expect((await dhuo(['download', `models:/${model}/latest`, 'model.out'])).code).toBe(0)
  expect(await readFile(join(folder, 'model.out'), 'utf8')).toBe('weights')
})

describe('doctor', () => {
  test('finds nothing wrong where nothing is', async () => {
    const { code, stdout } = await dhuo(['doctor', '--json'])
    const { isHealthy, checks } = json(stdout)
    expect([code, isHealthy]).toEqual([0, true])
    const levels = Object.fromEntries(checks.map(({ name, level }: { name: string; level: string }) => [name, level]))
    expect(levels).toMatchObject({
      address: 'ok',
      TLS: 'skip',
      server: 'ok',
      clock: 'ok',
      login: 'ok',
      version: 'ok',
      WebSocket: 'ok',
    })
    expect(levels).toMatchObject({ catalog: 'ok', lakehouse: 'ok', 'object store': 'ok' })
  })

  test('says what is wrong, and ends with it', async () => {
    const strange = createServer((_, response) =>
      response.writeHead(200, { date: 'Mon, 01 Jan 2024 00:00:00 GMT' }).end('{"status":"ready"}'),
    ).listen(0, '127.0.0.1')
    await once(strange, 'listening')
    const { port } = strange.address() as AddressInfo
    const skewed = await dhuo(['doctor', '--url', `http://127.0.0.1:${port}`])
    expect(skewed.stdout).toMatch(/! clock .* s ahead of that of the server/)
    expect(skewed.stdout).toContain('✗ login')
    expect(skewed.code).toBe(7)
    strange.closeAllConnections()
    strange.close()
    const away = await dhuo(['doctor', '--url', `http://127.0.0.1:${port}`])
    expect([away.code, away.stdout]).toEqual([5, expect.stringContaining('✗ server')])
    const noTls = await dhuo(['doctor', '--url', hub.url.replace('http', 'https')])
    expect([noTls.code, noTls.stdout]).toEqual([5, expect.stringContaining('✗ TLS')])
    const noKey = await dhuo(['doctor'], { env: { DHUO_ACCESS_KEY: 'wrong' } })
    expect([noKey.code, noKey.stdout]).toEqual([3, expect.stringContaining('✗ login')])
    const nobody = await dhuo(['doctor'], { env: { DHUO_ACCESS_KEY: '' } })
    expect([nobody.code, nobody.stdout]).toEqual([3, expect.stringContaining('Nobody is logged in')])
  })
})

describe('what scripts can rely on', () => {
  test.each<[number, string[], RegExp]>([
    [2, ['upload', 'one'], /1 arguments were given/],
    [2, ['nonsense'], /no command "nonsense"/],
    [2, ['sql', '--unknown', 'x'], /--unknown/],
    [2, ['sql', 'selec'], /syntax error/],
    [2, ['projects', '--url', 'dhuo.example'], /--url: "dhuo.example" is no address/],
    [3, ['projects', '--url', 'http://127.0.0.1:9'], /cannot be reached/],
    [4, ['logs', 'nothing'], /does not exist/],
    [4, ['models', '--project', 'nothing'], /does not exist/],
    [6, ['projects', 'create', 'taken'], /taken/],
  ])('%i: dhuo %p', async (code, args, says) => {
    if (code === 6) await dhuo(['projects', 'create', 'taken'])
    const isAway = args.includes('http://127.0.0.1:9')
    const { code: ended, stdout, stderr } = await dhuo([...args, '--json'])
    expect([ended, stdout]).toEqual([isAway ? 5 : code, ''])
    expect(json(stderr).error).toMatchObject({ code: expect.stringMatching(/^[A-Z_]+$/), message: expect.stringMatching(says) })
  })

  test('every command has a help, and none changes anything to show it', async () => {
    const overview = (await dhuo(['--help'])).stdout
    const names = [...overview.matchAll(/^ {2}(\w+) {2,}\S/gm)].map(([, name]) => name!)
    expect(names).toHaveLength(14)
    const helps = await Promise.all(names.map((name) => dhuo([name, '--help'])))
    for (const [index, { code, stdout }] of helps.entries()) {
      expect(code).toBe(0)
      expect(stdout).toMatch(new RegExp(`^dhuo ${names[index]}`))
      expect(stdout).toContain('--json')
    }
  })
})
