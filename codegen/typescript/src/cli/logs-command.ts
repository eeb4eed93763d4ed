import { ListPipelineEvents } from '../node.js'
import { type Command, type Given, isGiven, textOf } from './command.js'
import { exitCodes, notThere, usageError } from './exit-codes.js'
import { followRun, type RunEvent } from './follow-run.js'
import { logText } from './output.js'
import { readRun, runArgumentHelp, runIdOf } from './run-argument.js'
import type { Session } from './session.js'

export const logsCommand: Command = {
  usage: 'logs RUN [-f]',
  summary: 'Prints what the steps of a run have printed.',
  more: `${runArgumentHelp}
With -f it goes on until the run ends, and then ends with 0 or 1 as the run did. Ctrl-C detaches; the run goes on.`,
  options: {
    follow: { type: 'boolean', short: 'f', says: 'goes on as lines come, across cuts of the connection' },
    step: { type: 'string', value: 'NAME', says: 'only that step' },
    tail: { type: 'string', value: 'N', says: 'of the lines so far only the last N' },
    after: { type: 'string', value: 'SEQUENCE', says: 'only what comes after that event' },
    timestamps: { type: 'boolean', short: 't', says: 'the time before each line' },
  },
  takes: [1, 1],
  async run(session, given) {
    const id = await runIdOf(session, given.positionals[0]!)
    const lines = new LogLines(session, given, countOf(given, 'tail') ?? Number.POSITIVE_INFINITY)
    const after = countOf(given, 'after') ?? 0
    const run = await readRun(await session.client(), id, session.signal)
    lines.pastUntil(run.lastSequence)
    if (isGiven(given, 'follow')) {
      const comeBack = (last: number) => `dhuo logs -f ${id} --after ${last}`
      return followRun(session, { id, after, show: (event) => lines.add(event), comeBack })
    }
    for await (const event of pastEvents(session, id, after)) await lines.add(event)
    await lines.flush()
    return exitCodes.ok
  },
}

function countOf(given: Given, name: string): number | null {
  const text = textOf(given, name)
  if (text === undefined) return null
  if (!/^\d{1,10}$/.test(text)) throw usageError(`--${name} ${text}: a whole number is wanted.`)
  return Number(text)
}

async function* pastEvents(session: Session, pipelineRun: string, after: number): AsyncGenerator<RunEvent, void, undefined> {
  const client = await session.client()
  for (let last = after; ; ) {
    const { node } = await client.request(
      ListPipelineEvents,
      { pipelineRun, after: last, first: 500 },
      { signal: session.signal },
    )
    const events = node?.__typename === 'PipelineRun' ? node.events : notThere('The pipeline run')
    yield* events
    if (events.length < 500) return
    last = events.at(-1)!.sequence
  }
}

/** Lines of a log as they are printed; of those that are past only the last few, when only those are wanted. */
class LogLines {
  #held: RunEvent[] = []
  #pastUntil = 0

  constructor(
    private readonly session: Session,
    private readonly given: Given,
    private readonly most: number,
  ) {}

  pastUntil(sequence: number): void {
    this.#pastUntil = this.most === Number.POSITIVE_INFINITY ? 0 : sequence
  }

  async add(event: RunEvent): Promise<void> {
    const step = textOf(this.given, 'step')
    const isWanted = event.type === 'LOG' && (step === undefined || event.stepName === step)
    if (event.sequence > this.#pastUntil) {
      await this.flush()
      if (isWanted) await this.#print(event)
      return
    }
    if (isWanted) this.#held.push(event)
    if (this.#held.length > this.most) this.#held.shift()
    if (event.sequence === this.#pastUntil) await this.flush()
  }

  async flush(): Promise<void> {
    for (const event of this.#held.splice(0)) await this.#print(event)
  }

  #print(event: RunEvent): Promise<void> {
    const { output } = this.session
    if (output.isJson) return output.jsonLine(event)
    const step = textOf(this.given, 'step') === undefined ? `${event.stepName} | ` : ''
    const time = isGiven(this.given, 'timestamps') ? `${event.at} ` : ''
    const text = event.message ?? ''
    return output.line(`${time}${step}${output.isTerminal ? logText(text) : text}`)
  }
}
