// Reads what a Data Flow run has printed: live from the objects that its wrapper puts, and after its end from Data Flow's own logs.
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { DataFlowClient, models } from 'oci-dataflow'
import type { Logger } from '../../logger.js'
import { isOciAnswer, ociCall, ociError } from '../oci/oci-errors.js'
import type { HandedOut } from './handed-out.js'
import type { JobEvent, JobLine, JobMark } from './job-runner.js'
import { LineSplitter } from './line-splitter.js'
import { longestLine } from './line-text.js'
import { NumberedLines, numberRoom, outputEvents, readBatch, type ScriptEnd } from './numbered-lines.js'
import type { OciJobObjects } from './oci-job-objects.js'
import { dataFlow } from './oci-run-mirror.js'

const largestBatch = 8 * 2 ** 20
const lineBatch = 1_000
const mostLines = 1_000_000
const mostCharacters = 64 * 1024 * 1024

/** What is learnt of a script while its output is read. */
export interface OutputNotes {
  handedOut: HandedOut
  end: ScriptEnd | null
  /** The last line of standard error that says something. */
  lastError: string | null
}

/** Takes the objects below one folder, in the order of their names. An object goes when what was in it is kept. */
export async function* takeBatches(
  objects: OciJobObjects,
  names: readonly string[],
  notes: OutputNotes,
  log: Logger,
): AsyncGenerator<JobEvent> {
  for (const name of names) {
    const bytes = await objects.get(name, largestBatch)
    if (bytes === null) continue
    try {
      const { output, end } = readBatch(bytes.toString('utf8'))
      notes.end = end ?? notes.end
      noteError(notes, output)
      yield* handOut(output, notes)
    } catch (error) {
      log.warn({ err: error, object: name }, 'an object in the folder of a run cannot be read, and goes')
    }
    await objects.remove(name)
  }
}

/** Those of the script itself that are published by now. https://docs.oracle.com/iaas/data-flow/using/dfs_run_logs.htm */
export async function listScriptLogs(client: DataFlowClient, runId: string): Promise<models.RunLogSummary[]> {
  const found: models.RunLogSummary[] = []
  for (let page: string | undefined; ; ) {
    const request = { runId, limit: 100, ...(page && { page: encodeURIComponent(page) }) }
    const { items, opcNextPage } = await ociCall(dataFlow, async () => {
      try {
        return await client.listRunLogs(request)
      } catch (error) {
        // The run is gone, and they with it.
        if (isOciAnswer(error, 404)) return { items: [], opcNextPage: '' }
        throw error
      }
    })
    found.push(...items.filter(({ source }) => String(source) === 'APPLICATION'))
    if (!opcNextPage) return found.sort((a, b) => (a.name < b.name ? -1 : 1))
    page = opcNextPage
  }
}

/** What stands in the logs, both streams by the numbers of their lines. What was taken before has the same places again. */
export async function* readLogs(
  client: DataFlowClient,
  runId: string,
  logs: readonly models.RunLogSummary[],
  notes: OutputNotes,
): AsyncGenerator<JobEvent> {
  const of = (wanted: string) => logs.filter(({ type }) => String(type) === wanted)
  const streams = [
    linesOf(client, runId, of('STDOUT'), 'STDOUT', notes),
    linesOf(client, runId, of('STDERR'), 'STDERR', notes),
  ] as const
  let [lines, characters] = [0, 0]
  let batch: (JobLine | JobMark)[] = []
  for await (const entry of inOrder(...streams)) {
    lines++
    if ('stream' in entry) characters += entry.text.length
    if (lines > mostLines || characters > mostCharacters) {
      batch.push({ stream: 'SYSTEM', text: 'The log of Data Flow goes on: no more of it is kept.', at: entry.at })
      break
    }
    batch.push(entry)
    if (batch.length < lineBatch) continue
    noteError(notes, batch)
    yield* handOut(batch, notes)
    batch = []
  }
  noteError(notes, batch)
  yield* handOut(batch, notes)
}

