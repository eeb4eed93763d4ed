import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Readable, Writable } from 'node:stream'
import {
  CompleteUpload,
  createClient,
  type DhuoClient,
  ExecuteSelect,
  GetObject,
  isDhuoGraphError,
  SaveModel,
} from '../../codegen/typescript/src/node.js'
import { createTestHub, type TestHub } from '../hub.js'
import { seedBucket, seedObject, seedProject, seedUser, uniqueName } from '../seed.js'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.js'

let hub: TestHub
let proxy: TcpProxy
let client: DhuoClient
let project: string
let bucket: string
let folder: string
const retry = { firstDelayMs: 5, longestDelayMs: 50, giveUpAfterMs: 10_000 }
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dhuo-transfers-'))
  proxy = await startTcpProxy(() => hub.url)
  hub = await createTestHub({ DHUO_PUBLIC_URL: proxy.url })
  client = createClient({ url: proxy.url, token: hub.admin, retry })
  project = (await seedProject(hub)).name
  bucket = (await seedBucket(hub, project)).name
})
beforeEach(() => {
  proxy.onChunk = null
})
afterAll(async () => {
  await hub.close()
  await proxy.close()
  await rm(folder, { recursive: true, force: true })
})

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const failureOf = async (work: Promise<unknown>) => {
  const error = await work.catch((thrown: unknown) => thrown)
  if (!isDhuoGraphError(error)) throw new Error(`an error of the client was expected: ${error}`)
  return error
}
const objectOf = async (key: string) => (await client.request(GetObject, { bucket, key })).bucket?.object ?? null
/** Cuts the connection `times` times, each after so many bytes more. */
function cutEvery(direction: 'up' | 'down', bytes: number, times: number): () => number {
  let left = times
  let next = proxy.bytes[direction] + bytes
  proxy.onChunk = (of) => {
    if (of !== direction || left === 0 || proxy.bytes[direction] < next) return 'pass'
    next = proxy.bytes[direction] + bytes
    left -= 1
    return 'cut'
  }
  return () => times - left
}
/** A megabyte that is like no other, again and again with its number. */
function large(bytes: number): Buffer {
  const block = randomBytes(2 ** 20)
  const all = Buffer.concat(Array.from({ length: Math.ceil(bytes / block.length) }, () => block)).subarray(0, bytes)
  for (let at = 0; at + 4 < all.length; at += 4096) all.writeUInt32LE(at, at)
  return all
}

describe('an upload', () => {
  test('sends parts side by side, goes on after cuts, and is the same bytes', async () => {
    const bytes = large(70 * 2 ** 20)
    const path = join(folder, 'large.bin')
    await writeFile(path, bytes)
    const cuts = cutEvery('up', 15 * 2 ** 20, 2)
    const told: number[] = []
    const object = await client.upload({ bucket, key: 'large.bin', from: path, onProgress: ({ bytes: sent }) => told.push(sent) })
    expect(cuts()).toBe(2)
    expect(object).toMatchObject({ key: 'large.bin', size: bytes.length, sha256: sha256Of(bytes) })
    expect(told.at(-1)).toBe(bytes.length)
    expect(Math.max(...told)).toBe(bytes.length)
  }, 30_000)

  test.each<[string, () => Blob | Uint8Array | AsyncIterable<Uint8Array>]>([
    ['a Blob', () => new Blob(['one,two\n', '1,2\n'])],
    ['bytes', () => Buffer.from('one,two\n1,2\n')],
    ['a stream of Node', () => Readable.from([Buffer.from('one,two\n'), Buffer.from('1,2\n')])],
    ['a stream of the web', () => new Blob(['one,two\n1,2\n']).stream() as never],
  ])('comes from %s', async (name, from) => {
    const key = `${uniqueName('from')}.csv`
    const object = await client.upload({ bucket, key, from: from() })
    expect([object.size, object.contentType, object.sha256]).toEqual([12, 'text/csv', sha256Of(Buffer.from('one,two\n1,2\n'))])
    expect((await readdir(tmpdir())).filter((entry) => entry.startsWith('dhuo-upload-'))).toEqual([])
    expect(name).toBeTruthy()
  })

  test('may be of nothing', async () => {
    const told: unknown[] = []
    const object = await client.upload({
      bucket,
      key: 'nothing',
      from: Buffer.alloc(0),
      onProgress: (progress) => told.push(progress),
    })
    expect(object).toMatchObject({ size: 0, sha256: sha256Of(Buffer.alloc(0)) })
  })

  test('of a file that is not there begins nothing', async () => {
    const connections = proxy.bytes.up
    await expect(client.upload({ bucket, key: 'none', from: join(folder, 'none') })).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(client.upload({ bucket, key: 'none', from: folder })).rejects.toThrow('no file')
    expect(proxy.bytes.up).toBe(connections)
  })

  test('that is aborted is thrown away', async () => {
    const controller = new AbortController()
    const reason = new Error('never mind')
    proxy.onChunk = () => {
      if (proxy.bytes.up - before > 2 * 2 ** 20) controller.abort(reason)
      return 'pass'
    }
    const before = proxy.bytes.up
    const uploading = client.upload({ bucket, key: 'aborted', from: large(20 * 2 ** 20), signal: controller.signal })
    await expect(uploading).rejects.toBe(reason)
    expect(await objectOf('aborted')).toBeNull()
    const catalog = new DatabaseSync(join(hub.home, 'catalog.db'))
    expect(catalog.prepare("select * from uploads where key = 'aborted'").all()).toEqual([])
    catalog.close()
  })

  test('of bytes that are not those of the digest leaves nothing', async () => {
    const wrong = client.upload({ bucket, key: 'wrong', from: Buffer.from('bytes'), sha256: sha256Of(Buffer.from('others')) })
    expect((await failureOf(wrong)).code).toBe('PRECONDITION_FAILED')
    expect(await objectOf('wrong')).toBeNull()
  })

  test('by somebody who may not is refused with the code of the server', async () => {
    const viewer = await seedUser(hub, { [project]: 'VIEWER' })
    const theirs = createClient({ url: proxy.url, token: viewer.token })
    expect((await failureOf(theirs.upload({ bucket, key: 'x', from: Buffer.from('x') }))).code).toBe('FORBIDDEN')
    expect((await failureOf(client.upload({ bucket: 'nowhere', key: 'x', from: Buffer.from('x') }))).code).toBe('NOT_FOUND')
  })

  test('outlives its server', async () => {
    const bytes = large(8 * 2 ** 20)
    const before = proxy.bytes.up
    let restarted: Promise<void> | undefined
    proxy.onChunk = () => {
      if (proxy.bytes.up - before < 2 * 2 ** 20 || restarted) return 'pass'
      proxy.refuse()
      restarted = hub.restart().then(() => proxy.accept())
      return 'cut'
    }
    const object = await client.upload({ bucket, key: 'restarted', from: bytes })
    await restarted
    expect(object.sha256).toBe(sha256Of(bytes))
  })
})

