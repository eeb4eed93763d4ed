import type { ConnectionChange, PipelineEventFieldsFragment, PipelineStatus } from '../node.js'
import { exitCodes } from './exit-codes.js'
import { readRun } from './run-argument.js'
import type { Session } from './session.js'

export type RunEvent = PipelineEventFieldsFragment

interface Following {
  id: string
  /** The sequence of the last event that is not wanted. */
  after: number
  show(event: RunEvent): Promise<void>
  /** What to type to come back, after the event with this sequence. */
  comeBack(last: number): string
}

/**
 * Shows what happens to a run until it ends, across cuts. Ctrl-C leaves it alone and says how to come back.
 * @returns what the process ends with: whether the run succeeded
 */
export async function followRun(session: Session, { id, after, show, comeBack }: Following): Promise<number> {
  const client = await session.client()
  const { output, signal } = session
  let last = after
  let status: PipelineStatus | null = null
  try {
    const onConnection = tellOf(session)
    for await (const event of client.watchPipelineRun(id, { after, signal, onConnection })) {
      last = event.sequence
      if (event.type === 'RUN_STATUS') status = event.runStatus
      await show(event)
    }
    // Who had seen the last event already hears of none.
    status ??= (await readRun(client, id, signal)).status
  } catch (error) {
    if (!signal.aborted) throw error
    output.note(`\nDetached: the run goes on. Come back with: ${comeBack(last)}`)
    return exitCodes.interrupted
  }
  return status === 'SUCCEEDED' ? exitCodes.ok : exitCodes.failed
}

function tellOf({ output }: Session): (change: ConnectionChange) => void {
  let isLost = false
  return (change) => {
    if (change.state === 'lost')
      output.note(`${change.error.message} Trying again in ${(change.retryInMs / 1_000).toFixed(1)} s.`)
    else if (isLost) output.note('Connected again; nothing was lost.')
    isLost = change.state === 'lost'
  }
}

const timeOf = (at: string): string => at.slice(11, 19)

/** An event in a line for people; null: it says nothing by itself. */
export function eventText({ type, at, stepName, runStatus, stepStatus, progress, message }: RunEvent): string | null {
  if (type === 'RUN_STATUS') return `${timeOf(at)} run ${runStatus}${message ? `: ${message}` : ''}`
  if (type === 'STEP_STATUS') return `${timeOf(at)} ${stepName} ${stepStatus}${message ? `: ${message}` : ''}`
  if (type === 'LOG') return `${stepName} | ${message ?? ''}`
  const share = progress === null ? '' : ` ${Math.floor(progress * 100)} %`
  return `${timeOf(at)} ${stepName}${share}${message ? ` ${message}` : ''}`
}