type Entries = AsyncGenerator<JobLine | JobMark>

/** A line that the wrapper did not print comes as soon as it is its turn in its stream. */
async function* inOrder(...streams: readonly [Entries, Entries]): Entries {
  const heads = await Promise.all(streams.map((stream) => stream.next()))
  const numberOf = (index: number): number => {
    const head = heads[index]!
    if (head.done) return Number.POSITIVE_INFINITY
    return head.value.place?.source === 'script' ? head.value.place.number : 0
  }
  try {
    while (heads.some(({ done }) => !done)) {
      const index = numberOf(0) <= numberOf(1) && !heads[0]!.done ? 0 : heads[1]!.done ? 0 : 1
      yield heads[index]!.value as JobLine | JobMark
      heads[index] = await streams[index]!.next()
    }
  } finally {
    await Promise.all(streams.map((stream) => stream.return(undefined)))
  }
}

async function* linesOf(
  client: DataFlowClient,
  runId: string,
  logs: readonly models.RunLogSummary[],
  stream: 'STDOUT' | 'STDERR',
  notes: OutputNotes,
): Entries {
  const numbers = new NumberedLines(stream)
  for (const { name } of logs) {
    // Progress bars are over: what they showed last is what they showed.
    const splitter = new LineSplitter(longestLine + numberRoom, Number.POSITIVE_INFINITY)
    let foreign = 0
    const placed = function* (texts: string[]): Generator<JobLine | JobMark> {
      for (const text of texts) {
        const entry = numbers.read(text)
        notes.end = numbers.end ?? notes.end
        if (entry) yield entry.place ? entry : { ...entry, place: { source: name, number: ++foreign } }
      }
    }
    for await (const chunk of await openLog(client, runId, name)) yield* placed(splitter.push(chunk as Buffer))
    yield* placed(splitter.end())
  }
}

/** As text, whether it comes packed or not. An empty stream when it is gone. */
async function openLog(client: DataFlowClient, runId: string, name: string): Promise<Readable> {
  try {
    const { value } = await client.getRunLog({ runId, name })
    return unpacked(value as Readable)
  } catch (error) {
    if (isOciAnswer(error, 404)) return Readable.from([])
    throw ociError(dataFlow, error)
  }
}

/** gzip is known by its first two bytes, whatever the headers say. https://www.rfc-editor.org/rfc/rfc1952 */
async function unpacked(bytes: Readable): Promise<Readable> {
  const chunks = bytes[Symbol.asyncIterator]()
  let head = Buffer.alloc(0)
  let isOver = false
  while (head.length < 2 && !isOver) {
    const next = await chunks.next()
    isOver = next.done === true
    if (!next.done) head = Buffer.concat([head, next.value as Buffer])
  }
  const whole = Readable.from(
    (async function* () {
      if (head.length > 0) yield head
      for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value as Buffer
    })(),
  )
  if (head[0] !== 0x1f || head[1] !== 0x8b) return whole
  const gunzip = createGunzip()
  whole.on('error', (error) => gunzip.destroy(ociError(dataFlow, error)))
  return whole.pipe(gunzip)
}

/** What was not handed out here before: the bucket and the logs tell of the same lines. */
function* handOut(output: readonly (JobLine | JobMark)[], { handedOut }: OutputNotes): Generator<JobEvent> {
  for (const event of outputEvents(output.filter(({ place }) => !place || !handedOut.has(place)))) {
    yield event
    // Whoever comes back for more has kept it.
    const kept = event.type === 'lines' ? event.lines : event.type === 'mark' ? [event.mark] : []
    for (const { place } of kept) if (place) handedOut.add(place)
  }
}

function noteError(notes: OutputNotes, output: readonly (JobLine | JobMark)[]): void {
  const said = output.findLast((entry) => 'stream' in entry && entry.stream === 'STDERR' && entry.text.trim() !== '')
  if (said && 'stream' in said) notes.lastError = said.text
}