describe('a download', () => {
  const bytes = large(24 * 2 ** 20)
  beforeAll(() => seedObject(hub, bucket, 'down.bin', bytes))

  test('to a file goes on after cuts where it was, and the file is there when it is whole', async () => {
    const path = join(folder, 'down.bin')
    const before = proxy.bytes.down
    const cuts = cutEvery('down', 5 * 2 ** 20, 3)
    const told: [number, number | null][] = []
    const onProgress = ({ bytes: got, total }: { bytes: number; total: number | null }) => told.push([got, total])
    const done = await client.download({ bucket, key: 'down.bin' }, path, { onProgress })
    expect(cuts()).toBe(3)
    expect(done).toEqual({ bytes: bytes.length, sha256: sha256Of(bytes) })
    expect(sha256Of(await readFile(path))).toBe(sha256Of(bytes))
    expect(told.at(-1)).toEqual([bytes.length, bytes.length])
    // Only what was under way when it was cut is sent twice.
    expect(proxy.bytes.down - before).toBeLessThan(bytes.length * 1.5)
    expect((await readdir(folder)).filter((name) => name.includes('.part'))).toEqual([])
  })

  test('goes piece by piece to whoever reads, to streams of the web and of Node', async () => {
    cutEvery('down', 7 * 2 ** 20, 2)
    const hash = createHash('sha256')
    for await (const chunk of client.read({ bucket, key: 'down.bin' })) hash.update(chunk)
    expect(hash.digest('hex')).toBe(sha256Of(bytes))
    const seen: Uint8Array[] = []
    await client.download({ bucket, key: 'down.bin' }, new WritableStream({ write: (chunk) => void seen.push(chunk) }))
    expect(sha256Of(Buffer.concat(seen))).toBe(sha256Of(bytes))
    const slow: Buffer[] = []
    const target = new Writable({
      write(chunk, _, done) {
        slow.push(chunk)
        setImmediate(done)
      },
    })
    await client.download({ bucket, key: 'down.bin' }, target)
    expect(sha256Of(Buffer.concat(slow))).toBe(sha256Of(bytes))
    expect(target.writableEnded).toBe(false)
  })

  test('who stops reading stops the download', async () => {
    const before = proxy.bytes.down
    for await (const chunk of client.read({ bucket, key: 'down.bin' })) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(proxy.bytes.down - before).toBeLessThan(bytes.length)
  })

  test('that fails or is aborted leaves no file', async () => {
    const controller = new AbortController()
    const reason = new Error('never mind')
    const path = join(folder, 'aborted.bin')
    const onProgress = () => controller.abort(reason)
    await expect(client.download({ bucket, key: 'down.bin' }, path, { onProgress, signal: controller.signal })).rejects.toBe(
      reason,
    )
    expect((await failureOf(client.download({ bucket, key: 'none' }, path))).code).toBe('NOT_FOUND')
    expect(
      (await failureOf(client.download({ url: `${proxy.url}/files/objects/x/y?by=a&expires=1&signature=b` }, path))).code,
    ).toBe('FORBIDDEN')
    expect((await readdir(folder)).filter((name) => name.startsWith('aborted'))).toEqual([])
  })

  test('of bytes that were changed on the way is BAD_RESPONSE', async () => {
    await seedObject(hub, bucket, 'tampered.txt', 'what was stored')
    const buckets = join(hub.home, 'buckets')
    for (const entry of await readdir(buckets, { recursive: true, withFileTypes: true })) {
      const file = join(entry.parentPath, entry.name)
      if (entry.isFile() && (await stat(file)).size === 15) await writeFile(file, 'what was faked!')
    }
    const error = await failureOf(client.download({ bucket, key: 'tampered.txt' }, join(folder, 'tampered.txt')))
    expect(error).toMatchObject({ code: 'BAD_RESPONSE', message: expect.stringContaining('SHA-256') })
    expect((await readdir(folder)).filter((name) => name.startsWith('tampered'))).toEqual([])
  })

  test('of a result begins anew after a cut where what was written can be forgotten, and fails where not', async () => {
    const sql = "select i, 'row ' || i as text from range(300000) t(i)"
    const path = join(folder, 'result.csv')
    const cuts = cutEvery('down', 2 ** 20, 1)
    const done = await client.download({ project, sql, format: 'CSV' }, path)
    expect(cuts()).toBe(1)
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
    expect([lines.length, lines[0], lines.at(-1), done.bytes]).toEqual([
      300_001,
      'i,text',
      '299999,row 299999',
      (await readFile(path)).length,
    ])
    cutEvery('down', 2 ** 20, 1)
    const streamed = client.download({ project, sql, format: 'CSV' }, new WritableStream())
    expect((await failureOf(streamed)).code).toBe('UNREACHABLE')
  })

  test('of a dataset, and of a model with one file and with two', async () => {
    await seedObject(hub, bucket, 'rows.csv', 'a,b\n1,2\n')
    await seedObject(hub, bucket, 'two.csv', 'a,b\n3,4\n')
    const dataset = uniqueName('rows')
    await hub.data('mutation ($input: CreateDatasetInput!) { createDataset(input: $input) { id } }', {
      input: { project, name: dataset, object: { bucket, key: 'rows.csv' } },
    })
    const csv: Uint8Array[] = []
    for await (const chunk of client.read({ project, dataset, format: 'NDJSON' })) csv.push(chunk)
    expect(JSON.parse(Buffer.concat(csv).toString())).toEqual({ a: 1, b: 2 })
    const model = uniqueName('model')
    const save = (keys: string[]) =>
      client.request(SaveModel, { input: { project, model, objects: keys.map((key) => ({ bucket, key })) } })
    await save(['rows.csv'])
    await save(['rows.csv', 'two.csv'])
    const one = await client.download({ project, model: `models:/${model}/1` }, join(folder, 'one'))
    expect(one).toEqual({ bytes: 8, sha256: sha256Of(Buffer.from('a,b\n1,2\n')) })
    await client.download({ project, model: `models:/${model}/latest` }, join(folder, 'two.zip'))
    expect((await readFile(join(folder, 'two.zip'))).subarray(0, 2).toString()).toBe('PK')
    expect((await failureOf(client.download({ project, model: `models:/${model}/9` }, join(folder, 'three')))).code).toBe(
      'NOT_FOUND',
    )
  })
})

