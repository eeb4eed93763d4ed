import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import type { StoredObjectRow } from '../../src/datasources/catalog/tables.js'
import { createLogger } from '../../src/logger.js'
import { begunUpload, completeUpload } from '../../src/operations/complete-upload.js'
import { sweepExpired } from '../../src/operations/sweep-expired.js'
import { accessKeyRow, datasetRow, insertUser, uniqueName } from '../contracts/catalog-rows.js'
import { type EmbeddedDatasources, openEmbeddedDatasources } from './embedded-datasources.js'

const hour = 3_600_000

describe('the sweep', () => {
  let embedded: EmbeddedDatasources
  beforeEach(async () => {
    embedded = await openEmbeddedDatasources()
  })
  afterEach(() => embedded.close())

  const sweep = (hoursFromNow: number) =>
    sweepExpired(embedded.datasources, createLogger('silent'), Date.now() + hoursFromNow * hour)
  const put = async (key: string, text: string): Promise<StoredObjectRow> =>
    completeUpload(embedded.datasources, await embedded.sent(key, text))
  const catalogOf = () => embedded.datasources.catalog

  test('throws away uploads that nobody completed, an hour after they expired', async () => {
    const [empty, half] = [await embedded.begun('empty', 3), await embedded.sent('half', 'bytes')]
    await sweep(24.9)
    expect((await embedded.held()).uploads).toHaveLength(2)
    await sweep(25.1)
    expect(await embedded.held()).toEqual({ versions: [], uploads: [] })
    for (const { id } of [empty, half]) expect(await catalogOf().uploads.find(id)).toBeUndefined()
  })

  test('removes the bytes of an upload whose completion died before the object was written', async () => {
    const upload = await embedded.sent('k', 'bytes')
    await embedded.datasources.storage.completeUpload(begunUpload(upload, embedded.bucket.name), null)
    expect((await embedded.held()).versions).toHaveLength(1)
    await sweep(26)
    expect(await embedded.held()).toEqual({ versions: [], uploads: [] })
  })

  test('leaves objects whose upload is long over, and forgets the upload', async () => {
    const upload = await embedded.sent('k', 'bytes')
    const object = await completeUpload(embedded.datasources, upload)
    await sweep(1_000)
    expect(await catalogOf().uploads.find(upload.id)).toBeUndefined()
    expect(await catalogOf().storedObjects.findCurrent(embedded.bucket.id, 'k')).toEqual(object)
    expect((await embedded.held()).versions).toEqual([object.version])
  })

  test('removes what was replaced or deleted a day ago, unless something refers to it', async () => {
    const [replaced, pinned, current] = [await put('k', 'one'), await put('k', 'two'), await put('k', 'three')]
    const deleted = await put('d', 'four')
    await catalogOf().storedObjects.retireCurrent(embedded.bucket.id, 'd', new Date().toISOString())
    await catalogOf().datasets.insert(datasetRow(embedded.bucket.projectId, { objectId: pinned.id }))
    await sweep(23.9)
    expect((await embedded.held()).versions).toHaveLength(4)
    await sweep(24.1)
    expect((await embedded.held()).versions).toEqual([pinned.version, current.version].sort())
    const ids = [replaced, pinned, current, deleted].map(({ id }) => id)
    expect((await catalogOf().storedObjects.byIds(ids)).map(({ id }) => id).sort()).toEqual([pinned.id, current.id].sort())
  })

  test('goes on with the rest when the storage cannot remove something, and tries that again', async () => {
    const replaced = await put('k', 'one')
    const current = await put('k', 'two')
    const [stuck, free] = [await embedded.sent('stuck', 'bytes'), await embedded.begun('free', 5)]
    const buckets = join(embedded.directory, 'buckets')
    const uploads = join(buckets, '.uploads')
    // Root may take something out of any directory, and is somebody else for a while.
    const closed = [join(buckets, embedded.bucket.name), join(uploads, stuck.id)]
    await Promise.all([embedded.directory, buckets].map((path) => chmod(path, 0o755)))
    await Promise.all(closed.map((path) => chmod(path, 0o555)))
    await Promise.all([uploads, join(uploads, free.id), join(uploads, free.id, 'bytes')].map((path) => chmod(path, 0o777)))
    await sweepWithoutRights()
    expect((await embedded.held()).versions).toHaveLength(2)
    expect(await catalogOf().storedObjects.byIds([replaced.id])).toHaveLength(1)
    expect((await embedded.held()).uploads).toEqual([stuck.id])
    expect(await catalogOf().uploads.find(stuck.id)).toEqual(stuck)
    expect(await catalogOf().uploads.find(free.id)).toBeUndefined()

    await Promise.all(closed.map((path) => chmod(path, 0o755)))
    await sweep(26)
    expect(await embedded.held()).toEqual({ versions: [current.version], uploads: [] })
    expect(await catalogOf().storedObjects.byIds([replaced.id])).toEqual([])
  })

  async function sweepWithoutRights(): Promise<void> {
    const isRoot = process.getuid?.() === 0
    if (isRoot) process.seteuid!(65534)
    try {
      await sweep(26)
    } finally {
      if (isRoot) process.seteuid!(0)
    }
  }

  test('ends sessions and tickets that have expired, and no access keys', async () => {
    const user = await insertUser(catalogOf())
    const [tokenHash, old] = [uniqueName(), uniqueName()]
    const [now, before, later] = [0, -1, 2].map((hours) => new Date(Date.now() + hours * hour).toISOString())
    await catalogOf().users.insertSession({ tokenHash, userId: user.id, createdAt: now!, expiresAt: later! })
    await catalogOf().users.insertSession({ tokenHash: old, userId: user.id, createdAt: before!, expiresAt: before! })
    const key = accessKeyRow(user.id, { expiresAt: before! })
    await catalogOf().accessKeys.insert(key)
    const ticket = { projectId: embedded.bucket.projectId, request: '{}' }
    await catalogOf().exportTickets.insert({ ...ticket, id: 'live', expiresAt: later! })
    await catalogOf().exportTickets.insert({ ...ticket, id: 'old', expiresAt: before! })
    await sweep(0)
    const longAgo = new Date(0).toISOString()
    expect(await catalogOf().users.findBySession(tokenHash, longAgo)).toEqual(user)
    expect(await catalogOf().users.findBySession(old, longAgo)).toBeUndefined()
    expect(await catalogOf().exportTickets.findLive('live', longAgo)).toBeDefined()
    expect(await catalogOf().exportTickets.findLive('old', longAgo)).toBeUndefined()
    expect(await catalogOf().accessKeys.byIds([key.id])).toEqual([key])
  })
})
