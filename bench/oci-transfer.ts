import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { ObjectStorageClient } from 'oci-objectstorage'
import type { OciConfig } from '../src/config/oci-config.js'
import { type OciConnection, openOciConnection } from '../src/datasources/oci/oci-connection.js'
import type { ObjectStorage } from '../src/datasources/storage/object-storage.js'
import { openOciObjectStorage } from '../src/datasources/storage/oci-object-storage.js'
import { extentOfPart, partCountOf } from '../src/datasources/storage/upload-parts.js'
import { createLogger } from '../src/logger.js'
import type { OciDoubleReady } from '../test/oci/oci-double-process.js'
import type { BenchRow } from './bench-row.js'

export const name = 'oci-transfer'

const size = 2 * 2 ** 30
const rounds = 3
const warmUp = 256 * 2 ** 20
const chunk = randomBytes(2 ** 18)
const bucket = 'bench-raw'
const log = createLogger('silent')
const agent = new Agent({ keepAlive: true, maxSockets: 1 })

interface Sender {
  upload(bytes: number): Promise<void>
  /** What was uploaded last. */
  download(): Promise<number>
  remove(): Promise<void>
}

interface Figures {
  /** Seconds of each round. */
  upload: number[]
  download: number[]
  /** Bytes that resident memory grew by at most. */
  growth: { upload: number; download: number }
}

/**
 * 2 GiB through the adapter, which sends in parts and reads with resuming, against one bare request of node:http each way; both to
 * the same double of Object Storage, in a process of its own.
 */
export async function run(): Promise<BenchRow[]> {
  const child = fork(join(import.meta.dirname, '..', 'test', 'oci', 'oci-double-process.ts'), ['--no-digests'])
  const [{ url, configFile }] = (await once(child, 'message')) as [OciDoubleReady]
  const oci: OciConfig = {
    ...{ authentication: 'config-file', configFile, profile: 'DEFAULT' },
    ...{ region: null, endpoint: url, timeoutMs: 60_000 },
  }
  const address = { region: null, endpoint: null }
  const compartment = 'ocid1.compartment.oc1..bench'
  const storage = await openOciObjectStorage(
    { scheme: 'oci', namespace: 'tenant', compartment, address, directTransfer: false },
    oci,
    log,
  )
  const connection = await openOciConnection(oci, log)
  try {
    await storage.createBucket(bucket, { project: 'bench', purpose: 'RAW' })
    const [bare, measured] = [await bareSender(connection, url), adapterSender(storage)]
    const figures = { bare: emptyFigures(), measured: emptyFigures() }
    for (const sender of [bare, measured]) await measure(sender, warmUp, emptyFigures())
    for (let round = 0; round < rounds; round++) {
      await measure(bare, size, figures.bare)
      await measure(measured, size, figures.measured)
    }
    return [
      ratioRow('upload of 2 GiB', figures.measured.upload, figures.bare.upload),
      ratioRow('download of 2 GiB', figures.measured.download, figures.bare.download),
      growthRow('memory while uploading', figures.measured.growth.upload, figures.bare.growth.upload),
      growthRow('memory while downloading', figures.measured.growth.download, figures.bare.growth.download),
    ]
  } finally {
    await storage.close()
    connection.close()
    await end(child)
  }
}

function adapterSender(storage: ObjectStorage): Sender {
  let version = ''
  const key = 'adapter'
  return {
    async upload(bytes) {
      const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
      const upload = await storage.beginUpload({ id: randomUUID(), bucket, key, size: bytes, contentType: 'a/b', expiresAt })
      for (let part = 1; part <= partCountOf(upload); part++)
        await storage.writePart(upload, part, sourceOf(extentOfPart(upload, part).size))
      version = (await storage.completeUpload(upload, null)).version
    },
    download: async () => drain(await storage.read({ bucket, key, version })),
    remove: () => storage.remove({ bucket, key, version }),
  }
}

/** By pre-authenticated requests, so that nothing is signed. */
async function bareSender(connection: OciConnection, url: string): Promise<Sender> {
  const client = connection.client(ObjectStorageClient, { service: 'Object Storage' })
  const where = { namespaceName: 'tenant', bucketName: bucket }
  const details = {
    name: 'bench',
    objectName: 'bare',
    accessType: 'ObjectReadWrite' as never,
    timeExpires: new Date(Date.now() + 3_600_000),
  }
  const { preauthenticatedRequest } = await client.createPreauthenticatedRequest({
    ...where,
    createPreauthenticatedRequestDetails: details,
  })
  const target = url + preauthenticatedRequest.accessUri
  let versionId = ''
  return {
    async upload(bytes) {
      const sending = request(target, { method: 'PUT', agent, headers: { 'content-length': bytes } })
      sourceOf(bytes).pipe(sending)
      const [response] = (await once(sending, 'response')) as [IncomingMessage]
      await drain(response)
      versionId = String(response.headers['version-id'])
    },
    async download() {
      const [response] = (await once(request(target, { agent }).end(), 'response')) as [IncomingMessage]
      return drain(response)
    },
    remove: async () => void (await client.deleteObject({ ...where, objectName: 'bare', versionId })),
  }
}

/** The same bytes again and again, made for nothing. */
function sourceOf(bytes: number): Readable {
  let left = bytes
  return new Readable({
    highWaterMark: 2 ** 18,
    read() {
      const piece = chunk.subarray(0, Math.min(chunk.length, left))
      left -= piece.length
      this.push(piece.length > 0 ? piece : null)
    },
  })
}

async function drain(stream: Readable): Promise<number> {
  let received = 0
  stream.on('data', (data: Buffer) => {
    received += data.length
  })
  await once(stream, 'end')
  return received
}

async function measure(sender: Sender, bytes: number, figures: Figures): Promise<void> {
  const uploaded = await watched(() => sender.upload(bytes))
  figures.upload.push(uploaded.seconds)
  figures.growth.upload = Math.max(figures.growth.upload, uploaded.growth)
  const downloaded = await watched(async () => {
    const received = await sender.download()
    if (received !== bytes) throw new Error(`${received} bytes came instead of ${bytes}`)
  })
  figures.download.push(downloaded.seconds)
  figures.growth.download = Math.max(figures.growth.download, downloaded.growth)
  await sender.remove()
}

async function watched(work: () => Promise<void>): Promise<{ seconds: number; growth: number }> {
  globalThis.gc?.()
  const before = process.memoryUsage.rss()
  let peak = before
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 20)
  const start = performance.now()
  await work()
  const seconds = (performance.now() - start) / 1000
  clearInterval(timer)
  return { seconds, growth: Math.max(peak, process.memoryUsage.rss()) - before }
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.disconnect()
  await ended
}

const emptyFigures = (): Figures => ({ upload: [], download: [], growth: { upload: 0, download: 0 } })
const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
const gigabytes = (values: number[]): string => `${(size / median(values) / 1e9).toFixed(2)} GB/s`
const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`

function ratioRow(figure: string, measured: number[], baseline: number[]): BenchRow {
  // Round by round: a neighbour's load or a throttled disk is then in both of a pair.
  const ratio = median(measured.map((seconds, round) => baseline[round]! / seconds))
  return { figure, measured: gigabytes(measured), baseline: gigabytes(baseline), ratio, wanted: '≥ 0.7', ok: ratio >= 0.7 }
}

const growthRow = (figure: string, measured: number, baseline: number): BenchRow => ({
  figure,
  measured: `+${mebibytes(measured)}`,
  baseline: `+${mebibytes(baseline)}`,
  ratio: null,
  wanted: '< 128 MiB',
  ok: measured < 128 * 2 ** 20,
})
