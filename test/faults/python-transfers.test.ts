import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describeWith } from '../backends.js'
import { runPython, startPython } from '../codegen/python-process.js'
import { startTcpProxy, type TcpProxy } from '../codegen/tcp-proxy.js'
import { seedDeployment, startRun } from '../graphql/pipeline-seed.js'
import { createTestHub, type TestHub } from '../hub.js'
import { createOciHub } from '../oci-hub.js'
import { seedBucket, seedKey, seedObject, seedProject } from '../seed.js'

let hub: TestHub
let proxy: TcpProxy
let folder: string
beforeAll(async () => {
  proxy = await startTcpProxy(() => hub.url)
  // URLs for bytes lead through the proxy too.
  hub = await createTestHub({ DHUO_PUBLIC_URL: proxy.url })
  folder = await mkdtemp(join(tmpdir(), 'dhuo-test-'))
})
afterEach(() => {
  proxy.onChunk = null
})
afterAll(async () => {
  await proxy.close()
  await hub.close()
  await rm(folder, { recursive: true, force: true })
})

const environment = () => ({ DHUO_URL: proxy.url, DHUO_ACCESS_KEY: hub.admin, DHUO_CACHE_DIR: join(folder, 'cache') })

describeWith('the Python client', ['python3'])('bytes in Python', () => {
  const mebibyte = 2 ** 20
  const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

  test('an upload is taken up by another process after kill -9, and sends only what is missing', async () => {
    const { name: bucket } = await seedBucket(hub, (await seedProject(hub)).name)
    const content = randomBytes(200 * mebibyte)
    const path = join(folder, 'large.bin')
    await writeFile(path, content)
    const script = 'import sys, dhuo\nprint(dhuo.Dhuo().upload(sys.argv[1], sys.argv[2], parallel=1).sha256)'
    const before = proxy.bytes.up
    const first = startPython(['-c', script, path, bucket], { environment: environment() })
    while (proxy.bytes.up - before < 140 * mebibyte) await sleep(2)
    first.process.kill('SIGKILL')
    await first.ended
    const between = proxy.bytes.up
    expect((await runPython(script, { environment: environment() }, [path, bucket])).trim()).toBe(digest(content))
    // 200 MiB are three parts of 64 and one of 8: two were there.
    expect(proxy.bytes.up - between).toBeLessThan(80 * mebibyte)
    expect(await readdir(join(folder, 'cache', 'uploads'))).toEqual([])
  }, 60_000)

  test('an upload gets through although its connections are cut', async () => {
    const { name: bucket } = await seedBucket(hub, (await seedProject(hub)).name)
    const content = randomBytes(130 * mebibyte)
    const path = join(folder, 'cut.bin')
    await writeFile(path, content)
    let seen = 0
    proxy.onChunk = (direction) => (direction === 'up' && ++seen % 1_500 === 0 && seen < 5_000 ? 'cut' : 'pass')
    const script = 'import sys, dhuo\nprint(dhuo.Dhuo().upload(sys.argv[1], sys.argv[2]).sha256)'
    expect((await runPython(script, { environment: environment() }, [path, bucket])).trim()).toBe(digest(content))
    expect(seen).toBeGreaterThan(1_500)
  }, 60_000)

  test('a download goes on where it was cut, and where another process was killed', async () => {
    const { name: bucket } = await seedBucket(hub, (await seedProject(hub)).name)
    const content = randomBytes(100 * mebibyte)
    await seedObject(hub, bucket, 'large.bin', content)
    const target = join(folder, 'down', 'large.bin')
    const script = 'import sys, dhuo\ndhuo.Dhuo().download(sys.argv[1], "large.bin", sys.argv[2], parallel=1)'
    const before = proxy.bytes.down
    const first = startPython(['-c', script, bucket, target], { environment: environment() })
    while (proxy.bytes.down - before < 70 * mebibyte) await sleep(2)
    first.process.kill('SIGKILL')
    await first.ended
    expect((await readdir(join(folder, 'down'))).some((name) => name === 'large.bin')).toBe(false)
    const between = proxy.bytes.down
    let seen = 0
    proxy.onChunk = (direction) => (direction === 'down' && ++seen === 200 ? 'cut' : 'pass')
    await runPython(script, { environment: environment() }, [bucket, target])
    // Two ranges of 32 MiB were there.
    expect(proxy.bytes.down - between).toBeLessThan(60 * mebibyte)
    expect(digest(await readFile(target))).toBe(digest(content))
    expect(await readdir(join(folder, 'down'))).toEqual(['large.bin'])
  }, 60_000)
})

const printEvents = `
import sys, dhuo
for event in dhuo.Dhuo().pipeline_run(sys.argv[1]).events():
    print(event.sequence, flush=True)`

describeWith('the Python client', ['python3'])('bytes in Python, with the object store of Oracle Cloud', () => {
  test('go straight there and come straight from there', async () => {
    const oci = await createOciHub()
    try {
      const { name: bucket } = await seedBucket(oci.hub, (await seedProject(oci.hub)).name)
      const content = randomBytes(40 * 2 ** 20)
      const path = join(folder, 'to-oci.bin')
      await writeFile(path, content)
      const script = `
import sys, dhuo
d = dhuo.Dhuo()
d.upload(sys.argv[1], sys.argv[2], "Ação/large 1.bin")
d.download(sys.argv[2], "Ação/large 1.bin", sys.argv[1] + ".back", parallel=3)
d.upload(b"small", sys.argv[2], "small")
print(d.read_bytes(sys.argv[2], "small"))`
      const out = await runPython(script, { environment: { DHUO_URL: oci.hub.url, DHUO_ACCESS_KEY: oci.hub.admin } }, [
        path,
        bucket,
      ])
      expect(out.trim()).toBe("b'small'")
      expect((await readFile(`${path}.back`)).equals(content)).toBe(true)
      expect(oci.double.calls('createPreauthenticatedRequest')).toBeGreaterThan(1)
    } finally {
      await oci.close()
    }
  }, 60_000)
})

describeWith('the Python client', ['python3'])('a key in Python', () => {
  test('that is revoked ends the events that it was to see', async () => {
    const id = await startRun(hub, await seedDeployment(hub, [{ script: 'import time; time.sleep(60)' }]))
    const key = await seedKey(hub, hub.admin)
    const follower = startPython(['-c', printEvents, id], { environment: { ...environment(), DHUO_ACCESS_KEY: key.secret } })
    await follower.printed('1\n')
    await hub.data('mutation ($id: ID!) { revokeAccessKey(id: $id) { id } }', { id: key.id })
    expect(await follower.ended).toBe(1)
    expect(follower.err()).toContain('UnauthenticatedError')
    await hub.data('mutation ($id: ID!) { cancelPipelineRun(id: $id) { id } }', { id })
  }, 30_000)
})