test('a URL that runs out in the middle is asked for anew', async () => {
  const body = large(300_000)
  const asked: string[] = []
  const serve: RequestListener = (request, response) => {
    const { url = '', headers, socket } = request
    const range = Number(/\d+/.exec(headers.range ?? '0')?.[0])
    if (url === '/graphql') {
      const downloadUrl = `http://127.0.0.1:${socket.localPort}/${asked.length}`
      const object = { size: body.length, sha256: sha256Of(body), downloadUrl }
      response.end(JSON.stringify({ data: { bucket: { object } } }))
    } else if (url === '/0' && range > 0) response.writeHead(403).end('<Error>expired</Error>')
    else if (url === '/0') {
      response.writeHead(200, { 'content-length': body.length, 'accept-ranges': 'bytes', etag: '"v1"' })
      response.write(body.subarray(0, 100_000), () => response.destroy())
    } else response.writeHead(206, { etag: '"v1"' }).end(body.subarray(range))
    asked.push(`${url} ${headers.range ?? ''}`.trim())
  }
  const server = createServer(serve).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const strange = createClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, retry })
  const done = await strange.download({ bucket: 'b', key: 'k' }, join(folder, 'expired'))
  expect(done.sha256).toBe(sha256Of(body))
  expect(asked.filter((line) => line === '/graphql')).toHaveLength(2)
  expect(asked.at(-1)).toMatch(/bytes=\d+-$/)
  server.closeAllConnections()
  server.close()
})

test('a small answer needs no file', async () => {
  const { executeSelect } = await client.request(ExecuteSelect, { project, sql: 'select 1 as one' })
  expect(executeSelect.rows).toEqual([[1]])
  expect((await failureOf(client.request(CompleteUpload, { id: 'upload_x' }))).code).toBe('NOT_FOUND')
})
