// The baseline of transfer.ts, in a process of its own: node:http alone.
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Transfer } from './transfer.js'

interface Transfers {
  begin(size: number): Promise<Transfer>
  /** Makes what was sent downloadable. */
  complete(): Promise<string>
  remove(): Promise<void>
}

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

const [directory = ''] = process.argv.slice(2)
await mkdir(directory, { recursive: true })
const transfers = await serveBare(directory)

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
