import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, request } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { installedClient } from '../codegen/installed-client.js'
import { readEvents, seedDeployment, startRun } from '../graphql/pipeline-seed.js'
import { chromium, openPage } from '../http/browser.js'
import { eventually } from '../http/test-server.js'
import { createTestHub, type TestHub } from '../hub.js'
import { seedBucket, seedProject } from '../seed.js'

const withBrowser = chromium === null ? describe.skip : describe
if (chromium === null) console.warn('skipped: the client in a browser is not tested here, for there is no Chromium')

/** The page, the modules of the package, and the API behind one address, as a site has them. */
async function startSite(installed: string, hub: () => string) {
  const sockets = new Set<Socket>()
  let upgrades = 0
  const site = createServer(async (incoming, response) => {
    const { url = '/' } = incoming
    if (url === '/')
      return void response
        .setHeader('content-type', 'text/html')
        .end('<!doctype html><title>page</title><link rel="icon" href="data:,">')
    if (url.startsWith('/client/')) {
      const file = join(installed, 'node_modules', 'dhuo-client', 'dist', url.slice('/client/'.length))
      return void response.setHeader('content-type', 'text/javascript').end(await readFile(file))
    }
    const { method, headers } = incoming
    incoming.pipe(
      request(`${hub()}${url}`, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(response)
      }),
    )
  })
  site.on('upgrade', (incoming: IncomingMessage, socket: Socket) => {
    upgrades += 1
    const upstream = connect(Number(new URL(hub()).port), '127.0.0.1')
    const lines = Object.entries(incoming.headers).map(([name, value]) => `${name}: ${value}\r\n`)
    upstream.write(`GET ${incoming.url} HTTP/1.1\r\n${lines.join('')}\r\n`)
    socket.pipe(upstream).pipe(socket)
    for (const end of [socket, upstream]) {
      sockets.add(end)
      end
        .on('error', () => {})
        .on('close', () => {
          socket.destroy()
          upstream.destroy()
        })
    }
  })
  site.listen(0, '127.0.0.1')
  await once(site, 'listening')
  return {
    url: `http://127.0.0.1:${(site.address() as AddressInfo).port}`,
    get upgrades() {
      return upgrades
    },
    cut: () => {
      for (const socket of sockets) socket.destroy()
    },
    close: () => {
      site.closeAllConnections()
      site.close()
    },
  }
}

withBrowser('in a browser', () => {
  let hub: TestHub
  let site: Awaited<ReturnType<typeof startSite>>
  beforeAll(async () => {
    site = await startSite(await installedClient(), () => hub.url)
    hub = await createTestHub({ DHUO_PUBLIC_URL: site.url })
  }, 120_000)
  afterAll(async () => {
    site.close()
    await hub.close()
  })

  test('requests, uploads, downloads and subscriptions work, and events survive a cut', async () => {
    const project = await seedProject(hub)
    const bucket = (await seedBucket(hub, project.name)).name
    const script = 'import time\nfor i in range(100):\n  print(i, flush=True)\n  time.sleep(0.03)'
    const deployment = await seedDeployment(hub, [{ script }], { project })
    const page = await openPage(site.url)
    const run = await startRun(hub, deployment)
    // Not before the page has loaded, and not after the run has ended: as soon as events come.
    const cutting = (async () => {
      await eventually('the page follows the run', () => site.upgrades > 0, 20_000)
      await sleep(200)
      site.cut()
    })()
    const seen = await page.evaluate<Record<string, unknown>>(`(async () => {
      const { createClient, isDhuoGraphError, GetProject, CreateProject } = await import('/client/browser.js')
      const dhuo = createClient({ url: location.origin, token: ${JSON.stringify(hub.admin)} })
      const { project } = await dhuo.request(GetProject, { name: ${JSON.stringify(project.name)} })
      const code = await dhuo.request(CreateProject, { input: { name: project.name } }).catch((error) => isDhuoGraphError(error) && error.code)
      const told = []
      const object = await dhuo.upload({
        bucket: ${JSON.stringify(bucket)}, key: 'page.txt', from: new Blob(['from a page']), onProgress: (progress) => told.push(progress),
      })
      const chunks = []
      await dhuo.download({ bucket: ${JSON.stringify(bucket)}, key: 'page.txt' }, new WritableStream({ write: (chunk) => void chunks.push(chunk) }))
      const text = await new Blob(chunks).text()
      const sequences = []
      let cuts = 0
      const onConnection = ({ state }) => { if (state === 'lost') cuts += 1 }
      for await (const { sequence } of dhuo.watchPipelineRun(${JSON.stringify(run)}, { onConnection })) sequences.push(sequence)
      return { name: project.name, code, sha256: object.sha256, told, text, sequences, cuts }
    })()`)
    await cutting
    const written = await readEvents(hub, run)
    expect(seen).toEqual({
      name: project.name,
      code: 'CONFLICT',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      told: [{ bytes: 11, total: 11 }],
      text: 'from a page',
      sequences: written.map(({ sequence }) => sequence),
      cuts: expect.any(Number),
    })
    expect(seen['cuts']).toBeGreaterThan(0)
    expect(page.complaints.filter((complaint) => !complaint.includes('WebSocket'))).toEqual([])
    await page.close()
  }, 60_000)
})
