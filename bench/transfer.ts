import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchRow } from './bench-row.js'
import { startRunningServer } from './running-server.js'

export interface Transfer {
  parts: { url: string; size: number }[]
}

/** A server under measurement, in a process of its own. */
interface TransferServer {
  begin(size: number): Promise<Transfer>
  /** Ends the upload that was begun last. @returns where to download it */
  complete(): Promise<string>
  remove(): Promise<void>
  /** Bytes of resident memory; the peak counts from here. */
  rss(): Promise<number>
  peak(): Promise<number>
  close(): Promise<void>
}

interface Figures {
  /** Seconds of each round. */
  upload: number[]
  download: number[]
  /** Bytes that resident memory grew by at most. */
  growth: { upload: number; download: number }
}

export const name = 'transfer'

const size = 2 * 2 ** 30
const rounds = 5
const warmUp = 256 * 2 ** 20
const agent = new Agent({ keepAlive: true, maxSockets: 1 })
const chunk = randomBytes(2 ** 20)

/** 2 GiB up and down through the whole server, against node:http with streams to and from a file, in turns. */
export async function run(): Promise<BenchRow[]> {
  const directory = await mkdtemp(join(tmpdir(), 'dhuo-bench-transfer-'))
  const bare = await startBareServer(directory)
  const whole = await startWholeServer(directory)
  try {
    const baseline = emptyFigures()
    const measured = emptyFigures()
    for (const server of [bare, whole]) await measure(server, warmUp, emptyFigures())
    for (let round = 0; round < rounds; round++) {
      await measure(bare, size, baseline)
      await measure(whole, size, measured)
    }
    return [
      ratioRow('upload of 2 GiB', measured.upload, baseline.upload),
      ratioRow('download of 2 GiB', measured.download, baseline.download),
      growthRow('memory while uploading', measured.growth.upload, baseline.growth.upload),
      growthRow('memory while downloading', measured.growth.download, baseline.growth.download),
    ]
  } finally {
    await bare.close()
    await whole.close()
    await rm(directory, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function measure(server: TransferServer, bytes: number, figures: Figures): Promise<void> {
  const { parts } = await server.begin(bytes)
  const before = await server.rss()
  figures.upload.push(
    await seconds(async () => {
      for (const part of parts) await send(part.url, part.size)
    }),
  )
  figures.growth.upload = Math.max(figures.growth.upload, (await server.peak()) - before)
  const url = await server.complete()
  const beforeDownload = await server.rss()
  figures.download.push(
    await seconds(async () => {
      const received = await receive(url)
      if (received !== bytes) throw new Error(`${received} bytes came instead of ${bytes}`)
    }),
  )
  figures.growth.download = Math.max(figures.growth.download, (await server.peak()) - beforeDownload)
  await server.remove()
}

async function send(url: string, bytes: number): Promise<void> {
  const sending = request(url, { method: 'PUT', agent, headers: { 'content-length': bytes } })
  const answered = once(sending, 'response') as Promise<[IncomingMessage]>
  for (let sent = 0; sent < bytes; sent += chunk.length)
    if (!sending.write(chunk.subarray(0, Math.min(chunk.length, bytes - sent)))) await once(sending, 'drain')
  sending.end()
  const [response] = await answered
  response.resume()
  await once(response, 'end')
  if (response.statusCode !== 200) throw new Error(`the upload was answered with ${response.statusCode}`)
}

async function receive(url: string): Promise<number> {
  const [response] = (await once(request(url, { agent }).end(), 'response')) as [IncomingMessage]
  let received = 0
  response.on('data', (data: Buffer) => {
    received += data.length
  })
  await once(response, 'end')
  return received
}

async function startBareServer(directory: string): Promise<TransferServer> {
  const child = fork(join(import.meta.dirname, 'transfer-server.ts'), [join(directory, 'bare')])
  await once(child, 'message')
  return {
    begin: (bytes) => ask(child, 'begin', bytes) as Promise<Transfer>,
    complete: () => ask(child, 'complete') as Promise<string>,
    remove: async () => void (await ask(child, 'remove')),
    rss: () => ask(child, 'rss') as Promise<number>,
    peak: () => ask(child, 'peak') as Promise<number>,
    close: async () => void child.kill(),
  }
}

async function startWholeServer(directory: string): Promise<TransferServer> {
  const home = join(directory, 'whole')
  const server = await startRunningServer(home)
  await server.query('mutation { createProject(input: { name: "bench" }) { id } }')
  await server.query('mutation { createBucket(input: { project: "bench", purpose: RAW }) { id } }')
  let upload = ''
  return {
    async begin(bytes) {
      const input = { bucket: 'bench-raw', key: 'bench', size: bytes }
      const { createUpload } = await server.query(
        'mutation ($input: CreateUploadInput!) { createUpload(input: $input) { id partSize parts { number url } } }',
        { input },
      )
      upload = createUpload.id
      const sizeOf = ({ number }: { number: number }) =>
        Math.min(createUpload.partSize, bytes - (number - 1) * createUpload.partSize)
      return { parts: createUpload.parts.map((part: { number: number; url: string }) => ({ url: part.url, size: sizeOf(part) })) }
    },
    complete: async () =>
      (await server.query('mutation ($id: ID!) { completeUpload(id: $id) { downloadUrl } }', { id: upload })).completeUpload
        .downloadUrl,
    // What was replaced stays for a day: the disk needs room for every round.
    remove: async () => void (await server.query('mutation { deleteObject(bucket: "bench-raw", key: "bench") }')),
    rss: server.rss,
    peak: server.peak,
    close: server.close,
  }
}

async function ask(child: ChildProcess, question: string, bytes?: number): Promise<unknown> {
  child.send({ ask: question, size: bytes })
  const [answer] = await once(child, 'message')
  return answer
}

const emptyFigures = (): Figures => ({ upload: [], download: [], growth: { upload: 0, download: 0 } })

async function seconds(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
const gigabytes = (values: number[]): string => `${(size / median(values) / 1e9).toFixed(2)} GB/s`
const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`

function ratioRow(figure: string, measured: number[], baseline: number[]): BenchRow {
  // Round by round: a neighbour's load or a throttled disk is then in both of a pair.
  const ratio = median(measured.map((seconds, round) => baseline[round]! / seconds))
  return { figure, measured: gigabytes(measured), baseline: gigabytes(baseline), ratio, wanted: '≥ 0.9', ok: ratio >= 0.9 }
}

const growthRow = (figure: string, measured: number, baseline: number): BenchRow => ({
  figure,
  measured: `+${mebibytes(measured)}`,
  baseline: `+${mebibytes(baseline)}`,
  ratio: null,
  wanted: '< 64 MiB',
  ok: measured < 64 * 2 ** 20,
})
