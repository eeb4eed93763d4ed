// Serves bytes for transfer.ts, in a process of its own: `bare` with node:http alone, `routes` with the file routes.
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import Fastify from 'fastify'
import { openLocalObjectStorage } from '../src/datasources/storage/local-object-storage.js'
import type { BegunUpload, StoredBytes } from '../src/datasources/storage/object-storage.js'
import { extentOfPart, partCountOf } from '../src/datasources/storage/upload-parts.js'
import { registerFileRoutes } from '../src/http/file-routes.js'
import { UrlSigner } from '../src/signed-url.js'
import type { Transfer } from './transfer.js'

interface Transfers {
  begin(size: number): Promise<Transfer>
  /** Makes what was sent downloadable. */
  complete(): Promise<string>
  remove(): Promise<void>
}

const bucket = 'bench-raw'

/** The baseline: what anyone would write first, with chunks of 256 KiB. */
async function serveBare(directory: string): Promise<Transfers> {
  const file = join(directory, 'bare')
  const server = createServer(async (request, response) => {
    if (request.method === 'PUT') {
      await pipeline(request, createWriteStream(file, { highWaterMark: 256 * 1024 }))
      response.end('{}')
    } else {
      response.setHeader('content-length', (await stat(file)).size)
      await pipeline(createReadStream(file, { highWaterMark: 256 * 1024 }), response)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return {
    begin: async (size) => ({ parts: [{ url, size }] }),
    complete: async () => url,
    remove: () => rm(file),
  }
}

async function serveRoutes(directory: string): Promise<Transfers> {
  const storage = await openLocalObjectStorage({ scheme: 'file', directory })
  await storage.createBucket(bucket)
  const signer = new UrlSigner('a secret of at least thirty-two characters')
  let upload: BegunUpload
  let stored: StoredBytes
  let count = 0
  const location = () => ({ bucket, key: 'bench', version: stored.version })

  const app = Fastify()
  registerFileRoutes(app, {
    storage,
    verify: async (method, url) => signer.verify(method, url),
    findUpload: async () => upload,
    findObject: async () => ({
      location: location(),
      key: 'bench',
      size: stored.size,
      etag: stored.etag,
      contentType: 'application/octet-stream',
      lastModified: new Date().toISOString(),
    }),
    exportTicket: () => Promise.reject(new Error('not measured here')),
    openModelArchive: () => Promise.reject(new Error('not measured here')),
  })
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  const sign = (method: 'GET' | 'PUT', path: string): string =>
    origin + signer.sign({ method, path, expiresInSeconds: 600, by: 'usr_bench' })
  return {
    begin: async (size) => {
      upload = await storage.beginUpload({ id: `bench-${++count}`, bucket, key: 'bench', size, contentType: 'text/plain' })
      const numbers = Array.from({ length: partCountOf(upload) }, (_, index) => index + 1)
      return {
        parts: numbers.map((part) => ({
          url: sign('PUT', `/files/uploads/${upload.id}/${part}`),
          size: extentOfPart(upload, part).size,
        })),
      }
    },
    complete: async () => {
      stored = await storage.completeUpload(upload, null)
      return sign('GET', `/files/objects/${stored.version}`)
    },
    remove: () => storage.remove(location()),
  }
}

const [kind = '', directory = ''] = process.argv.slice(2)
await mkdir(directory, { recursive: true })
const transfers = kind === 'bare' ? await serveBare(directory) : await serveRoutes(directory)

let peak = 0
setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss())
}, 20)

process.on('message', async ({ ask, size }: { ask: keyof Transfers | 'rss' | 'peak'; size: number }) => {
  if (ask === 'rss') {
    peak = process.memoryUsage.rss()
    process.send?.(peak)
  } else if (ask === 'peak') process.send?.(peak)
  else process.send?.((await transfers[ask](size)) ?? null)
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
